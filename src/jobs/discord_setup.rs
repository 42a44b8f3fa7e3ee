//! Carries out on Discord what an organiser started on `/discord`, and stores the result. Each action can be repeated:
//! it reads the server first, and creates only what is missing.

use std::time::Duration;

use serde_json::json;

use crate::app::App;
use crate::bot::{self, setup};
use crate::discord::objects::{Channel, Role};
use crate::discord::reply::Button;
use crate::discord::{Rest, RestError, commands, notice};
use crate::discord_accounts;
use crate::events;
use crate::model::setup::{Existing, Finding, Resource, SetupAction, SetupState};
use crate::model::{Millis, SetupId};
use crate::store;
use crate::store::discord_setup::Run;
use crate::store::jobs::Leased;

/// How often to try while Discord cannot be reached; each pause is twice as long as the one before.
const ATTEMPTS: i64 = 6;
const PAUSE: Duration = Duration::from_secs(5);

/// The result of an action.
#[derive(Default)]
struct Outcome {
    findings: Vec<Finding>,
    /// What was created or found.
    resources: Vec<(Resource, String)>,
    /// The server's roles and channels now.
    existing: Option<Existing>,
    /// An organiser must do something first; the findings say what.
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
    let Some(run) = run.filter(|run| ours && run.state == SetupState::Waiting) else {
        store::jobs::finish(&mut tx, leased).await?;
        return Ok(tx.commit().await?);
    };
    let known = store::discord_setup::resources(&mut tx, &run.guild).await?;
    let event = events::current(&mut tx, &app.config).await?;
    tx.commit().await?;

    let done = match &app.discord {
        Some(rest) if rest.bot().guild_id == run.guild => {
            carry_out(rest, &run, &known, &event.facts.name).await
        }
        _ => Ok(Outcome::failed(Finding::bad("Discord is not set up for this server any more."))),
    };
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    if !store::jobs::still_owned(&mut tx, leased).await? {
        return Ok(());
    }
    match done {
        Ok(outcome) => {
            let Outcome { findings, resources, existing, failed } = outcome;
            for (resource, discord_id) in &resources {
                store::discord_setup::put_resource(&mut tx, &run.guild, *resource, discord_id)
                    .await?;
            }
            let state = if failed { SetupState::Failed } else { SetupState::Done };
            store::discord_setup::end(&mut tx, &run, state, &findings, existing.as_ref(), now)
                .await?;
            // The role, or the permission to give it, may exist only now.
            if !failed && matches!(run.action, SetupAction::Check | SetupAction::RolesAndChannels) {
                discord_accounts::give_missing_roles(&mut tx, now).await?;
            }
            if !failed
                && matches!(run.action, SetupAction::Commands | SetupAction::RolesAndChannels)
            {
                setup::check_again(&mut tx, &run.guild, &run.asked_by, now).await?;
            }
            store::jobs::finish(&mut tx, leased).await?;
        }
        Err(error) => {
            if let Some((at, attempts)) = retry_at(&error, leased, app.config.time_scale, now) {
                let why = Finding::note(error.to_string());
                store::discord_setup::put_off(&mut tx, &run, at, &why).await?;
                store::jobs::release(&mut tx, leased, at, attempts, Some(&why.text)).await?;
            } else {
                let (state, findings) = (SetupState::Failed, [Finding::bad(advice(&error))]);
                store::discord_setup::end(&mut tx, &run, state, &findings, None, now).await?;
                store::jobs::finish(&mut tx, leased).await?;
            }
        }
    }
    Ok(tx.commit().await?)
}

/// When to retry, and how often it has failed by then; `None`: not until somebody starts it again.
fn retry_at(error: &RestError, leased: &Leased, scale: u32, now: Millis) -> Option<(Millis, i64)> {
    match error {
        RestError::RateLimited { at } => Some((*at, leased.attempts)),
        RestError::Unreachable { .. } => {
            let attempts = leased.attempts + 1;
            let pause = PAUSE * 2_u32.saturating_pow(leased.attempts.clamp(0, 16) as u32);
            (attempts < ATTEMPTS).then(|| (now.plus(pause / scale), attempts))
        }
        RestError::Unauthorised
        | RestError::Forbidden { .. }
        | RestError::NotFound { .. }
        | RestError::Refused { .. } => None,
    }
}

/// The error, with advice where there is any.
fn advice(error: &RestError) -> String {
    match error {
        RestError::Forbidden { .. } => {
            format!(
                "{error}. “Check the set-up” shows which permission is missing on the server; a channel may also have its own permissions."
            )
        }
        other => format!("{other}."),
    }
}

