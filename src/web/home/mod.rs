//! The first page: what to set up, what waits for a person, what is under way.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};

use super::error::Error;
use super::guard::Organiser;
use super::page::{Frame, Place, count, filters, render};
use crate::app::App;
use crate::campaigns::progress;
use crate::config::MailTransport;
use crate::model::campaign::CampaignState;
use crate::store::overview::Waiting;
use crate::{events, store};

/// The setting that hides the first-run list.
const HIDDEN: &str = "first_run_hidden";

#[derive(Template)]
#[template(path = "home/home.html")]
pub struct HomePage {
    frame: Frame,
    /// Empty once it is hidden.
    steps: Vec<Step>,
    done: usize,
    waiting: Vec<Line>,
    running: Vec<Running>,
}

struct Step {
    number: usize,
    /// done, now or todo
    state: &'static str,
    title: &'static str,
    words: String,
    url: &'static str,
    button: &'static str,
}

struct Line {
    words: String,
    url: String,
}

struct Running {
    name: String,
    url: String,
    words: String,
    done: i64,
    total: i64,
}

pub async fn home(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let frame = Frame::load(&app, &mut conn, &organiser, Place::Home).await?;
    let hidden = store::events::setting(&mut conn, events::CURRENT, HIDDEN).await?.is_some();
    let event = events::current(&mut conn, &app.config).await?;
    let campaigns = store::campaigns::count(&mut conn, event.id).await?;
    let steps =
        if hidden { Vec::new() } else { steps(&app, event.is_named, frame.people, campaigns) };
    let mut running = Vec::new();
    for campaign in store::campaigns::list(&mut conn, event.id, 20, 0).await? {
        if !matches!(campaign.state, CampaignState::Running | CampaignState::Paused) {
            continue;
        }
        let progress = progress::of(&mut conn, &campaign).await?;
        if campaign.state == CampaignState::Running && progress.is_done(campaign.state) {
            continue;
        }
        let written = progress.total - progress.to_write();
        running.push(Running {
            name: campaign.name.clone(),
            url: format!("/outreach/{}", campaign.id),
            words: format!("{}: {written} of {} written", campaign.state.label(), progress.total),
            done: written,
            total: progress.total,
        });
    }
    let waiting = lines(&store::overview::waiting(&mut conn).await?);
    let page = HomePage {
        frame,
        done: steps.iter().filter(|step| step.state == "done").count(),
        steps,
        waiting,
        running,
    };
    Ok(render(&page)?.into_response())
}

fn steps(app: &App, named: bool, people: i64, campaigns: i64) -> Vec<Step> {
    let keys = app.pool.keys().len() as i64;
    let by_server = !matches!(app.config.mail.transport, MailTransport::Outbox);
    let mut steps = vec![
        Step {
            number: 1,
            state: "done",
            title: "Start Muster",
            words: if app.config.is_local_only() {
                "It runs, on this machine only.".into()
            } else {
                "It runs, behind a password.".into()
            },
            url: "",
            button: "",
        },
        Step {
            number: 2,
            state: if keys > 0 { "done" } else { "todo" },
            title: "Add Gemini keys",
            words: if keys > 0 {
                format!("{}.", count(keys, "key is set", "keys are set"))
            } else {
                "Without any key templates write the letters and a word list reads the resumes. Keys go into .env."
                    .into()
            },
            url: "/keys",
            button: "Open keys",
        },
        Step {
            number: 3,
            state: if named { "done" } else { "todo" },
            title: "Say what the event is",
            words: "Name, dates, links and who signs. Every letter is made from these.".into(),
            url: "/settings#event",
            button: "Describe the event",
        },
        Step {
            number: 4,
            state: if people > 0 { "done" } else { "todo" },
            title: "Bring people in",
            words: if people > 0 {
                format!("{}.", count(people, "person is here", "people are here"))
            } else {
                "Import a table, add somebody by hand, or try twelve invented people.".into()
            },
            url: "/people",
            button: "Add people",
        },
        Step {
            number: 5,
            state: if by_server { "done" } else { "todo" },
            title: "Connect mail, or stay on the outbox",
            words: if by_server {
                format!("Mail goes through {}.", app.config.mail.destination())
            } else {
                "No mail server is set: letters are kept in the outbox, where you can read them. Nothing leaves this \
                 machine."
                    .into()
            },
            url: "/settings#mail",
            button: "Mail settings",
        },
        Step {
            number: 6,
            state: if campaigns > 0 { "done" } else { "todo" },
            title: "Write the first invitations",
            words: "A test run stops at review. You read, edit and approve; only then a letter goes out.".into(),
            url: "/outreach",
            button: "Open outreach",
        },
    ];
    // The next undone step is the page's main action; keys and a mail server can wait.
    let next = [3, 4, 6, 2, 5].into_iter().find(|number| steps[number - 1].state == "todo");
    if let Some(next) = next {
        steps[next - 1].state = "now";
    }
    steps
}

fn lines(waiting: &Waiting) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut add = |number: i64, one, many, url: &str| {
        if number > 0 {
            lines.push(Line { words: count(number, one, many), url: url.into() });
        }
    };
    let campaign = |id: Option<i64>, state: &str| match id {
        Some(id) => format!("/outreach/{id}?state={state}"),
        None => "/outreach".into(),
    };
    let to_review = campaign(waiting.review_campaign, "drafted");
    let uncertain = campaign(waiting.uncertain_campaign, "uncertain");
    let failed = campaign(waiting.failed_campaign, "failed");
    add(waiting.to_review, "draft to review", "drafts to review", &to_review);
    add(
        waiting.uncertain,
        "mail that may or may not have gone out",
        "mails that may or may not have gone out",
        &uncertain,
    );
    add(waiting.failed, "letter that failed", "letters that failed", &failed);
    add(
        waiting.unclaimed,
        "resume whose owner is not known",
        "resumes whose owner is not known",
        "/matchmaking",
    );
    add(
        waiting.unreadable,
        "resume that could not be read",
        "resumes that could not be read",
        "/matchmaking",
    );
    add(
        waiting.unanswered,
        "question that the FAQ does not answer",
        "questions that the FAQ does not answer",
        "/faq#unanswered",
    );
    lines
}

pub async fn hide(State(app): State<App>) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    store::events::set(&mut tx, events::CURRENT, HIDDEN, "yes").await?;
    tx.commit().await?;
    Ok(Redirect::to("/"))
}

#[derive(Template)]
#[template(path = "home/more.html")]
pub struct MorePage {
    frame: Frame,
}

/// The rest of the navigation, for narrow screens.
pub async fn more(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let frame = Frame::load(&app, &mut conn, &organiser, Place::Settings).await?;
    Ok(render(&MorePage { frame })?.into_response())
}
