//! Gives a verified person the role on Discord, and takes it from an account that is not theirs any more. If an
//! organiser has to fix something first, this retries for a day; after that, `discord_accounts::give_missing_roles`
//! starts again.

use std::time::Duration;

use crate::app::App;
use crate::discord::{Rest, RestError};
use crate::discord_accounts;
use crate::model::{LostRoleId, Millis, PersonId};
use crate::store::jobs::Leased;
use crate::store::{self, Conn};

/// Doubled after each try.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// After this time the job gives up.
const GIVE_UP: Duration = Duration::from_hours(24);

pub async fn give(app: &App, leased: &Leased, id: PersonId) -> anyhow::Result<()> {
    let mut tx = app.db.write().await?;
    if !store::jobs::still_owned(&mut tx, leased).await? {
        return Ok(());
    }
    let found = match guild(app) {
        Some((discord, guild)) => {
            discord_accounts::role_to_give(&mut tx, id, guild).await?.map(|it| (discord, it))
        }
        None => None,
    };
    let Some((discord, change)) = found else {
        store::jobs::finish(&mut tx, leased).await?;
        return Ok(tx.commit().await?);
    };
    tx.commit().await?;

    let outcome = discord.add_role(&change.user, &change.role).await;
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    if outcome.is_ok() {
        discord_accounts::given(&mut tx, id, &change, now).await?;
    }
    if is_over(&mut tx, app, leased, &outcome, now).await? {
        store::jobs::finish(&mut tx, leased).await?;
    }
    Ok(tx.commit().await?)
}

pub async fn take(app: &App, leased: &Leased, id: LostRoleId) -> anyhow::Result<()> {
    let mut tx = app.db.write().await?;
    if !store::jobs::still_owned(&mut tx, leased).await? {
        return Ok(());
    }
    let found = match guild(app) {
        Some((discord, guild)) => {
            discord_accounts::role_to_take(&mut tx, id, guild).await?.map(|it| (discord, it))
        }
        None => None,
    };
    let Some((discord, change)) = found else {
        return settle(tx, leased, id).await;
    };
    tx.commit().await?;

    let outcome = discord.remove_role(&change.user, &change.role).await;
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    if outcome.is_ok() {
        discord_accounts::taken(&mut tx, &change, now).await?;
    }
    if is_over(&mut tx, app, leased, &outcome, now).await? {
        return settle(tx, leased, id).await;
    }
    Ok(tx.commit().await?)
}

async fn settle(mut tx: store::Tx, leased: &Leased, id: LostRoleId) -> anyhow::Result<()> {
    store::discord::delete_lost_role(&mut tx, id).await?;
    store::jobs::finish(&mut tx, leased).await?;
    Ok(tx.commit().await?)
}

fn guild(app: &App) -> Option<(&Rest, &str)> {
    app.discord.as_ref().map(|discord| (discord, discord.bot().guild_id.as_str()))
}

/// Whether the job is done; otherwise releases it for a retry.
async fn is_over(
    tx: &mut Conn,
    app: &App,
    leased: &Leased,
    outcome: &Result<(), RestError>,
    now: Millis,
) -> sqlx::Result<bool> {
    let Err(error) = outcome else { return Ok(true) };
    let Some(at) = retry_at(error, leased, app, now) else {
        let (kind, subject) = (leased.job.kind().as_str(), leased.job.subject());
        tracing::warn!(kind, subject, "A role on Discord was not changed: {error}");
        return Ok(true);
    };
    let reason = error.to_string();
    store::jobs::release(tx, leased, at, leased.attempts + 1, Some(&reason)).await?;
    Ok(false)
}

/// When to retry; `None`: give up.
fn retry_at(error: &RestError, leased: &Leased, app: &App, now: Millis) -> Option<Millis> {
    let scale = app.config.time_scale;
    let doublings = leased.attempts.clamp(0, 16) as u32;
    let pause = (FIRST_PAUSE * 2_u32.saturating_pow(doublings)).min(LONGEST_PAUSE) / scale;
    let at = match error {
        RestError::RateLimited { at } => *at,
        RestError::Unreachable { .. } | RestError::Forbidden { .. } | RestError::Unauthorised => {
            now.plus(pause)
        }
        // The member left the server, or the role was deleted.
        RestError::NotFound { .. } | RestError::Refused { .. } => return None,
    };
    (at < leased.created_at.plus(GIVE_UP / scale)).then_some(at)
}
