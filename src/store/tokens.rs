//! Tokens of the organiser's other programs.

use super::Conn;
use crate::model::Millis;

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Token {
    pub id: i64,
    pub name: String,
    pub created_at: Millis,
    pub last_used_at: Option<Millis>,
    /// How many requests were made with it.
    pub requests: i64,
}

/// False if there is one of this name already.
pub async fn insert(conn: &mut Conn, name: &str, hash: &str, now: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "INSERT INTO door_tokens (name, hash, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING",
    )
    .bind(name)
    .bind(hash)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn list(conn: &mut Conn) -> sqlx::Result<Vec<Token>> {
    sqlx::query_as(
        "SELECT id, name, created_at, last_used_at, requests FROM door_tokens ORDER BY name, id",
    )
    .fetch_all(conn)
    .await
}

/// The name of the token with this hash.
pub async fn owner(conn: &mut Conn, hash: &str) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("SELECT name FROM door_tokens WHERE hash = $1")
        .bind(hash)
        .fetch_optional(conn)
        .await
}

/// Counts a request of the token of this name.
pub async fn count(conn: &mut Conn, name: &str, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE door_tokens SET requests = requests + 1, last_used_at = $2 WHERE name = $1",
    )
    .bind(name)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// False if there is none of this name.
pub async fn delete(conn: &mut Conn, name: &str) -> sqlx::Result<bool> {
    let done =
        sqlx::query("DELETE FROM door_tokens WHERE name = $1").bind(name).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}
