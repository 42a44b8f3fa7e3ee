//! People.

use super::{Conn, Engine};
use crate::model::person::Source;
use crate::model::{EmailAddress, Millis, PersonId};

macro_rules! columns {
    () => {
        "id, address, name, job_title, code, source, registered_at, shares_address_at, created_at, updated_at"
    };
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Person {
    pub id: PersonId,
    #[sqlx(try_from = "String")]
    pub address: EmailAddress,
    pub name: String,
    pub job_title: String,
    /// The secret in this person's links.
    pub code: String,
    #[sqlx(try_from = "String")]
    pub source: Source,
    pub registered_at: Option<Millis>,
    pub shares_address_at: Option<Millis>,
    pub created_at: Millis,
    pub updated_at: Millis,
}

/// What an organiser says about a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub name: String,
    pub address: EmailAddress,
    pub job_title: String,
}

impl Person {
    pub fn profile(&self) -> Profile {
        Profile {
            name: self.name.clone(),
            address: self.address.clone(),
            job_title: self.job_title.clone(),
        }
    }
}

/// A new person's row.
#[derive(Clone, Copy, Debug)]
pub struct NewRow<'a> {
    pub profile: &'a Profile,
    pub code: &'a str,
    pub source: Source,
}

/// Inserts a person; `None` when the address is known.
pub async fn insert(
    conn: &mut Conn,
    person: &NewRow<'_>,
    now: Millis,
) -> sqlx::Result<Option<PersonId>> {
    let profile = person.profile;
    sqlx::query_scalar(
        "INSERT INTO people (address, address_key, address_hash, name, name_key, job_title, code, source, created_at,
                             updated_at)
         VALUES ($1, $2, $9, $3, $4, $5, $6, $7, $8, $8)
         ON CONFLICT (address_key) DO NOTHING RETURNING id",
    )
    .bind(profile.address.as_str())
    .bind(profile.address.key())
    .bind(&profile.name)
    .bind(profile.name.to_lowercase())
    .bind(&profile.job_title)
    .bind(person.code)
    .bind(person.source.as_str())
    .bind(now)
    .bind(profile.address.hash())
    .fetch_optional(conn)
    .await
}

macro_rules! new_people {
    () => {
        "(address, address_key, address_hash, name, name_key, job_title, code, source,
                             created_at, updated_at)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
                value ->> 7, $2, $2 FROM "
    };
}

macro_rules! unless_known {
    () => {
        " WHERE 1 = 1 ON CONFLICT (address_key) DO NOTHING RETURNING address_key, id"
    };
}

/// Inserts the people whose addresses are new; returns their ids by the keys of their addresses.
pub async fn insert_all(
    conn: &mut Conn,
    people: &[NewRow<'_>],
    now: Millis,
) -> sqlx::Result<Vec<(String, PersonId)>> {
    let sql = match Engine::of(conn) {
        // SQLite only
        Engine::Sqlite => {
            concat!("INSERT INTO people ", new_people!(), "json_each($1)", unless_known!())
        }
        // PostgreSQL only
        Engine::Postgres => {
            concat!(
                "INSERT INTO people ",
                new_people!(),
                "json_array_elements(CAST(CAST($1 AS TEXT) AS JSON))",
                unless_known!()
            )
        }
    };
    let rows: Vec<[String; 8]> = people
        .iter()
        .map(|NewRow { profile, code, source }| {
            [
                profile.address.as_str().to_owned(),
                profile.address.key(),
                profile.address.hash(),
                profile.name.clone(),
                profile.name.to_lowercase(),
                profile.job_title.clone(),
                (*code).to_owned(),
                source.as_str().to_owned(),
            ]
        })
        .collect();
    sqlx::query_as(sql).bind(super::json(&rows)).bind(now).fetch_all(conn).await
}

/// Replaces a person's profile; false when somebody else has the address or the person does not exist.
pub async fn update(
    conn: &mut Conn,
    id: PersonId,
    profile: &Profile,
    now: Millis,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE people SET address = $2, address_key = $3, address_hash = $8, name = $4, name_key = $5, job_title = $6,
                updated_at = $7
         WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM people other WHERE other.address_key = $3 AND other.id <> $1)",
    )
    .bind(id)
    .bind(profile.address.as_str())
    .bind(profile.address.key())
    .bind(&profile.name)
    .bind(profile.name.to_lowercase())
    .bind(&profile.job_title)
    .bind(now)
    .bind(profile.address.hash())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn set_registered(conn: &mut Conn, id: PersonId, at: Option<Millis>) -> sqlx::Result<()> {
    sqlx::query("UPDATE people SET registered_at = $2 WHERE id = $1")
        .bind(id)
        .bind(at)
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn set_shares_address(
    conn: &mut Conn,
    id: PersonId,
    at: Option<Millis>,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE people SET shares_address_at = $2 WHERE id = $1")
        .bind(id)
        .bind(at)
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn find(conn: &mut Conn, id: PersonId) -> sqlx::Result<Option<Person>> {
    sqlx::query_as(concat!("SELECT ", columns!(), " FROM people WHERE id = $1"))
        .bind(id)
        .fetch_optional(conn)
        .await
}

pub async fn find_by_address(
    conn: &mut Conn,
    address: &EmailAddress,
) -> sqlx::Result<Option<Person>> {
    sqlx::query_as(concat!("SELECT ", columns!(), " FROM people WHERE address_key = $1"))
        .bind(address.key())
        .fetch_optional(conn)
        .await
}

/// The people with these addresses.
pub async fn find_all_by_address<'a>(
    conn: &mut Conn,
    addresses: impl Iterator<Item = &'a EmailAddress>,
) -> sqlx::Result<Vec<Person>> {
    let sql = match Engine::of(conn) {
        // SQLite only
        Engine::Sqlite => concat!(
            "SELECT ",
            columns!(),
            " FROM people WHERE address_key IN (SELECT value FROM json_each($1))"
        ),
        // PostgreSQL only
        Engine::Postgres => concat!(
            "SELECT ",
            columns!(),
            " FROM people WHERE address_key IN (SELECT json_array_elements_text(CAST(CAST($1 AS TEXT) AS JSON)))"
        ),
    };
    let keys: Vec<String> = addresses.map(EmailAddress::key).collect();
    sqlx::query_as(sql).bind(super::json(&keys)).fetch_all(conn).await
}

pub async fn find_by_code(conn: &mut Conn, code: &str) -> sqlx::Result<Option<Person>> {
    sqlx::query_as(concat!("SELECT ", columns!(), " FROM people WHERE code = $1"))
        .bind(code)
        .fetch_optional(conn)
        .await
}

/// Everybody, sorted like the list.
pub async fn all(conn: &mut Conn) -> sqlx::Result<Vec<Person>> {
    sqlx::query_as(concat!("SELECT ", columns!(), " FROM people ORDER BY name_key, id"))
        .fetch_all(conn)
        .await
}

/// A filter of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    #[default]
    All,
    /// Has no invitation yet.
    NotInvited,
    WithSkills,
    /// Must not be emailed.
    Suppressed,
}

