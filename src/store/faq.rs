//! The FAQ: entries, what was asked, how often somebody asked.

use super::Conn;
use crate::model::made_by::MadeBy;
use crate::model::{EntryId, EventId, KeyNumber, Millis, QuestionId};

macro_rules! entry_columns {
    () => {
        "id, section, question, answer, source, position, off_at, updated_at"
    };
}

#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Entry {
    pub id: EntryId,
    pub section: String,
    pub question: String,
    /// Markdown.
    pub answer: String,
    /// A link, or empty.
    pub source: String,
    pub position: i64,
    pub off_at: Option<Millis>,
    pub updated_at: Millis,
}

/// What an organiser writes of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryText {
    pub section: String,
    pub question: String,
    /// Markdown.
    pub answer: String,
    /// A link, or empty.
    pub source: String,
}

/// All entries in their order, those that are off too.
pub async fn entries(conn: &mut Conn, event: EventId) -> sqlx::Result<Vec<Entry>> {
    sqlx::query_as(concat!(
        "SELECT ",
        entry_columns!(),
        " FROM faq_entries WHERE event_id = $1 ORDER BY position, id"
    ))
    .bind(event)
    .fetch_all(conn)
    .await
}

pub async fn entry(conn: &mut Conn, id: EntryId) -> sqlx::Result<Option<Entry>> {
    sqlx::query_as(concat!("SELECT ", entry_columns!(), " FROM faq_entries WHERE id = $1"))
        .bind(id)
        .fetch_optional(conn)
        .await
}

/// Adds an entry behind all others.
pub async fn insert_entry(
    conn: &mut Conn,
    event: EventId,
    text: &EntryText,
    now: Millis,
) -> sqlx::Result<EntryId> {
    sqlx::query_scalar(
        "INSERT INTO faq_entries (event_id, section, question, answer, source, position, created_at, updated_at)
         SELECT $1, $2, $3, $4, $5, COALESCE(MAX(position), 0) + 1, $6, $6 FROM faq_entries WHERE event_id = $1
         RETURNING id",
    )
    .bind(event)
    .bind(&text.section)
    .bind(&text.question)
    .bind(&text.answer)
    .bind(&text.source)
    .bind(now)
    .fetch_one(conn)
    .await
}

/// False when the entry is gone.
pub async fn update_entry(
    conn: &mut Conn,
    id: EntryId,
    text: &EntryText,
    now: Millis,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE faq_entries SET section = $2, question = $3, answer = $4, source = $5, updated_at = $6 WHERE id = $1",
    )
    .bind(id)
    .bind(&text.section)
    .bind(&text.question)
    .bind(&text.answer)
    .bind(&text.source)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Switches an entry off since then, or on.
