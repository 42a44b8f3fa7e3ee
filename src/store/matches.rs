//! Pairs of people who share skills, with their ranks in each other's list.

use super::{Conn, Engine};
use crate::model::{EventId, Millis, PairId, PersonId};

/// Rows per statement: enough to make the cost of the statement itself negligible.
const CHUNK: usize = 5_000;

/// A match as one person sees it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Match {
    pub id: PairId,
    pub other_id: PersonId,
    pub name: String,
    pub job_title: String,
    pub address: String,
    /// 1 when both agreed to share their address.
    pub both_share: i64,
    /// Thousandths.
    pub score: i64,
    /// JSON: the canonical names of the shared skills, the rarest first.
    pub shared: String,
    pub rank: i64,
    pub created_at: Millis,
}

/// A person's list, the best match first.
pub async fn of_person(
    conn: &mut Conn,
    event: EventId,
    person: PersonId,
) -> sqlx::Result<Vec<Match>> {
    sqlx::query_as(
        "SELECT x.id, o.id AS other_id, o.name, o.job_title, o.address, x.score, x.shared, x.created_at, x.rank,
                CASE WHEN o.shares_address_at IS NOT NULL AND me.shares_address_at IS NOT NULL THEN 1 ELSE 0 END
                    AS both_share
         FROM (SELECT id, b_id AS other_id, score, shared, created_at, a_rank AS rank FROM matches
               WHERE a_id = $2 AND event_id = $1 AND a_rank IS NOT NULL
               UNION ALL
               SELECT id, a_id, score, shared, created_at, b_rank FROM matches
               WHERE b_id = $2 AND event_id = $1 AND b_rank IS NOT NULL) x
         JOIN people me ON me.id = $2
         JOIN people o ON o.id = x.other_id
         ORDER BY x.rank, o.id",
    )
    .bind(event)
    .bind(person)
    .fetch_all(conn)
    .await
}

/// One skill of one person.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct PersonSkill {
    pub person_id: PersonId,
    pub skill_key: String,
    pub skill: String,
}

/// Everybody's skills, grouped by person.
pub async fn all_skills(conn: &mut Conn) -> sqlx::Result<Vec<PersonSkill>> {
    sqlx::query_as(
        "SELECT person_id, skill_key, skill FROM person_skills ORDER BY person_id, skill_key",
    )
    .fetch_all(conn)
    .await
}

/// A pair to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPair {
    pub a: PersonId,
    pub b: PersonId,
    pub score: i64,
    pub shared: String,
}

/// A stored pair.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct RankedPair {
    pub id: PairId,
    pub a_id: PersonId,
    pub b_id: PersonId,
    pub score: i64,
    pub shared: String,
    pub a_rank: Option<i64>,
    pub b_rank: Option<i64>,
}

pub async fn all(conn: &mut Conn, event: EventId) -> sqlx::Result<Vec<RankedPair>> {
    sqlx::query_as(
        "SELECT id, a_id, b_id, score, shared, a_rank, b_rank FROM matches WHERE event_id = $1",
    )
    .bind(event)
    .fetch_all(conn)
    .await
}

/// All pairs of a person, in their list or not.
pub async fn all_of(
    conn: &mut Conn,
    event: EventId,
    person: PersonId,
) -> sqlx::Result<Vec<RankedPair>> {
    sqlx::query_as(
        "SELECT id, a_id, b_id, score, shared, a_rank, b_rank FROM matches WHERE a_id = $2 AND event_id = $1
         UNION ALL
         SELECT id, a_id, b_id, score, shared, a_rank, b_rank FROM matches WHERE b_id = $2 AND event_id = $1",
    )
    .bind(event)
    .bind(person)
    .fetch_all(conn)
    .await
}

