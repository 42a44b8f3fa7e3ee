//! Setting up Discord: what is missing before anything can be done, the four deeds, and what came of each. The deeds are
//! jobs; these pages write down what is wanted and show what was found.

use std::convert::Infallible;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Redirect, Response};
use futures_util::stream::Stream;

use super::super::error::Error;
use super::super::guard::Organiser;
use super::super::page::{Frame, Place, Times, count, filters, render};
use super::super::sse::{self, Live};
use crate::app::App;
use crate::bot::setup;
use crate::config::Config;
use crate::events;
use crate::model::setup::{Deed, DeedState, Tone};
use crate::store::discord_setup::{Run, list};
use crate::store::{self, Conn};
use crate::web::notice::{Notice, NoticeQuery};

/// What stands in `.env` so far, and what is still to be entered: on this page, and on that of the settings.
pub struct Missing {
    /// The variables that are not set, or not so that they could serve.
    variables: Vec<&'static str>,
    /// `PUBLIC_URL` as it is set, when it is not https; else empty.
    pub wrong_url: String,
    /// To be entered in the developer portal; empty while the public address is not known.
    pub endpoint: String,
    /// Empty while the application is not known.
    pub invite: String,
}

impl Missing {
    fn new(config: &Config) -> Self {
        let discord = &config.discord;
        let (https, other) = match &config.public_url {
            Some(url) if url.starts_with("https://") => (Some(url), None),
            other => (None, other.clone()),
        };
        let all = [
            ("PUBLIC_URL", https.is_some()),
            ("DISCORD_APPLICATION_ID", discord.application_id.is_some()),
            ("DISCORD_PUBLIC_KEY", discord.public_key.is_some()),
            ("DISCORD_TOKEN", discord.token.is_some()),
            ("DISCORD_GUILD_ID", discord.guild_id.is_some()),
        ];
        let invite = discord
            .application_id
            .as_ref()
            .map(|id| setup::invite_link(id, discord.guild_id.as_deref()));
        Self {
            variables: all.into_iter().filter(|(_, set)| !set).map(|(name, _)| name).collect(),
            wrong_url: other.unwrap_or_default(),
            endpoint: https.map(|url| setup::endpoint(url)).unwrap_or_default(),
            invite: invite.unwrap_or_default(),
        }
    }

    pub fn has(&self, variable: &str) -> bool {
        !self.variables.contains(&variable)
    }
}

/// The part of the settings page.
pub struct Part {
    pub is_set: bool,
    pub missing: Missing,
    /// What the last check came to; empty: there was none.
    pub checked: String,
}

impl Part {
    pub async fn load(app: &App, conn: &mut Conn, times: &Times) -> Result<Self, Error> {
        let guild = app.config.discord.guild_id.as_deref().unwrap_or_default();
        let runs = list(conn, guild).await?;
        let check = runs.iter().find(|run| run.deed == Deed::Check);
        let checked = check
            .and_then(|run| {
                let at = times.at(run.ended_at?);
                Some(match (run.state, faults(run)) {
                    (DeedState::Waiting, _) => "The set-up is being checked.".into(),
                    (DeedState::Failed, _) => format!("The check of {at} did not work."),
                    (DeedState::Done, 0) => format!("Checked at {at}: everything is in order."),
                    (DeedState::Done, number) => {
                        format!("Checked at {at}: {} to mend.", count(number, "thing", "things"))
                    }
                })
            })
            .unwrap_or_default();
        Ok(Self { is_set: app.discord.is_some(), missing: Missing::new(&app.config), checked })
    }
}

#[derive(Template)]
#[template(path = "discord/setup.html")]
struct SetupPage {
    frame: Frame,
    notice: String,
    board: Board,
}

#[derive(Template)]
#[template(path = "discord/none.html")]
struct NonePage {
    frame: Frame,
    missing: Missing,
    variables: String,
}

/// Everything that changes while the page is looked at.
struct Board {
    version: String,
    /// Discord did not accept the token, and nothing is asked any more.
    set_aside: bool,
    guild: String,
    endpoint: String,
    invite: String,
    deeds: [DeedLine; 4],
}

