//! Gemini keys without their material: state, cooldowns, and the lock of the pool.

use super::Conn;
use crate::model::{KeyId, KeyNumber, KeyRecord, Millis};

/// Locks the pool: the first statement of every transaction that books, settles or changes a key. On PostgreSQL this
/// makes those transactions run one after the other. Returns how many times the pool was locked.
pub async fn lock_pool(conn: &mut Conn) -> sqlx::Result<i64> {
    sqlx::query_scalar("UPDATE pool SET version = version + 1 WHERE id = 1 RETURNING version")
        .fetch_one(conn)
        .await
}

macro_rules! key_columns {
    () => {
        "id, fingerprint, number, project, named, paused_at, aside_at, rest_until, rest_step, reason, last_error, \
         last_error_at, refusals, last_sent_at, last_booking"
    };
}

pub async fn list(conn: &mut Conn) -> sqlx::Result<Vec<KeyRecord>> {
    sqlx::query_as(concat!("SELECT ", key_columns!(), " FROM keys")).fetch_all(conn).await
}

pub async fn find(conn: &mut Conn, id: KeyId) -> sqlx::Result<Option<KeyRecord>> {
    sqlx::query_as(concat!("SELECT ", key_columns!(), " FROM keys WHERE id = $1"))
        .bind(id)
        .fetch_optional(conn)
        .await
}

/// Records that the key is in use, with this number and project.
pub async fn record(
    conn: &mut Conn,
    fingerprint: &str,
    number: KeyNumber,
    project: &str,
    now: Millis,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO keys (fingerprint, number, project, seen_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (fingerprint) DO UPDATE SET number = $2, project = $3, seen_at = $4",
    )
    .bind(fingerprint)
    .bind(number)
    .bind(project)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn pause(conn: &mut Conn, key: KeyId, now: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query("UPDATE keys SET paused_at = $2 WHERE id = $1 AND paused_at IS NULL")
        .bind(key)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn resume(conn: &mut Conn, key: KeyId) -> sqlx::Result<bool> {
    let done =
        sqlx::query("UPDATE keys SET paused_at = NULL WHERE id = $1 AND paused_at IS NOT NULL")
            .bind(key)
            .execute(conn)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Enables the key and ends its cooldown.
pub async fn clear_refusals(conn: &mut Conn, key: KeyId) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE keys SET aside_at = NULL, rest_until = NULL, rest_step = 0, reason = NULL WHERE id = $1",
    )
    .bind(key)
    .execute(conn)
    .await?;
    Ok(())
}

/// Counts a refusal and stores Google's response.
pub async fn count_refusal(
    conn: &mut Conn,
    key: KeyId,
    response: &str,
    now: Millis,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE keys SET refusals = refusals + 1, last_error = $2, last_error_at = $3 WHERE id = $1",
    )
    .bind(key)
    .bind(response)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn disable(conn: &mut Conn, key: KeyId, reason: &str, now: Millis) -> sqlx::Result<()> {
    sqlx::query("UPDATE keys SET aside_at = $2, reason = $3 WHERE id = $1")
        .bind(key)
        .bind(now)
        .bind(reason)
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn cool_down(
    conn: &mut Conn,
    key: KeyId,
    until: Millis,
    step: i64,
    reason: &str,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE keys SET rest_until = $2, rest_step = $3, reason = $4 WHERE id = $1")
        .bind(key)
        .bind(until)
        .bind(step)
        .bind(reason)
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends cooldowns that began before `booked`: the key served a request booked then.
pub async fn served(conn: &mut Conn, key: KeyId, booked: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE keys SET rest_until = NULL, rest_step = 0, reason = NULL
         WHERE id = $1 AND aside_at IS NULL AND rest_until <= $2",
    )
    .bind(key)
    .bind(booked)
    .execute(conn)
    .await?;
    Ok(())
}

/// The salt of the fingerprints, so that nobody can test guessed keys against them: `fresh` the first time, then always
/// the same.
pub async fn salt(conn: &mut Conn, fresh: &str) -> sqlx::Result<String> {
    sqlx::query(
        "INSERT INTO settings (event_id, name, value) SELECT MIN(id), 'key_salt', $1 FROM events WHERE 1 = 1
         ON CONFLICT (event_id, name) DO NOTHING",
    )
    .bind(fresh)
    .execute(&mut *conn)
    .await?;
    sqlx::query_scalar("SELECT value FROM settings WHERE name = 'key_salt'").fetch_one(conn).await
}
