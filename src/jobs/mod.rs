//! Work that is done later. A job names rows; its body reads them afresh, finds out whether the work is still wanted,
//! works, and writes the result together with the job's own row in one transaction. Bodies may run twice.

mod answer;
mod discord_setup;
mod draft;
mod draft_several;
mod find_skills;
mod owner;
mod read_resume;
mod reply;
mod role;
mod send;
mod send_direct;
mod worker;

pub use owner::Owner;
pub use worker::{Workers, run_due};

use crate::app::App;
use crate::keys::{self, Grant};
use crate::llm::{Answer, Failure, Request, Unusable};
use crate::model::Job;
use crate::store::jobs::Leased;

/// With what a job that wants Gemini may work.
#[derive(Clone, Debug)]
pub enum Means {
    /// A booked slot.
    Model(Grant),
    /// Template or taxonomy, and why.
    Resort(String),
}

/// Asks Gemini and reads the answer. One of another shape than was asked for is an answer of no use, which is for the
/// pool to book: what was read is there exactly when the answer is.
async fn ask<T>(
    app: &App,
    grant: &Grant,
    request: &Request,
    read: impl FnOnce(&Answer) -> Result<T, Unusable>,
) -> (Result<Answer, Failure>, Option<T>) {
    match keys::ask(&app.pool, &app.gemini, &app.db, &app.clock, grant, request).await {
        Ok(answer) => match read(&answer) {
            Ok(read) => (Ok(answer), Some(read)),
            Err(why) => (Err(Failure::Unusable { why, usage: answer.usage }), None),
        },
        Err(failure) => (Err(failure), None),
    }
}

/// The one place that says which body belongs to which kind. An error is a fault of ours or the database's: the job is
/// looked at again.
async fn run(
    app: &App,
    owner: &Owner,
    leased: &Leased,
    means: Option<Means>,
) -> anyhow::Result<()> {
    match (leased.job, means_of(leased, means)) {
        (Job::Draft(id, _), Some(means)) => draft::run(app, leased, id, means).await,
        (Job::Send(id), _) => send::run(app, owner, leased, id).await,
        (Job::SendDirect(id), _) => send_direct::run(app, owner, leased, id).await,
        (Job::ReadResume(id), _) => read_resume::run(app, leased, id).await,
        (Job::FindSkills(id), Some(means)) => find_skills::run(app, leased, id, means).await,
        (Job::AnswerFaq(id), Some(means)) => answer::run(app, leased, id, means).await,
        (Job::Reply(id), _) => reply::run(app, leased, id).await,
        (Job::GiveRole(id), _) => role::give(app, leased, id).await,
        (Job::TakeRole(id), _) => role::take(app, leased, id).await,
        (Job::DiscordSetup(id), _) => discord_setup::run(app, leased, id).await,
        (job, _) => anyhow::bail!("nobody knows how to do {job:?}"),
    }
}

/// What a job that is not to wait for a key any more works with.
fn means_of(leased: &Leased, means: Option<Means>) -> Option<Means> {
    means.or_else(|| leased.resort.clone().map(Means::Resort))
}

/// Runs several jobs: letters that stand in one request to Gemini, or in one transaction what needs neither Gemini nor a
/// mail server.
async fn run_together(
    app: &App,
    owner: &Owner,
    jobs: &[Leased],
    means: Option<Means>,
) -> anyhow::Result<()> {
    if let Some(Means::Model(grant)) = means {
        return draft_several::run(app, jobs, &grant).await;
    }
    let mut tx = app.db.write().await?;
    for leased in jobs {
        match (leased.job, means_of(leased, means.clone())) {
            (Job::Draft(id, _), Some(Means::Resort(why))) => {
                draft::by_resort(&mut tx, app, leased, id, &why).await?;
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
