//! Keys that were entered on `/keys` (sealed), and the other settings of that page.

use super::Conn;
use crate::model::{BookingId, KeyNumber, Millis};

/// Counters of changes. A process with lower numbers reloads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Versions {
    /// Changes on the page.
    pub keys_version: i64,
    /// Requests to reload `.env`.
    pub env_version: i64,
}

pub async fn versions(conn: &mut Conn) -> sqlx::Result<Versions> {
    sqlx::query_as("SELECT keys_version, env_version FROM pool WHERE id = 1").fetch_one(conn).await
}

/// Records a change on the page.
pub async fn changed(conn: &mut Conn) -> sqlx::Result<()> {
    sqlx::query("UPDATE pool SET keys_version = keys_version + 1 WHERE id = 1")
        .execute(conn)
        .await?;
    Ok(())
}

/// Asks every process to reload its `.env`.
pub async fn request_env_reload(conn: &mut Conn) -> sqlx::Result<()> {
    sqlx::query("UPDATE pool SET env_version = env_version + 1 WHERE id = 1").execute(conn).await?;
    Ok(())
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct PageKey {
    pub fingerprint: String,
    pub number: KeyNumber,
    pub sealed: String,
}

pub async fn list(conn: &mut Conn) -> sqlx::Result<Vec<PageKey>> {
    sqlx::query_as("SELECT fingerprint, number, sealed FROM page_keys ORDER BY number")
        .fetch_all(conn)
        .await
}

pub async fn insert(conn: &mut Conn, key: &PageKey, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO page_keys (fingerprint, number, sealed, created_at) VALUES ($1, $2, $3, $4)",
    )
    .bind(&key.fingerprint)
    .bind(key.number)
    .bind(&key.sealed)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn renumber(conn: &mut Conn, fingerprint: &str, number: KeyNumber) -> sqlx::Result<()> {
    sqlx::query("UPDATE page_keys SET number = $2 WHERE fingerprint = $1")
        .bind(fingerprint)
        .bind(number)
        .execute(conn)
        .await?;
    Ok(())
}

/// False if it was deleted already.
pub async fn delete(conn: &mut Conn, fingerprint: &str) -> sqlx::Result<bool> {
    let done = sqlx::query("DELETE FROM page_keys WHERE fingerprint = $1")
        .bind(fingerprint)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The highest number that a key ever had.
pub async fn highest_number(conn: &mut Conn) -> sqlx::Result<KeyNumber> {
    sqlx::query_scalar(
        "SELECT COALESCE(MAX(number), 0) FROM (SELECT number FROM keys UNION ALL SELECT number FROM page_keys) AS known",
    )
    .fetch_one(conn)
    .await
}

/// Sets the project of a key; `None`: the project of its variable.
pub async fn name_project(
    conn: &mut Conn,
    fingerprint: &str,
    name: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE keys SET named = $2 WHERE fingerprint = $1")
        .bind(fingerprint)
        .bind(name)
        .execute(conn)
        .await?;
    Ok(())
}

/// The projects that were set on the page: fingerprint and name.
pub async fn names(conn: &mut Conn) -> sqlx::Result<Vec<(String, String)>> {
    sqlx::query_as("SELECT fingerprint, named FROM keys WHERE named IS NOT NULL")
        .fetch_all(conn)
        .await
}

/// A request that was refused within its project's limit, with what another project had sent in that minute.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Crowded {
    pub booking: BookingId,
    pub project: String,
    #[sqlx(rename = "limit_then")]
    pub limit: i64,
    pub other: String,
    /// Requests of the other project. With `other = project`: its own, without the refused one.
    pub used: i64,
}

/// Refusals since then within their limit, each with every project that had sent at the time.
pub async fn crowded(conn: &mut Conn, since: Millis) -> sqlx::Result<Vec<Crowded>> {
    // No slot is taken for ten minutes: that bound only makes the index usable.
    sqlx::query_as(
        "SELECT r.id AS booking, r.project, r.inside_limit AS limit_then, o.project AS other, COUNT(*) AS used
         FROM bookings r
         JOIN bookings o ON o.model = r.model AND o.booked_at BETWEEN r.booked_at - 600000 AND r.booked_at
             AND o.free_at > r.booked_at AND o.id <> r.id AND o.outcome NOT IN ('refused', 'given_back')
         WHERE r.inside_limit IS NOT NULL AND r.booked_at >= $1
         GROUP BY r.id, r.project, r.inside_limit, o.project ORDER BY r.id, o.project",
    )
    .bind(since)
    .fetch_all(conn)
    .await
}
