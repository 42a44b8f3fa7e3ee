//! Answers: from the store, by Gemini from the best passages, or the best passage as it stands.

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::asker::{Asker, TooMany, limit};
use super::judge::{Passage, Work, Written, judge};
use super::nearness::{self, Candidate};
use super::search::Index;
use super::{embeddings, indexes, links};
use crate::events;
use crate::keys::Pool;
use crate::model::job::Class;
use crate::model::made_by::{MadeBy, Maker};
use crate::model::text::one_line;
use crate::model::{Clock, EntryId, Job, Millis, QuestionId};
use crate::store::faq::{self as rows, Answered, Entry, QuestionRow, QuestionState};
use crate::store::{self, Conn, Db};

/// What stands before an entry that is shown as it is.
pub const AS_WRITTEN: &str = "From the organisers' FAQ, as written";
/// What somebody reads whose question the FAQ does not answer.
pub const NOT_IN_THE_FAQ: &str = "Not in the FAQ; passed on to the organisers";

/// So many entries the model is given.
const PASSAGES: usize = 5;
/// An answered question that nobody asked for so long is forgotten.
const KEPT: Duration = Duration::from_hours(30 * 24);
/// Another process may have written the answer: look anyway.
const LOOK_ANYWAY: Duration = Duration::from_secs(1);
/// Changes come in bursts: look at most this often.
const BREATH: Duration = Duration::from_millis(20);

/// A question as it was typed, trimmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuestionError {
    #[error("the question is missing")]
    Missing,
    #[error("a question has at most {} characters", Question::LONGEST)]
    TooLong,
}

impl Question {
    pub const LONGEST: usize = 500;

