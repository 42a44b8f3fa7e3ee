//! The entries that are switched on, loaded once for a question, with their index and version.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::answer::Answer;
use super::hash::hash;
use super::indexes;
use super::nearness::{self, Candidate};
use super::search::Index;
use crate::events;
use crate::keys::Pool;
use crate::model::job::Class;
use crate::model::made_by::{MadeBy, Maker};
use crate::model::{EntryId, Job, Millis, QuestionId};
use crate::store::faq::{self as rows, Answered, Entry, QuestionRow};
use crate::store::{self, Conn};

pub struct Faq {
    pub entries: Vec<Entry>,
    pub index: Arc<Index>,
    /// The hash of all entries: another one means that the FAQ has changed.
    pub version: String,
}

impl Faq {
    pub async fn load(conn: &mut Conn) -> sqlx::Result<Self> {
        let mut entries = rows::entries(conn, events::CURRENT).await?;
        entries.retain(|entry| entry.off_at.is_none());
        let parts = entries.iter().flat_map(|entry| {
            [
                entry.id.to_string(),
                entry.section.clone(),
                entry.question.clone(),
                entry.answer.clone(),
            ]
        });
        let parts: Vec<String> = parts.collect();
        let version = hash(&parts.iter().map(String::as_str).collect::<Vec<_>>());
        Ok(Self { index: indexes::of(&version, &entries), entries, version })
    }

    /// Queues a request to the model if the question is worth one; otherwise answers from the best entry, and stores
    /// that answer.
    pub async fn answer_or_ask(
        &self,
        tx: &mut Conn,
        pool: &Pool,
        row: &QuestionRow,
        now: Millis,
    ) -> sqlx::Result<Option<Answer>> {
        let candidates = self.candidates(tx, row).await?;
        let why = if pool.keys().is_empty() {
            "no key is set"
        } else if !candidates.first().is_some_and(Candidate::is_worth_asking) {
            "no entry is about it"
        } else {
            let job = Job::AnswerFaq(row.id);
            store::jobs::enqueue(tx, job, Class::Person, now, now, row.answer_by).await?;
            return Ok(None);
        };
        let answer = self.best_entry(&candidates, why);
        keep(tx, row.id, &self.version, &answer, now).await?;
        Ok(Some(answer))
    }

    /// The entries that may answer the question, the best first: ranked by words, and by meaning where both have an
    /// embedding.
    pub async fn candidates(
        &self,
        conn: &mut Conn,
        row: &QuestionRow,
    ) -> sqlx::Result<Vec<Candidate>> {
        let hits = self.index.search(&row.text);
        let vector = row.vector.as_deref().and_then(nearness::from_bytes);
        let (Some(vector), Some(model)) = (vector, &row.vector_model) else {
            return Ok(nearness::join(&hits, &[]));
        };
        let embeddings = embeddings(conn, model).await?;
        let near = |(at, entry): (usize, &Entry)| {
            Some((at, nearness::cosine(&vector, embeddings.get(&entry.id)?)))
        };
        let cosines: Vec<(usize, f64)> = self.entries.iter().enumerate().filter_map(near).collect();
        Ok(nearness::join(&hits, &cosines))
    }

    /// The best entry, unchanged, if it covers enough of the question.
    pub fn best_entry(&self, candidates: &[Candidate], why: &str) -> Answer {
        let made_by = MadeBy::instead(Maker::Passage, why);
        match candidates.first() {
            Some(best) if best.answers() => Answer::as_written(&self.entries[best.at], made_by),
            _ => Answer::unknown(made_by),
        }
    }
}

/// The entries' embeddings by this model. Some may be of an older text.
async fn embeddings(conn: &mut Conn, model: &str) -> sqlx::Result<BTreeMap<EntryId, Vec<f32>>> {
    let rows = rows::embeddings(conn, events::CURRENT, model).await?;
    let vectors =
        rows.into_iter().filter_map(|row| Some((row.entry_id, nearness::from_bytes(&row.vector)?)));
    Ok(vectors.collect())
}

/// Stores an answer in the question's row and wakes the replies that wait for it.
pub async fn keep(
    tx: &mut Conn,
    id: QuestionId,
    version: &str,
    answer: &Answer,
    now: Millis,
) -> sqlx::Result<()> {
    let citations = serde_json::to_string(&answer.citations).unwrap_or_else(|_| "[]".into());
    let answered = Answered {
        version,
        answer: &answer.text,
        citations: &citations,
        made_by: &answer.made_by,
        unknown: answer.unknown,
    };
    rows::keep_answer(tx, id, &answered, now).await?;
    // Replies on Discord do not watch the row; their jobs sleep until they are woken.
    store::discord::wake_replies(tx, id, now).await
}
