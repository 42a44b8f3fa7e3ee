//! Deliveries: one row for each try to hand an email to a server (table `mails`).

use super::Conn;
use crate::model::delivery::{DeliveryState, Transport};
use crate::model::{CampaignId, DeliveryId, MessageId, Millis, PersonId};

/// What is recorded before the first byte is sent.
#[derive(Clone, Debug)]
pub struct NewDelivery<'a> {
    /// `None`: the email is outside campaigns.
    pub message: Option<MessageId>,
    /// Who asked for an email outside campaigns; `None`: the organiser, to test the settings.
    pub person: Option<PersonId>,
    /// Until then an email outside campaigns is retried; `None`: it is tried once.
    pub try_until: Option<Millis>,
    pub recipient: &'a str,
    pub subject: &'a str,
    pub header_id: &'a str,
    pub transport: Transport,
    /// Queued or sending; sent where the outbox is the transport.
    pub state: DeliveryState,
    pub bytes: &'a [u8],
    pub owner: &'a str,
}

pub async fn insert(
    conn: &mut Conn,
    delivery: &NewDelivery<'_>,
    now: Millis,
) -> sqlx::Result<DeliveryId> {
    sqlx::query_scalar(
        "INSERT INTO mails (message_id, recipient, subject, header_id, transport, state, bytes, owner, started_at,
                            ended_at, person_id, try_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, CASE WHEN $6 = 'sent' THEN CAST($9 AS BIGINT) END, $10, $11)
         RETURNING id",
    )
    .bind(delivery.message)
    .bind(delivery.recipient)
    .bind(delivery.subject)
    .bind(delivery.header_id)
    .bind(delivery.transport.as_str())
    .bind(delivery.state.as_str())
    .bind(delivery.bytes)
    .bind(delivery.owner)
    .bind(now)
    .bind(delivery.person)
    .bind(delivery.try_until)
    .fetch_one(conn)
    .await
}

/// Starts a queued delivery; false when it is no longer queued.
pub async fn start(conn: &mut Conn, id: DeliveryId, owner: &str) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE mails SET state = 'sending', owner = $2 WHERE id = $1 AND state = 'queued'",
    )
    .bind(id)
    .bind(owner)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Records the result of a delivery: sent, refused (with the verdict's kind) or uncertain.
///
/// False when another process took this one for dead and settled the delivery; then only `sent` is still recorded.
pub async fn end(
    conn: &mut Conn,
    id: DeliveryId,
    state: DeliveryState,
    response: &str,
    verdict: Option<&str>,
    now: Millis,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE mails SET state = $2, words = $3, verdict = $4, ended_at = $5
         WHERE id = $1 AND (state = 'sending' OR (state = 'uncertain' AND $2 = 'sent'))",
    )
    .bind(id)
    .bind(state.as_str())
    .bind(response)
    .bind(verdict)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Puts an email that could not be delivered back into the queue.
pub async fn requeue(conn: &mut Conn, id: DeliveryId, response: &str) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE mails SET state = 'queued', words = $2, owner = '' WHERE id = $1 AND state = 'sending'",
    )
    .bind(id)
    .bind(response)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Replaces the bytes that were sent.
pub async fn replace_bytes(conn: &mut Conn, id: DeliveryId, bytes: &[u8]) -> sqlx::Result<()> {
    sqlx::query("UPDATE mails SET bytes = $2 WHERE id = $1")
        .bind(id)
        .bind(bytes)
        .execute(conn)
        .await?;
    Ok(())
}

/// Marks a message's unfinished deliveries as uncertain: the process that made them is gone.
pub async fn close_open(
    conn: &mut Conn,
    message: MessageId,
    reason: &str,
    now: Millis,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE mails SET state = 'uncertain', words = $2, ended_at = $3
         WHERE message_id = $1 AND state = 'sending'",
    )
    .bind(message)
    .bind(reason)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// Settles what a dead process was sending. It was recorded before it was sent, so it may or may not have been sent.
/// Returns the messages that are now uncertain.
pub async fn settle_owner(
    conn: &mut Conn,
    owner: &str,
    reason: &str,
    now: Millis,
) -> sqlx::Result<Vec<MessageId>> {
    let messages: Vec<MessageId> = sqlx::query_scalar(
        "UPDATE messages SET state = 'uncertain', error = $2 WHERE state = 'sending'
         AND id IN (SELECT message_id FROM mails WHERE owner = $1 AND state = 'sending') RETURNING id",
    )
    .bind(owner)
    .bind(reason)
    .fetch_all(&mut *conn)
    .await?;
    sqlx::query("UPDATE mails SET state = 'uncertain', words = $2, ended_at = $3 WHERE owner = $1 AND state = 'sending'")
        .bind(owner)
        .bind(reason)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(messages)
}

/// A delivery as lists show it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Listed {
    pub id: DeliveryId,
    pub message_id: Option<MessageId>,
    pub recipient: String,
    pub name: Option<String>,
    pub person_id: Option<PersonId>,
    pub subject: String,
    #[sqlx(try_from = "String")]
    pub transport: Transport,
    #[sqlx(try_from = "String")]
    pub state: DeliveryState,
    /// What the server responded, or what went wrong.
    #[sqlx(rename = "words")]
    pub response: Option<String>,
    pub started_at: Millis,
}

/// The columns of [`Listed`].
macro_rules! listed {
    () => {
        "x.id, x.message_id, x.recipient, p.name, p.id AS person_id, x.subject, x.transport, x.state, x.words,
         x.started_at"
    };
}