struct DeedLine {
    /// The last part of the address.
    name: &'static str,
    number: usize,
    /// done, now or todo
    step: &'static str,
    title: &'static str,
    words: &'static str,
    button: &'static str,
    /// A page asks before it is done.
    asks: bool,
    tone: &'static str,
    state: String,
    findings: Vec<FindingLine>,
}

struct FindingLine {
    tone: &'static str,
    label: &'static str,
    words: String,
}

impl Board {
    /// `None`: not everything is set.
    async fn load(app: &App, conn: &mut Conn) -> Result<Option<Self>, Error> {
        let Some(bot) = app.config.bot() else { return Ok(None) };
        let event = events::current(conn, &app.config).await?;
        let times = Times::new(event.time_zone.as_deref(), app.clock.now());
        let runs = list(conn, &bot.guild_id).await?;
        let set_aside = matches!(&app.discord, Some(rest) if rest.is_set_aside());
        let stamps: Vec<String> = runs
            .iter()
            .map(|run| {
                let at = |time: Option<crate::model::Millis>| time.map_or(0, |time| time.0);
                let (asked, ended) = (run.asked_at.0, at(run.ended_at));
                format!("{}.{}.{asked}.{ended}.{}", run.deed, run.state, at(run.wait_until))
            })
            .collect();
        let deeds = [Deed::Check, Deed::Commands, Deed::Places, Deed::Button]
            .map(|deed| DeedLine::new(deed, runs.iter().find(|run| run.deed == deed), &times));
        Ok(Some(Self {
            version: format!("{set_aside} {}", stamps.join(" ")),
            set_aside,
            endpoint: setup::endpoint(&bot.public_url),
            invite: setup::invite_link(&bot.application_id, Some(&bot.guild_id)),
            guild: bot.guild_id,
            deeds,
        }))
    }
}

impl DeedLine {
    fn new(deed: Deed, run: Option<&Run>, times: &Times) -> Self {
        let (number, title, words, button) = match deed {
            Deed::Check => (
                1,
                "Check the set-up",
                "Looks whether token, keys and addresses fit, and whether the bot is on the server and may do what it has to. It changes nothing on Discord.",
                "Check the set-up",
            ),
            Deed::Commands => (
                2,
                "Commands",
                "Tells Discord which commands there are: /ask, /match, /team, /verify, /help. Press it again after a new version of Muster.",
                "Register commands",
            ),
            Deed::Places => (
                3,
                "Roles and channels",
                "The role Verified and the channels #verify, #ask and #introductions. What is there is kept.",
                "Make roles and channels…",
            ),
            Deed::Button => (
                4,
                "Verify button",
                "A message in #verify with a button by which participants show who they are. Pressed again, it brings the words up to date; there is never a second one.",
                "Post the verify button",
            ),
        };
        let (tone, state) = run.map_or(("none", "Not yet".into()), |run| state(run, times));
        let findings = run.map(|run| run.findings.as_slice()).unwrap_or_default();
        Self {
            name: deed.as_str(),
            number,
            step: if tone == "ok" { "done" } else { "todo" },
            title,
            words,
            button,
            asks: deed == Deed::Places,
            tone,
            state,
            findings: findings
                .iter()
                .map(|finding| {
                    let (tone, label) = match finding.tone {
                        Tone::Good => ("ok", "In order"),
                        Tone::Note => ("info", "Note"),
                        Tone::Bad => ("bad", "To mend"),
                    };
                    FindingLine { tone, label, words: finding.words.clone() }
                })
                .collect(),
        }
    }
}

fn faults(run: &Run) -> i64 {
    run.findings.iter().filter(|finding| finding.tone == Tone::Bad).count() as i64
}