/// A row of the list.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Listed {
    pub id: PersonId,
    pub address: String,
    pub name: String,
    pub job_title: String,
    /// The state of the latest invitation; `None` without one.
    pub invitation: Option<String>,
    /// The word of the [`SuppressionReason`](crate::model::person::SuppressionReason).
    pub suppressed: Option<String>,
}

// `count` and `list` share this filter. `$1` is the pattern to search for (or NULL), `$2` the word of `Show`.
macro_rules! filter {
    () => {
        " FROM people p
          LEFT JOIN suppressions s ON s.address_hash = p.address_hash
          WHERE (CAST($1 AS TEXT) IS NULL OR p.name_key LIKE $1 ESCAPE '!' OR p.address_key LIKE $1 ESCAPE '!'
                 OR LOWER(p.job_title) LIKE $1 ESCAPE '!'
                 OR EXISTS (SELECT 1 FROM person_skills k WHERE k.person_id = p.id AND k.skill_key LIKE $1 ESCAPE '!'))
            AND ($2 = 'all'
                 OR ($2 = 'skills' AND EXISTS (SELECT 1 FROM person_skills k WHERE k.person_id = p.id))
                 OR ($2 = 'suppressed' AND s.address_hash IS NOT NULL)
                 OR ($2 = 'not_invited' AND NOT EXISTS (SELECT 1 FROM messages m
                     WHERE m.person_id = p.id AND m.kind = 'invitation' AND m.forgotten_at IS NULL)))"
    };
}

/// The `LIKE` pattern of a search, escaped with `!`; `None` when nothing is searched for.
pub(super) fn pattern(search: &str) -> Option<String> {
    let search = search.trim().to_lowercase();
    let escaped: String = search
        .chars()
        .flat_map(|c| ["!".repeat(usize::from("!%_".contains(c))), c.to_string()])
        .collect();
    (!search.is_empty()).then(|| format!("%{escaped}%"))
}

impl Show {
    /// The word that the filter's SQL compares with.
    fn sql_word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::NotInvited => "not_invited",
            Self::WithSkills => "skills",
            Self::Suppressed => "suppressed",
        }
    }
}

pub async fn count(conn: &mut Conn, search: &str, show: Show) -> sqlx::Result<i64> {
    sqlx::query_scalar(concat!("SELECT COUNT(*)", filter!()))
        .bind(pattern(search))
        .bind(show.sql_word())
        .fetch_one(conn)
        .await
}

pub async fn list(
    conn: &mut Conn,
    search: &str,
    show: Show,
    limit: i64,
    offset: i64,
) -> sqlx::Result<Vec<Listed>> {
    sqlx::query_as(concat!(
        "SELECT p.id, p.address, p.name, p.job_title, s.reason AS suppressed,
                (SELECT m.state FROM messages m WHERE m.person_id = p.id AND m.kind = 'invitation'
                  AND m.forgotten_at IS NULL ORDER BY m.id DESC LIMIT 1) AS invitation",
        filter!(),
        " ORDER BY p.name_key, p.id LIMIT $3 OFFSET $4"
    ))
    .bind(pattern(search))
    .bind(show.sql_word())
    .bind(limit)
    .bind(offset)
    .fetch_all(conn)
    .await
}

/// Deletes a person with everything that refers to them. Their suppression stays.
pub async fn delete(conn: &mut Conn, id: PersonId) -> sqlx::Result<bool> {
    let done = sqlx::query("DELETE FROM people WHERE id = $1").bind(id).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}
