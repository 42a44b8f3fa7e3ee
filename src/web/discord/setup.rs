//! Setting up Discord: the settings that are missing, the four actions and their results. The actions are jobs; these
//! pages start them and show what they found.

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
use crate::model::setup::{SetupAction, SetupState, Tone};
use crate::store::discord_setup::{Run, list};
use crate::store::{self, Conn};
use crate::web::notice::{Notice, NoticeQuery};

/// The settings that are still missing in `.env`, for this page and the settings page.
pub struct Missing {
    /// The variables that are not set or not usable.
    variables: Vec<&'static str>,
    /// `PUBLIC_URL` if it is set but not https; otherwise empty.
    pub wrong_url: String,
    /// The address to enter in the developer portal; empty while `PUBLIC_URL` is missing.
    pub endpoint: String,
    /// The invite link; empty while the application is missing.
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

/// The section of the settings page about Discord.
pub struct Part {
    pub is_set: bool,
    pub missing: Missing,
    /// The result of the last check; empty when there was none.
    pub checked: String,
}

impl Part {
    pub async fn load(app: &App, conn: &mut Conn, times: &Times) -> Result<Self, Error> {
        let guild = app.config.discord.guild_id.as_deref().unwrap_or_default();
        let runs = list(conn, guild).await?;
        let check = runs.iter().find(|run| run.action == SetupAction::Check);
        let checked = check
            .and_then(|run| {
                let at = times.at(run.ended_at?);
                Some(match (run.state, faults(run)) {
                    (SetupState::Waiting, _) => "The check is running.".into(),
                    (SetupState::Failed, _) => format!("The check at {at} failed."),
                    (SetupState::Done, 0) => format!("Checked at {at}: everything is in order."),
                    (SetupState::Done, number) => {
                        format!("Checked at {at}: {} to fix.", count(number, "thing", "things"))
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
    overview: Overview,
}

#[derive(Template)]
#[template(path = "discord/none.html")]
struct NonePage {
    frame: Frame,
    missing: Missing,
    variables: String,
}

/// Everything that changes while the page is open.
struct Overview {
    version: String,
    /// Discord did not accept the token, so no more requests are made.
    disabled: bool,
    guild: String,
    endpoint: String,
    invite: String,
    actions: [ActionLine; 4],
}

struct ActionLine {
    /// The last part of its address.
    slug: &'static str,
    number: usize,
    /// done, now or todo
    step: &'static str,
    title: &'static str,
    explanation: &'static str,
    button: &'static str,
    /// A page asks for confirmation first.
    asks: bool,
    tone: &'static str,
    state: String,
    findings: Vec<FindingLine>,
}

struct FindingLine {
    tone: &'static str,
    label: &'static str,
    text: String,
}

impl Overview {
    /// `None`: not everything is set.
    async fn load(app: &App, conn: &mut Conn) -> Result<Option<Self>, Error> {
        let Some(bot) = app.config.bot() else { return Ok(None) };
        let event = events::current(conn, &app.config).await?;
        let times = Times::new(event.time_zone.as_deref(), app.clock.now());
        let runs = list(conn, &bot.guild_id).await?;
        let disabled = matches!(&app.discord, Some(rest) if rest.is_disabled());
        let stamps: Vec<String> = runs
            .iter()
            .map(|run| {
                let at = |time: Option<crate::model::Millis>| time.map_or(0, |time| time.0);
                let (asked, ended) = (run.asked_at.0, at(run.ended_at));
                format!("{}.{}.{asked}.{ended}.{}", run.action, run.state, at(run.wait_until))
            })
            .collect();
        let actions = [
            SetupAction::Check,
            SetupAction::Commands,
            SetupAction::RolesAndChannels,
            SetupAction::Button,
        ]
        .map(|action| {
            ActionLine::new(action, runs.iter().find(|run| run.action == action), &times)
        });
        Ok(Some(Self {
            version: format!("{disabled} {}", stamps.join(" ")),
            disabled,
            endpoint: setup::endpoint(&bot.public_url),
            invite: setup::invite_link(&bot.application_id, Some(&bot.guild_id)),
            guild: bot.guild_id,
            actions,
        }))
    }
}

impl ActionLine {
    fn new(action: SetupAction, run: Option<&Run>, times: &Times) -> Self {
        let (number, title, explanation, button) = match action {
            SetupAction::Check => (
                1,
                "Check the set-up",
                "Checks token, keys and addresses, and whether the bot is on the server with the permissions that it needs. Nothing is changed on Discord.",
                "Check the set-up",
            ),
            SetupAction::Commands => (
                2,
                "Commands",
                "Registers /ask, /match, /team, /verify and /help with Discord. Register them again after updating Muster.",
                "Register commands",
            ),
            SetupAction::RolesAndChannels => (
                3,
                "Roles and channels",
                "The role Verified and the channels #verify, #ask and #introductions. Existing ones are kept.",
                "Create roles and channels…",
            ),
            SetupAction::Button => (
                4,
                "Verify button",
                "A message in #verify with a button to start verification. Post it again to update its text; there is never a second one.",
                "Post the verify button",
            ),
        };
        let (tone, state) = run.map_or(("none", "Not yet".into()), |run| state(run, times));
        let findings = run.map(|run| run.findings.as_slice()).unwrap_or_default();
        Self {
            slug: slug(action),
            number,
            step: if tone == "ok" { "done" } else { "todo" },
            title,
            explanation,
            button,
            asks: action == SetupAction::RolesAndChannels,
            tone,
            state,
            findings: findings
                .iter()
                .map(|finding| {
                    let (tone, label) = match finding.tone {
                        Tone::Good => ("ok", "In order"),
                        Tone::Note => ("info", "Note"),
                        Tone::Bad => ("bad", "To fix"),
                    };
                    FindingLine { tone, label, text: finding.text.clone() }
                })
                .collect(),
        }
    }
}

fn faults(run: &Run) -> i64 {
    run.findings.iter().filter(|finding| finding.tone == Tone::Bad).count() as i64
}

/// An action's name in addresses.
fn slug(action: SetupAction) -> &'static str {
    match action {
        SetupAction::Check => "check",
        SetupAction::Commands => "commands",
        SetupAction::RolesAndChannels => "roles-and-channels",
        SetupAction::Button => "button",
    }
}

/// `places` is an old name that keeps working.
fn by_slug(name: &str) -> Option<SetupAction> {
    let name = if name == "places" { "roles-and-channels" } else { name };
    SetupAction::ALL.iter().copied().find(|action| slug(*action) == name)
}

/// The tone and the text of an action's state.
fn state(run: &Run, times: &Times) -> (&'static str, String) {
    let ended = run.ended_at.map(|at| times.at(at)).unwrap_or_default();
    match (run.state, run.wait_until) {
        (SetupState::Waiting, Some(until)) => {
            ("wait", format!("Retry at {}", times.exactly(until)))
        }
        (SetupState::Waiting, None) => ("go", format!("Running since {}", times.at(run.asked_at))),
        (SetupState::Failed, _) => ("bad", format!("Failed at {ended}")),
        (SetupState::Done, _) => match faults(run) {
            0 => ("ok", format!("Done at {ended} for {}", run.asked_by)),
            number => ("bad", format!("{} to fix at {ended}", count(number, "thing", "things"))),
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
    if let Some(overview) = Overview::load(&app, &mut conn).await? {
        return Ok(render(&SetupPage { frame, notice: notice.text(), overview })?.into_response());
    }
    let missing = Missing::new(&app.config);
    let variables = missing.variables.join(", ");
    Ok(render(&NonePage { frame, missing, variables })?.into_response())
}

/// Updates the page while an action is running.
pub async fn live(State(app): State<App>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    sse::follow(app.clone(), move || version(app.clone()))
}

async fn version(app: App) -> Result<Live, Error> {
    let mut conn = app.db.read().await?;
    let overview = Overview::load(&app, &mut conn).await?.ok_or(Error::NotFound)?;
    Ok(Live { version: overview.version, ..Live::default() })
}

pub async fn act(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path(action): Path<String>,
) -> Result<Redirect, Error> {
    let action = by_slug(&action).ok_or(Error::NotFound)?;
    let Some(bot) = app.config.bot() else {
        let problem = "Discord is not set up yet. The page says what is missing.";
        return Err(Error::Conflict(problem.into()));
    };
    let mut tx = app.db.write().await?;
    setup::request(&mut tx, &bot.guild_id, action, &organiser.0, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Notice::DiscordStarted.redirect("/discord"))
}

#[derive(Template)]
#[template(path = "discord/roles_and_channels.html")]
struct RolesAndChannelsPage {
    frame: Frame,
    /// When the server was last read; empty: never.
    read_at: String,
    resources: Vec<ResourceLine>,
    missing: usize,
}

struct ResourceLine {
    title: String,
    purpose: &'static str,
    exists: bool,
    /// Its name on the server, if that is another one.
    other_name: String,
}

/// Asks for confirmation, and shows what would be created, as the server was when it was last read. The action reads it
/// again. Other actions need no confirmation.
pub async fn ask(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path(action): Path<String>,
) -> Result<Response, Error> {
    if by_slug(&action) != Some(SetupAction::RolesAndChannels) {
        return Err(Error::NotFound);
    }
    let mut conn = app.db.read().await?;
    let bot = app.config.bot().ok_or(Error::NotFound)?;
    let frame = Frame::load(&app, &mut conn, &organiser, Place::Settings).await?;
    let event = events::current(&mut conn, &app.config).await?;
    let times = Times::new(event.time_zone.as_deref(), app.clock.now());
    let runs = list(&mut conn, &bot.guild_id).await?;
    let last = runs.iter().filter(|run| run.existing.is_some()).max_by_key(|run| run.ended_at);
    let existing = last.and_then(|run| run.existing.clone()).unwrap_or_default();
    let known = store::discord_setup::resources(&mut conn, &bot.guild_id).await?;
    let resources: Vec<ResourceLine> = setup::plan(&existing, &known)
        .into_iter()
        .map(|step| ResourceLine {
            title: step.wanted.heading(),
            purpose: step.wanted.purpose,
            exists: step.existing.is_some(),
            other_name: step
                .existing
                .map(|existing| existing.name)
                .filter(|name| !name.eq_ignore_ascii_case(step.wanted.name))
                .unwrap_or_default(),
        })
        .collect();
    let page = RolesAndChannelsPage {
        frame,
        read_at: last.and_then(|run| run.ended_at).map(|at| times.at(at)).unwrap_or_default(),
        missing: resources.iter().filter(|it| !it.exists).count(),
        resources,
    };
    Ok(render(&page)?.into_response())
}
