//! The states of a message while it is delivered.

use crate::model::{MessageId, Millis};
use crate::store::Conn;

/// Begins to send, in the transaction that stores the attempt.
///
/// False when the message is not approved any more, its campaign is not running, or its person must not be emailed:
/// unsubscribing wins every race.
pub async fn start_sending(conn: &mut Conn, id: MessageId) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'sending' WHERE id = $1 AND state = 'approved' AND released_at IS NOT NULL
           AND forgotten_at IS NULL
           AND EXISTS (SELECT 1 FROM campaigns c WHERE c.id = messages.campaign_id AND c.state = 'running')
           AND NOT EXISTS (SELECT 1 FROM people p JOIN suppressions s ON s.address_hash = p.address_hash
                           WHERE p.id = messages.person_id)",
    )
    .bind(id)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn mark_sent(conn: &mut Conn, id: MessageId, now: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'sent', sent_at = $2, error = NULL
         WHERE id = $1 AND state IN ('sending', 'uncertain')",
    )
    .bind(id)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn mark_uncertain(conn: &mut Conn, id: MessageId, reason: &str) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'uncertain', error = $2 WHERE id = $1 AND state = 'sending'",
    )
    .bind(id)
    .bind(reason)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn mark_failed(conn: &mut Conn, id: MessageId, reason: &str) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'failed', error = $2
         WHERE id = $1 AND state IN ('drafting', 'sending', 'uncertain')",
    )
    .bind(id)
    .bind(reason)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Returns a message to approved after a refusal. `counts`: this delivery counts as a try.
pub async fn send_again(
    conn: &mut Conn,
    id: MessageId,
    not_before: Option<Millis>,
    reason: &str,
    counts: bool,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'approved', not_before = $2, error = $3, sends = sends + $4
         WHERE id = $1 AND state IN ('sending', 'uncertain', 'failed') AND approved_hash IS NOT NULL
           AND forgotten_at IS NULL",
    )
    .bind(id)
    .bind(not_before)
    .bind(reason)
    .bind(i64::from(counts))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
