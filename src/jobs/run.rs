//! Which runner belongs to which kind of job.

use super::embed::Subject;
use super::{
    answer, discord_setup, draft, embed, find_skills, forward, read_resume, reply, role, send,
    send_direct,
};
use crate::app::App;
use crate::model::Job;
use crate::owner::Owner;
use crate::store::jobs::Leased;

/// Runs a claimed job. `fallback` says why a job that asks Gemini no longer waits for a key; with a key such a job is
/// started by `gemini::start`. An error is a fault of ours or of the database: the job is run again later.
pub async fn run(
    app: &App,
    owner: &Owner,
    leased: &Leased,
    fallback: Option<&str>,
) -> anyhow::Result<()> {
    let why = || {
        fallback
            .ok_or_else(|| anyhow::anyhow!("{:?} needs a booked slot to ask Gemini", leased.job))
    };
    match leased.job {
        Job::DraftOutreach(id) | Job::DraftMatch(id) => {
            let mut tx = app.db.write().await?;
            draft::fall_back(&mut tx, app, leased, id, why()?).await?;
            Ok(tx.commit().await?)
        }
        Job::FindSkills(id) => find_skills::fall_back(app, leased, id, why()?).await,
        Job::AnswerFaq(id) => answer::fall_back(app, leased, id, why()?).await,
        Job::EmbedEntry(id) => {
            why()?;
            embed::fall_back(app, leased, Subject::Entry(id)).await
        }
        Job::EmbedQuestion(id) => {
            why()?;
            embed::fall_back(app, leased, Subject::Question(id)).await
        }
        Job::Forward(id) => {
            why()?;
            forward::fall_back(app, leased, id).await
        }
        Job::SendDirect(id) => send_direct::run(app, owner, leased, id).await,
        Job::Send(id) => send::run(app, owner, leased, id).await,
        Job::ReadResume(id) => read_resume::run(app, leased, id).await,
        Job::Reply(id) => reply::run(app, leased, id).await,
        Job::DiscordSetup(id) => discord_setup::run(app, leased, id).await,
        Job::GiveRole(id) => role::give(app, leased, id).await,
        Job::TakeRole(id) => role::take(app, leased, id).await,
    }
}

/// Runs several jobs in one transaction: those that need neither Gemini nor a mail server.
pub async fn run_together(
    app: &App,
    owner: &Owner,
    jobs: &[Leased],
    fallback: Option<&str>,
) -> anyhow::Result<()> {
    let mut tx = app.db.write().await?;
    for leased in jobs {
        match (leased.job, leased.fallback.as_deref().or(fallback)) {
            (Job::DraftOutreach(id) | Job::DraftMatch(id), Some(why)) => {
                draft::fall_back(&mut tx, app, leased, id, why).await?;
            }
            (Job::Send(id), _) if app.smtp.is_none() => {
                send::to_outbox(&mut tx, app, owner, leased, id).await?;
            }
            (job, _) => anyhow::bail!("{job:?} is run alone"),
        }
    }
    tx.commit().await?;
    Ok(())
}