/// The tone and the word of a deed's state.
fn state(run: &Run, times: &Times) -> (&'static str, String) {
    let ended = run.ended_at.map(|at| times.at(at)).unwrap_or_default();
    match (run.state, run.wait_until) {
        (DeedState::Waiting, Some(until)) => ("wait", format!("Again at {}", times.exactly(until))),
        (DeedState::Waiting, None) => ("go", format!("Under way since {}", times.at(run.asked_at))),
        (DeedState::Failed, _) => ("bad", format!("Did not work at {ended}")),
        (DeedState::Done, _) => match faults(run) {
            0 => ("ok", format!("Done at {ended} for {}", run.asked_by)),
            number => ("bad", format!("{} to mend at {ended}", count(number, "thing", "things"))),
        },
    }
}

pub async fn show(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    notice: NoticeQuery,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let frame = Frame::load(&app, &mut conn, &organiser, Place::Settings).await?;
    if let Some(board) = Board::load(&app, &mut conn).await? {
        return Ok(render(&SetupPage { frame, notice: notice.text(), board })?.into_response());
    }
    let missing = Missing::new(&app.config);
    let variables = missing.variables.join(", ");
    Ok(render(&NonePage { frame, missing, variables })?.into_response())
}

/// Keeps the page true while a deed is under way.
pub async fn live(State(app): State<App>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    sse::follow(app.clone(), move || look(app.clone()))
}

async fn look(app: App) -> Result<Live, Error> {
    let mut conn = app.db.read().await?;
    let board = Board::load(&app, &mut conn).await?.ok_or(Error::NotFound)?;
    Ok(Live { version: board.version, ..Live::default() })
}

pub async fn act(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path(deed): Path<String>,
) -> Result<Redirect, Error> {
    let deed: Deed = deed.parse().map_err(|_| Error::NotFound)?;
    let Some(bot) = app.config.bot() else {
        let words = "Discord is not set up yet. The page says what is missing.";
        return Err(Error::Conflict(words.into()));
    };
    let mut tx = app.db.write().await?;
    setup::ask(&mut tx, &bot.guild_id, deed, &organiser.0, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Notice::DiscordStarted.redirect("/discord"))
}

#[derive(Template)]
#[template(path = "discord/ask_places.html")]
struct AskPlacesPage {
    frame: Frame,
    /// When the server was looked at; empty: never.
    seen: String,
    places: Vec<PlaceLine>,
    to_make: usize,
}

struct PlaceLine {
    title: String,
    purpose: &'static str,
    is_there: bool,
    /// What it is called on the server, where that is something else.
    other_name: String,
}

/// What would be made, by what stood on the server when it was last looked at. The deed looks again.
/// Other deeds are not asked about.
pub async fn ask(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path(deed): Path<String>,
) -> Result<Response, Error> {
    if deed.parse().ok() != Some(Deed::Places) {
        return Err(Error::NotFound);
    }
    let mut conn = app.db.read().await?;
    let bot = app.config.bot().ok_or(Error::NotFound)?;
    let frame = Frame::load(&app, &mut conn, &organiser, Place::Settings).await?;
    let event = events::current(&mut conn, &app.config).await?;
    let times = Times::new(event.time_zone.as_deref(), app.clock.now());
    let runs = list(&mut conn, &bot.guild_id).await?;
    let looked = runs.iter().filter(|run| run.seen.is_some()).max_by_key(|run| run.ended_at);
    let seen = looked.and_then(|run| run.seen.clone());
    let known = store::discord_setup::spots(&mut conn, &bot.guild_id).await?;
    let places: Vec<PlaceLine> = setup::plan(&seen.unwrap_or_default(), &known)
        .into_iter()
        .map(|step| PlaceLine {
            title: step.wanted.heading(),
            purpose: step.wanted.purpose,
            is_there: step.there.is_some(),
            other_name: step
                .there
                .map(|there| there.name)
                .filter(|name| !name.eq_ignore_ascii_case(step.wanted.name))
                .unwrap_or_default(),
        })
        .collect();
    let page = AskPlacesPage {
        frame,
        seen: looked.and_then(|run| run.ended_at).map(|at| times.at(at)).unwrap_or_default(),
        to_make: places.iter().filter(|it| !it.is_there).count(),
        places,
    };
    Ok(render(&page)?.into_response())
}
