//! What all pages share: the frame around them, and icons.

use askama::Template;
use axum::response::Html;

use super::error::Error;
use super::guard::Organiser;
pub use super::pager::Pager;
pub use super::words::{Times, count, in_words, thousands, tone};
use crate::app::App;
use crate::events;
use crate::keys;
use crate::store::{self, Conn};

/// The entry of the navigation that a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Home,
    Outreach,
    Outbox,
    Matchmaking,
    People,
    Faq,
    Keys,
    Settings,
}

/// Everything around a page's own content.
#[derive(Clone, Debug)]
pub struct Frame {
    pub here: Place,
    pub event_name: String,
    pub event_dates: String,
    /// Drafts to be reviewed.
    pub to_review: i64,
    /// Emails that failed or are uncertain.
    pub mail_trouble: i64,
    /// Resumes that need a person.
    pub resumes_to_see: i64,
    /// Questions that the FAQ does not answer.
    pub unanswered: i64,
    pub people: i64,
    pub keys: KeysLine,
    /// Where emails go: a server's name, or "outbox only".
    pub mail: String,
    /// The organiser's name; empty when no password is set, so that nobody can log out.
    pub who: String,
}

/// The line about the key pool in the sidebar.
#[derive(Clone, Debug)]
pub struct KeysLine {
    /// `ok`, `wait`, `bad` or `off`: the dot's shape and colour.
    pub dot: &'static str,
    pub words: String,
    pub waiting: String,
}

impl Frame {
    pub async fn load(
        app: &App,
        conn: &mut Conn,
        organiser: &Organiser,
        here: Place,
    ) -> Result<Self, Error> {
        let event = events::current(conn, &app.config).await?;
        let counts = store::overview::counts(conn).await?;
        Ok(Self {
            here,
            event_name: event.facts.name.clone(),
            event_dates: event.facts.dates.clone().unwrap_or_default(),
            to_review: counts.to_review,
            mail_trouble: counts.mail_trouble,
            resumes_to_see: counts.resumes_to_see,
            unanswered: counts.unanswered,
            people: counts.people,
            keys: KeysLine::load(app, conn, counts.waiting, event.time_zone.as_deref()).await?,
            mail: app.config.mail.destination(),
            who: if app.config.is_local_only() { String::new() } else { organiser.0.clone() },
        })
    }

    pub fn is(&self, place: Place) -> bool {
        self.here == place
    }
}

impl KeysLine {
    /// `jobs` counts all jobs, also paused ones. When there are none, the waiting ones are not read.
    pub async fn load(
        app: &App,
        conn: &mut Conn,
        jobs: i64,
        time_zone: Option<&str>,
    ) -> Result<Self, Error> {
        let now = app.clock.now();
        let waiting = if jobs == 0 { Vec::new() } else { store::jobs::waiting(conn, now).await? };
        let summary = keys::summary(conn, &app.pool, &waiting, now).await?;
        Ok(Self::new(&summary, &Times::new(time_zone, now)))
    }

    pub fn new(summary: &keys::Summary, times: &Times) -> Self {
        Self { dot: dot(summary), words: ready(summary, times), waiting: waiting(summary, times) }
    }
}

fn dot(summary: &keys::Summary) -> &'static str {
    match summary {
        keys::Summary { primary: 0, reserve: None, .. } => "off",
        keys::Summary { disabled: 1.., .. } => "bad",
        keys::Summary { ready: 1.., .. }
        | keys::Summary { primary: 0, reserve: Some(true), .. } => "ok",
        _ => "wait",
    }
}

fn ready(summary: &keys::Summary, times: &Times) -> String {
    let until = summary.back_at.map(|at| format!(" until {}", times.at(at))).unwrap_or_default();
    match (summary.ready, summary.primary) {
        (0, 0) => match summary.reserve {
            None => "No key: templates write".into(),
            Some(true) => "Only the reserve key".into(),
            Some(false) => "The reserve key cannot be used".into(),
        },
        (0, _) if summary.next_model => format!("The next model is used{until}"),
        (0, 1) if summary.back_at.is_some() => format!("The key cools down{until}"),
        (0, primary) if summary.paused == primary => {
            if primary == 1 {
                "The key is paused".into()
            } else {
                "All keys are paused".into()
            }
        }
        (0, primary) if summary.paused + summary.disabled == primary => "No key can be used".into(),
        (0, _) => format!("All keys cool down{until}"),
        (1, 1) => "1 key ready".into(),
        (ready, primary) => format!("{ready} of {primary} keys ready"),
    }
}

fn waiting(summary: &keys::Summary, times: &Times) -> String {
    let next = match &summary.next {
        keys::Next::Idle => return "Nothing waiting".into(),
        keys::Next::Now => "next one now".into(),
        keys::Next::At { at, .. } => format!("next {}", times.ahead(*at)),
        keys::Next::Fallback { .. } => "templates write".into(),
    };
    format!("{} waiting · {next}", thousands(summary.waiting))
}

pub fn render(page: &impl Template) -> Result<Html<String>, Error> {
    Ok(Html(page.render()?))
}

/// Our own filters for templates.
#[expect(
    clippy::inline_always,
    clippy::unused_self,
    clippy::unnecessary_wraps,
    reason = "askama's macro asks for this shape"
)]
pub mod filters {
    use askama::Values;
    use askama::filters::HtmlSafe;

    /// `{{ "home"|icon }}`: a picture of the sprite. The name is a constant in a template.
    pub struct Icon(String);

    impl std::fmt::Display for Icon {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            let prefix = crate::web::assets::prefix();
            write!(
                f,
                r#"<svg class="i" aria-hidden="true"><use href="{prefix}/img/icons.svg#{}"></use></svg>"#,
                self.0
            )
        }
    }

    impl HtmlSafe for Icon {}

    #[askama::filter_fn]
    pub fn icon(name: impl std::fmt::Display, _: &dyn Values) -> askama::Result<Icon> {
        let name: String =
            name.to_string().chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        Ok(Icon(name))
    }
}
