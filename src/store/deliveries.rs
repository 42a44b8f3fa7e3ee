//! Attempts to deliver, and how the sending account and recipients' domains stand.

use super::Conn;
use crate::model::{DeliveryId, MessageId, Millis, PersonId};

/// What is written down before the first byte goes out.
#[derive(Clone, Debug)]
pub struct NewDelivery<'a> {
    /// `None`: it belongs to no campaign.
    pub message: Option<MessageId>,
    /// Who asked for a mail that belongs to no campaign; `None`: the organiser, to try the settings.
    pub person: Option<PersonId>,
    /// Until then a mail that belongs to no campaign is tried again; `None`: it is tried once.
    pub try_until: Option<Millis>,
    pub recipient: &'a str,
    pub subject: &'a str,
    pub header_id: &'a str,
    /// outbox, smtp
    pub transport: &'a str,
    /// queued or sending; sent where the outbox is the transport.
    pub state: &'a str,
    pub bytes: &'a [u8],
    pub owner: &'a str,
}

pub async fn insert(
    conn: &mut Conn,
    mail: &NewDelivery<'_>,
    now: Millis,
) -> sqlx::Result<DeliveryId> {
    sqlx::query_scalar(
        "INSERT INTO mails (message_id, recipient, subject, header_id, transport, state, bytes, owner, started_at,
                            ended_at, person_id, try_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, CASE WHEN $6 = 'sent' THEN CAST($9 AS BIGINT) END, $10, $11)
         RETURNING id",
    )
    .bind(mail.message)
    .bind(mail.recipient)
    .bind(mail.subject)
    .bind(mail.header_id)
    .bind(mail.transport)
    .bind(mail.state)
    .bind(mail.bytes)
    .bind(mail.owner)
    .bind(now)
    .bind(mail.person)
    .bind(mail.try_until)
    .fetch_one(conn)
    .await
}

/// A mail that waits begins to be sent; false when it does not wait any more.
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

/// Writes down what became of an attempt: sent, refused (with the verdict's kind), uncertain. False when somebody took
/// its sender for dead and settled it; only that it was sent after all is still news then.
pub async fn end(
    conn: &mut Conn,
    id: DeliveryId,
    state: &str,
    words: &str,
    verdict: Option<&str>,
    now: Millis,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE mails SET state = $2, words = $3, verdict = $4, ended_at = $5
         WHERE id = $1 AND (state = 'sending' OR (state = 'uncertain' AND $2 = 'sent'))",
    )
    .bind(id)
    .bind(state)
    .bind(words)
    .bind(verdict)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A mail that could not be delivered waits for its next try.
pub async fn wait_again(conn: &mut Conn, id: DeliveryId, words: &str) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE mails SET state = 'queued', words = $2, owner = '' WHERE id = $1 AND state = 'sending'",
    )
    .bind(id)
    .bind(words)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Puts other bytes in the place of those that went out.
pub async fn replace_bytes(conn: &mut Conn, id: DeliveryId, bytes: &[u8]) -> sqlx::Result<()> {
    sqlx::query("UPDATE mails SET bytes = $2 WHERE id = $1")
        .bind(id)
        .bind(bytes)
        .execute(conn)
        .await?;
    Ok(())
}

/// Closes attempts whose maker is gone without a word.
pub async fn close_open(
    conn: &mut Conn,
    message: MessageId,
    words: &str,
    now: Millis,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE mails SET state = 'uncertain', words = $2, ended_at = $3
         WHERE message_id = $1 AND state = 'sending'",
    )
    .bind(message)
    .bind(words)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// Settles what a dead process was sending: with an attempt written down, nobody knows whether it went out. Returns
