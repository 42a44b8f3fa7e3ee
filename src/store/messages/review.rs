//! What an organiser decides about a draft: edit it, have it rewritten, approve, release or skip it.

use crate::model::email::Draft;
use crate::model::message::SkipReason;
use crate::model::{CampaignId, MessageId, Millis};
use crate::store::Conn;

/// Requests another draft, with a hint about what the organiser wants changed.
pub async fn write_again(conn: &mut Conn, id: MessageId, hint: &str) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'queued', hint = $2, drafts = 0, error = NULL, approved_hash = NULL,
                approved_at = NULL, approved_by = NULL, released_at = NULL, skip_reason = NULL, sends = 0
         WHERE id = $1 AND state IN ('drafted', 'failed') AND forgotten_at IS NULL",
    )
    .bind(id)
    .bind(hint)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Replaces the text with the organiser's; an approval is withdrawn.
pub async fn edit(
    conn: &mut Conn,
    id: MessageId,
    draft: &Draft,
    findings: &str,
    now: Millis,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'drafted', subject = $2, body = $3, findings = $4, made_by = 'person',
                made_model = NULL, made_key = NULL, made_why = NULL, drafted_at = $5, approved_hash = NULL,
                approved_at = NULL, approved_by = NULL, released_at = NULL
         WHERE id = $1 AND (state = 'drafted' OR (state = 'approved' AND released_at IS NULL))",
    )
    .bind(id)
    .bind(&draft.subject)
    .bind(&draft.body)
    .bind(findings)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Marks a draft approved; false when it was no longer a draft.
pub async fn approve(
    conn: &mut Conn,
    id: MessageId,
    hash: &str,
    by: &str,
    now: Millis,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'approved', approved_hash = $2, approved_by = $3, approved_at = $4
         WHERE id = $1 AND state = 'drafted'",
    )
    .bind(id)
    .bind(hash)
    .bind(by)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Withdraws an approval; false when the message is not approved, such as when it is already being sent.
pub async fn disapprove(conn: &mut Conn, id: MessageId, error: Option<&str>) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'drafted', approved_hash = NULL, approved_at = NULL, approved_by = NULL,
                released_at = NULL, error = $2
         WHERE id = $1 AND state = 'approved'",
    )
    .bind(id)
    .bind(error)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Releases one approved message to be sent.
pub async fn release_one(conn: &mut Conn, id: MessageId, now: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE messages SET released_at = $2 WHERE id = $1 AND state = 'approved' AND released_at IS NULL",
    )
    .bind(id)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Releases every approved message of a campaign to be sent; returns how many.
pub async fn release_all(conn: &mut Conn, campaign: CampaignId, now: Millis) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "UPDATE messages SET released_at = $2
         WHERE campaign_id = $1 AND state = 'approved' AND released_at IS NULL",
    )
    .bind(campaign)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Skips a message that has not begun to be sent; false when it is too late.
pub async fn skip(conn: &mut Conn, id: MessageId, reason: SkipReason) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'skipped', skip_reason = $2
         WHERE id = $1 AND state IN ('queued', 'drafting', 'drafted', 'approved')",
    )
    .bind(id)
    .bind(reason.as_str())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Queues a skipped message again, unless its person unsubscribed or their address does not work.
pub async fn unskip(conn: &mut Conn, id: MessageId) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'queued', skip_reason = NULL, drafts = 0, approved_hash = NULL,
                approved_at = NULL, approved_by = NULL, released_at = NULL
         WHERE id = $1 AND state = 'skipped' AND forgotten_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM people p JOIN suppressions s ON s.address_hash = p.address_hash
                           WHERE p.id = messages.person_id)",
    )
    .bind(id)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Skips everything in a cancelled campaign that has not begun to be sent; its people are due again.
pub async fn skip_campaign(
    conn: &mut Conn,
    campaign: CampaignId,
    now: Millis,
) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'skipped', skip_reason = 'cancelled', forgotten_at = $2
         WHERE campaign_id = $1 AND state IN ('queued', 'drafting', 'drafted', 'approved')",
    )
    .bind(campaign)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Skips one message that returned from sending after its campaign was cancelled.
pub async fn skip_cancelled(conn: &mut Conn, id: MessageId, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE messages SET state = 'skipped', skip_reason = 'cancelled', forgotten_at = $2
         WHERE id = $1 AND state IN ('queued', 'drafting', 'drafted', 'approved')",
    )
    .bind(id)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}
