//! Answering with the model: what the job asks it, and what becomes of its answer.

use super::answer::Answer;
use super::check::check;
use super::links;
use super::loaded::{Faq, keep};
use super::work::{Passage, Work};
use crate::model::faq::ModelAnswer;
use crate::model::made_by::MadeBy;
use crate::model::{Millis, QuestionId};
use crate::store::Conn;
use crate::store::faq::{self as rows, Entry, QuestionState};

/// How many entries the model gets.
const PASSAGES: usize = 5;

/// What the job needs; `None` when the question is answered already.
pub async fn start(conn: &mut Conn, id: QuestionId) -> sqlx::Result<Option<Work>> {
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
    let (question, version, asked_version) = (row.text, faq.version, row.version);
    Ok(Some(Work { question, passages, entries, links, version, asked_version }))
}

/// Stores the model's answer as far as [`check`] accepts it. Nothing is stored when the question was asked again of a
/// newer FAQ meanwhile: its answer is still to come.
pub async fn conclude(
    tx: &mut Conn,
    id: QuestionId,
    work: &Work,
    written: &ModelAnswer,
    made_by: MadeBy,
    now: Millis,
) -> sqlx::Result<()> {
    let Some(row) = rows::question(tx, id).await? else { return Ok(()) };
    if row.version != work.asked_version {
        return Ok(());
    }
    let answer: Answer = check(work, written, made_by);
    keep(tx, id, &work.version, &answer, now).await
}

/// Stores the best entry as the answer when the model cannot be used.
pub async fn conclude_by_entry(
    tx: &mut Conn,
    id: QuestionId,
    why: &str,
    now: Millis,
) -> sqlx::Result<()> {
    let Some(row) = rows::question(tx, id).await? else { return Ok(()) };
    let faq = Faq::load(tx).await?;
    let candidates = faq.candidates(tx, &row).await?;
    let answer = faq.best_entry(&candidates, why);
    keep(tx, id, &faq.version, &answer, now).await
}
