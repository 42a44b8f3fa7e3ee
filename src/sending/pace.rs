//! Pace: when the account may send its next email. Its limits are the configured rate, the daily quota, and the pauses
//! that servers asked for.

use std::time::Duration;

use super::Account;
use crate::model::Millis;
use crate::model::clock::millis;
use crate::store::senders::Sender;
use crate::store::{self, Conn};

/// The daily quota counts the emails of the last 24 hours.
pub(super) const DAY: Duration = Duration::from_hours(24);

/// When the next email of a campaign may be sent; `None`: not before an organiser resumes sending.
pub async fn next_send(
    conn: &mut Conn,
    account: &Account<'_>,
    now: Millis,
) -> sqlx::Result<Option<Millis>> {
    if account.config.mail.stays_here() {
        return Ok(Some(now));
    }
    let sender = store::senders::find(conn, account.name).await?;
    if sender.needs_attention_at.is_some() {
        return Ok(None);
    }
    let mut at = after_gap(&sender, account).unwrap_or(now);
    if let Some(until) = sender.paused_until {
        at = at.max(until);
    }
    if let Some(free_at) = quota_free_at(conn, account, now).await? {
        at = at.max(free_at);
    }
    Ok(Some(at.max(now)))
}

/// The last email plus the gap between two: the configured one or the one learned from the server, whichever is longer.
fn after_gap(sender: &Sender, account: &Account<'_>) -> Option<Millis> {
    let per_second = account.config.mail.sends_per_second;
    let configured = per_second.map_or(0, |rate| millis(Duration::from_secs_f64(1.0 / rate)));
    let gap = Duration::from_millis(configured.max(sender.min_gap).unsigned_abs());
    sender.last_send_at.map(|last| last.plus(gap / account.config.time_scale))
}

/// When the daily quota allows the next email; `None` while it is not used up.
async fn quota_free_at(
    conn: &mut Conn,
    account: &Account<'_>,
    now: Millis,
) -> sqlx::Result<Option<Millis>> {
    let Some(quota) = account.config.mail.sends_per_day else { return Ok(None) };
    let day = DAY / account.config.time_scale;
    let recent = store::deliveries::sent_since(conn, now.minus(day)).await?;
    let is_used_up = recent.emails >= i64::from(quota);
    Ok(recent.oldest.filter(|_| is_used_up).map(|oldest| oldest.plus(day)))
}

/// The account without pauses and complaints. What was learned about its pace stays.
pub(super) fn without_pause(sender: &Sender) -> Sender {
    Sender { min_gap: sender.min_gap, last_send_at: sender.last_send_at, ..Sender::default() }
}

/// Resumes sending, also to domains that refused us: the organiser has fixed the cause.
pub async fn resume(tx: &mut Conn, account_name: &str) -> sqlx::Result<()> {
    let sender = store::senders::find(tx, account_name).await?;
    store::senders::save(tx, account_name, &without_pause(&sender)).await?;
    store::senders::clear_domain_pauses(tx).await
}
