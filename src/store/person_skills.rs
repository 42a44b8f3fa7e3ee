//! The skills of people.

use std::collections::HashMap;

use super::{Conn, Engine};
use crate::model::person::SkillSource;
use crate::model::{Millis, PersonId};

/// A skill of a person.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Skill {
    pub skill: String,
    pub skill_key: String,
    #[sqlx(try_from = "String")]
    pub source: SkillSource,
}

/// Adds a skill; false when the person has it.
pub async fn add(
    conn: &mut Conn,
    person: PersonId,
    key: &str,
    name: &str,
    source: SkillSource,
    now: Millis,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "INSERT INTO person_skills (person_id, skill_key, skill, source, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (person_id, skill_key) DO NOTHING",
    )
    .bind(person)
    .bind(key)
    .bind(name)
    .bind(source.as_str())
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn remove(conn: &mut Conn, person: PersonId, key: &str) -> sqlx::Result<bool> {
    let done = sqlx::query("DELETE FROM person_skills WHERE person_id = $1 AND skill_key = $2")
        .bind(person)
        .bind(key)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// A skill to add.
#[derive(Clone, Copy, Debug)]
pub struct NewSkill<'a> {
    pub person: PersonId,
    pub key: &'a str,
    pub name: &'a str,
}

macro_rules! new_skills {
    () => {
        "(person_id, skill_key, skill, source, created_at)
         SELECT CAST(value ->> 0 AS BIGINT), value ->> 1, value ->> 2, $2, $3 FROM "
    };
}

macro_rules! unless_had {
    () => {
        " WHERE 1 = 1 ON CONFLICT (person_id, skill_key) DO NOTHING RETURNING person_id"
    };
}

/// Adds the skills that these people do not have; returns the person of each new skill.
pub async fn add_all(
    conn: &mut Conn,
    skills: &[NewSkill<'_>],
    source: SkillSource,
    now: Millis,
) -> sqlx::Result<Vec<PersonId>> {
    let sql = match Engine::of(conn) {
        // SQLite only
        Engine::Sqlite => {
            concat!("INSERT INTO person_skills ", new_skills!(), "json_each($1)", unless_had!())
        }
        // PostgreSQL only
        Engine::Postgres => {
            concat!(
                "INSERT INTO person_skills ",
                new_skills!(),
                "json_array_elements(CAST(CAST($1 AS TEXT) AS JSON))",
                unless_had!()
            )
        }
    };
    let rows: Vec<(PersonId, &str, &str)> =
        skills.iter().map(|skill| (skill.person, skill.key, skill.name)).collect();
    sqlx::query_scalar(sql)
        .bind(super::json(&rows))
        .bind(source.as_str())
        .bind(now)
        .fetch_all(conn)
        .await
}

/// A person's skills, the rarest first. The count stops at 500 people: counting all of them would take longer than
/// everything else on a page or in an email.
pub async fn list(conn: &mut Conn, person: PersonId) -> sqlx::Result<Vec<Skill>> {
    sqlx::query_as(
        "SELECT k.skill, k.skill_key, k.source FROM person_skills k WHERE k.person_id = $1
         ORDER BY (SELECT COUNT(*) FROM (SELECT 1 FROM person_skills o WHERE o.skill_key = k.skill_key LIMIT 500) few),
                  k.skill_key",
    )
    .bind(person)
    .fetch_all(conn)
    .await
}

macro_rules! theirs {
    () => {
        "theirs AS (SELECT k.person_id, k.skill, k.skill_key FROM person_skills k
                         WHERE k.person_id IN (SELECT CAST(value AS BIGINT) FROM "
    };
}

macro_rules! by_rarity {
    () => {
        ")), keys AS (SELECT DISTINCT skill_key FROM theirs),
         counts AS (SELECT d.skill_key, (SELECT COUNT(*) FROM (SELECT 1 FROM person_skills o
                                         WHERE o.skill_key = d.skill_key LIMIT 500) few) AS people FROM keys d)
         SELECT t.person_id, t.skill FROM theirs t JOIN counts c ON c.skill_key = t.skill_key
         ORDER BY t.person_id, c.people, t.skill_key"
    };
}

/// The names of several people's skills, in the order of [`list`].
pub async fn names(
    conn: &mut Conn,
    people: impl Iterator<Item = PersonId>,
) -> sqlx::Result<HashMap<PersonId, Vec<String>>> {
    let sql = match Engine::of(conn) {
        // SQLite only
        Engine::Sqlite => concat!("WITH ", theirs!(), "json_each($1)", by_rarity!()),
        // PostgreSQL only
        Engine::Postgres => concat!(
            "WITH ",
            theirs!(),
            "json_array_elements_text(CAST(CAST($1 AS TEXT) AS JSON)) AS ids (value)",
            by_rarity!()
        ),
    };
    let ids: Vec<PersonId> = people.collect();
    let rows: Vec<(PersonId, String)> =
        sqlx::query_as(sql).bind(super::json(&ids)).fetch_all(conn).await?;
    let mut known: HashMap<PersonId, Vec<String>> = HashMap::new();
    for (person, skill) in rows {
        known.entry(person).or_default().push(skill);
    }
    Ok(known)
}
