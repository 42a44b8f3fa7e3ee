//! Puts the answer to a question where Discord waits for it. Nobody can be told when 15 minutes are over.

use std::time::Duration;

use crate::app::App;
use crate::bot::{self, Due, Message};
use crate::discord::{Rest, Trouble};
use crate::model::{Millis, ReplyId, Secret};
use crate::store::jobs::Leased;
use crate::store::{self};

/// After the first, second, … time that Discord could not be reached; the last one stays.
const PAUSES: [Duration; 5] = [
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(15),
    Duration::from_secs(30),
    Duration::from_mins(1),
];

/// So often it is tried again where Discord does not know (yet) what is to be answered: an answer that is there at once may
/// overtake the word that it comes later.
const OVERTAKEN: i64 = 3;

pub async fn run(app: &App, leased: &Leased, id: ReplyId) -> anyhow::Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    if !store::jobs::still_owned(&mut tx, leased).await? {
        return Ok(());
    }
    let (message, token, until) = match bot::due(&mut tx, id, now).await? {
        Due::Tell { message, token, until } => (message, token, until),
        Due::Wait(at) => {
            store::jobs::release(&mut tx, leased, at, leased.attempts, None).await?;
            return Ok(tx.commit().await?);
        }
        other => {
            if matches!(other, Due::Missed) {
                tracing::warn!(reply.id = id.0, "Discord's reply {id}: it is too late to answer");
            }
            store::jobs::finish(&mut tx, leased).await?;
            return Ok(tx.commit().await?);
        }
    };
    tx.commit().await?;

    let Some(discord) = &app.discord else {
        tracing::warn!(reply.id = id.0, "Discord's reply {id}: Discord is not set up any more");
        return drop_it(app, leased, id).await;
    };
    match discord.edit_original(token.expose(), &message).await {
        Ok(()) => drop_it(app, leased, id).await,
        Err(trouble) => match again_at(&trouble, leased.attempts, app) {
            Some(at) if at < until => {
                let mut tx = app.db.write().await?;
                let words = trouble.to_string();
                store::jobs::release(&mut tx, leased, at, leased.attempts + 1, Some(&words))
                    .await?;
                Ok(tx.commit().await?)
            }
            _ => {
                tracing::warn!(
                    reply.id = id.0,
                    "Discord's reply {id} was not delivered: {trouble}"
                );
                if matches!(trouble, Trouble::Refused { .. }) {
                    apologise(discord, &token).await;
                }
                drop_it(app, leased, id).await
            }
        },
    }
}

/// Discord is there and does not take this text: other words are better than none.
async fn apologise(discord: &Rest, token: &Secret) {
    let words =
        Message::new("I have an answer that cannot be shown here. Please ask the organisers.");
    if let Err(trouble) = discord.edit_original(token.expose(), &words).await {
        tracing::warn!("Discord does not take other words either: {trouble}");
    }
}

/// The row goes with the token in it.
async fn drop_it(app: &App, leased: &Leased, id: ReplyId) -> anyhow::Result<()> {
    let mut tx = app.db.write().await?;
    if store::jobs::still_owned(&mut tx, leased).await? {
        store::discord::delete_reply(&mut tx, id).await?;
        store::jobs::finish(&mut tx, leased).await?;
    }
    Ok(tx.commit().await?)
}

/// When the same request may go through; `None`: never.
fn again_at(trouble: &Trouble, attempts: i64, app: &App) -> Option<Millis> {
    let pause = *PAUSES.get(attempts as usize).unwrap_or(&PAUSES[PAUSES.len() - 1]);
    match trouble {
        Trouble::Later { at } => Some(*at),
        Trouble::Unreachable { .. } => Some(app.clock.now().plus(pause / app.config.time_scale)),
        Trouble::Gone { .. } if attempts < OVERTAKEN => {
            Some(app.clock.now().plus(pause / app.config.time_scale))
        }
        Trouble::Unauthorised
        | Trouble::Forbidden { .. }
        | Trouble::Gone { .. }
        | Trouble::Refused { .. } => None,
    }
}
