//! Asking the FAQ: store the question, and wait for its row to be answered.

use std::time::Duration;

use super::answer::Answer;
use super::embeddings;
use super::loaded::Faq;
use super::question::Question;
use super::rate_limit::{AskError, Requester, limit};
use crate::events;
use crate::keys::Pool;
use crate::model::{Clock, Millis, QuestionId};
use crate::store::faq::{self as rows, QuestionRow, QuestionState};
use crate::store::{Conn, Db};

/// An answered question is deleted when nobody has asked it for this long.
const KEPT: Duration = Duration::from_hours(30 * 24);
/// Another process may have stored the answer, so read the row at least this often.
const POLL: Duration = Duration::from_secs(1);
/// Changes come in bursts; read the row at most this often.
const DEBOUNCE: Duration = Duration::from_millis(20);

/// A question that was stored.
#[derive(Clone, Debug)]
pub struct Asked {
    pub id: QuestionId,
    /// `None`: a job answers it; see [`wait`] and [`found`].
    pub answer: Option<Answer>,
}

/// Asks, and waits at most `patience` for the answer; after that the best entry is the answer. The question and its job
/// are committed first, so the answer is stored even when nobody waits for it any more.
pub async fn answer(
    db: &Db,
    clock: &Clock,
    pool: &Pool,
    question: &Question,
    requester: &Requester,
    patience: Duration,
) -> Result<Answer, AskError> {
    let now = clock.now();
    let mut tx = db.write().await?;
    limit(&mut tx, requester, now).await?;
    let Asked { id, answer } = ask(&mut tx, pool, question, patience, now).await?;
    tx.commit().await?;
    match answer {
        Some(answer) => Ok(answer),
        None => Ok(wait(db, clock, id, now.plus(patience)).await?),
    }
}

/// Stores a question in the caller's transaction, with the job that answers it unless there is an answer already. The
/// job writes its result to the question's row; when no key is free within `patience`, the result is the best entry.
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
                // An entry that was shown because no model was asked is not final: ask the model this time.
                if let Some(answer) = Answer::read(&row).filter(|it| it.made_by.model.is_some()) {
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
    // The embedding may take half of the time; after that the search goes by words alone.
    let half = now.plus(patience / 2);
    let embeds_first = !pool.keys().is_empty()
        && !has_embedding(&row, pool)
        && embeddings::embed_question(tx, pool, id, &row.text, now, half).await?;
    let answer = if embeds_first { None } else { faq.answer_or_ask(tx, pool, &row, now).await? };
    Ok(Asked { id, answer })
}

fn has_embedding(row: &QuestionRow, pool: &Pool) -> bool {
    row.vector.is_some() && row.vector_model.as_deref() == pool.embedding_model()
}

/// The answer to a question, if there is one yet.
pub async fn found(conn: &mut Conn, id: QuestionId) -> sqlx::Result<Option<Answer>> {
    Ok(rows::question(conn, id).await?.and_then(|row| Answer::read(&row)))
}

/// An answer without waiting any longer: the stored one, or the best entry. If no entry fits, the organisers get the
/// question now, because the answer says so; a later answer does not take it off their list.
pub async fn answer_now(
    tx: &mut Conn,
    id: QuestionId,
    why: &str,
    now: Millis,
) -> sqlx::Result<Answer> {
    let faq = Faq::load(tx).await?;
    let row = rows::question(tx, id).await?;
    if let Some(answer) = row.as_ref().and_then(Answer::read) {
        return Ok(answer);
    }
    let candidates = match &row {
        Some(row) => faq.candidates(tx, row).await?,
        None => Vec::new(),
    };
    let answer = faq.best_entry(&candidates, why);
    if answer.unknown {
        rows::pass_on(tx, id, now).await?;
    }
    Ok(answer)
}

/// Waits for a question's answer at most until then. It watches the question's row, never Gemini.
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
            let answer = answer_now(&mut tx, id, "no key was free in time", now).await?;
            tx.commit().await?;
            return Ok(answer);
        }
        tokio::select! {
            () = clock.sleep_until(until.min(now.plus(POLL))) => {}
            _ = changes.changed() => tokio::time::sleep(DEBOUNCE).await,
        }
    }
}
