//! Questions that were asked, and their answers.

use crate::model::made_by::MadeBy;
use crate::model::{EventId, KeyNumber, Millis, QuestionId};
use crate::store::{Conn, messages};

macro_rules! question_columns {
    () => {
        "id, event_id, key, text, state, version, answer, citations, made_by, made_model, made_key, made_why, \
         unknown_at, times, asked_at, vector, vector_model, answer_by"
    };
}

/// Whether a question has its answer.
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
    /// The embedding by `vector_model`: f32, little-endian.
    pub vector: Option<Vec<u8>>,
    pub vector_model: Option<String>,
    /// Until when a requester waits for the answer.
    pub answer_by: Option<Millis>,
}

impl QuestionRow {
    pub fn made_by(&self) -> Option<MadeBy> {
        messages::made_by(
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

/// The row of a question, which counts that it was asked again. When two ask the same question at once, the second one
/// gets the first one's row.
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

/// Makes the question wait for an answer from this version of the FAQ, with the text of the last requester, who waits
/// until `answer_by`. It leaves the list of unanswered questions until an answer says so again, or is too late for a
/// requester.
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

/// Puts a question on the list of unanswered ones, because a requester was told that the organisers have it.
pub async fn pass_on(conn: &mut Conn, id: QuestionId, now: Millis) -> sqlx::Result<()> {
    sqlx::query("UPDATE faq_questions SET unknown_at = $2 WHERE id = $1")
        .bind(id)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Stores an answer. A question that the FAQ does not answer stays under *Unanswered* until an organiser settles it; so
/// does one whose answer came after a requester was told so.
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

/// The unanswered questions, the newest first.
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

/// Takes a question off the list of unanswered ones.
pub async fn settle(conn: &mut Conn, id: QuestionId) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE faq_questions SET unknown_at = NULL WHERE id = $1 AND unknown_at IS NOT NULL",
    )
    .bind(id)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Deletes answered questions that were last asked before then.
pub async fn forget(conn: &mut Conn, before: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "DELETE FROM faq_questions WHERE asked_at < $1 AND unknown_at IS NULL AND state = 'answered'",
    )
    .bind(before)
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
