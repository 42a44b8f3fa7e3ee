//! How the Gemini worker takes its next job: with a booked slot of the key pool, or as a fallback without one.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

use super::lease;
use super::next::{Next, TOGETHER};
use crate::app::App;
use crate::jobs::gemini;
use crate::keys::{self, Decision};
use crate::llm::pacing::{self, Demand, Verdict};
use crate::model::job::Task;
use crate::model::{Job, Millis};
use crate::owner::Owner;
use crate::store::jobs::Leased;
use crate::store::{self, Conn};

/// Decides, claims, starts and books in one transaction, so that several processes can share one pool.
pub async fn next(app: &App, owner: &Owner) -> anyhow::Result<Next> {
    let now = app.clock.now();
    let mut conn = app.db.read().await?;
    let waiting = store::jobs::next_waiting(&mut conn, &app.instance, now).await?;
    if waiting.is_empty() {
        let next = store::jobs::next_due(&mut conn, None, now).await?;
        drop(conn);
        keys::follow(&app.db, &app.pool, now).await?;
        return Ok(Next::Idle(next));
    }
    // Most of the time nothing can start, which is found out without taking the lock.
    let demands: Vec<Demand> = waiting.iter().map(demand).collect();
    let view = keys::view(&mut conn, &app.pool, &demands, now).await?;
    if let Verdict::Wait { until, .. } = pacing::decide(&view, &demands, now) {
        drop(conn);
        // Meanwhile, read what was changed on another process's page.
        keys::follow(&app.db, &app.pool, now).await?;
        return Ok(Next::Idle(until));
    }
    drop(conn);
    let mut tx = app.db.write().await?;
    let now = keys::lock_pool(&mut tx, &app.clock).await?;
    let waiting = store::jobs::next_waiting(&mut tx, &app.instance, now).await?;
    let demands: Vec<Demand> = waiting.iter().map(demand).collect();
    match keys::decide(&mut tx, &app.pool, &demands, now).await? {
        Decision::Wait { until, .. } => Ok(Next::Idle(until)),
        Decision::Fallback { demand, why } => {
            let Some(first) = claim_next(&mut tx, app, owner, &waiting[demand], now).await? else {
                return Ok(Next::Again);
            };
            let mut leased = vec![first];
            // Without any key the others fall back as well.
            if app.pool.keys().is_empty()
                && matches!(leased[0].job, Job::DraftOutreach(_) | Job::DraftMatch(_))
            {
                let most = TOGETHER as i64 - 1;
                let until = lease::until(app, now);
                let more = store::jobs::claim_more(&mut tx, &leased[0], most, now, until).await?;
                leased.extend(more);
            }
            tx.commit().await?;
            Ok(Next::Run(leased, Some(why)))
        }
        Decision::Start { demand, booking } => {
            let Some(first) = claim_next(&mut tx, app, owner, &waiting[demand], now).await? else {
                return Ok(Next::Again);
            };
            let taken = gemini::start(&mut tx, app, &first, lease::until(app, now));
            let taken = AssertUnwindSafe(taken).catch_unwind().await;
            let taken = taken.unwrap_or_else(|_| Err(anyhow::anyhow!("the job's code panicked")));
            let work = match taken {
                Ok(work) => work,
                Err(error) => {
                    // Rolls back what it wrote, and the claim.
                    drop(tx);
                    refuse(app, owner, &waiting[demand], &error).await?;
                    return Ok(Next::Again);
                }
            };
            let Some(work) = work else {
                tx.commit().await?;
                return Ok(Next::Again);
            };
            let grant = keys::book(&mut tx, &app.pool, booking, first.id, app.clock.now()).await?;
            tx.commit().await?;
            Ok(Next::Ask(Box::new(work), grant))
        }
    }
}

/// Releases a job that could not be started.
async fn refuse(
    app: &App,
    owner: &Owner,
    waiting: &store::jobs::Waiting,
    error: &anyhow::Error,
) -> sqlx::Result<()> {
    let mut tx = app.db.write().await?;
    if let Some(leased) = claim_next(&mut tx, app, owner, waiting, app.clock.now()).await? {
        let at = lease::after_fault(app, &leased, error);
        lease::release_in(&mut tx, &leased, at, error).await?;
    }
    tx.commit().await
}

async fn claim_next(
    tx: &mut Conn,
    app: &App,
    owner: &Owner,
    waiting: &store::jobs::Waiting,
    now: Millis,
) -> sqlx::Result<Option<Leased>> {
    store::jobs::claim_next(tx, waiting.next, &owner.name, lease::until(app, now)).await
}

fn demand(waiting: &store::jobs::Waiting) -> Demand {
    Demand {
        task: waiting.task,
        class: waiting.class,
        waiting: waiting.waiting,
        created_at: waiting.oldest,
        deadline_at: waiting.deadline_at,
        tokens: waiting.tokens.map_or_else(
            || usual_tokens(waiting.task),
            |tokens| u32::try_from(tokens).unwrap_or(u32::MAX),
        ),
        model: waiting.model.clone(),
    }
}

/// Estimates: the facts and instructions of a message; a resume of the greatest length that is sent.
fn usual_tokens(task: Task) -> u32 {
    match task {
        Task::Outreach => 900,
        Task::Match => 1_500,
        Task::Skills => 6_000,
        Task::Faq => 3_000,
        Task::Embed => 500,
        Task::Gateway => 1_000,
    }
}
