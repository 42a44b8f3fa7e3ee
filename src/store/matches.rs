//! Pairs of people whose skills were compared, what a skill weighs, and the runs.

use super::{Conn, Engine};
use crate::model::{EventId, Millis, PairId, PersonId};

/// Rows of one statement: enough that a statement costs nothing beside its rows.
const AT_ONCE: usize = 5_000;

/// A match from one person's side.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Match {
    pub id: PairId,
    pub other_id: PersonId,
    pub name: String,
    pub job_title: String,
    pub address: String,
    /// 1 when both agreed that the other may see their address.
    pub both_share: i64,
    /// Thousandths.
    pub score: i64,
    /// JSON: canonical names, the rarest first.
    pub shared: String,
    pub rank: i64,
    pub created_at: Millis,
}

/// A person's own list, the best first.
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

/// One skill of one person, for reading everybody's at once.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct PersonSkill {
    pub person_id: PersonId,
    pub skill_key: String,
    pub skill: String,
}

/// Everybody's skills, person by person.
pub async fn all_skills(conn: &mut Conn) -> sqlx::Result<Vec<PersonSkill>> {
    sqlx::query_as(
        "SELECT person_id, skill_key, skill FROM person_skills ORDER BY person_id, skill_key",
    )
    .fetch_all(conn)
    .await
}

/// A pair to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub a: PersonId,
    pub b: PersonId,
    pub score: i64,
    pub shared: String,
}

/// A pair as it is stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Ranked {
    pub id: PairId,
    pub a_id: PersonId,
    pub b_id: PersonId,
    pub score: i64,
    pub shared: String,
    pub a_rank: Option<i64>,
    pub b_rank: Option<i64>,
}

pub async fn all(conn: &mut Conn, event: EventId) -> sqlx::Result<Vec<Ranked>> {
    sqlx::query_as(
        "SELECT id, a_id, b_id, score, shared, a_rank, b_rank FROM matches WHERE event_id = $1",
    )
    .bind(event)
    .fetch_all(conn)
    .await
}

