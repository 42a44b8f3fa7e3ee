//! Sends the answer to a question that was asked on Discord, which accepts it for 15 minutes.

use std::time::Duration;

use crate::app::App;
use crate::bot::{self, Due, Message};
use crate::discord::{Rest, RestError};
use crate::model::{Millis, ReplyId, Secret};
use crate::store;
use crate::store::jobs::Leased;

/// The pauses after each time that Discord could not be reached; the last one repeats.
const PAUSES: [Duration; 5] = [
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(15),
    Duration::from_secs(30),
    Duration::from_mins(1),
];

/// How often to retry when Discord does not know the interaction: a fast answer may arrive before Discord has processed
/// the first reply to it.
const NOT_FOUND_TRIES: i64 = 3;

pub async fn run(app: &App, leased: &Leased, id: ReplyId) -> anyhow::Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    if !store::jobs::still_owned(&mut tx, leased).await? {
        return Ok(());
    }
    let (message, token, until) = match bot::due(&mut tx, id, now).await? {
        Due::Send { message, token, until } => (message, token, until),
        Due::Wait(at) => {
            store::jobs::release(&mut tx, leased, at, leased.attempts, None).await?;
            return Ok(tx.commit().await?);
        }
        due @ (Due::Nothing | Due::Missed) => {
            if matches!(due, Due::Missed) {
                tracing::warn!(reply.id = id.0, "Discord reply {id} is too late and was not sent");
            }
            store::jobs::finish(&mut tx, leased).await?;
            return Ok(tx.commit().await?);
        }
    };
    tx.commit().await?;

    let Some(discord) = &app.discord else {
        tracing::warn!(
            reply.id = id.0,
            "Discord reply {id} was not sent: Discord is not set up any more"
        );
        return delete(app, leased, id).await;
    };
    match discord.edit_original(token.expose(), &message).await {
        Ok(()) => delete(app, leased, id).await,
        Err(error) => match retry_at(&error, leased.attempts, app) {
            Some(at) if at < until => {
                let mut tx = app.db.write().await?;
                let reason = error.to_string();
                store::jobs::release(&mut tx, leased, at, leased.attempts + 1, Some(&reason))
                    .await?;
                Ok(tx.commit().await?)
            }
            _ => {
                tracing::warn!(reply.id = id.0, "Discord reply {id} was not delivered: {error}");
                if matches!(error, RestError::Refused { .. }) {
                    apologise(discord, &token).await;
                }
                delete(app, leased, id).await
            }
        },
    }
}

/// Discord refused this text; another one is better than none.
async fn apologise(discord: &Rest, token: &Secret) {
    let message = Message::new("The answer cannot be shown here. Please ask the organisers.");
    if let Err(error) = discord.edit_original(token.expose(), &message).await {
        tracing::warn!("Discord refused the apology too: {error}");
    }
}

/// Deletes the row, and the token with it.
async fn delete(app: &App, leased: &Leased, id: ReplyId) -> anyhow::Result<()> {
    let mut tx = app.db.write().await?;
    if store::jobs::still_owned(&mut tx, leased).await? {
        store::discord::delete_reply(&mut tx, id).await?;
        store::jobs::finish(&mut tx, leased).await?;
    }
    Ok(tx.commit().await?)
}

/// When to retry; `None`: never.
fn retry_at(error: &RestError, attempts: i64, app: &App) -> Option<Millis> {
    let pause = *PAUSES.get(attempts as usize).unwrap_or(&PAUSES[PAUSES.len() - 1]);
    match error {
        RestError::RateLimited { at } => Some(*at),
        RestError::Unreachable { .. } => Some(app.clock.now().plus(pause / app.config.time_scale)),
        RestError::NotFound { .. } if attempts < NOT_FOUND_TRIES => {
            Some(app.clock.now().plus(pause / app.config.time_scale))
        }
        RestError::Unauthorised
        | RestError::Forbidden { .. }
        | RestError::NotFound { .. }
        | RestError::Refused { .. } => None,
    }
}