/// the messages that are now uncertain.
pub async fn settle_owner(
    conn: &mut Conn,
    owner: &str,
    words: &str,
    now: Millis,
) -> sqlx::Result<Vec<MessageId>> {
    let messages: Vec<MessageId> = sqlx::query_scalar(
        "UPDATE messages SET state = 'uncertain', error = $2 WHERE state = 'sending'
         AND id IN (SELECT message_id FROM mails WHERE owner = $1 AND state = 'sending') RETURNING id",
    )
    .bind(owner)
    .bind(words)
    .fetch_all(&mut *conn)
    .await?;
    sqlx::query("UPDATE mails SET state = 'uncertain', words = $2, ended_at = $3 WHERE owner = $1 AND state = 'sending'")
        .bind(owner)
        .bind(words)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(messages)
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Listed {
    pub id: DeliveryId,
    pub message_id: Option<MessageId>,
    pub recipient: String,
    pub name: Option<String>,
    pub person_id: Option<PersonId>,
    pub subject: String,
    pub transport: String,
    pub state: String,
    pub words: Option<String>,
    pub started_at: Millis,
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

pub async fn count(conn: &mut Conn, search: &str, state: Option<&str>) -> sqlx::Result<i64> {
    let Some(pattern) = super::people::pattern(search) else {
        return sqlx::query_scalar(
            "SELECT COUNT(*) FROM mails WHERE CAST($1 AS TEXT) IS NULL OR state = $1",
        )
        .bind(state)
        .fetch_one(conn)
        .await;
    };
    sqlx::query_scalar(concat!("SELECT COUNT(*)", filter!()))
        .bind(pattern)
        .bind(state)
        .fetch_one(conn)
        .await
}

pub async fn list(
    conn: &mut Conn,
    search: &str,
    state: Option<&str>,
    limit: i64,
    offset: i64,
) -> sqlx::Result<Vec<Listed>> {
    sqlx::query_as(concat!(
        "SELECT x.id, x.message_id, x.recipient, p.name, p.id AS person_id, x.subject, x.transport, x.state, x.words,
                x.started_at",
        filter!(),
        " ORDER BY x.id DESC LIMIT $3 OFFSET $4"
    ))
    .bind(super::people::pattern(search))
    .bind(state)
    .bind(limit)
    .bind(offset)
    .fetch_all(conn)
    .await
}

/// The attempts for one message, the oldest first.
pub async fn of_message(conn: &mut Conn, message: MessageId) -> sqlx::Result<Vec<Listed>> {
    sqlx::query_as(
        "SELECT x.id, x.message_id, x.recipient, p.name, p.id AS person_id, x.subject, x.transport, x.state, x.words,
                x.started_at
         FROM mails x LEFT JOIN messages m ON m.id = x.message_id LEFT JOIN people p ON p.id = m.person_id
         WHERE x.message_id = $1 ORDER BY x.id",
    )
    .bind(message)
    .fetch_all(conn)
    .await
}

/// The mails that a person asked for, the oldest first.
pub async fn asked_for(conn: &mut Conn, person: PersonId) -> sqlx::Result<Vec<Listed>> {
    sqlx::query_as(
        "SELECT x.id, x.message_id, x.recipient, p.name, p.id AS person_id, x.subject, x.transport, x.state, x.words,
                x.started_at
         FROM mails x JOIN people p ON p.id = x.person_id WHERE x.person_id = $1 ORDER BY x.id",
    )
    .bind(person)
    .fetch_all(conn)
    .await
}

/// One mail with its bytes.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Mail {
    pub id: DeliveryId,
    pub message_id: Option<MessageId>,
    /// Who asked for it, where it belongs to no campaign.
    pub person_id: Option<PersonId>,
    pub try_until: Option<Millis>,
    pub recipient: String,
    pub subject: String,
    pub transport: String,
    pub state: String,
    pub words: Option<String>,
    pub bytes: Vec<u8>,
    pub started_at: Millis,
}

pub async fn find(conn: &mut Conn, id: DeliveryId) -> sqlx::Result<Option<Mail>> {
    sqlx::query_as(
        "SELECT id, message_id, person_id, try_until, recipient, subject, transport, state, words, bytes, started_at
         FROM mails WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(conn)
    .await
}

// ── The sending account ──

#[derive(Clone, Debug, Default, sqlx::FromRow)]
pub struct Sender {
    pub paused_until: Option<Millis>,
    /// Goes on only when a person says so.
    pub needs_attention_at: Option<Millis>,
    pub words: Option<String>,
    pub advice: Option<String>,
    /// How often in a row it was paused.
    pub step: i64,
    /// Learned from the server's complaints, milliseconds between two mails; 0: as set.
    pub min_gap: i64,
    pub last_send_at: Option<Millis>,
}

pub async fn sender(conn: &mut Conn, name: &str) -> sqlx::Result<Sender> {
    let row = sqlx::query_as(
        "SELECT paused_until, needs_attention_at, words, advice, step, min_gap, last_send_at FROM senders
         WHERE name = $1",
    )
    .bind(name)
    .fetch_optional(conn)
    .await?;
    Ok(row.unwrap_or_default())
}

/// Makes processes that share an account take turns until the transaction ends.
pub async fn lock_sender(conn: &mut Conn, name: &str) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO senders (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET name = excluded.name",
    )
    .bind(name)
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes that a mail leaves now.
pub async fn touch_sender(conn: &mut Conn, name: &str, now: Millis) -> sqlx::Result<()> {
    sqlx::query("UPDATE senders SET last_send_at = $2 WHERE name = $1")
        .bind(name)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn set_sender(conn: &mut Conn, name: &str, sender: &Sender) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO senders (name, paused_until, needs_attention_at, words, advice, step, min_gap, last_send_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (name) DO UPDATE SET paused_until = excluded.paused_until,
             needs_attention_at = excluded.needs_attention_at, words = excluded.words, advice = excluded.advice,
             step = excluded.step, min_gap = excluded.min_gap, last_send_at = excluded.last_send_at",
    )
    .bind(name)
    .bind(sender.paused_until)
    .bind(sender.needs_attention_at)
    .bind(&sender.words)
    .bind(&sender.advice)
    .bind(sender.step)
    .bind(sender.min_gap)
    .bind(sender.last_send_at)
    .execute(conn)
    .await?;
    Ok(())
}

/// Mails that left (or may have left) since a time, and when the oldest of them did.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub struct Recent {
    pub mails: i64,
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

/// Of the last `of` attempts, how many were refused for this kind of reason.
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

/// Of a campaign's mails, how many left and how many went to addresses that do not exist.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub struct Bounces {
    pub sent: i64,
    pub hard: i64,
}

pub async fn bounces(conn: &mut Conn, campaign: crate::model::CampaignId) -> sqlx::Result<Bounces> {
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

// ── Recipients' domains ──

pub async fn pause_domain(
    conn: &mut Conn,
    domain: &str,
    until: Millis,
    words: &str,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO domain_pauses (domain, paused_until, words) VALUES ($1, $2, $3)
         ON CONFLICT (domain) DO UPDATE SET paused_until = excluded.paused_until, words = excluded.words",
    )
    .bind(domain)
    .bind(until)
    .bind(words)
    .execute(conn)
    .await?;
    Ok(())
}

/// A domain to which nothing goes for now, and what its server said.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct DomainPause {
    pub paused_until: Millis,
    pub words: Option<String>,
}

pub async fn domain_pause(
    conn: &mut Conn,
    domain: &str,
    now: Millis,
) -> sqlx::Result<Option<DomainPause>> {
    sqlx::query_as(
        "SELECT paused_until, words FROM domain_pauses WHERE domain = $1 AND paused_until > $2",
    )
    .bind(domain)
    .bind(now)
    .fetch_optional(conn)
    .await
}

/// Lets mail go to all domains again: a person says that it is mended.
pub async fn clear_domain_pauses(conn: &mut Conn) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM domain_pauses").execute(conn).await?;
    Ok(())
}

/// Domains to which nothing goes for now.
pub async fn paused_domains(conn: &mut Conn, now: Millis) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar("SELECT domain FROM domain_pauses WHERE paused_until > $1 ORDER BY domain")
        .bind(now)
        .fetch_all(conn)
        .await
}
