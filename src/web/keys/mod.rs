//! The key pool as organisers see it: which key serves, rests or was set aside and why, what waits, and what happened.
//! No digit of a key is on this page: a key is its number, its variable and its project.

mod change;
mod chart;
mod env_changes;
mod live;
mod rows;

use std::time::Duration;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};

use self::chart::Chart;
use self::rows::{Group, Happened, KeyLines, TaskLine};
use super::error::Error;
use super::form::{FieldErrors, sentence};
use super::guard::Organiser;
use super::page::{Frame, KeysLine, Place, Times, filters, render, thousands};
use crate::app::App;
use crate::events;
use crate::keys::{self, Finish, KeyError, Next};
use crate::model::{KeyNumber, Millis};
use crate::store::{self, Conn};
use crate::web::notice::{Details, Notice, NoticeQuery};

pub use self::change::{add, ask_project, ask_to_remove, group, name_project, reload_env, remove};
pub use self::live::stream;

impl From<KeyError> for Error {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Gone => Self::NotFound,
            KeyError::Variable => Self::Conflict(sentence(&error.to_string())),
            KeyError::Db(error) => error.into(),
        }
    }
}

/// What was typed, but for the key itself: that is never sent back.
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
    board: Board,
}

#[derive(Template)]
#[template(path = "keys/none.html")]
pub struct NoKeyPage {
    frame: Frame,
    notice: String,
    env_error: String,
    add: AddForm,
}

/// Everything on the page that changes while it is looked at.
struct Board {
    /// The foot of the sidebar.
    line: KeysLine,
    numbers: [Number; 5],
    /// Changes with what is there: the keys, their projects, what is proposed.
    version: String,
    groups: Vec<Group>,
    keys: Vec<KeyLines>,
    /// Said where no primary key is set.
    only_reserve: bool,
    chart: Chart,
    with_keys: String,
    spaced: bool,
    tasks: Vec<TaskLine>,
    /// Nothing went wrong lately.
    calm: bool,
    happened: Vec<Happened>,
}

/// One of the numbers at the top.
struct Number {
    id: &'static str,
    label: &'static str,
    figure: String,
    words: String,
}

pub async fn show(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    notice: NoticeQuery,
) -> Result<Response, Error> {
    let details = Details {
        name: notice.key.map_or_else(|| "The key".into(), rows::name),
        changes: env_changes::read(&notice.changes),
        ..Details::default()
    };
    shown(&app, &organiser, notice.text_about(&details), AddForm::default(), String::new()).await
}

/// The page, with what was just done or typed.
async fn shown(
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
    let board = Board::load(app, &mut conn).await?;
    Ok(render(&KeysPage { frame, notice, env_error, add, board })?.into_response())
}

/// The page with a notice about one key.
fn done(notice: Notice, number: KeyNumber) -> Redirect {
    Redirect::to(&notice.url("/keys", &[("key", &number.to_string())]))
}

pub async fn pause(
    State(app): State<App>,
    Path(number): Path<KeyNumber>,
) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    keys::pause(&mut tx, &app.pool, number, app.clock.now()).await?;
    tx.commit().await?;
    Ok(done(Notice::KeyPaused, number))
}

pub async fn resume(
    State(app): State<App>,
    Path(number): Path<KeyNumber>,
) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    keys::resume(&mut tx, &app.pool, number).await?;
    tx.commit().await?;
    Ok(done(Notice::KeyResumed, number))
}

pub async fn retry(
    State(app): State<App>,
    Path(number): Path<KeyNumber>,
) -> Result<Redirect, Error> {
    app.pool.key(number).ok_or(Error::NotFound)?;
    // Google may take its time: nobody waits for it.
    tokio::spawn(async move {
        let asked =
            keys::check_and_retry(&app.db, &app.pool, &app.gemini, &app.clock, number).await;
        if let Err(error) = asked {
            tracing::error!(key.number = number.0, "Key #{number} could not be tried: {error}");
        }
    });
    Ok(done(Notice::KeyTried, number))
}

impl Board {
    async fn load(app: &App, conn: &mut Conn) -> Result<Self, Error> {
        let event = events::current(conn, &app.config).await?;
        let now = app.clock.now();
        let times = Times::new(event.time_zone.as_deref(), now);
        let waiting = store::jobs::waiting(conn, now).await?;
        let pool = keys::now(conn, &app.pool, &waiting, now).await?;
        let since = Chart::since(now);
        let minutes = store::usage::by_minute(conn, since).await?;
        let day = now.minus(Duration::from_hours(24));
        let troubles = store::usage::troubles(conn, day, rows::HAPPENED as i64).await?;
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
                .filter(|task| rows::is_shown(task))
                .map(|task| TaskLine::new(task, &times, now))
                .collect(),
            calm: troubles.is_empty(),
            happened: rows::happened(&troubles, &times),
        })
    }
}

/// Says which rows there are; how they stand is told to an open page in their places.
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
        of.push(format!("{} set aside", summary.disabled));
    }
    if summary.paused > 0 {
        of.push(format!("{} paused", summary.paused));
    }
    if summary.reserve.is_some() {
        of.push("and a reserve".into());
    }
    let done = match (&summary.next, pool.finish) {
        (Next::Idle, _) => "nothing to write or read".into(),
        (Next::Fallback { .. }, _) => "no key serves: templates do".into(),
        (_, Finish::At(at)) => format!("done by {}", times.at(at)),
        (_, Finish::NotToday { left }) => {
            format!("today's quota leaves {}", thousands(i64::try_from(left).unwrap_or(i64::MAX)))
        }
        (Next::At { at, .. }, Finish::Unknown) => format!("next {}", rows::soon(*at, times, now)),
        (Next::Now, Finish::Unknown) => "next one now".into(),
    };
    let speed: usize = pool.keys.iter().map(|key| key.sent_last_minute.len()).sum();
    let refused = troubles.iter().find(|it| it.outcome == store::bookings::BookingOutcome::Refused);
    let last = match refused {
        Some(last) if pool.refused_today > 0 => {
            let name = rows::name(last.key_number);
            format!("the last at {}, {}", times.at(last.at), name.to_lowercase())
        }
        _ => "no request was refused".into(),
    };
    let number =
        |id, label, number: i64, words| Number { id, label, figure: thousands(number), words };
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
            format!("starts anew at {}", times.clock(pool.day_ends)),
        ),
        number("n-refused", "Refused today", pool.refused_today, last),
    ]
}

/// The address of a shape in the sprite.
fn shape(name: &str) -> String {
    format!("{}/img/icons.svg#{name}", super::assets::prefix())
}
