//! The jobs of a campaign: queued, paused, resumed and removed together.

use super::pick::PAUSED;
use crate::model::job::Task;
use crate::model::{CampaignId, JobKind, Millis};
use crate::store::Conn;

/// Queues the drafting of every queued message of a campaign.
pub async fn enqueue_drafts(
    conn: &mut Conn,
    campaign: CampaignId,
    kind: JobKind,
    now: Millis,
    deadline_at: Millis,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO jobs (kind, subject, class, class_order, task, created_at, run_at, deadline_at)
         SELECT $2, id, 'bulk', 2, $3, $4, $4, $5 FROM messages WHERE campaign_id = $1 AND state = 'queued'
         ORDER BY id
         ON CONFLICT (kind, subject) DO UPDATE SET asked = jobs.asked + 1",
    )
    .bind(campaign)
    .bind(kind.as_str())
    .bind(kind.task().map(Task::as_str))
    .bind(now)
    .bind(deadline_at)
    .execute(conn)
    .await?;
    Ok(())
}

/// Queues the delivery of every approved message of a campaign that was released for sending.
pub async fn enqueue_sends(conn: &mut Conn, campaign: CampaignId, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO jobs (kind, subject, class, class_order, created_at, run_at)
         SELECT 'send_message', id, 'bulk', 2, $2, $2 FROM messages
         WHERE campaign_id = $1 AND state = 'approved' AND released_at IS NOT NULL
         ORDER BY id
         ON CONFLICT (kind, subject) DO UPDATE SET asked = jobs.asked + 1",
    )
    .bind(campaign)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// Pauses the queued jobs of a campaign.
pub async fn pause_campaign(conn: &mut Conn, campaign: CampaignId) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE jobs SET run_at = $2 WHERE kind IN ('draft_outreach', 'draft_match', 'send_message')
         AND subject IN (SELECT id FROM messages WHERE campaign_id = $1)",
    )
    .bind(campaign)
    .bind(PAUSED)
    .execute(conn)
    .await?;
    Ok(())
}

/// Resumes what was paused, with a new deadline: the keys did not cause the pause.
pub async fn resume_campaign(
    conn: &mut Conn,
    campaign: CampaignId,
    now: Millis,
    deadline_at: Millis,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE jobs SET run_at = $2, deadline_at = CASE WHEN deadline_at IS NULL THEN NULL ELSE CAST($3 AS BIGINT) END
         WHERE kind IN ('draft_outreach', 'draft_match', 'send_message')
         AND subject IN (SELECT id FROM messages WHERE campaign_id = $1)",
    )
    .bind(campaign)
    .bind(now)
    .bind(deadline_at)
    .execute(conn)
    .await?;
    Ok(())
}

/// Removes the queued jobs of a cancelled campaign that no process has claimed.
pub async fn drop_campaign(conn: &mut Conn, campaign: CampaignId) -> sqlx::Result<()> {
    sqlx::query(
        "DELETE FROM jobs WHERE owner IS NULL AND kind IN ('draft_outreach', 'draft_match', 'send_message')
         AND subject IN (SELECT id FROM messages WHERE campaign_id = $1)",
    )
    .bind(campaign)
    .execute(conn)
    .await?;
    Ok(())
}

/// Lets the messages of a campaign that are not written yet wait for no key; returns their number.
pub async fn fall_back_campaign(
    conn: &mut Conn,
    campaign: CampaignId,
    why: &str,
) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "UPDATE jobs SET resort = $2 WHERE kind IN ('draft_outreach', 'draft_match')
         AND subject IN (SELECT id FROM messages WHERE campaign_id = $1 AND state IN ('queued', 'drafting'))",
    )
    .bind(campaign)
    .bind(why)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