pub async fn switch_entry(
    conn: &mut Conn,
    id: EntryId,
    off_at: Option<Millis>,
) -> sqlx::Result<bool> {
    let done = sqlx::query("UPDATE faq_entries SET off_at = $2 WHERE id = $1")
        .bind(id)
        .bind(off_at)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn place_entry(conn: &mut Conn, id: EntryId, position: i64) -> sqlx::Result<()> {
    sqlx::query("UPDATE faq_entries SET position = $2 WHERE id = $1")
        .bind(id)
        .bind(position)
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn delete_entry(conn: &mut Conn, id: EntryId) -> sqlx::Result<bool> {
    let done = sqlx::query("DELETE FROM faq_entries WHERE id = $1").bind(id).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}

// ── What entries are about ──

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Embedding {
    pub entry_id: EntryId,
    /// f32, little-endian.
    pub vector: Vec<u8>,
}

/// What this model made of the entries of an event.
pub async fn embeddings(
    conn: &mut Conn,
    event: EventId,
    model: &str,
) -> sqlx::Result<Vec<Embedding>> {
    sqlx::query_as(
        "SELECT entry_id, vector FROM faq_embeddings JOIN faq_entries ON id = entry_id
         WHERE event_id = $1 AND model = $2",
    )
    .bind(event)
    .bind(model)
    .fetch_all(conn)
    .await
}

/// The entries that this model has seen, and the hash of the text that it saw.
pub async fn embedded(
    conn: &mut Conn,
    event: EventId,
    model: &str,
) -> sqlx::Result<Vec<(EntryId, String)>> {
    sqlx::query_as(
        "SELECT entry_id, hash FROM faq_embeddings JOIN faq_entries ON id = entry_id
         WHERE event_id = $1 AND model = $2",
    )
    .bind(event)
    .bind(model)
    .fetch_all(conn)
    .await
}

pub async fn keep_embedding(
    conn: &mut Conn,
    entry: EntryId,
    model: &str,
    hash: &str,
    vector: &[u8],
    now: Millis,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO faq_embeddings (entry_id, model, hash, vector, made_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (entry_id) DO UPDATE SET model = excluded.model, hash = excluded.hash, vector = excluded.vector,
             made_at = excluded.made_at",
    )
    .bind(entry)
    .bind(model)
    .bind(hash)
    .bind(vector)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn keep_question_vector(
    conn: &mut Conn,
    id: QuestionId,
    model: &str,
    vector: &[u8],
) -> sqlx::Result<()> {
    sqlx::query("UPDATE faq_questions SET vector = $2, vector_model = $3 WHERE id = $1")
        .bind(id)
        .bind(vector)
        .bind(model)
        .execute(conn)
        .await?;
    Ok(())
}

// ── What was asked ──

macro_rules! question_columns {
    () => {
        "id, event_id, key, text, state, version, answer, citations, made_by, made_model, made_key, made_why, \
         unknown_at, times, asked_at, vector, vector_model, answer_by"
    };
}

/// What a question is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QuestionState {
    Waiting,
    Answered,
}

crate::model::words!(QuestionState, "state of a question", {
    Waiting => "waiting",
    Answered => "answered",
});

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct QuestionRow {
    pub id: QuestionId,
    pub event_id: EventId,
    pub key: String,
    pub text: String,
    #[sqlx(try_from = "String")]
    pub state: QuestionState,
    pub version: String,
    pub answer: String,
    /// JSON.
    pub citations: String,
    pub made_by: Option<String>,
    pub made_model: Option<String>,
    pub made_key: Option<KeyNumber>,
    pub made_why: Option<String>,
    pub unknown_at: Option<Millis>,
    pub times: i64,
    pub asked_at: Millis,
    /// What it is about: f32, little-endian, by `vector_model`.
    pub vector: Option<Vec<u8>>,
    pub vector_model: Option<String>,
    /// Until when somebody waits for the answer.
    pub answer_by: Option<Millis>,
}

impl QuestionRow {
    pub fn made_by(&self) -> Option<MadeBy> {
        super::messages::made_by(
            self.made_by.as_deref(),
            self.made_model.as_deref(),
            self.made_key,
            self.made_why.as_deref(),
        )
    }
}

pub async fn question(conn: &mut Conn, id: QuestionId) -> sqlx::Result<Option<QuestionRow>> {
    sqlx::query_as(concat!("SELECT ", question_columns!(), " FROM faq_questions WHERE id = $1"))
        .bind(id)
        .fetch_optional(conn)
        .await
}

/// The row of a question; counts that it was asked once more. Of two who ask the same at once the second finds the
/// first one's.
pub async fn asked(
    conn: &mut Conn,
    event: EventId,
    key: &str,
    text: &str,
    now: Millis,
) -> sqlx::Result<QuestionRow> {
    sqlx::query_as(concat!(
        "INSERT INTO faq_questions (event_id, key, text, state, version, asked_at)
         VALUES ($1, $2, $3, 'answered', '', $4)
         ON CONFLICT (event_id, key) DO UPDATE SET times = faq_questions.times + 1, asked_at = excluded.asked_at
         RETURNING ",
        question_columns!()
    ))
    .bind(event)
    .bind(key)
    .bind(text)
    .bind(now)
    .fetch_one(conn)
    .await
}

/// The question waits for an answer from this FAQ, in the words in which it was asked last; somebody waits with it until
/// then. It is unanswered again only when that answer says so, or comes too late for somebody.
pub async fn wait(
    conn: &mut Conn,
    id: QuestionId,
    text: &str,
    version: &str,
    answer_by: Millis,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE faq_questions SET state = 'waiting', text = $2, version = $3, answer_by = $4, unknown_at = NULL
         WHERE id = $1",
    )
    .bind(id)
    .bind(text)
    .bind(version)
    .bind(answer_by)
    .execute(conn)
    .await?;
    Ok(())
}

pub struct Answered<'a> {
    pub version: &'a str,
    pub answer: &'a str,
    /// JSON.
    pub citations: &'a str,
    pub made_by: &'a MadeBy,
    pub unknown: bool,
}

