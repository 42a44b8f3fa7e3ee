//! Campaigns, and counts of their messages.

use super::Conn;
use crate::model::campaign::{CampaignKind, CampaignState};
use crate::model::{CampaignId, EventId, Millis};

macro_rules! columns {
    () => {
        "id, event_id, kind, state, name, guidance, words, people_per_request, created_by, created_at, finished_at"
    };
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Campaign {
    pub id: CampaignId,
    pub event_id: EventId,
    #[sqlx(try_from = "String")]
    pub kind: CampaignKind,
    #[sqlx(try_from = "String")]
    pub state: CampaignState,
    pub name: String,
    pub guidance: String,
    /// Why Muster paused it; `None` when an organiser did.
    #[sqlx(rename = "words")]
    pub pause_reason: Option<String>,
    /// How many people are put into one request; `None`: as configured.
    pub people_per_request: Option<i64>,
    pub created_by: String,
    pub created_at: Millis,
    pub finished_at: Option<Millis>,
}

/// Locks the event for this transaction: campaigns are started, people matched and resumes stored one after another.
///
/// Needed on PostgreSQL; SQLite has one writer at a time anyway.
pub async fn lock_campaigns(conn: &mut Conn, event: EventId) -> sqlx::Result<()> {
    sqlx::query("UPDATE events SET created_at = created_at WHERE id = $1")
        .bind(event)
        .execute(conn)
        .await?;
    Ok(())
}

/// A campaign that is about to start.
#[derive(Clone, Copy, Debug)]
pub struct NewCampaign<'a> {
    pub event: EventId,
    pub kind: CampaignKind,
    /// What the organiser tells the writer, in addition to the settings.
    pub guidance: &'a str,
    /// The organiser who starts it.
    pub by: &'a str,
}

pub async fn insert(
    conn: &mut Conn,
    new: &NewCampaign<'_>,
    now: Millis,
) -> sqlx::Result<CampaignId> {
    sqlx::query_scalar(
        "INSERT INTO campaigns (event_id, kind, state, name, guidance, created_by, created_at)
         VALUES ($1, $2, 'running', $3, $4, $5, $6) RETURNING id",
    )
    .bind(new.event)
    .bind(new.kind.as_str())
    .bind(new.kind.label())
    .bind(new.guidance)
    .bind(new.by)
    .bind(now)
    .fetch_one(conn)
    .await
}

pub async fn find(conn: &mut Conn, id: CampaignId) -> sqlx::Result<Option<Campaign>> {
    sqlx::query_as(concat!("SELECT ", columns!(), " FROM campaigns WHERE id = $1"))
        .bind(id)
        .fetch_optional(conn)
        .await
}

/// The newest campaign of a kind, if there is one.
pub async fn newest(
    conn: &mut Conn,
    event: EventId,
    kind: CampaignKind,
) -> sqlx::Result<Option<Campaign>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM campaigns WHERE event_id = $1 AND kind = $2 ORDER BY id DESC LIMIT 1"
    ))
    .bind(event)
    .bind(kind.as_str())
    .fetch_optional(conn)
    .await
}

/// A campaign of this kind that still has work to do without a person.
pub async fn busy(
    conn: &mut Conn,
    event: EventId,
    kind: CampaignKind,
) -> sqlx::Result<Option<CampaignId>> {
    sqlx::query_scalar(
        "SELECT c.id FROM campaigns c WHERE c.event_id = $1 AND c.kind = $2 AND c.state IN ('running', 'paused')
         AND EXISTS (SELECT 1 FROM messages m WHERE m.campaign_id = c.id
                     AND (m.state IN ('queued', 'drafting', 'sending')
                          OR (m.state = 'approved' AND m.released_at IS NOT NULL)))
         ORDER BY c.id DESC LIMIT 1",
    )
    .bind(event)
    .bind(kind.as_str())
    .fetch_optional(conn)
    .await
}

