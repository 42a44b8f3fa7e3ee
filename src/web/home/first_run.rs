//! The list of first steps on the home page.

use crate::app::App;
use crate::config::MailTransport;
use crate::web::page::count;

pub struct Step {
    pub number: usize,
    pub state: StepState,
    pub title: &'static str,
    pub text: String,
    /// Empty: the step has no button.
    pub url: &'static str,
    pub button: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    Done,
    /// The next one to do; its button is the main one of the page.
    Next,
    ToDo,
}

impl StepState {
    /// The class in the list.
    pub fn class(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Next => "now",
            Self::ToDo => "todo",
        }
    }
}

pub fn steps(app: &App, named: bool, people: i64, campaigns: i64) -> Vec<Step> {
    let keys = app.pool.keys().len() as i64;
    let has_server = !matches!(app.config.mail.transport, MailTransport::Outbox);
    let started = if app.config.is_local_only() {
        "It is running, for this machine only.".into()
    } else {
        "It is running, protected by a password.".into()
    };
    let key_count = match keys {
        1.. => format!("{}.", count(keys, "key is set", "keys are set")),
        _ => "Without a key, templates write the emails and a word list reads the resumes. You can also set keys in .env."
            .into(),
    };
    let people_count = match people {
        1.. => format!("{}.", count(people, "person", "people")),
        _ => "Import a table, add a person by hand, or try twelve invented people.".into(),
    };
    let destination = if has_server {
        format!("Emails are sent through {}.", app.config.mail.destination())
    } else {
        "No mail server is set: emails stay in the outbox, where you can read them. Nothing leaves this machine."
            .into()
    };
    let event = "Name, dates, links and who signs. Every email is based on these.".into();
    let review =
        "A test run stops at review. You read, edit and approve each message before it is sent."
            .into();
    let mut steps = vec![
        step(true, "Start Muster", started, "", ""),
        step(keys > 0, "Add Gemini keys", key_count, "/keys", "Open keys"),
        step(named, "Describe the event", event, "/settings#event", "Describe the event"),
        step(people > 0, "Add people", people_count, "/people", "Add people"),
        step(
            has_server,
            "Connect a mail server, or use the outbox",
            destination,
            "/settings#mail",
            "Email settings",
        ),
        step(campaigns > 0, "Write the first invitations", review, "/outreach", "Open outreach"),
    ];
    for (step, number) in steps.iter_mut().zip(1..) {
        step.number = number;
    }
    // The next step to do is the page's main action; keys and a mail server can wait.
    let next = [3, 4, 6, 2, 5].into_iter().find(|it| steps[it - 1].state == StepState::ToDo);
    if let Some(next) = next {
        steps[next - 1].state = StepState::Next;
    }
    steps
}

fn step(
    done: bool,
    title: &'static str,
    text: String,
    url: &'static str,
    button: &'static str,
) -> Step {
    let state = if done { StepState::Done } else { StepState::ToDo };
    Step { number: 0, state, title, text, url, button }
}
