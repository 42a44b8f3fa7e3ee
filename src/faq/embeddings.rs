//! Embeddings of entries and questions: which are missing, how they are queued and stored.

use std::collections::{BTreeMap, BTreeSet};

use super::hash::hash;
use super::loaded::Faq;
use super::{links, nearness};
use crate::events;
use crate::keys::Pool;
use crate::llm::pacing::TokenEstimate;
use crate::model::job::Class;
use crate::model::{EntryId, Job, JobKind, Millis, QuestionId};
use crate::store::Conn;
use crate::store::faq::{self as rows, Entry, QuestionState};
use crate::store::jobs::{self, Needs};

/// How many characters of an entry are embedded: about as many as the model reads.
const LONGEST: usize = 6_000;

/// How many entries are queued at most while a question waits for the transaction.
const SOME: usize = 50;

/// Queues an embedding for each entry that is new or has changed.
pub async fn catch_up(tx: &mut Conn, pool: &Pool, now: Millis) -> sqlx::Result<()> {
    let entries = rows::entries(tx, events::CURRENT).await?;
    queue_missing(tx, pool, &entries, usize::MAX, now).await
}

/// The same for some of these entries. Done with each question, because keys may have been added since.
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

/// Queues an embedding of a question, which is answered afterwards in any case. Returns false when no entry has an
/// embedding to compare it with.
pub async fn embed_question(
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

/// The text to embed for an entry; `None` when it was deleted or switched off.
pub async fn entry_text(conn: &mut Conn, id: EntryId) -> sqlx::Result<Option<String>> {
    Ok(rows::entry(conn, id).await?.filter(|entry| entry.off_at.is_none()).map(|it| text(&it)))
}

/// The text to embed for a question; `None` when it is answered already.
pub async fn question_text(conn: &mut Conn, id: QuestionId) -> sqlx::Result<Option<String>> {
    let row = rows::question(conn, id).await?;
    Ok(row.filter(|row| row.state == QuestionState::Waiting).map(|row| row.text))
}

/// Stores the embedding of an entry's text. If the entry has changed since, the next [`catch_up`] queues it again.
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

/// Answers the question: by its words, and by its embedding if there is one.
pub async fn answer_embedded(
    tx: &mut Conn,
    pool: &Pool,
    id: QuestionId,
    embedding: Option<(&str, &[f32])>,
    now: Millis,
) -> sqlx::Result<()> {
    if let Some((model, vector)) = embedding {
        rows::keep_question_vector(tx, id, model, &nearness::to_bytes(vector)).await?;
    }
    let Some(row) = rows::question(tx, id).await? else { return Ok(()) };
    if row.state == QuestionState::Waiting {
        Faq::load(tx).await?.answer_or_ask(tx, pool, &row, now).await?;
    }
    Ok(())
}

/// The entry's text without links, which say nothing about its subject.
fn text(entry: &Entry) -> String {
    let whole = format!("{}\n\n{}", entry.question, entry.answer);
    links::take_out(&whole, &mut Vec::new()).chars().take(LONGEST).collect()
}

fn tokens(text: &str) -> u32 {
    let mut estimate = TokenEstimate::default();
    estimate.add_text(text);
    estimate.tokens()
}
