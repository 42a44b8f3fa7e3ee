//! Uploaded resumes. Lists never select the bytes or the text.

use super::Conn;
use crate::model::made_by::MadeBy;
use crate::model::resume::{Format, ResumeState};
use crate::model::{KeyNumber, Millis, PersonId, ResumeId, words};

macro_rules! columns {
    () => {
        "r.id, r.person_id, p.name AS person, r.state, r.file_name, r.format, r.size, r.auto_match, r.skills,
         r.made_by, r.made_model, r.made_key, r.made_why, r.error, r.cut_at, r.created_at, r.finished_at
         FROM resumes r LEFT JOIN people p ON p.id = r.person_id"
    };
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Resume {
    pub id: ResumeId,
    /// The owner; NULL: not assigned yet.
    pub person_id: Option<PersonId>,
    /// The owner's name.
    pub person: Option<String>,
    #[sqlx(try_from = "String")]
    pub state: ResumeState,
    pub file_name: String,
    /// The word of a [`Format`]; NULL: not read yet.
    pub format: Option<String>,
    /// Bytes.
    pub size: i64,
    /// 1: match the person as soon as their skills are known.
    pub auto_match: i64,
    /// JSON: the canonical names that were found.
    pub skills: String,
    pub made_by: Option<String>,
    pub made_model: Option<String>,
    pub made_key: Option<KeyNumber>,
    pub made_why: Option<String>,
    pub error: Option<String>,
    /// The text is longer than this many characters; the rest was not searched for skills.
    pub cut_at: Option<i64>,
    pub created_at: Millis,
    pub finished_at: Option<Millis>,
}

impl Resume {
    pub fn format(&self) -> Option<Format> {
        self.format.as_deref().and_then(|word| word.parse().ok())
    }

    pub fn made_by(&self) -> Option<MadeBy> {
        super::messages::made_by(
            self.made_by.as_deref(),
            self.made_model.as_deref(),
            self.made_key,
            self.made_why.as_deref(),
        )
    }
}

/// The values of a new resume's row.
#[derive(Clone, Copy, Debug)]
pub struct NewResume<'a> {
    pub person: Option<PersonId>,
    pub file_name: &'a str,
    pub bytes: &'a [u8],
    /// Hex.
    pub sha256: &'a str,
    pub auto_match: bool,
}

pub async fn insert(
    conn: &mut Conn,
    resume: &NewResume<'_>,
    now: Millis,
) -> sqlx::Result<ResumeId> {
    sqlx::query_scalar(
        "INSERT INTO resumes (person_id, state, file_name, size, sha256, bytes, auto_match, created_at)
         VALUES ($1, 'queued', $2, $3, $4, $5, $6, $7) RETURNING id",
    )
    .bind(resume.person)
    .bind(resume.file_name)
    .bind(resume.bytes.len() as i64)
    .bind(resume.sha256)
    .bind(resume.bytes)
    .bind(i64::from(resume.auto_match))
    .bind(now)
    .fetch_one(conn)
    .await
}

/// A resume with these bytes: `person`'s, else one without an owner. Without a person: anybody's.
pub async fn find_same(
    conn: &mut Conn,
    person: Option<PersonId>,
    sha256: &str,
) -> sqlx::Result<Option<ResumeId>> {
    sqlx::query_scalar(
        "SELECT id FROM resumes WHERE sha256 = $2
           AND (CAST($1 AS BIGINT) IS NULL OR person_id = $1 OR person_id IS NULL)
         ORDER BY CASE WHEN person_id IS NULL THEN 1 ELSE 0 END, id LIMIT 1",
    )
    .bind(person)
    .bind(sha256)
    .fetch_optional(conn)
    .await
}

/// Another resume of `person` with the same bytes as this one.
pub async fn find_duplicate(
    conn: &mut Conn,
    id: ResumeId,
    person: PersonId,
) -> sqlx::Result<Option<ResumeId>> {
    sqlx::query_scalar(
        "SELECT o.id FROM resumes o JOIN resumes r ON r.sha256 = o.sha256
         WHERE r.id = $1 AND o.id <> $1 AND o.person_id = $2 ORDER BY o.id LIMIT 1",
    )
    .bind(id)
    .bind(person)
    .fetch_optional(conn)
    .await
}

