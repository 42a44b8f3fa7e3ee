//! Who is due for a message: queueing one for each of them, and making people due again.

use crate::model::{CampaignId, EventId, Millis};
use crate::store::Conn;

/// Queues an invitation for everyone who is due: not unsubscribed, not registered, and not invited yet.
pub async fn insert_due_invitations(
    conn: &mut Conn,
    campaign: CampaignId,
    event: EventId,
    now: Millis,
) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "INSERT INTO messages (campaign_id, event_id, kind, person_id, state, created_at)
         SELECT $1, $2, 'invitation', p.id, 'queued', $3 FROM people p
         WHERE p.registered_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.address_hash = p.address_hash)
           AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.person_id = p.id AND m.event_id = $2
                           AND m.kind = 'invitation' AND m.forgotten_at IS NULL)
         ORDER BY p.id",
    )
    .bind(campaign)
    .bind(event)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// How many people are due for an invitation.
pub async fn count_due_invitations(conn: &mut Conn, event: EventId) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "SELECT COUNT(*) FROM people p
         WHERE p.registered_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.address_hash = p.address_hash)
           AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.person_id = p.id AND m.event_id = $1
                           AND m.kind = 'invitation' AND m.forgotten_at IS NULL)",
    )
    .bind(event)
    .fetch_one(conn)
    .await
}

/// How many drafts of test runs a live campaign would take over.
pub async fn count_test_drafts(conn: &mut Conn, event: EventId) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "SELECT COUNT(*) FROM campaigns c CROSS JOIN messages m
         WHERE c.event_id = $1 AND c.kind = 'test' AND c.state IN ('running', 'paused')
           AND m.campaign_id = c.id AND m.state IN ('drafted', 'approved')
           AND (m.state = 'drafted' OR m.released_at IS NULL) AND m.forgotten_at IS NULL",
    )
    .bind(event)
    .fetch_one(conn)
    .await
}

/// Copies the drafts that [`retire_test_drafts`] just retired into a live campaign, with the organiser's edits.
pub async fn copy_test_drafts(
    conn: &mut Conn,
    campaign: CampaignId,
    event: EventId,
    now: Millis,
) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "INSERT INTO messages (campaign_id, event_id, kind, person_id, state, subject, body, made_by, made_model,
                               made_key, made_why, findings, hint, drafts, created_at, drafted_at)
         SELECT $1, $2, 'invitation', m.person_id, 'drafted', m.subject, m.body, m.made_by, m.made_model, m.made_key,
                m.made_why, m.findings, m.hint, m.drafts, $3, m.drafted_at
         FROM messages m JOIN campaigns c ON c.id = m.campaign_id
         WHERE m.event_id = $2 AND c.kind = 'test' AND m.state = 'skipped' AND m.skip_reason = 'already_invited'
           AND m.forgotten_at = $3
         ORDER BY m.id",
    )
    .bind(campaign)
    .bind(event)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Retires the drafts of test runs that wait for review; returns their campaigns, with repetitions.
///
/// Call it before [`copy_test_drafts`]: on PostgreSQL each statement sees what was committed before it, and a message
/// that is released between the two must not be copied.
pub async fn retire_test_drafts(
    conn: &mut Conn,
    event: EventId,
    now: Millis,
) -> sqlx::Result<Vec<CampaignId>> {
    sqlx::query_scalar(
        "UPDATE messages SET state = 'skipped', skip_reason = 'already_invited', forgotten_at = $2
         WHERE event_id = $1 AND forgotten_at IS NULL
           AND (state = 'drafted' OR (state = 'approved' AND released_at IS NULL))
           AND campaign_id IN (SELECT id FROM campaigns WHERE kind = 'test' AND state IN ('running', 'paused'))
         RETURNING campaign_id",
    )
    .bind(event)
    .bind(now)
    .fetch_all(conn)
    .await
}

/// Queues a match email for everyone who has matches, is not unsubscribed and has none yet.
pub async fn insert_due_match_emails(
    conn: &mut Conn,
    campaign: CampaignId,
    event: EventId,
    now: Millis,
) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "INSERT INTO messages (campaign_id, event_id, kind, person_id, state, created_at)
         SELECT $1, $2, 'match', p.id, 'queued', $3 FROM people p
         WHERE (EXISTS (SELECT 1 FROM matches x WHERE x.a_id = p.id AND x.event_id = $2 AND x.a_rank IS NOT NULL)
                OR EXISTS (SELECT 1 FROM matches x WHERE x.b_id = p.id AND x.event_id = $2 AND x.b_rank IS NOT NULL))
           AND NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.address_hash = p.address_hash)
           AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.person_id = p.id AND m.event_id = $2
                           AND m.kind = 'match' AND m.forgotten_at IS NULL)
         ORDER BY p.id",
    )
    .bind(campaign)
    .bind(event)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Makes people due again whose invitation was not sent, is not being sent and is not uncertain.
///
/// Returns how many people, and the campaigns of their messages, with repetitions.
pub async fn forget_unsent_invitations(
    conn: &mut Conn,
    event: EventId,
    now: Millis,
) -> sqlx::Result<(i64, Vec<CampaignId>)> {
    let people = sqlx::query_scalar(
        "SELECT COUNT(DISTINCT person_id) FROM messages m WHERE m.event_id = $1 AND m.kind = 'invitation'
           AND m.forgotten_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM messages o WHERE o.person_id = m.person_id AND o.event_id = $1
                           AND o.kind = 'invitation' AND o.state IN ('sending', 'sent', 'uncertain'))",
    )
    .bind(event)
    .fetch_one(&mut *conn)
    .await?;
    let campaigns = sqlx::query_scalar(
        "UPDATE messages SET forgotten_at = $2,
                skip_reason = CASE WHEN state IN ('queued', 'drafting', 'drafted', 'approved') THEN 'cancelled'
                                   ELSE skip_reason END,
                state = CASE WHEN state IN ('queued', 'drafting', 'drafted', 'approved') THEN 'skipped'
                             ELSE state END
         WHERE event_id = $1 AND kind = 'invitation' AND forgotten_at IS NULL
           AND state NOT IN ('sending', 'sent', 'uncertain')
           AND NOT EXISTS (SELECT 1 FROM messages o WHERE o.person_id = messages.person_id AND o.event_id = $1
                           AND o.kind = 'invitation' AND o.state IN ('sending', 'sent', 'uncertain'))
         RETURNING campaign_id",
    )
    .bind(event)
    .bind(now)
    .fetch_all(conn)
    .await?;
    Ok((people, campaigns))
}
