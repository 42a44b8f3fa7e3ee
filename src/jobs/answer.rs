//! Answers a question from the FAQ: by Gemini, or by the best entry as the fallback.

use crate::app::App;
use crate::faq::{self, Passage, Work};
use crate::jobs::asking::{self, ask};
use crate::keys::{After, Grant};
use crate::llm::prompts;
use crate::model::QuestionId;
use crate::model::made_by::MadeBy;
use crate::store::jobs::Leased;
use crate::store::{self, Conn};

/// Answers without Gemini.
pub async fn fall_back(
    app: &App,
    leased: &Leased,
    id: QuestionId,
    why: &str,
) -> anyhow::Result<()> {
    let mut tx = app.db.write().await?;
    if store::jobs::still_owned(&mut tx, leased).await?
        && start(&mut tx, leased, id).await?.is_some()
    {
        faq::conclude_by_entry(&mut tx, id, why, app.clock.now()).await?;
        store::jobs::finish(&mut tx, leased).await?;
    }
    Ok(tx.commit().await?)
}

/// The question with the passages for the model, if it is still unanswered; otherwise the job is done.
pub async fn start(tx: &mut Conn, leased: &Leased, id: QuestionId) -> sqlx::Result<Option<Work>> {
    let work = faq::start(tx, id).await?;
    if work.is_none() {
        store::jobs::finish(tx, leased).await?;
    }
    Ok(work)
}

pub async fn by_model(
    app: &App,
    leased: &Leased,
    id: QuestionId,
    work: &Work,
    grant: &Grant,
) -> anyhow::Result<()> {
    let passages: Vec<(&str, &str)> = work
        .passages
        .iter()
        .map(|Passage { question, answer }| (question.as_str(), answer.as_str()))
        .collect();
    let request = prompts::faq(&work.question, &passages);
    let (outcome, read) = ask(app, grant, &request, prompts::read_faq).await;
    let now = app.clock.now();
    let reason = outcome.as_ref().err().map(ToString::to_string);
    let settled = asking::settle(app, leased, grant, &outcome, now).await?;
    let Some((mut tx, after)) = settled else { return Ok(()) };
    let again = match (after, read) {
        (After::Fine, Some(written)) => {
            let made_by = MadeBy::model(&grant.model, grant.key);
            faq::conclude(&mut tx, id, work, &written, made_by, now).await?;
            None
        }
        (After::Fine, None) => anyhow::bail!("an answer was booked as good and could not be read"),
        (After::Again { at } | After::Attempt { at, .. }, _) => Some(at),
        (After::Fallback { why }, _) => {
            faq::conclude_by_entry(&mut tx, id, &why, now).await?;
            None
        }
    };
    match again {
        Some(at) => {
            store::jobs::release(&mut tx, leased, at, leased.attempts, reason.as_deref()).await?;
        }
        None => store::jobs::finish(&mut tx, leased).await?,
    }
    Ok(tx.commit().await?)
}
