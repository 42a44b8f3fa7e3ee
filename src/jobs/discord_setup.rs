//! Does on Discord what an organiser asked for on `/discord`, and writes down what came of it. Each deed can be done
//! again: it looks first, and makes only what is missing.

use std::time::Duration;

use serde_json::json;

use crate::app::App;
use crate::bot::{self, setup};
use crate::discord::objects::{Channel, Role};
use crate::discord::reply::Button;
use crate::discord::{Rest, Trouble, commands, notice};
use crate::events;
use crate::model::setup::{Deed, DeedState, Finding, Seen, Spot};
use crate::model::{Millis, SetupId};
use crate::store;
use crate::store::discord_setup::Run;
use crate::store::jobs::Leased;

/// Where Discord cannot be reached: so often it is tried, each pause twice as long as the one before.
const ATTEMPTS: i64 = 6;
const PAUSE: Duration = Duration::from_secs(5);

/// What came of a deed.
#[derive(Default)]
struct Outcome {
    findings: Vec<Finding>,
    /// What was made or found.
    spots: Vec<(Spot, String)>,
    /// The roles and channels as they stand now.
    seen: Option<Seen>,
    /// An organiser has to do something first; the findings say what.
    failed: bool,
}

impl Outcome {
    fn failed(finding: Finding) -> Self {
        Self { findings: vec![finding], failed: true, ..Self::default() }
    }
}

pub async fn run(app: &App, leased: &Leased, id: SetupId) -> anyhow::Result<()> {
    let mut tx = app.db.write().await?;
    let ours = store::jobs::still_owned(&mut tx, leased).await?;
    let run = store::discord_setup::find(&mut tx, id).await?;
    let Some(run) = run.filter(|run| ours && run.state == DeedState::Waiting) else {
        store::jobs::finish(&mut tx, leased).await?;
        return Ok(tx.commit().await?);
    };
    let known = store::discord_setup::spots(&mut tx, &run.guild).await?;
    let event = events::current(&mut tx, &app.config).await?;
    tx.commit().await?;

    let done = match &app.discord {
        Some(rest) if rest.bot().guild_id == run.guild => {
            carry_out(rest, &run, &known, &event.facts.name).await
        }
        _ => Ok(Outcome::failed(Finding::bad("Discord is set up for this server no more."))),
    };
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    if !store::jobs::still_owned(&mut tx, leased).await? {
        return Ok(());
    }
    match done {
        Ok(outcome) => {
            let Outcome { findings, spots, seen, failed } = outcome;
            for (spot, discord_id) in &spots {
                store::discord_setup::put_spot(&mut tx, &run.guild, *spot, discord_id).await?;
            }
            let state = if failed { DeedState::Failed } else { DeedState::Done };
            store::discord_setup::end(&mut tx, &run, state, &findings, seen.as_ref(), now).await?;
            // The role may be there, and the permission to give it, only since now.
            if !failed && matches!(run.deed, Deed::Check | Deed::Places) {
                bot::give_missing_roles(&mut tx, now).await?;
            }
            if !failed && matches!(run.deed, Deed::Commands | Deed::Places) {
                setup::check_again(&mut tx, &run.guild, &run.asked_by, now).await?;
            }
            store::jobs::finish(&mut tx, leased).await?;
        }
        Err(trouble) => {
            if let Some((at, attempts)) = again(&trouble, leased, app.config.time_scale, now) {
                let why = Finding::note(trouble.to_string());
                store::discord_setup::put_off(&mut tx, &run, at, &why).await?;
                store::jobs::release(&mut tx, leased, at, attempts, Some(&why.words)).await?;
            } else {
                let (state, findings) = (DeedState::Failed, [Finding::bad(words(&trouble))]);
                store::discord_setup::end(&mut tx, &run, state, &findings, None, now).await?;
                store::jobs::finish(&mut tx, leased).await?;
            }
        }
    }
    Ok(tx.commit().await?)
}

/// When it is tried again, and how often it has failed by then; `None`: not before somebody asks for it.
fn again(trouble: &Trouble, leased: &Leased, scale: u32, now: Millis) -> Option<(Millis, i64)> {
    match trouble {
        Trouble::Later { at } => Some((*at, leased.attempts)),
        Trouble::Unreachable { .. } => {
            let attempts = leased.attempts + 1;
            let pause = PAUSE * 2_u32.saturating_pow(leased.attempts.clamp(0, 16) as u32);
            (attempts < ATTEMPTS).then(|| (now.plus(pause / scale), attempts))
        }
        Trouble::Unauthorised
        | Trouble::Forbidden { .. }
        | Trouble::Gone { .. }
        | Trouble::Refused { .. } => None,
    }
}

/// With what helps, where it can be known.
fn words(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Forbidden { .. } => {
            format!(
                "{trouble}. “Check the set-up” says which permission is missing on the server; a channel may have rules of its own."
            )
        }
        other => format!("{other}."),
    }
}