pub async fn list(
    conn: &mut Conn,
    event: EventId,
    limit: i64,
    offset: i64,
) -> sqlx::Result<Vec<Campaign>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM campaigns WHERE event_id = $1 ORDER BY id DESC LIMIT $2 OFFSET $3"
    ))
    .bind(event)
    .bind(limit)
    .bind(offset)
    .fetch_all(conn)
    .await
}

pub async fn count(conn: &mut Conn, event: EventId) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT COUNT(*) FROM campaigns WHERE event_id = $1")
        .bind(event)
        .fetch_one(conn)
        .await
}

/// Changes a campaign's state; false when it was not in `from`.
pub async fn change(
    conn: &mut Conn,
    id: CampaignId,
    from: CampaignState,
    to: CampaignState,
    reason: Option<&str>,
) -> sqlx::Result<bool> {
    let done =
        sqlx::query("UPDATE campaigns SET state = $3, words = $4 WHERE id = $1 AND state = $2")
            .bind(id)
            .bind(from.as_str())
            .bind(to.as_str())
            .bind(reason)
            .execute(conn)
            .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn set_people_per_request(
    conn: &mut Conn,
    id: CampaignId,
    people: i64,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE campaigns SET people_per_request = $2 WHERE id = $1")
        .bind(id)
        .bind(people)
        .execute(conn)
        .await?;
    Ok(())
}

/// Finishes a campaign whose messages are all sent, skipped, failed or uncertain.
pub async fn finish_if_done(conn: &mut Conn, id: CampaignId, now: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE campaigns SET state = 'finished', finished_at = $2 WHERE id = $1 AND state = 'running'
         AND NOT EXISTS (SELECT 1 FROM messages WHERE campaign_id = $1
                         AND state NOT IN ('sent', 'skipped', 'failed', 'uncertain'))",
    )
    .bind(id)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Stores when a cancelled campaign ended.
pub async fn set_finished(conn: &mut Conn, id: CampaignId, now: Millis) -> sqlx::Result<()> {
    sqlx::query("UPDATE campaigns SET finished_at = $2 WHERE id = $1")
        .bind(id)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Finishes every campaign that has nothing left to do.
///
/// [`finish_if_done`] can miss one: two processes that end its last two messages at once each see the other's as open,
/// and erasing a person removes messages.
pub async fn finish_all_done(conn: &mut Conn, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE campaigns SET state = 'finished', finished_at = $1 WHERE state = 'running'
         AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.campaign_id = campaigns.id
                         AND m.state NOT IN ('sent', 'skipped', 'failed', 'uncertain'))",
    )
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// Resumes a finished campaign when a person queues one of its messages again.
pub async fn reopen(conn: &mut Conn, id: CampaignId) -> sqlx::Result<()> {
    sqlx::query("UPDATE campaigns SET state = 'running', finished_at = NULL WHERE id = $1 AND state = 'finished'")
        .bind(id)
        .execute(conn)
        .await?;
    Ok(())
}

/// How many messages are in a state, and how many of the approved ones are not released.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct StateCount {
    pub state: String,
    pub messages: i64,
    pub unreleased: i64,
}

pub async fn state_counts(conn: &mut Conn, id: CampaignId) -> sqlx::Result<Vec<StateCount>> {
    sqlx::query_as(
        "SELECT state, COUNT(*) AS messages,
                COUNT(CASE WHEN state = 'approved' AND released_at IS NULL THEN 1 END) AS unreleased
         FROM messages WHERE campaign_id = $1 GROUP BY state",
    )
    .bind(id)
    .fetch_all(conn)
    .await
}

/// How many texts of a campaign a maker wrote.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct MakerCount {
    pub made_by: String,
    pub messages: i64,
}

pub async fn maker_counts(conn: &mut Conn, id: CampaignId) -> sqlx::Result<Vec<MakerCount>> {
    sqlx::query_as(
        "SELECT made_by, COUNT(*) AS messages FROM messages
         WHERE campaign_id = $1 AND made_by IS NOT NULL GROUP BY made_by ORDER BY made_by",
    )
    .bind(id)
    .fetch_all(conn)
    .await
}
