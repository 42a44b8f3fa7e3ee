//! The state of the sending account, and the domains that get no email for now.

use super::Conn;
use crate::model::Millis;

/// The state of a sending account.
#[derive(Clone, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Sender {
    pub paused_until: Option<Millis>,
    /// Sending resumes only when an organiser says so.
    pub needs_attention_at: Option<Millis>,
    /// What its server responded, or why it cannot be reached.
    #[sqlx(rename = "words")]
    pub response: Option<String>,
    pub advice: Option<String>,
    /// How many times in a row it was paused.
    pub step: i64,
    /// Milliseconds between two emails, learned from the server's complaints; 0: as configured.
    pub min_gap: i64,
    pub last_send_at: Option<Millis>,
}

pub async fn find(conn: &mut Conn, name: &str) -> sqlx::Result<Sender> {
    let row = sqlx::query_as(
        "SELECT paused_until, needs_attention_at, words, advice, step, min_gap, last_send_at FROM senders
         WHERE name = $1",
    )
    .bind(name)
    .fetch_optional(conn)
    .await?;
    Ok(row.unwrap_or_default())
}

/// Locks the account until the transaction ends: processes that share it also share its pauses and limits.
pub async fn lock_sender(conn: &mut Conn, name: &str) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO senders (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET name = excluded.name",
    )
    .bind(name)
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes that an email is being sent now.
pub async fn touch(conn: &mut Conn, name: &str, now: Millis) -> sqlx::Result<()> {
    sqlx::query("UPDATE senders SET last_send_at = $2 WHERE name = $1")
        .bind(name)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn save(conn: &mut Conn, name: &str, sender: &Sender) -> sqlx::Result<()> {
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
    .bind(&sender.response)
    .bind(&sender.advice)
    .bind(sender.step)
    .bind(sender.min_gap)
    .bind(sender.last_send_at)
    .execute(conn)
    .await?;
    Ok(())
}

// ── Recipients' domains ──

/// Sends nothing to a domain until then.
pub async fn pause_domain(
    conn: &mut Conn,
    domain: &str,
    until: Millis,
    response: &str,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO domain_pauses (domain, paused_until, words) VALUES ($1, $2, $3)
         ON CONFLICT (domain) DO UPDATE SET paused_until = excluded.paused_until, words = excluded.words",
    )
    .bind(domain)
    .bind(until)
    .bind(response)
    .execute(conn)
    .await?;
    Ok(())
}

/// A domain that gets no email for now, and what its server responded.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct DomainPause {
    pub paused_until: Millis,
    #[sqlx(rename = "words")]
    pub response: Option<String>,
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

/// Resumes sending to all domains.
pub async fn clear_domain_pauses(conn: &mut Conn) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM domain_pauses").execute(conn).await?;
    Ok(())
}

/// Domains that get no email for now.
pub async fn paused_domains(conn: &mut Conn, now: Millis) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar("SELECT domain FROM domain_pauses WHERE paused_until > $1 ORDER BY domain")
        .bind(now)
        .fetch_all(conn)
        .await
}