async fn carry_out(
    rest: &Rest,
    run: &Run,
    known: &[(Spot, String)],
    event: &str,
) -> Result<Outcome, Trouble> {
    match run.deed {
        Deed::Check => check(rest, known).await,
        Deed::Commands => register(rest).await,
        Deed::Places => make(rest, known).await,
        Deed::Button => post_button(rest, run, known, event).await,
    }
}

async fn check(rest: &Rest, known: &[(Spot, String)]) -> Result<Outcome, Trouble> {
    // A person looks at it: what was mended meanwhile is to be seen.
    rest.try_again();
    let application = rest.application().await?;
    let guild = match rest.guild().await {
        Ok(guild) => Some(guild),
        Err(Trouble::Gone { .. } | Trouble::Forbidden { .. }) => None,
        Err(other) => return Err(other),
    };
    let server = match guild {
        Some(guild) => Some(setup::Server {
            guild,
            me: rest.me_as_member().await?,
            roles: rest.roles().await?,
            channels: rest.channels().await?,
            commands: match rest.commands().await {
                Ok(commands) => Some(commands),
                Err(Trouble::Forbidden { .. }) => None,
                Err(other) => return Err(other),
            },
        }),
        None => None,
    };
    let seen = server.as_ref().map(|it| setup::seen(&it.roles, &it.channels));
    let facts = setup::Facts { application, server };
    let findings = setup::check(rest.bot(), &facts, known);
    let spots = seen.as_ref().map(|seen| found(&setup::plan(seen, known))).unwrap_or_default();
    Ok(Outcome { findings, spots, seen, failed: false })
}

async fn register(rest: &Rest) -> Result<Outcome, Trouble> {
    let registered = rest.register_commands(&commands::definitions()).await?;
    let names: Vec<String> = registered.iter().map(|it| format!("/{}", it.name)).collect();
    let finding = Finding::good(format!("Registered: {}.", names.join(", ")));
    Ok(Outcome { findings: vec![finding], ..Outcome::default() })
}

async fn make(rest: &Rest, known: &[(Spot, String)]) -> Result<Outcome, Trouble> {
    let (mut roles, mut channels) = (rest.roles().await?, rest.channels().await?);
    let steps = setup::plan(&setup::seen(&roles, &channels), known);
    let mut spots = found(&steps);
    let mut findings = Vec::new();
    for step in &steps {
        let wanted = step.wanted;
        let title = wanted.heading();
        if let Some(there) = &step.there {
            let name = if there.name.eq_ignore_ascii_case(wanted.name) {
                String::new()
            } else {
                format!(", under the name {}", there.name)
            };
            findings.push(Finding::good(format!("{title} was there already{name}: kept.")));
            continue;
        }
        let id = match wanted.kind {
            setup::Kind::Role => {
                let role: Role = rest.create_role(wanted.name).await?;
                roles.push(role.clone());
                role.id
            }
            setup::Kind::Channel => {
                let channel: Channel = rest.create_channel(wanted.name, wanted.purpose).await?;
                channels.push(channel.clone());
                channel.id
            }
        };
        spots.push((wanted.spot, id));
        findings.push(Finding::good(format!("{title} was made.")));
    }
    let seen = Some(setup::seen(&roles, &channels));
    Ok(Outcome { findings, spots, seen, failed: false })
}

async fn post_button(
    rest: &Rest,
    run: &Run,
    known: &[(Spot, String)],
    event: &str,
) -> Result<Outcome, Trouble> {
    let spot = |wanted| known.iter().find(|(spot, _)| *spot == wanted).map(|(_, id)| id.as_str());
    let Some(channel) = spot(Spot::VerifyChannel) else {
        return Ok(Outcome::failed(Finding::bad(
            "Muster knows no channel #verify yet. Press “Make roles and channels” first, or “Check the set-up” if you made the channel by hand.",
        )));
    };
    let button = Button { id: bot::VERIFY_BUTTON, label: "Show who I am" };
    let mut message = notice::with_button(&setup::verify_words(event), button);
    if let Some(id) = spot(Spot::VerifyMessage) {
        match rest.edit_message(channel, id, &message).await {
            Ok(_) => {
                return Ok(Outcome {
                    findings: vec![Finding::good(
                        "The button was there already; its words are up to date.",
                    )],
                    ..Outcome::default()
                });
            }
            // Somebody deleted it, or the channel is another one by now.
            Err(Trouble::Gone { .. }) => {}
            Err(other) => return Err(other),
        }
    }
    // Discord makes one message of several with the same nonce: an answer that got lost leaves no second button.
    message["nonce"] = json!(format!("button-{}", run.asked_at.0));
    message["enforce_nonce"] = json!(true);
    let posted = rest.post_message(channel, &message).await?;
    Ok(Outcome {
        findings: vec![Finding::good("The button stands in #verify.")],
        spots: vec![(Spot::VerifyMessage, posted.id)],
        ..Outcome::default()
    })
}

/// What of the wanted was found on the server.
fn found(steps: &[setup::Step]) -> Vec<(Spot, String)> {
    let there = |step: &setup::Step| Some((step.wanted.spot, step.there.as_ref()?.id.clone()));
    steps.iter().filter_map(there).collect()
}
