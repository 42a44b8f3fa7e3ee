//! Runs that match everybody, and the weights of skills that they computed.

use super::{Conn, Engine};
use crate::model::matching::RuleName;
use crate::model::{EventId, Millis};

pub async fn weights(conn: &mut Conn, event: EventId) -> sqlx::Result<Vec<(String, i64)>> {
    sqlx::query_as("SELECT skill_key, weight FROM skill_weights WHERE event_id = $1")
        .bind(event)
        .fetch_all(conn)
        .await
}

pub async fn clear_weights(conn: &mut Conn, event: EventId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM skill_weights WHERE event_id = $1").bind(event).execute(conn).await?;
    Ok(())
}

macro_rules! new_weights {
    () => {
        "(event_id, skill_key, people, weight)
         SELECT $2, value ->> 0, CAST(value ->> 1 AS BIGINT), CAST(value ->> 2 AS BIGINT) FROM "
    };
}

/// Stores key, number of people and weight of each skill. Call [`clear_weights`] first.
pub async fn set_weights(
    conn: &mut Conn,
    event: EventId,
    weights: &[(&str, i64, i64)],
) -> sqlx::Result<()> {
    let sql = match Engine::of(conn) {
        // SQLite only
        Engine::Sqlite => {
            concat!("INSERT INTO skill_weights ", new_weights!(), "json_each($1)")
        }
        // PostgreSQL only
        Engine::Postgres => concat!(
            "INSERT INTO skill_weights ",
            new_weights!(),
            "json_array_elements(CAST(CAST($1 AS TEXT) AS JSON))"
        ),
    };
    sqlx::query(sql).bind(super::json(&weights)).bind(event).execute(conn).await?;
    Ok(())
}

pub async fn insert(
    conn: &mut Conn,
    event: EventId,
    rule: RuleName,
    people: i64,
    pairs: i64,
    now: Millis,
) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO match_runs (event_id, rule, people, pairs, finished_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(event)
        .bind(rule.as_str())
        .bind(people)
        .bind(pairs)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// When everybody was last matched.
pub async fn last_finished_at(conn: &mut Conn, event: EventId) -> sqlx::Result<Option<Millis>> {
    sqlx::query_scalar("SELECT MAX(finished_at) FROM match_runs WHERE event_id = $1")
        .bind(event)
        .fetch_one(conn)
        .await
}