pub async fn find(conn: &mut Conn, id: ResumeId) -> sqlx::Result<Option<Resume>> {
    sqlx::query_as(concat!("SELECT ", columns!(), " WHERE r.id = $1"))
        .bind(id)
        .fetch_optional(conn)
        .await
}

pub async fn text(conn: &mut Conn, id: ResumeId) -> sqlx::Result<Option<String>> {
    let text: Option<Option<String>> = sqlx::query_scalar("SELECT text FROM resumes WHERE id = $1")
        .bind(id)
        .fetch_optional(conn)
        .await?;
    Ok(text.flatten())
}

pub async fn bytes(conn: &mut Conn, id: ResumeId) -> sqlx::Result<Option<Vec<u8>>> {
    sqlx::query_scalar("SELECT bytes FROM resumes WHERE id = $1")
        .bind(id)
        .fetch_optional(conn)
        .await
}

/// A person's resumes, the newest first.
pub async fn of_person(conn: &mut Conn, person: PersonId) -> sqlx::Result<Vec<Resume>> {
    sqlx::query_as(concat!("SELECT ", columns!(), " WHERE r.person_id = $1 ORDER BY r.id DESC"))
        .bind(person)
        .fetch_all(conn)
        .await
}

/// A part of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    #[default]
    All,
    /// Not readable, or not assigned to a person.
    NeedsAttention,
    InProgress,
}

words!(Show, "part of the list of resumes", {
    All => "all",
    NeedsAttention => "look",
    InProgress => "work",
});

macro_rules! shown {
    () => {
        " ($1 = 'all' OR ($1 = 'look' AND state IN ('unclaimed', 'failed'))
           OR ($1 = 'work' AND state IN ('queued', 'reading', 'waiting', 'extracting')))"
    };
}

pub async fn count(conn: &mut Conn, show: Show) -> sqlx::Result<i64> {
    sqlx::query_scalar(concat!("SELECT COUNT(*) FROM resumes WHERE", shown!()))
        .bind(show.as_str())
        .fetch_one(conn)
        .await
}

/// A page of the list: unfinished resumes first, then the newest.
pub async fn list(
    conn: &mut Conn,
    show: Show,
    limit: i64,
    offset: i64,
) -> sqlx::Result<Vec<Resume>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " WHERE r.id IN (SELECT id FROM resumes WHERE",
        shown!(),
        ") ORDER BY CASE WHEN r.state = 'done' THEN 1 ELSE 0 END, r.id DESC LIMIT $2 OFFSET $3"
    ))
    .bind(show.as_str())
    .bind(limit)
    .bind(offset)
    .fetch_all(conn)
    .await
}

/// How many resumes are in which state, and the newest id: enough for a page to know whether it is up to date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Sums {
    pub total: i64,
    pub in_progress: i64,
    /// Read, but not yet searched for skills.
    pub without_skills: i64,
    pub done: i64,
    pub needs_attention: i64,
    pub newest: i64,
}

pub async fn sums(conn: &mut Conn) -> sqlx::Result<Sums> {
    sqlx::query_as(
        "SELECT COUNT(*) AS total,
                COUNT(CASE WHEN state IN ('queued', 'reading', 'waiting', 'extracting') THEN 1 END) AS in_progress,
                COUNT(CASE WHEN state IN ('waiting', 'extracting') THEN 1 END) AS without_skills,
                COUNT(CASE WHEN state = 'done' THEN 1 END) AS done,
                COUNT(CASE WHEN state IN ('unclaimed', 'failed') THEN 1 END) AS needs_attention,
                COALESCE(MAX(id), 0) AS newest
         FROM resumes",
    )
    .fetch_one(conn)
    .await
}

// ── Changes of state ──

