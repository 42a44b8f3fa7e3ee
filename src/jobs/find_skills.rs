//! Finds the skills in a resume's text with Gemini, or with the taxonomy as the fallback.

use crate::app::App;
use crate::jobs::asking::{self, ask};
use crate::keys::{After, Grant};
use crate::llm::prompts;
use crate::model::ResumeId;
use crate::model::made_by::MadeBy;
use crate::resumes;
use crate::store::jobs::Leased;
use crate::store::{self, Conn};

/// Finds the skills with the taxonomy.
pub async fn fall_back(app: &App, leased: &Leased, id: ResumeId, why: &str) -> anyhow::Result<()> {
    let mut tx = app.db.write().await?;
    if store::jobs::still_owned(&mut tx, leased).await?
        && start(&mut tx, leased, id).await?.is_some()
    {
        resumes::store_by_taxonomy(&mut tx, id, why, app.clock.now()).await?;
        store::jobs::finish(&mut tx, leased).await?;
    }
    Ok(tx.commit().await?)
}

/// The resume's text, if its skills are still wanted; otherwise the job is done.
pub async fn start(tx: &mut Conn, leased: &Leased, id: ResumeId) -> sqlx::Result<Option<String>> {
    let text = resumes::start_finding(tx, id).await?;
    if text.is_none() {
        store::jobs::finish(tx, leased).await?;
    }
    Ok(text)
}

pub async fn by_model(
    app: &App,
    leased: &Leased,
    id: ResumeId,
    text: &str,
    grant: &Grant,
) -> anyhow::Result<()> {
    let request = prompts::skills(text);
    let (outcome, names) = ask(app, grant, &request, prompts::read_skills).await;
    let names = names.unwrap_or_default();
    let now = app.clock.now();
    let error = outcome.as_ref().err().map(ToString::to_string);
    let settled = asking::settle(app, leased, grant, &outcome, now).await?;
    let Some((mut tx, after)) = settled else { return Ok(()) };
    let retry_at = match after {
        After::Fine => {
            let made_by = MadeBy::model(&grant.model, grant.key);
            resumes::store_skills(&mut tx, id, &names, &made_by, now).await?;
            None
        }
        After::Again { at } | After::Attempt { at, .. } => Some(at),
        After::Fallback { why } => {
            resumes::store_by_taxonomy(&mut tx, id, &why, now).await?;
            None
        }
    };
    match retry_at {
        Some(at) => {
            resumes::release_finding(&mut tx, id).await?;
            store::jobs::release(&mut tx, leased, at, leased.attempts, error.as_deref()).await?;
        }
        None => store::jobs::finish(&mut tx, leased).await?,
    }
    Ok(tx.commit().await?)
}