/// Somebody who waited was told that the organisers have the question now.
pub async fn pass_on(conn: &mut Conn, id: QuestionId, now: Millis) -> sqlx::Result<()> {
    sqlx::query("UPDATE faq_questions SET unknown_at = $2 WHERE id = $1")
        .bind(id)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Keeps an answer. One that is not in the FAQ stands under *Unanswered* until a person settles it; so does one that came
/// after somebody was told so.
pub async fn keep_answer(
    conn: &mut Conn,
    id: QuestionId,
    answered: &Answered<'_>,
    now: Millis,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE faq_questions SET state = 'answered', version = $2, answer = $3, citations = $4, made_by = $5,
             made_model = $6, made_key = $7, made_why = $8, answered_at = $9,
             unknown_at = COALESCE(CAST($10 AS BIGINT), unknown_at)
         WHERE id = $1",
    )
    .bind(id)
    .bind(answered.version)
    .bind(answered.answer)
    .bind(answered.citations)
    .bind(answered.made_by.by.as_str())
    .bind(answered.made_by.model.as_deref())
    .bind(answered.made_by.key)
    .bind(answered.made_by.why.as_deref())
    .bind(now)
    .bind(answered.unknown.then_some(now))
    .execute(conn)
    .await?;
    Ok(())
}

/// What nobody answers yet, the newest first.
pub async fn unanswered(
    conn: &mut Conn,
    event: EventId,
    most: i64,
) -> sqlx::Result<Vec<QuestionRow>> {
    sqlx::query_as(concat!(
        "SELECT ",
        question_columns!(),
        " FROM faq_questions WHERE event_id = $1 AND unknown_at IS NOT NULL ORDER BY asked_at DESC, id DESC LIMIT $2"
    ))
    .bind(event)
    .bind(most)
    .fetch_all(conn)
    .await
}

pub async fn count_unanswered(conn: &mut Conn, event: EventId) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "SELECT COUNT(*) FROM faq_questions WHERE event_id = $1 AND unknown_at IS NOT NULL",
    )
    .bind(event)
    .fetch_one(conn)
    .await
}

/// A person has seen to an unanswered question.
pub async fn settle(conn: &mut Conn, id: QuestionId) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE faq_questions SET unknown_at = NULL WHERE id = $1 AND unknown_at IS NOT NULL",
    )
    .bind(id)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets questions that were last asked before then and wait for nobody.
pub async fn forget(conn: &mut Conn, before: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "DELETE FROM faq_questions WHERE asked_at < $1 AND unknown_at IS NULL AND state = 'answered'",
    )
    .bind(before)
    .execute(conn)
    .await?;
    Ok(())
}

// ── How often somebody asks ──

/// When somebody asked since then, the latest first.
pub async fn asks(conn: &mut Conn, asker: &str, since: Millis) -> sqlx::Result<Vec<Millis>> {
    sqlx::query_scalar(
        "SELECT asked_at FROM faq_asks WHERE asker = $1 AND asked_at > $2 ORDER BY asked_at DESC",
    )
    .bind(asker)
    .bind(since)
    .fetch_all(conn)
    .await
}

pub async fn count_ask(conn: &mut Conn, asker: &str, now: Millis) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO faq_asks (asker, asked_at) VALUES ($1, $2)")
        .bind(asker)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn forget_asks(conn: &mut Conn, before: Millis) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM faq_asks WHERE asked_at <= $1").bind(before).execute(conn).await?;
    Ok(())
}
