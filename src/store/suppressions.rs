//! Addresses that must not be emailed, by their hashes: a suppression outlives the person's row.

use super::Conn;
use crate::model::Millis;
use crate::model::person::SuppressionReason;

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Suppression {
    #[sqlx(try_from = "String")]
    pub reason: SuppressionReason,
    /// How it came about, in one line.
    #[sqlx(rename = "words")]
    pub text: Option<String>,
    pub since: Millis,
}

pub async fn find(conn: &mut Conn, address_hash: &str) -> sqlx::Result<Option<Suppression>> {
    sqlx::query_as("SELECT reason, words, since FROM suppressions WHERE address_hash = $1")
        .bind(address_hash)
        .fetch_optional(conn)
        .await
}

/// Suppresses an address. An earlier reason stays.
pub async fn insert(
    conn: &mut Conn,
    address_hash: &str,
    reason: SuppressionReason,
    text: Option<&str>,
    now: Millis,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO suppressions (address_hash, reason, words, since) VALUES ($1, $2, $3, $4)
         ON CONFLICT (address_hash) DO NOTHING",
    )
    .bind(address_hash)
    .bind(reason.as_str())
    .bind(text)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// Lifts a suppression. Only a person does that, never an import.
pub async fn delete(conn: &mut Conn, address_hash: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM suppressions WHERE address_hash = $1")
        .bind(address_hash)
        .execute(conn)
        .await?;
    Ok(())
}