macro_rules! filter {
    () => {
        " FROM mails x LEFT JOIN messages m ON m.id = x.message_id
          LEFT JOIN people p ON p.id = COALESCE(m.person_id, x.person_id)
          WHERE (CAST($1 AS TEXT) IS NULL OR LOWER(x.recipient) LIKE $1 ESCAPE '!' OR p.name_key LIKE $1 ESCAPE '!'
                 OR LOWER(x.subject) LIKE $1 ESCAPE '!')
            AND (CAST($2 AS TEXT) IS NULL OR x.state = $2)"
    };
}

pub async fn count(
    conn: &mut Conn,
    search: &str,
    state: Option<DeliveryState>,
) -> sqlx::Result<i64> {
    let Some(pattern) = super::people::pattern(search) else {
        return sqlx::query_scalar(
            "SELECT COUNT(*) FROM mails WHERE CAST($1 AS TEXT) IS NULL OR state = $1",
        )
        .bind(state.map(DeliveryState::as_str))
        .fetch_one(conn)
        .await;
    };
    sqlx::query_scalar(concat!("SELECT COUNT(*)", filter!()))
        .bind(pattern)
        .bind(state.map(DeliveryState::as_str))
        .fetch_one(conn)
        .await
}

pub async fn list(
    conn: &mut Conn,
    search: &str,
    state: Option<DeliveryState>,
    limit: i64,
    offset: i64,
) -> sqlx::Result<Vec<Listed>> {
    sqlx::query_as(concat!(
        "SELECT ",
        listed!(),
        filter!(),
        " ORDER BY x.id DESC LIMIT $3 OFFSET $4"
    ))
    .bind(super::people::pattern(search))
    .bind(state.map(DeliveryState::as_str))
    .bind(limit)
    .bind(offset)
    .fetch_all(conn)
    .await
}

/// The deliveries of one message, the oldest first.
pub async fn of_message(conn: &mut Conn, message: MessageId) -> sqlx::Result<Vec<Listed>> {
    sqlx::query_as(concat!(
        "SELECT ",
        listed!(),
        " FROM mails x LEFT JOIN messages m ON m.id = x.message_id LEFT JOIN people p ON p.id = m.person_id
         WHERE x.message_id = $1 ORDER BY x.id"
    ))
    .bind(message)
    .fetch_all(conn)
    .await
}

/// Deliveries of emails that a person asked for, the oldest first.
pub async fn asked_for(conn: &mut Conn, person: PersonId) -> sqlx::Result<Vec<Listed>> {
    sqlx::query_as(concat!(
        "SELECT ",
        listed!(),
        " FROM mails x JOIN people p ON p.id = x.person_id WHERE x.person_id = $1 ORDER BY x.id"
    ))
    .bind(person)
    .fetch_all(conn)
    .await
}

/// One delivery with its bytes.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Delivery {
    pub id: DeliveryId,
    pub message_id: Option<MessageId>,
    /// Who asked for it, if the email is outside campaigns.
    pub person_id: Option<PersonId>,
    pub try_until: Option<Millis>,
    pub recipient: String,
    pub subject: String,
    #[sqlx(try_from = "String")]
    pub transport: Transport,
    #[sqlx(try_from = "String")]
    pub state: DeliveryState,
    /// What the server responded, or what went wrong.
    #[sqlx(rename = "words")]
    pub response: Option<String>,
    pub bytes: Vec<u8>,
    pub started_at: Millis,
}

pub async fn find(conn: &mut Conn, id: DeliveryId) -> sqlx::Result<Option<Delivery>> {
    sqlx::query_as(
        "SELECT id, message_id, person_id, try_until, recipient, subject, transport, state, words, bytes, started_at
         FROM mails WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(conn)
    .await
}

/// Emails that were sent (or may have been) since a time, and when the oldest of them was.
#[derive(Clone, Copy, Debug, Default, sqlx::FromRow)]
pub struct Recent {
    #[sqlx(rename = "mails")]
    pub emails: i64,
    pub oldest: Option<Millis>,
}

pub async fn sent_since(conn: &mut Conn, since: Millis) -> sqlx::Result<Recent> {
    sqlx::query_as(
        "SELECT COUNT(*) AS mails, MIN(started_at) AS oldest FROM mails
         WHERE transport = 'smtp' AND started_at > $1 AND state IN ('sending', 'sent', 'uncertain')",
    )
    .bind(since)
    .fetch_one(conn)
    .await
}

/// Of the last `of` deliveries, how many were refused with this kind of verdict.
pub async fn refused_lately(conn: &mut Conn, verdict: &str, of: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "SELECT COUNT(*) FROM
           (SELECT state, verdict FROM mails WHERE transport = 'smtp' ORDER BY id DESC LIMIT $1) lately
         WHERE state = 'refused' AND verdict = $2",
    )
    .bind(of)
    .bind(verdict)
    .fetch_one(conn)
    .await
}

/// Of a campaign's emails, how many were sent and how many went to addresses that do not exist.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub struct Bounces {
    pub sent: i64,
    pub hard: i64,
}

pub async fn bounces(conn: &mut Conn, campaign: CampaignId) -> sqlx::Result<Bounces> {
    sqlx::query_as(
        "SELECT COUNT(CASE WHEN m.state = 'sent' THEN 1 END) AS sent,
                COUNT(CASE WHEN m.state = 'failed' AND s.reason = 'hard_bounce' THEN 1 END) AS hard
         FROM messages m JOIN people p ON p.id = m.person_id
         LEFT JOIN suppressions s ON s.address_hash = p.address_hash
         WHERE m.campaign_id = $1",
    )
    .bind(campaign)
    .fetch_one(conn)
    .await
}