async fn carry_out(
    rest: &Rest,
    run: &Run,
    known: &[(Resource, String)],
    event: &str,
) -> Result<Outcome, RestError> {
    match run.action {
        SetupAction::Check => check(rest, known).await,
        SetupAction::Commands => register(rest).await,
        SetupAction::RolesAndChannels => create(rest, known).await,
        SetupAction::Button => post_button(rest, run, known, event).await,
    }
}

async fn check(rest: &Rest, known: &[(Resource, String)]) -> Result<Outcome, RestError> {
    // Somebody is watching, so retry what was refused before: it may be fixed.
    rest.reset_refusals();
    let application = rest.application().await?;
    let guild = match rest.guild().await {
        Ok(guild) => Some(guild),
        Err(RestError::NotFound { .. } | RestError::Forbidden { .. }) => None,
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
                Err(RestError::Forbidden { .. }) => None,
                Err(other) => return Err(other),
            },
        }),
        None => None,
    };
    let existing = server.as_ref().map(|it| setup::existing(&it.roles, &it.channels));
    let facts = setup::Facts { application, server };
    let findings = setup::check(rest.bot(), &facts, known);
    let resources = existing.as_ref().map(|it| found(&setup::plan(it, known))).unwrap_or_default();
    Ok(Outcome { findings, resources, existing, failed: false })
}

async fn register(rest: &Rest) -> Result<Outcome, RestError> {
    let registered = rest.register_commands(&commands::definitions()).await?;
    let names: Vec<String> = registered.iter().map(|it| format!("/{}", it.name)).collect();
    let finding = Finding::good(format!("Registered: {}.", names.join(", ")));
    Ok(Outcome { findings: vec![finding], ..Outcome::default() })
}

async fn create(rest: &Rest, known: &[(Resource, String)]) -> Result<Outcome, RestError> {
    let (mut roles, mut channels) = (rest.roles().await?, rest.channels().await?);
    let steps = setup::plan(&setup::existing(&roles, &channels), known);
    let mut resources = found(&steps);
    let mut findings = Vec::new();
    for step in &steps {
        let wanted = step.wanted;
        let title = wanted.heading();
        if let Some(existing) = &step.existing {
            let name = if existing.name.eq_ignore_ascii_case(wanted.name) {
                String::new()
            } else {
                format!(", under the name {}", existing.name)
            };
            findings.push(Finding::good(format!("{title} already exists{name}.")));
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
        resources.push((wanted.resource, id));
        findings.push(Finding::good(format!("{title} was created.")));
    }
    let existing = Some(setup::existing(&roles, &channels));
    Ok(Outcome { findings, resources, existing, failed: false })
}

async fn post_button(
    rest: &Rest,
    run: &Run,
    known: &[(Resource, String)],
    event: &str,
) -> Result<Outcome, RestError> {
    let id_of =
        |wanted| known.iter().find(|(known, _)| *known == wanted).map(|(_, id)| id.as_str());
    let Some(channel) = id_of(Resource::VerifyChannel) else {
        return Ok(Outcome::failed(Finding::bad(
            "Muster does not know the channel #verify yet. Press “Create roles and channels” first, or “Check the set-up” if you created the channel by hand.",
        )));
    };
    let button = Button { id: bot::VERIFY_BUTTON, label: "Verify me" };
    let mut message = notice::with_button(&setup::verify_text(event), button);
    if let Some(id) = id_of(Resource::VerifyMessage) {
        match rest.edit_message(channel, id, &message).await {
            Ok(_) => {
                return Ok(Outcome {
                    findings: vec![Finding::good(
                        "The button already exists; its text is up to date.",
                    )],
                    ..Outcome::default()
                });
            }
            // Somebody deleted it, or the channel was replaced.
            Err(RestError::NotFound { .. }) => {}
            Err(other) => return Err(other),
        }
    }
    // Discord drops repeated messages with the same nonce, so a lost response does not lead to a second button.
    message["nonce"] = json!(format!("button-{}", run.asked_at.0));
    message["enforce_nonce"] = json!(true);
    let posted = rest.post_message(channel, &message).await?;
    Ok(Outcome {
        findings: vec![Finding::good("The button is in #verify.")],
        resources: vec![(Resource::VerifyMessage, posted.id)],
        ..Outcome::default()
    })
}

/// The resources that exist on the server.
fn found(steps: &[setup::Step]) -> Vec<(Resource, String)> {
    let found =
        |step: &setup::Step| Some((step.wanted.resource, step.existing.as_ref()?.id.clone()));
    steps.iter().filter_map(found).collect()
}