/// Stores a pair with its ranks in the two lists; an existing pair keeps its id and date.
pub async fn upsert(
    conn: &mut Conn,
    event: EventId,
    pair: &NewPair,
    a_rank: Option<i64>,
    b_rank: Option<i64>,
    now: Millis,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO matches (event_id, a_id, b_id, score, shared, a_rank, b_rank, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (event_id, a_id, b_id) DO UPDATE SET score = excluded.score, shared = excluded.shared,
             a_rank = excluded.a_rank, b_rank = excluded.b_rank",
    )
    .bind(event)
    .bind(pair.a)
    .bind(pair.b)
    .bind(pair.score)
    .bind(&pair.shared)
    .bind(a_rank)
    .bind(b_rank)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

macro_rules! new_pairs {
    () => {
        "(event_id, a_id, b_id, score, shared, a_rank, b_rank, created_at)
         SELECT $2, CAST(value ->> 0 AS BIGINT), CAST(value ->> 1 AS BIGINT), CAST(value ->> 2 AS BIGINT), value ->> 3,
                CAST(value ->> 4 AS BIGINT), CAST(value ->> 5 AS BIGINT), $3 FROM "
    };
}

macro_rules! or_update {
    () => {
        " WHERE 1 = 1
         ON CONFLICT (event_id, a_id, b_id) DO UPDATE SET score = excluded.score, shared = excluded.shared,
             a_rank = excluded.a_rank, b_rank = excluded.b_rank"
    };
}

/// [`upsert`] for many pairs at once.
pub async fn upsert_all(
    conn: &mut Conn,
    event: EventId,
    pairs: &[(&NewPair, Option<i64>, Option<i64>)],
    now: Millis,
) -> sqlx::Result<()> {
    let sql = match Engine::of(conn) {
        // SQLite only
        Engine::Sqlite => {
            concat!("INSERT INTO matches ", new_pairs!(), "json_each($1)", or_update!())
        }
        // PostgreSQL only
        Engine::Postgres => concat!(
            "INSERT INTO matches ",
            new_pairs!(),
            "json_array_elements(CAST(CAST($1 AS TEXT) AS JSON))",
            or_update!()
        ),
    };
    for chunk in pairs.chunks(CHUNK) {
        let rows: Vec<_> = chunk
            .iter()
            .map(|(pair, a_rank, b_rank)| {
                (pair.a, pair.b, pair.score, &pair.shared, a_rank, b_rank)
            })
            .collect();
        sqlx::query(sql).bind(super::json(&rows)).bind(event).bind(now).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Sets the pair's rank in `person`'s list.
pub async fn set_rank(
    conn: &mut Conn,
    id: PairId,
    person: PersonId,
    rank: Option<i64>,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE matches SET a_rank = CASE WHEN a_id = $2 THEN $3 ELSE a_rank END,
                            b_rank = CASE WHEN b_id = $2 THEN $3 ELSE b_rank END
         WHERE id = $1",
    )
    .bind(id)
    .bind(person)
    .bind(rank)
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn delete(conn: &mut Conn, id: PairId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM matches WHERE id = $1").bind(id).execute(conn).await?;
    Ok(())
}

pub async fn delete_all(conn: &mut Conn, pairs: &[PairId]) -> sqlx::Result<()> {
    let sql = match Engine::of(conn) {
        // SQLite only
        Engine::Sqlite => "DELETE FROM matches WHERE id IN (SELECT value FROM json_each($1))",
        // PostgreSQL only
        Engine::Postgres => {
            "DELETE FROM matches WHERE id IN
             (SELECT CAST(json_array_elements_text(CAST(CAST($1 AS TEXT) AS JSON)) AS BIGINT))"
        }
    };
    for chunk in pairs.chunks(CHUNK) {
        sqlx::query(sql).bind(super::json(&chunk)).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Deletes all pairs of a person.
pub async fn delete_of(conn: &mut Conn, event: EventId, person: PersonId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM matches WHERE event_id = $1 AND (a_id = $2 OR b_id = $2)")
        .bind(event)
        .bind(person)
        .execute(conn)
        .await?;
    Ok(())
}

/// Deletes pairs that are in nobody's list.
pub async fn delete_unranked(conn: &mut Conn, event: EventId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM matches WHERE event_id = $1 AND a_rank IS NULL AND b_rank IS NULL")
        .bind(event)
        .execute(conn)
        .await?;
    Ok(())
}