    pub fn parse(typed: &str) -> Result<Self, QuestionError> {
        let text = one_line(typed);
        if !text.chars().any(char::is_alphanumeric) {
            return Err(QuestionError::Missing);
        }
        if text.chars().count() > Self::LONGEST {
            return Err(QuestionError::TooLong);
        }
        Ok(Self(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What somebody is told who asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Markdown.
    pub text: String,
    /// The entries that it comes from.
    pub citations: Vec<Citation>,
    /// The FAQ does not say: the organisers have the question now.
    pub unknown: bool,
    pub made_by: MadeBy,
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Citation {
    pub id: EntryId,
    pub question: String,
}

impl Citation {
    pub(super) fn of(entry: &Entry) -> Self {
        Self { id: entry.id, question: entry.question.clone() }
    }
}

/// A question that was written down.
#[derive(Clone, Debug)]
pub struct Asked {
    pub id: QuestionId,
    /// `None`: a job answers it ([`wait`], [`found`]).
    pub answer: Option<Answer>,
}

#[derive(Debug, thiserror::Error)]
pub enum AskError {
    #[error(transparent)]
    TooMany(#[from] TooMany),
    #[error(transparent)]
    Db(#[from] sqlx::Error),
}

/// Asks, and waits at most `patience` for the answer; then the best passage serves. The question and its job are
/// committed first: the answer will stand in the store also when nobody waits for it any more.
pub async fn answer(
    db: &Db,
    clock: &Clock,
    pool: &Pool,
    question: &Question,
    asker: &Asker,
    patience: Duration,
) -> Result<Answer, AskError> {
    let now = clock.now();
    let mut tx = db.write().await?;
    limit(&mut tx, asker, now).await?;
    let Asked { id, answer } = ask(&mut tx, pool, question, patience, now).await?;
    tx.commit().await?;
    match answer {
        Some(answer) => Ok(answer),
        None => Ok(wait(db, clock, id, now.plus(patience)).await?),
    }
}

/// Writes a question down in the caller's transaction, with the job that answers it where no answer is there already.
/// The job's result stands in the question's row; when no key serves within `patience` it is the best passage.
pub async fn ask(
    tx: &mut Conn,
    pool: &Pool,
    question: &Question,
    patience: Duration,
    now: Millis,
) -> sqlx::Result<Asked> {
    let faq = Faq::load(tx).await?;
    rows::forget(tx, now.minus(KEPT)).await?;
    let key = match faq.index.key(question.as_str()) {
        key if key.is_empty() => question.as_str().to_lowercase(),
        key => key,
    };
    let row = rows::asked(tx, events::CURRENT, &key, question.as_str(), now).await?;
    let id = row.id;
    if row.version == faq.version {
        match row.state {
            QuestionState::Waiting => return Ok(Asked { id, answer: None }),
            QuestionState::Answered => {
                // An entry that stood in for a model that nobody heard is no reason not to ask it the next time.
                if let Some(answer) = read(&row).filter(|it| it.made_by.model.is_some()) {
                    return Ok(Asked { id, answer: Some(answer) });
                }
            }
        }
    }
    rows::wait(tx, id, question.as_str(), &faq.version, now.plus(patience)).await?;
    embeddings::catch_up_some(tx, pool, &faq.entries, now).await?;
    let row = QuestionRow {
        state: QuestionState::Waiting,
        text: question.as_str().to_owned(),
        answer_by: Some(now.plus(patience)),
        ..row
    };
    // Half of the time for what it is about: without that, its words have to do.
    let half = now.plus(patience / 2);
    let first = !pool.keys().is_empty()
        && !knows_meaning(&row, pool)
        && embeddings::ask_first(tx, pool, id, &row.text, now, half).await?;
    let answer = if first { None } else { faq.answer_or_ask(tx, pool, &row, now).await? };
    Ok(Asked { id, answer })
}

fn knows_meaning(row: &QuestionRow, pool: &Pool) -> bool {
    row.vector.is_some() && row.vector_model.as_deref() == pool.embedding_model()
}

/// Queues the request for the answer, where it is worth one; else the answer is found here, and kept.
pub(super) async fn answer_or_ask(
    tx: &mut Conn,
    pool: &Pool,
    row: &QuestionRow,
    now: Millis,
) -> sqlx::Result<Option<Answer>> {
    Faq::load(tx).await?.answer_or_ask(tx, pool, row, now).await
}

/// The answer to a question, once there is one. What a job that must end in words asks for.
pub async fn found(conn: &mut Conn, id: QuestionId) -> sqlx::Result<Option<Answer>> {
    Ok(rows::question(conn, id).await?.and_then(|row| read(&row)))
}

/// The answer without waiting any longer: the one that was found, or the best passage. Where there is none, the organisers
/// are told now, as it says, though an answer may come after all.
pub async fn instead(
    tx: &mut Conn,
    id: QuestionId,
    why: &str,
    now: Millis,
) -> sqlx::Result<Answer> {
    let faq = Faq::load(tx).await?;
    let row = rows::question(tx, id).await?;
    if let Some(answer) = row.as_ref().and_then(read) {
        return Ok(answer);
    }
    let candidates = match &row {
        Some(row) => faq.candidates(tx, row).await?,
        None => Vec::new(),
    };
    let answer = faq.passage(&candidates, why);
    if answer.unknown {
        rows::pass_on(tx, id, now).await?;
    }
    Ok(answer)
}

/// Waits for a question's answer until then: for its row, not for Gemini.
pub async fn wait(db: &Db, clock: &Clock, id: QuestionId, until: Millis) -> sqlx::Result<Answer> {
    let mut changes = db.changes();
    loop {
        changes.mark_unchanged();
        if let Some(answer) = found(&mut *db.read().await?, id).await? {
            return Ok(answer);
        }
        let now = clock.now();
        if now >= until {
            let mut tx = db.write().await?;
            let answer = instead(&mut tx, id, "no key was free in time", now).await?;
            tx.commit().await?;
            return Ok(answer);
        }
        tokio::select! {
            () = clock.sleep_until(until.min(now.plus(LOOK_ANYWAY))) => {}
            _ = changes.changed() => tokio::time::sleep(BREATH).await,
        }
    }
}

// ── For the job ──

/// `None`: nobody waits for this answer any more, or there is no entry to answer from.
pub async fn take_up(conn: &mut Conn, id: QuestionId) -> sqlx::Result<Option<Work>> {
    let Some(row) = rows::question(conn, id).await? else { return Ok(None) };
    if row.state != QuestionState::Waiting {
        return Ok(None);
    }
    let faq = Faq::load(conn).await?;
    let best = faq.candidates(conn, &row).await?.into_iter().take(PASSAGES);
    let entries: Vec<Entry> = best.map(|it| faq.entries[it.at].clone()).collect();
    let mut links = Vec::new();
    let passages = entries
        .iter()
        .map(|entry| Passage {
            question: links::take_out(&entry.question, &mut links),
            answer: links::take_out(&entry.answer, &mut links),
        })
        .collect();
    let (question, version, asked_of) = (row.text, faq.version, row.version);
    Ok(Some(Work { question, passages, entries, links, version, asked_of }))
}

/// Keeps what the model wrote, as far as it is to be believed (see [`judge`]). Where the question was asked once more of a
/// newer FAQ meanwhile, its answer is still to come.
pub async fn conclude(
    tx: &mut Conn,
    id: QuestionId,
    work: &Work,
    written: &Written,
    made_by: MadeBy,
    now: Millis,
) -> sqlx::Result<()> {
    let Some(row) = rows::question(tx, id).await? else { return Ok(()) };
    if row.version != work.asked_of {
        return Ok(());
    }
    let answer = judge(work, written, made_by);
    keep(tx, id, &work.version, &answer, now).await
}

/// Keeps the best passage where the model does not serve.
pub async fn conclude_instead(
    tx: &mut Conn,
    id: QuestionId,
    why: &str,
    now: Millis,
) -> sqlx::Result<()> {
    let Some(row) = rows::question(tx, id).await? else { return Ok(()) };
    let faq = Faq::load(tx).await?;
    let candidates = faq.candidates(tx, &row).await?;
    let answer = faq.passage(&candidates, why);
    keep(tx, id, &faq.version, &answer, now).await
}

pub(super) fn as_written(entry: &Entry, made_by: MadeBy) -> Answer {
    Answer {
        text: format!("{AS_WRITTEN}:\n\n{}", entry.answer),
        citations: vec![Citation::of(entry)],
        unknown: false,
        made_by,
    }
}

pub(super) fn unknown(made_by: MadeBy) -> Answer {
    Answer { text: format!("{NOT_IN_THE_FAQ}."), citations: Vec::new(), unknown: true, made_by }
}

/// The entries that are on, and what is needed to search them.
struct Faq {
    entries: Vec<Entry>,
    index: Arc<Index>,
    version: String,
}

impl Faq {
    async fn load(conn: &mut Conn) -> sqlx::Result<Self> {
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

    /// See [`answer_or_ask`].
    async fn answer_or_ask(
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
            "no entry speaks of it"
        } else {
            let job = Job::AnswerFaq(row.id);
            store::jobs::enqueue(tx, job, Class::Person, now, now, row.answer_by).await?;
            return Ok(None);
        };
        let answer = self.passage(&candidates, why);
        keep(tx, row.id, &self.version, &answer, now).await?;
        Ok(Some(answer))
    }

    /// The entries that the question may be about, the best first: by its words, and by what it is about as far as that
    /// is known of both.
    async fn candidates(&self, conn: &mut Conn, row: &QuestionRow) -> sqlx::Result<Vec<Candidate>> {
        let hits = self.index.search(&row.text);
        let vector = row.vector.as_deref().and_then(nearness::from_bytes);
        let (Some(vector), Some(model)) = (vector, &row.vector_model) else {
            return Ok(nearness::join(&hits, &[]));
        };
        let known = embeddings::known(conn, model).await?;
        let near = |(at, entry): (usize, &Entry)| {
            Some((at, nearness::cosine(&vector, known.get(&entry.id)?)))
        };
        let cosines: Vec<(usize, f64)> = self.entries.iter().enumerate().filter_map(near).collect();
        Ok(nearness::join(&hits, &cosines))
    }

    /// The best entry as it stands, if it speaks of enough of the question.
    fn passage(&self, candidates: &[Candidate], why: &str) -> Answer {
        let made_by = MadeBy::instead(Maker::Passage, why);
        match candidates.first() {
            Some(best) if best.answers() => as_written(&self.entries[best.at], made_by),
            _ => unknown(made_by),
        }
    }
}

async fn keep(
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
    // Who cannot sit and look at the row waits in the queue.
    store::discord::wake_replies(tx, id, now).await
}

/// `None` while the question waits.
fn read(row: &QuestionRow) -> Option<Answer> {
    let made_by = row.made_by().filter(|_| row.state == QuestionState::Answered)?;
    let citations: Vec<Citation> = serde_json::from_str(&row.citations).unwrap_or_default();
    let unknown = citations.is_empty();
    Some(Answer { text: row.answer.clone(), citations, unknown, made_by })
}

pub(super) fn hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        // With its length, so that no two lists of parts come to the same bytes.
        hash.update(part.len().to_le_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(hash.finalize())
}
