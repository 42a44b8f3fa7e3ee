//! The page of the keys, and everything on it that changes while it is open.

use std::time::Duration;

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};

use super::chart::Chart;
use super::incident::{self, INCIDENTS, Incident};
use super::key_row::KeyLines;
use super::task_row::{self, TaskLine};
use super::text::{name, soon};
use crate::app::App;
use crate::events;
use crate::keys::{self, Finish, KeyError, Next, Proposal};
use crate::model::{KeyNumber, Millis};
use crate::store::{self, Conn};
use crate::web::error::Error;
use crate::web::form::{FieldErrors, sentence};
use crate::web::guard::Organiser;
use crate::web::notice::Notice;
use crate::web::page::{Frame, KeysLine, Place, Times, count, filters, render, thousands};

impl From<KeyError> for Error {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Gone => Self::NotFound,
            KeyError::Variable => Self::Conflict(sentence(&error.to_string())),
            KeyError::Db(error) => error.into(),
        }
    }
}

/// The typed values of the form, without the key itself: it is never sent back.
#[derive(Default)]
pub struct AddForm {
    pub project: String,
    pub errors: FieldErrors,
}

#[derive(Template)]
#[template(path = "keys/keys.html")]
pub struct KeysPage {
    frame: Frame,
    notice: String,
    env_error: String,
    add: AddForm,
    overview: Overview,
}

#[derive(Template)]
#[template(path = "keys/none.html")]
pub struct NoKeyPage {
    frame: Frame,
    notice: String,
    env_error: String,
    add: AddForm,
}

/// Everything on the page that changes while it is open.
pub struct Overview {
    /// The line at the foot of the sidebar.
    pub line: KeysLine,
    pub numbers: [Number; 5],
    /// Changes with the rows: keys, projects, proposed groups. The page then reloads its parts.
    pub version: String,
    pub groups: Vec<Group>,
    pub keys: Vec<KeyLines>,
    /// No primary key is set.
    pub only_reserve: bool,
    pub chart: Chart,
    pub with_keys: String,
    pub spaced: bool,
    pub tasks: Vec<TaskLine>,
    /// Nothing went wrong in the last 24 hours.
    pub no_incident: bool,
    pub incidents: Vec<Incident>,
}

/// One of the numbers at the top.
pub struct Number {
    pub id: &'static str,
    pub label: &'static str,
    pub figure: String,
    pub text: String,
}

/// The page, with what was just done or typed.
pub async fn shown(
    app: &App,
    organiser: &Organiser,
    notice: String,
    add: AddForm,
    env_error: String,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let frame = Frame::load(app, &mut conn, organiser, Place::Keys).await?;
    let keys = app.pool.keys();
    if keys.is_empty() && keys.unreadable().is_empty() {
        return Ok(render(&NoKeyPage { frame, notice, env_error, add })?.into_response());
    }
    let overview = Overview::load(app, &mut conn).await?;
    Ok(render(&KeysPage { frame, notice, env_error, add, overview })?.into_response())
}

/// The page with a notice about one key.
pub fn done(notice: Notice, number: KeyNumber) -> Redirect {
    Redirect::to(&notice.url("/keys", &[("key", &number.to_string())]))
}

impl Overview {
    pub async fn load(app: &App, conn: &mut Conn) -> Result<Self, Error> {
        let event = events::current(conn, &app.config).await?;
        let now = app.clock.now();
        let times = Times::new(event.time_zone.as_deref(), now);
        let waiting = store::jobs::waiting(conn, now).await?;
        let pool = keys::now(conn, &app.pool, &waiting, now).await?;
        let since = Chart::since(now);
        let minutes = store::usage::by_minute(conn, since).await?;
        let day = now.minus(Duration::from_hours(24));
        let troubles = store::usage::troubles(conn, day, INCIDENTS as i64).await?;
        let window = app.pool.pace().window;
        let groups = keys::proposals(conn, &app.pool, now).await?;
        Ok(Self {
            line: KeysLine::new(&pool.summary, &times),
            numbers: numbers(&pool, &troubles, &times, now),
            version: version(&pool.keys, &groups),
            groups: groups.iter().map(Group::new).collect(),
            keys: pool
                .keys
                .iter()
                .map(|key| KeyLines::new(key, &pool, window, &times, now))
                .collect(),
            only_reserve: pool.summary.primary == 0,
            chart: Chart::new(&minutes, &times, now),
            with_keys: match pool.projects {
                0 => "With no key".into(),
                1 => "With 1 project".into(),
                projects => format!("With {projects} projects"),
            },
            spaced: pool.spaced,
            tasks: pool
                .tasks
                .iter()
                .filter(|task| task_row::is_shown(task))
                .map(|task| TaskLine::new(task, &times, now))
                .collect(),
            no_incident: troubles.is_empty(),
            incidents: incident::list(&troubles, &times),
        })
    }
}

