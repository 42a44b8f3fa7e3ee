//! Lists of a campaign's messages.

use super::row::Message;
use crate::model::message::MessageState;
use crate::model::{CampaignId, KeyNumber, MessageId, Millis, PersonId};
use crate::store::{Conn, people};

/// A line of a campaign's list.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Listed {
    pub id: MessageId,
    pub person_id: PersonId,
    pub name: String,
    pub address: String,
    #[sqlx(try_from = "String")]
    pub state: MessageState,
    pub skip_reason: Option<String>,
    pub subject: String,
    pub made_by: Option<String>,
    pub made_key: Option<KeyNumber>,
    pub made_why: Option<String>,
    pub findings: String,
    pub error: Option<String>,
    pub approved_by: Option<String>,
    pub released_at: Option<Millis>,
    pub sent_at: Option<Millis>,
}

macro_rules! filter {
    () => {
        " FROM messages m JOIN people p ON p.id = m.person_id
          WHERE m.campaign_id = $1 AND (CAST($2 AS TEXT) IS NULL OR m.state = $2)
            AND (CAST($3 AS TEXT) IS NULL OR p.name_key LIKE $3 ESCAPE '!' OR p.address_key LIKE $3 ESCAPE '!'
                 OR LOWER(m.subject) LIKE $3 ESCAPE '!' OR LOWER(m.body) LIKE $3 ESCAPE '!')"
    };
}

pub async fn count(
    conn: &mut Conn,
    campaign: CampaignId,
    state: Option<MessageState>,
    search: &str,
) -> sqlx::Result<i64> {
    sqlx::query_scalar(concat!("SELECT COUNT(*)", filter!()))
        .bind(campaign)
        .bind(state.map(MessageState::as_str))
        .bind(people::pattern(search))
        .fetch_one(conn)
        .await
}

pub async fn list(
    conn: &mut Conn,
    campaign: CampaignId,
    state: Option<MessageState>,
    search: &str,
    limit: i64,
    offset: i64,
) -> sqlx::Result<Vec<Listed>> {
    sqlx::query_as(concat!(
        "SELECT m.id, m.person_id, p.name, p.address, m.state, m.skip_reason, m.subject, m.made_by, m.made_key,
                m.made_why, m.findings, m.error, m.approved_by, m.released_at, m.sent_at",
        filter!(),
        " ORDER BY m.id LIMIT $4 OFFSET $5"
    ))
    .bind(campaign)
    .bind(state.map(MessageState::as_str))
    .bind(people::pattern(search))
    .bind(limit)
    .bind(offset)
    .fetch_all(conn)
    .await
}

/// A message and its recipient, for the JSON interface.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Full {
    #[sqlx(flatten)]
    pub message: Message,
    pub name: String,
    pub address: String,
    /// The secret in this person's links.
    pub code: String,
}

pub async fn all(conn: &mut Conn, campaign: CampaignId) -> sqlx::Result<Vec<Full>> {
    sqlx::query_as(
        "SELECT m.*, p.name, p.address, p.code FROM messages m JOIN people p ON p.id = m.person_id
         WHERE m.campaign_id = $1 ORDER BY m.id",
    )
    .bind(campaign)
    .fetch_all(conn)
    .await
}

/// Ids of a campaign's messages in a state, in order.
pub async fn ids(
    conn: &mut Conn,
    campaign: CampaignId,
    state: MessageState,
) -> sqlx::Result<Vec<MessageId>> {
    sqlx::query_scalar("SELECT id FROM messages WHERE campaign_id = $1 AND state = $2 ORDER BY id")
        .bind(campaign)
        .bind(state.as_str())
        .fetch_all(conn)
        .await
}

/// The message after this one in the filtered list.
pub async fn after(
    conn: &mut Conn,
    campaign: CampaignId,
    state: Option<MessageState>,
    search: &str,
    id: MessageId,
) -> sqlx::Result<Option<MessageId>> {
    sqlx::query_scalar(concat!("SELECT MIN(m.id)", filter!(), " AND m.id > $4"))
        .bind(campaign)
        .bind(state.map(MessageState::as_str))
        .bind(people::pattern(search))
        .bind(id)
        .fetch_one(conn)
        .await
}

/// The message before this one in the filtered list.
pub async fn before(
    conn: &mut Conn,
    campaign: CampaignId,
    state: Option<MessageState>,
    search: &str,
    id: MessageId,
) -> sqlx::Result<Option<MessageId>> {
    sqlx::query_scalar(concat!("SELECT MAX(m.id)", filter!(), " AND m.id < $4"))
        .bind(campaign)
        .bind(state.map(MessageState::as_str))
        .bind(people::pattern(search))
        .bind(id)
        .fetch_one(conn)
        .await
}

/// How many messages are before this one in the filtered list.
pub async fn place(
    conn: &mut Conn,
    campaign: CampaignId,
    state: Option<MessageState>,
    search: &str,
    id: MessageId,
) -> sqlx::Result<i64> {
    sqlx::query_scalar(concat!("SELECT COUNT(*)", filter!(), " AND m.id < $4"))
        .bind(campaign)
        .bind(state.map(MessageState::as_str))
        .bind(people::pattern(search))
        .bind(id)
        .fetch_one(conn)
        .await
}

/// Names of the first people whose messages are approved but not released.
pub async fn first_unreleased(
    conn: &mut Conn,
    campaign: CampaignId,
    limit: i64,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "SELECT p.name FROM messages m JOIN people p ON p.id = m.person_id
         WHERE m.campaign_id = $1 AND m.state = 'approved' AND m.released_at IS NULL ORDER BY m.id LIMIT $2",
    )
    .bind(campaign)
    .bind(limit)
    .fetch_all(conn)
    .await
}

/// The next drafts of a campaign after `id`, in order.
pub async fn drafts_after(
    conn: &mut Conn,
    campaign: CampaignId,
    id: MessageId,
    limit: i64,
) -> sqlx::Result<Vec<MessageId>> {
    sqlx::query_scalar(
        "SELECT id FROM messages WHERE campaign_id = $1 AND state = 'drafted' AND id > $2 ORDER BY id LIMIT $3",
    )
    .bind(campaign)
    .bind(id)
    .bind(limit)
    .fetch_all(conn)
    .await
}