/// Marks a resume as being read; false when there is nothing to read (any more).
pub async fn start_reading(conn: &mut Conn, id: ResumeId) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE resumes SET state = 'reading' WHERE id = $1 AND state IN ('queued', 'reading')",
    )
    .bind(id)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The result of reading a file.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    pub format: Format,
    pub text: &'a str,
    pub cut_at: Option<i64>,
}

/// Stores the text and the owner of a resume that is being read; false when it is not being read any more.
pub async fn store_text(
    conn: &mut Conn,
    id: ResumeId,
    text: Text<'_>,
    person: Option<PersonId>,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE resumes SET state = CASE WHEN CAST($5 AS BIGINT) IS NULL THEN 'unclaimed' ELSE 'waiting' END,
                format = $2, text = $3, cut_at = $4, person_id = $5, error = NULL
         WHERE id = $1 AND state = 'reading'",
    )
    .bind(id)
    .bind(text.format.as_str())
    .bind(text.text)
    .bind(text.cut_at)
    .bind(person)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn fail(conn: &mut Conn, id: ResumeId, reason: &str, now: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE resumes SET state = 'failed', error = $2, finished_at = $3 WHERE id = $1 AND state = 'reading'",
    )
    .bind(id)
    .bind(reason)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Assigns a resume without an owner to a person, whatever its state; one with a text then waits for its skills.
pub async fn assign(conn: &mut Conn, id: ResumeId, person: PersonId) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE resumes SET person_id = $2, state = CASE WHEN state = 'unclaimed' THEN 'waiting' ELSE state END
         WHERE id = $1 AND person_id IS NULL",
    )
    .bind(id)
    .bind(person)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Marks a resume as being searched for skills; false when they are not wanted (any more).
pub async fn start_finding(conn: &mut Conn, id: ResumeId) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE resumes SET state = 'extracting'
         WHERE id = $1 AND state IN ('waiting', 'extracting') AND person_id IS NOT NULL",
    )
    .bind(id)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Returns a resume to waiting whose skills could not be found now.
pub async fn release_finding(conn: &mut Conn, id: ResumeId) -> sqlx::Result<bool> {
    let done =
        sqlx::query("UPDATE resumes SET state = 'waiting' WHERE id = $1 AND state = 'extracting'")
            .bind(id)
            .execute(conn)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Stores the skills of a resume that waits for them; false when it is not waiting any more.
pub async fn store_skills(
    conn: &mut Conn,
    id: ResumeId,
    skills: &str,
    made_by: &MadeBy,
    now: Millis,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE resumes SET state = 'done', skills = $2, made_by = $3, made_model = $4, made_key = $5, made_why = $6,
                error = NULL, finished_at = $7
         WHERE id = $1 AND state IN ('waiting', 'extracting')",
    )
    .bind(id)
    .bind(skills)
    .bind(made_by.by.as_str())
    .bind(made_by.model.as_deref())
    .bind(made_by.key)
    .bind(made_by.why.as_deref())
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Prepares another try: a failed resume is read again, a finished one is searched for skills again. Returns the new
/// state; `None` when there is nothing to repeat.
pub async fn retry(conn: &mut Conn, id: ResumeId) -> sqlx::Result<Option<ResumeState>> {
    let state: Option<String> = sqlx::query_scalar(
        "UPDATE resumes SET state = CASE WHEN state = 'failed' THEN 'queued' ELSE 'waiting' END, error = NULL,
                finished_at = NULL
         WHERE id = $1 AND (state = 'failed' OR (state = 'done' AND text IS NOT NULL)) RETURNING state",
    )
    .bind(id)
    .fetch_optional(conn)
    .await?;
    state.map(|word| word.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))).transpose()
}

/// Requests that the person be matched as soon as the skills are known.
pub async fn match_later(conn: &mut Conn, id: ResumeId) -> sqlx::Result<()> {
    sqlx::query("UPDATE resumes SET auto_match = 1 WHERE id = $1").bind(id).execute(conn).await?;
    Ok(())
}

pub async fn delete(conn: &mut Conn, id: ResumeId) -> sqlx::Result<bool> {
    let done = sqlx::query("DELETE FROM resumes WHERE id = $1").bind(id).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}