/// Which rows there are. Their state is not part of it: an open page updates that in place.
fn version(keys: &[keys::KeyRow], groups: &[keys::Proposal]) -> String {
    let keys = keys.iter().map(|key| {
        let place = if key.place == keys::Place::Page { "p" } else { "v" };
        let idle =
            matches!(key.state, keys::KeyState::Duplicate { .. } | keys::KeyState::Unreadable);
        let project = key.project.as_deref().unwrap_or_default();
        format!("{place}{}{}{project}", key.number, if idle { "-" } else { "+" })
    });
    let groups = groups.iter().map(|it| format!("g{}-{}", it.keys[0], it.keys[1]));
    keys.chain(groups).collect::<Vec<_>>().join(" ")
}

fn numbers(
    pool: &keys::Now,
    troubles: &[store::usage::Trouble],
    times: &Times,
    now: Millis,
) -> [Number; 5] {
    let summary = &pool.summary;
    let mut of = vec![format!("of {}", summary.primary)];
    if summary.disabled > 0 {
        of.push(format!("{} disabled", summary.disabled));
    }
    if summary.paused > 0 {
        of.push(format!("{} paused", summary.paused));
    }
    if summary.reserve.is_some() {
        of.push("and a reserve".into());
    }
    let done = match (&summary.next, pool.finish) {
        (Next::Idle, _) => "nothing waits".into(),
        (Next::Fallback { .. }, _) => "no key can be used: templates write instead".into(),
        (_, Finish::At(at)) => format!("done by {}", times.at(at)),
        (_, Finish::NotToday { left }) => {
            format!("today's quota leaves {}", thousands(i64::try_from(left).unwrap_or(i64::MAX)))
        }
        (Next::At { at, .. }, Finish::Unknown) => format!("next {}", soon(*at, times, now)),
        (Next::Now, Finish::Unknown) => "next one now".into(),
    };
    let speed: usize = pool.keys.iter().map(|key| key.sent_last_minute.len()).sum();
    let refused = troubles.iter().find(|it| it.outcome == store::bookings::BookingOutcome::Refused);
    let last = match refused {
        Some(last) if pool.refused_today > 0 => {
            let name = name(last.key_number);
            format!("the last at {}, {}", times.at(last.at), name.to_lowercase())
        }
        _ => "no request was refused".into(),
    };
    let number =
        |id, label, number: i64, text| Number { id, label, figure: thousands(number), text };
    [
        number("n-ready", "Ready", summary.ready as i64, of.join(", ")),
        number("n-waiting", "Waiting", summary.waiting, done),
        number(
            "n-speed",
            "Speed now",
            speed as i64,
            format!("a minute, of {} allowed", pool.allowed),
        ),
        number(
            "n-today",
            "Requests today",
            i64::try_from(pool.today).unwrap_or(i64::MAX),
            format!("starts again at {}", times.clock(pool.day_ends)),
        ),
        number("n-refused", "Refused today", pool.refused_today, last),
    ]
}

/// The address of a shape in the sprite.
pub fn shape(name: &str) -> String {
    format!("{}/img/icons.svg#{name}", crate::web::assets::prefix())
}

/// Two keys that seem to share a project.
pub struct Group {
    pub a: KeyNumber,
    pub b: KeyNumber,
    pub title: String,
    pub both: String,
    pub text: String,
}

impl Group {
    pub fn new(proposal: &Proposal) -> Self {
        let [a, b] = proposal.keys;
        let both = format!("{} and {}", name(a).to_lowercase(), name(b).to_lowercase());
        Self {
            a,
            b,
            title: format!("{} and {}", name(a), name(b).to_lowercase()),
            both,
            text: format!(
                "In the last hour Google refused them {} although neither had sent the {} a minute of its own, only \
                 both together. Grouped, they count as one project, with what they have sent already.",
                count(proposal.refusals as i64, "time", "times"),
                proposal.limit
            ),
        }
    }
}
