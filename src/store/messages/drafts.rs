//! Writing drafts.

use crate::model::made_by::MadeBy;
use crate::model::{CampaignId, MessageId, Millis};
use crate::store::Conn;

/// Starts a draft; false when it is not wanted any more.
///
/// A message in `drafting` is started again: its job runs, so its previous writer has died.
pub async fn start_drafting(conn: &mut Conn, id: MessageId) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'drafting' WHERE id = $1 AND state IN ('queued', 'drafting')",
    )
    .bind(id)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A draft that was written.
#[derive(Clone, Debug)]
pub struct Written<'a> {
    pub subject: &'a str,
    pub body: &'a str,
    pub made_by: &'a MadeBy,
    /// JSON of `Vec<Finding>`.
    pub findings: &'a str,
}

/// Stores a draft; false when the message was cancelled meanwhile.
pub async fn store_draft(
    conn: &mut Conn,
    id: MessageId,
    written: &Written<'_>,
    now: Millis,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'drafted', subject = $2, body = $3, made_by = $4, made_model = $5, made_key = $6,
                made_why = $7, findings = $8, drafts = drafts + 1, drafted_at = $9, error = NULL
         WHERE id = $1 AND state = 'drafting'",
    )
    .bind(id)
    .bind(written.subject)
    .bind(written.body)
    .bind(written.made_by.by.as_str())
    .bind(&written.made_by.model)
    .bind(written.made_by.key)
    .bind(&written.made_by.why)
    .bind(written.findings)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Queues a message again, to be written in another run. With `findings`, this run counts as a draft.
pub async fn requeue(
    conn: &mut Conn,
    id: MessageId,
    findings: Option<&str>,
    error: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE messages SET state = 'queued', findings = COALESCE($2, findings), error = $3,
                drafts = drafts + CASE WHEN CAST($2 AS TEXT) IS NULL THEN 0 ELSE 1 END
         WHERE id = $1 AND state = 'drafting'",
    )
    .bind(id)
    .bind(findings)
    .bind(error)
    .execute(conn)
    .await?;
    Ok(())
}

/// Requests another draft for every message of a campaign that the template wrote and that waits for review.
///
/// Returns how many.
pub async fn rewrite_templates(conn: &mut Conn, campaign: CampaignId) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "UPDATE messages SET state = 'queued', drafts = 0, error = NULL, findings = '[]'
         WHERE campaign_id = $1 AND state = 'drafted' AND made_by = 'template' AND forgotten_at IS NULL",
    )
    .bind(campaign)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// How many drafts [`rewrite_templates`] would request.
pub async fn count_templates(conn: &mut Conn, campaign: CampaignId) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "SELECT COUNT(*) FROM messages
         WHERE campaign_id = $1 AND state = 'drafted' AND made_by = 'template' AND forgotten_at IS NULL",
    )
    .bind(campaign)
    .fetch_one(conn)
    .await
}
