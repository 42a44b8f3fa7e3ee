//! Entries of the FAQ.

use crate::model::{EntryId, EventId, Millis};
use crate::store::Conn;

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

/// The part of an entry that an organiser writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryText {
    pub section: String,
    pub question: String,
    /// Markdown.
    pub answer: String,
    /// A link, or empty.
    pub source: String,
}

/// All entries in order, including those that are switched off.
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

/// Adds an entry at the end.
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

/// False when the entry was deleted.
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

/// Switches an entry off (since then) or on.
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