/// All pairs that a person is in, in their list or not.
pub async fn of_both_sides(
    conn: &mut Conn,
    event: EventId,
    person: PersonId,
) -> sqlx::Result<Vec<Ranked>> {
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

/// Stores a pair with its places in the two lists; one that is there keeps its id and its date.
pub async fn upsert(
    conn: &mut Conn,
    event: EventId,
    row: &Row,
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
    .bind(row.a)
    .bind(row.b)
    .bind(row.score)
    .bind(&row.shared)
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

macro_rules! or_renewed {
    () => {
        " WHERE 1 = 1
         ON CONFLICT (event_id, a_id, b_id) DO UPDATE SET score = excluded.score, shared = excluded.shared,
             a_rank = excluded.a_rank, b_rank = excluded.b_rank"
    };
}

/// [`upsert`] for many: pairs with their places in the two lists.
pub async fn upsert_all(
    conn: &mut Conn,
    event: EventId,
    pairs: &[(&Row, Option<i64>, Option<i64>)],
    now: Millis,
) -> sqlx::Result<()> {
    let sql = match Engine::of(conn) {
        // SQLite only
        Engine::Sqlite => {
            concat!("INSERT INTO matches ", new_pairs!(), "json_each($1)", or_renewed!())
        }
        // PostgreSQL only
        Engine::Postgres => concat!(
            "INSERT INTO matches ",
            new_pairs!(),
            "json_array_elements(CAST(CAST($1 AS TEXT) AS JSON))",
            or_renewed!()
        ),
    };
    for some in pairs.chunks(AT_ONCE) {
        let rows: Vec<_> = some
            .iter()
            .map(|(row, a_rank, b_rank)| (row.a, row.b, row.score, &row.shared, a_rank, b_rank))
            .collect();
        sqlx::query(sql).bind(super::json(&rows)).bind(event).bind(now).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Sets the pair's place in `person`'s list.
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
    for some in pairs.chunks(AT_ONCE) {
        sqlx::query(sql).bind(super::json(&some)).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Removes every pair of a person who has no skills any more.
pub async fn delete_of(conn: &mut Conn, event: EventId, person: PersonId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM matches WHERE event_id = $1 AND (a_id = $2 OR b_id = $2)")
        .bind(event)
        .bind(person)
        .execute(conn)
        .await?;
    Ok(())
}

/// Removes pairs that stand in nobody's list.
pub async fn delete_unranked(conn: &mut Conn, event: EventId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM matches WHERE event_id = $1 AND a_rank IS NULL AND b_rank IS NULL")
        .bind(event)
        .execute(conn)
        .await?;
    Ok(())
}

// ── Weights and runs ──

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

/// How many people have a skill, and its weight, by the skills' keys. Call [`clear_weights`] first.
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

pub async fn insert_run(
    conn: &mut Conn,
    event: EventId,
    rule: &str,
    people: i64,
    pairs: i64,
    now: Millis,
) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO match_runs (event_id, rule, people, pairs, finished_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(event)
        .bind(rule)
        .bind(people)
        .bind(pairs)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

// ── For the pages ──

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Stats {
    pub total_users: i64,
    pub users_with_resumes: i64,
    pub users_with_skills: i64,
    pub total_matches: i64,
    /// People with skills who stand in nobody's list.
    pub without_match: i64,
    pub avg: Option<f64>,
    pub max: Option<i64>,
    pub min: Option<i64>,
    pub last_run: Option<Millis>,
}

pub async fn stats(conn: &mut Conn, event: EventId) -> sqlx::Result<Stats> {
    sqlx::query_as(
        "SELECT (SELECT COUNT(*) FROM people) AS total_users,
                (SELECT COUNT(DISTINCT person_id) FROM resumes WHERE person_id IS NOT NULL) AS users_with_resumes,
                (SELECT COUNT(DISTINCT person_id) FROM person_skills) AS users_with_skills,
                (SELECT COUNT(*) FROM people p WHERE EXISTS (SELECT 1 FROM person_skills k WHERE k.person_id = p.id)
                   AND NOT EXISTS (SELECT 1 FROM matches x WHERE x.a_id = p.id AND x.event_id = $1)
                   AND NOT EXISTS (SELECT 1 FROM matches x WHERE x.b_id = p.id AND x.event_id = $1)) AS without_match,
                (SELECT MAX(finished_at) FROM match_runs WHERE event_id = $1) AS last_run,
                COUNT(*) AS total_matches, CAST(AVG(score) AS DOUBLE PRECISION) AS avg, MAX(score) AS max,
                MIN(score) AS min
         FROM matches WHERE event_id = $1",
    )
    .bind(event)
    .fetch_one(conn)
    .await
}

/// When everybody was matched last.
pub async fn last_run(conn: &mut Conn, event: EventId) -> sqlx::Result<Option<Millis>> {
    sqlx::query_scalar("SELECT MAX(finished_at) FROM match_runs WHERE event_id = $1")
        .bind(event)
        .fetch_one(conn)
        .await
}

/// A pair with both names.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Recent {
    pub id: PairId,
    pub a_id: PersonId,
    pub b_id: PersonId,
    pub a_name: String,
    pub b_name: String,
    pub score: i64,
    pub shared: String,
    pub created_at: Millis,
}

pub async fn recent(conn: &mut Conn, event: EventId, limit: i64) -> sqlx::Result<Vec<Recent>> {
    sqlx::query_as(
        "SELECT x.id, x.a_id, x.b_id, a.name AS a_name, b.name AS b_name, x.score, x.shared, x.created_at
         FROM matches x JOIN people a ON a.id = x.a_id JOIN people b ON b.id = x.b_id
         WHERE x.event_id = $1 ORDER BY x.created_at DESC, x.score DESC, x.id LIMIT $2",
    )
    .bind(event)
    .bind(limit)
    .fetch_all(conn)
    .await
}

/// How many people have a skill.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct SkillCount {
    pub skill: String,
    pub people: i64,
}

/// The skills of the room, the most common first.
pub async fn skill_counts(conn: &mut Conn, limit: i64) -> sqlx::Result<Vec<SkillCount>> {
    sqlx::query_as(
        "SELECT MIN(skill) AS skill, COUNT(*) AS people FROM person_skills
         GROUP BY skill_key ORDER BY COUNT(*) DESC, skill_key LIMIT $1",
    )
    .bind(limit)
    .fetch_all(conn)
    .await
}
