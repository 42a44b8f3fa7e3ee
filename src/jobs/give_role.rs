//! Gives a verified person the role on Discord. What an organiser has to mend is tried again now and then for a day;
//! after that, `bot::give_missing_roles` begins anew.

use std::time::Duration;

use crate::app::App;
use crate::bot;
use crate::discord::Trouble;
use crate::model::{Millis, PersonId};
use crate::store::jobs::Leased;
use crate::store::{self};

/// Twice as long after each try.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// So long after it was asked for it is given up.
const GIVE_UP: Duration = Duration::from_hours(24);

pub async fn run(app: &App, leased: &Leased, id: PersonId) -> anyhow::Result<()> {
    let mut tx = app.db.write().await?;
    if !store::jobs::hold(&mut tx, leased).await? {
        return Ok(());
    }
    let wanted = match &app.discord {
        Some(discord) => {
            bot::wanted(&mut tx, id, &discord.bot().guild_id).await?.map(|it| (it, discord))
        }
        None => None,
    };
    let Some((wanted, discord)) = wanted else {
        store::jobs::finish(&mut tx, leased).await?;
        return Ok(tx.commit().await?);
    };
    tx.commit().await?;

    let outcome = discord.add_role(&wanted.user, &wanted.role).await;
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    match &outcome {
        Ok(()) => {
            // Of one who moved to another account meanwhile, that one waits in a job of its own.
            store::discord::role_given(&mut tx, id, &wanted.user, now).await?;
            store::jobs::finish(&mut tx, leased).await?;
        }
        Err(trouble) => {
            if let Some(at) = again_at(trouble, leased, app, now) {
                let (failed, words) = (leased.attempts + 1, trouble.to_string());
                store::jobs::give_back(&mut tx, leased, at, failed, Some(&words)).await?;
            } else {
                tracing::warn!(person.id = id.0, "Person {id} did not get the role: {trouble}");
                store::jobs::finish(&mut tx, leased).await?;
            }
        }
    }
    Ok(tx.commit().await?)
}

/// When to try again; `None`: it is given up.
fn again_at(trouble: &Trouble, leased: &Leased, app: &App, now: Millis) -> Option<Millis> {
    let scale = app.config.time_scale;
    let doublings = leased.attempts.clamp(0, 16) as u32;
    let pause = (FIRST_PAUSE * 2_u32.saturating_pow(doublings)).min(LONGEST_PAUSE) / scale;
    let at = match trouble {
        Trouble::Later { at } => *at,
        Trouble::Unreachable { .. } | Trouble::Forbidden { .. } | Trouble::Unauthorised => {
            now.plus(pause)
        }
        // They left the server, or the role was deleted.
        Trouble::Gone { .. } | Trouble::Refused { .. } => return None,
    };
    (at < leased.created_at.plus(GIVE_UP / scale)).then_some(at)
}
