//! Gives a verified person the role on Discord, and takes it from an account that is theirs no more. What an organiser has
//! to mend is tried again now and then for a day; after that, `bot::give_missing_roles` begins anew.

use std::time::Duration;

use crate::app::App;
use crate::bot::{self, Wanted};
use crate::discord::{Rest, Trouble};
use crate::model::{LostRoleId, Millis, PersonId};
use crate::store::jobs::Leased;
use crate::store::{self, Conn};

/// Twice as long after each try.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// So long after it was asked for it is given up.
const GIVE_UP: Duration = Duration::from_hours(24);

pub async fn give(app: &App, leased: &Leased, id: PersonId) -> anyhow::Result<()> {
    let mut tx = app.db.write().await?;
    if !store::jobs::still_owned(&mut tx, leased).await? {
        return Ok(());
    }
    let wanted = match guild(app) {
        Some((discord, guild)) => bot::wanted(&mut tx, id, guild).await?.map(|it| (discord, it)),
        None => None,
    };
    let Some((discord, wanted)) = wanted else {
        store::jobs::finish(&mut tx, leased).await?;
        return Ok(tx.commit().await?);
    };
    tx.commit().await?;

    let outcome = discord.add_role(&wanted.user, &wanted.role).await;
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    if outcome.is_ok() {
        bot::given(&mut tx, id, &wanted, now).await?;
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
    let unwanted = match guild(app) {
        Some((discord, guild)) => bot::unwanted(&mut tx, id, guild).await?.map(|it| (discord, it)),
        None => None,
    };
    let Some((discord, Wanted { user, role })) = unwanted else {
        return settle(tx, leased, id).await;
    };
    tx.commit().await?;

    let outcome = discord.remove_role(&user, &role).await;
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    if outcome.is_ok() {
        bot::taken(&mut tx, &Wanted { user, role }, now).await?;
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

/// Whether nothing more is to be tried; otherwise the job is given back.
async fn is_over(
    tx: &mut Conn,
    app: &App,
    leased: &Leased,
    outcome: &Result<(), Trouble>,
    now: Millis,
) -> sqlx::Result<bool> {
    let Err(trouble) = outcome else { return Ok(true) };
    let Some(at) = again_at(trouble, leased, app, now) else {
        let (kind, subject) = (leased.job.kind().as_str(), leased.job.subject());
        tracing::warn!(kind, subject, "A role on Discord stays as it is: {trouble}");
        return Ok(true);
    };
    let words = trouble.to_string();
    store::jobs::release(tx, leased, at, leased.attempts + 1, Some(&words)).await?;
    Ok(false)
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
