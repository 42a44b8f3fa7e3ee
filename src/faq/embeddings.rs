//! What entries and questions are about, as numbers: who still lacks them, and what becomes of them.

use std::collections::{BTreeMap, BTreeSet};

use super::answers::hash;
use super::{answers, links, nearness};
use crate::events;
use crate::keys::Pool;
use crate::llm::pacing::TokenEstimate;
use crate::model::job::Class;
use crate::model::{EntryId, Job, JobKind, Millis, QuestionId};
use crate::store::Conn;
use crate::store::faq::{self as rows, Entry, QuestionState};
use crate::store::jobs::{self, Needs};

/// So many characters of an entry are looked at: about what the model reads.
const LONGEST: usize = 6_000;

/// So many entries at most are queued with one question, which waits for it.
const SOME: usize = 50;

/// Queues the work of finding out what entries are about that are new or have changed.
pub async fn catch_up(tx: &mut Conn, pool: &Pool, now: Millis) -> sqlx::Result<()> {
    let entries = rows::entries(tx, events::CURRENT).await?;
    queue_missing(tx, pool, &entries, usize::MAX, now).await
}

/// The same for some of these entries, with each question: keys may have come since.
pub async fn catch_up_some(
    tx: &mut Conn,
    pool: &Pool,
    entries: &[Entry],
    now: Millis,
) -> sqlx::Result<()> {
    queue_missing(tx, pool, entries, SOME, now).await
}

async fn queue_missing(
    tx: &mut Conn,
    pool: &Pool,
    entries: &[Entry],
    most: usize,
    now: Millis,
) -> sqlx::Result<()> {
    let Some(model) = pool.embedding_model().filter(|_| !pool.keys().is_empty()) else {
        return Ok(());
    };
    let known: BTreeMap<EntryId, String> =
        rows::embedded(tx, events::CURRENT, model).await?.into_iter().collect();
    let queued: BTreeSet<i64> =
        jobs::subjects(tx, JobKind::EmbedEntry).await?.into_iter().collect();
    let missing = entries
        .iter()
        .filter(|entry| entry.off_at.is_none() && !queued.contains(&entry.id.0))
        .map(|entry| (entry.id, text(entry)))
        .filter(|(id, text)| known.get(id) != Some(&hash(&[text])));
    for (id, text) in missing.take(most) {
        let needs = Needs { model: Some(model), tokens: Some(tokens(&text)), ..Needs::default() };
        jobs::enqueue_once(tx, Job::EmbedEntry(id), Class::Bulk, now, needs).await?;
    }
    Ok(())
}

/// Queues the same for a question, which is answered afterwards whatever comes of it; false when there is nothing to
/// compare it with.
pub async fn ask_first(
    tx: &mut Conn,
    pool: &Pool,
    question: QuestionId,
    text: &str,
    now: Millis,
    deadline: Millis,
) -> sqlx::Result<bool> {
    let Some(model) = pool.embedding_model() else { return Ok(false) };
    if rows::embedded(tx, events::CURRENT, model).await?.is_empty() {
        return Ok(false);
    }
    let needs = Needs {
        deadline_at: Some(deadline),
        model: Some(model),
        tokens: Some(tokens(text)),
        ..Needs::default()
    };
    let job = Job::EmbedQuestion(question);
    jobs::enqueue_with(tx, job, Class::Person, now, needs).await?;
    Ok(true)
}

/// What this model made of entries, some of it perhaps of an older text.
pub async fn known(conn: &mut Conn, model: &str) -> sqlx::Result<BTreeMap<EntryId, Vec<f32>>> {
    let rows = rows::embeddings(conn, events::CURRENT, model).await?;
    let known =
        rows.into_iter().filter_map(|row| Some((row.entry_id, nearness::from_bytes(&row.vector)?)));
    Ok(known.collect())
}

/// The text of an entry that is still there.
pub async fn entry_text(conn: &mut Conn, id: EntryId) -> sqlx::Result<Option<String>> {
    Ok(rows::entry(conn, id).await?.filter(|entry| entry.off_at.is_none()).map(|it| text(&it)))
}

/// The text of a question that still waits for its answer.
pub async fn question_text(conn: &mut Conn, id: QuestionId) -> sqlx::Result<Option<String>> {
    let row = rows::question(conn, id).await?;
    Ok(row.filter(|row| row.state == QuestionState::Waiting).map(|row| row.text))
}

/// Keeps what a text of an entry is about. When the entry has changed since, the next [`catch_up`] sees it.
pub async fn keep_entry(
    tx: &mut Conn,
    id: EntryId,
    model: &str,
    text: &str,
    vector: &[f32],
    now: Millis,
) -> sqlx::Result<()> {
    if rows::entry(tx, id).await?.is_none() {
        return Ok(());
    }
    let bytes = nearness::to_bytes(vector);
    rows::keep_embedding(tx, id, model, &hash(&[text]), &bytes, now).await
}

/// The question is answered now, by its words and, where they are known, by its numbers.
pub async fn go_on(
    tx: &mut Conn,
    pool: &Pool,
    id: QuestionId,
    vector: Option<&[f32]>,
    model: &str,
    now: Millis,
) -> sqlx::Result<()> {
    if let Some(vector) = vector {
        rows::keep_question_vector(tx, id, model, &nearness::to_bytes(vector)).await?;
    }
    let Some(row) = rows::question(tx, id).await? else { return Ok(()) };
    if row.state == QuestionState::Waiting {
        answers::answer_or_ask(tx, pool, &row, now).await?;
    }
    Ok(())
}

/// Without links, which say nothing of what it is about.
fn text(entry: &Entry) -> String {
    let whole = format!("{}\n\n{}", entry.question, entry.answer);
    links::take_out(&whole, &mut Vec::new()).chars().take(LONGEST).collect()
}

fn tokens(text: &str) -> u32 {
    let mut estimate = TokenEstimate::default();
    estimate.add_text(text);
    estimate.tokens()
}
