//! Reads the ledger: requests in the last minute, hour and day. [`super::bookings`] writes it.

use super::Conn;
use super::bookings::BookingOutcome;
use crate::model::job::Task;
use crate::model::{KeyId, KeyNumber, Millis};

/// A request that was, or may have been, sent.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Sent {
    pub key_id: KeyId,
    pub project: String,
    pub model: String,
    pub at: Millis,
}

/// Everything sent since then, oldest first.
pub async fn sent_since(conn: &mut Conn, since: Millis) -> sqlx::Result<Vec<Sent>> {
    sqlx::query_as(
        "SELECT key_id, project, model, COALESCE(sent_at, booked_at) AS at FROM bookings
         WHERE booked_at > $1 AND outcome <> 'given_back' ORDER BY 4, id",
    )
    .bind(since)
    .fetch_all(conn)
    .await
}

/// The requests of one task in one clock minute.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub struct Minute {
    /// Minutes since 1970.
    pub minute: i64,
    #[sqlx(try_from = "String")]
    pub task: Task,
    pub requests: i64,
    /// Of these, how many Google refused.
    pub refused: i64,
}

pub async fn by_minute(conn: &mut Conn, since: Millis) -> sqlx::Result<Vec<Minute>> {
    sqlx::query_as(
        "SELECT booked_at / 60000 AS minute, task, COUNT(*) AS requests,
             CAST(SUM(CASE WHEN outcome = 'refused' THEN 1 ELSE 0 END) AS BIGINT) AS refused
         FROM bookings WHERE booked_at >= $1 AND outcome <> 'given_back'
         GROUP BY booked_at / 60000, task ORDER BY 1, 2",
    )
    .bind(since)
    .fetch_all(conn)
    .await
}

/// A request without a usable answer.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Trouble {
    pub at: Millis,
    pub key_number: KeyNumber,
    #[sqlx(try_from = "String")]
    pub task: Task,
    pub model: String,
    /// The name that another program gave to its work.
    pub label: Option<String>,
    #[sqlx(try_from = "String")]
    pub outcome: BookingOutcome,
    /// Redacted before it was stored.
    #[sqlx(rename = "words")]
    pub response: Option<String>,
}

/// The newest ones first.
pub async fn troubles(conn: &mut Conn, since: Millis, most: i64) -> sqlx::Result<Vec<Trouble>> {
    sqlx::query_as(
        "SELECT COALESCE(answered_at, booked_at) AS at, key_number, task, model, label, outcome, words FROM bookings
         WHERE booked_at >= $1 AND outcome IN ('refused', 'failed', 'unusable', 'fault')
         ORDER BY booked_at DESC, id DESC LIMIT $2",
    )
    .bind(since)
    .bind(most)
    .fetch_all(conn)
    .await
}

/// How many requests Google refused since then.
pub async fn refused_since(conn: &mut Conn, since: Millis) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "SELECT COUNT(*) FROM bookings WHERE booked_at >= $1 AND outcome = 'refused'",
    )
    .bind(since)
    .fetch_one(conn)
    .await
}

/// How many bookings of a project and model Google may still count.
pub async fn count_held(
    conn: &mut Conn,
    project: &str,
    model: &str,
    now: Millis,
) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "SELECT COUNT(*) FROM bookings WHERE free_at > $3 AND project = $1 AND model = $2",
    )
    .bind(project)
    .bind(model)
    .bind(now)
    .fetch_one(conn)
    .await
}
