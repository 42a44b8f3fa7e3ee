//! Work that is done later. A job names rows; its body reads them afresh, finds out whether the work is still wanted,
//! works, and writes the result together with the job's own row in one transaction. Bodies may run twice.

mod answer;
mod discord_setup;
mod draft;
mod draft_batch;
mod embed;
mod find_skills;
mod forward;
mod gemini;
mod read_resume;
mod recovery;
mod reply;
mod role;
mod send;
mod send_direct;
mod worker;

pub use worker::{Workers, run_due};

use crate::app::App;
use crate::model::Job;
use crate::owner::Owner;
use crate::store::jobs::Leased;

/// The one place that says which body belongs to which kind. `resort` is there where nobody waits for a key any more:
/// why. An error is a fault of ours or the database's: the job is looked at again.
async fn run(
    app: &App,
    owner: &Owner,
    leased: &Leased,
    resort: Option<&str>,
) -> anyhow::Result<()> {
    match (leased.job, resort) {
        (Job::Draft(id, _), Some(why)) => {
            let mut tx = app.db.write().await?;
            draft::fall_back(&mut tx, app, leased, id, why).await?;
            Ok(tx.commit().await?)
        }
        (Job::Send(id), _) => send::run(app, owner, leased, id).await,
        (Job::SendDirect(id), _) => send_direct::run(app, owner, leased, id).await,
        (Job::ReadResume(id), _) => read_resume::run(app, leased, id).await,
        (Job::FindSkills(id), Some(why)) => find_skills::by_resort(app, leased, id, why).await,
        (Job::AnswerFaq(id), Some(why)) => answer::by_resort(app, leased, id, why).await,
        (Job::EmbedEntry(id), Some(_)) => {
            embed::by_resort(app, leased, embed::Subject::Entry(id)).await
        }
        (Job::EmbedQuestion(id), Some(_)) => {
            embed::by_resort(app, leased, embed::Subject::Question(id)).await
        }
        (Job::Forward(id), Some(_)) => forward::by_resort(app, leased, id).await,
        (Job::Reply(id), _) => reply::run(app, leased, id).await,
        (Job::GiveRole(id), _) => role::give(app, leased, id).await,
        (Job::TakeRole(id), _) => role::take(app, leased, id).await,
        (Job::DiscordSetup(id), _) => discord_setup::run(app, leased, id).await,
        (job, None) => anyhow::bail!("{job:?} asks Gemini, and no slot is booked for it"),
    }
}

/// Runs several jobs in one transaction: what needs neither Gemini nor a mail server.
async fn run_together(
    app: &App,
    owner: &Owner,
    jobs: &[Leased],
    resort: Option<&str>,
) -> anyhow::Result<()> {
    let mut tx = app.db.write().await?;
    for leased in jobs {
        match (leased.job, leased.resort.as_deref().or(resort)) {
            (Job::Draft(id, _), Some(why)) => {
                draft::fall_back(&mut tx, app, leased, id, why).await?;
            }
            (Job::Send(id), _) if app.smtp.is_none() => {
                send::to_outbox(&mut tx, app, owner, leased, id).await?;
            }
            (job, _) => anyhow::bail!("{job:?} is done alone"),
        }
    }
    tx.commit().await?;
    Ok(())
}
