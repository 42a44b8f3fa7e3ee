//! The workers, and how each takes its next job.

use super::booked;
use super::lease;
use super::next::{Next, TOGETHER};
use crate::app::App;
use crate::model::job::Queue;
use crate::model::{JobKind, Millis};
use crate::owner::Owner;
use crate::sending::{Account, pace};
use crate::store::Conn;
use crate::store::jobs::{self, Leased, Pick};

/// Requests to Gemini in flight at once: far more than any pool of keys lets start within a time-out.
const IN_FLIGHT: usize = 256;
/// Requests to Discord in flight at once: one that hangs does not delay the others.
const DISCORD_AT_ONCE: usize = 8;

/// The workers. None waits for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worker {
    Reads,
    Gemini,
    /// Jobs that would ask Gemini and no longer wait for a key.
    Fallback,
    Sends,
    Discord,
}

impl Worker {
    pub const ALL: [Self; 5] =
        [Self::Reads, Self::Gemini, Self::Fallback, Self::Sends, Self::Discord];

    /// The worker that serves a queue.
    fn of(queue: Queue) -> Self {
        match queue {
            Queue::Gemini(_) => Self::Gemini,
            Queue::Sending => Self::Sends,
            Queue::Reading => Self::Reads,
            Queue::Discord => Self::Discord,
        }
    }

    /// The kinds that it serves, in the order in which it does.
    fn kinds(self) -> impl Iterator<Item = JobKind> {
        JobKind::ALL.iter().copied().filter(move |kind| Self::of(kind.queue()) == self)
    }

    /// How many jobs it runs at the same time.
    pub fn at_once(self) -> usize {
        match self {
            Self::Reads => std::thread::available_parallelism().map_or(1, usize::from),
            Self::Gemini => IN_FLIGHT,
            Self::Fallback | Self::Sends => 1,
            Self::Discord => DISCORD_AT_ONCE,
        }
    }

    /// Takes the next job, if one can run now.
    pub async fn next(self, app: &App, owner: &Owner) -> anyhow::Result<Next> {
        match self {
            Self::Gemini => booked::next(app, owner).await,
            Self::Fallback => take(app, owner, Pick::Fallback, TOGETHER).await,
            Self::Reads | Self::Sends | Self::Discord => {
                let mut idle = None;
                for kind in self.kinds() {
                    match take_kind(app, owner, kind).await? {
                        Next::Idle(until) => idle = [idle, until].into_iter().flatten().min(),
                        found => return Ok(found),
                    }
                }
                Ok(Next::Idle(idle))
            }
        }
    }
}

async fn take_kind(app: &App, owner: &Owner, kind: JobKind) -> anyhow::Result<Next> {
    // Campaign emails wait while their sender is paused. Other emails do not: a test of the settings shows whether the
    // pause is over, and somebody waits for a code.
    if kind != JobKind::Send {
        return take(app, owner, Pick::Kind(kind), 1).await;
    }
    let now = app.clock.now();
    let mut conn = app.db.read().await?;
    let account = Account { name: &app.sender_name(), config: &app.config };
    match pace::next_send(&mut conn, &account, now).await? {
        Some(at) if at <= now => {
            drop(conn);
            let at_once = if app.smtp.is_none() { TOGETHER } else { 1 };
            take(app, owner, Pick::Kind(kind), at_once).await
        }
        later => Ok(Next::Idle(later)),
    }
}

/// Claims up to `at_once` jobs.
async fn take(app: &App, owner: &Owner, pick: Pick, at_once: usize) -> anyhow::Result<Next> {
    let now = app.clock.now();
    if !jobs::is_due(&mut *app.db.read().await?, pick, now).await? {
        return Ok(Next::Idle(jobs::next_due(&mut *app.db.read().await?, Some(pick), now).await?));
    }
    let mut tx = app.db.write().await?;
    let leased = claim(&mut tx, app, owner, pick, at_once, now).await?;
    tx.commit().await?;
    Ok(if leased.is_empty() { Next::Again } else { Next::Run(leased, None) })
}

async fn claim(
    tx: &mut Conn,
    app: &App,
    owner: &Owner,
    pick: Pick,
    at_once: usize,
    now: Millis,
) -> sqlx::Result<Vec<Leased>> {
    let mut all = Vec::new();
    while all.len() < at_once
        && let Some(leased) =
            jobs::claim(tx, pick, &owner.name, now, lease::until(app, now)).await?
    {
        all.push(leased);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_job_is_served_by_a_worker() {
        for kind in JobKind::ALL {
            let worker = Worker::of(kind.queue());
            assert!(Worker::ALL.contains(&worker), "no worker serves {kind}");
            assert!(worker.kinds().any(|it| it == *kind), "{worker:?} does not serve {kind}");
        }
    }

    #[test]
    fn codes_and_answers_that_somebody_waits_for_come_first() {
        use JobKind::{DiscordSetup, GiveRole, Reply, Send, SendDirect, TakeRole};
        let kinds = |worker: Worker| worker.kinds().collect::<Vec<_>>();
        assert_eq!(kinds(Worker::Sends), [SendDirect, Send]);
        assert_eq!(kinds(Worker::Discord), [Reply, DiscordSetup, GiveRole, TakeRole]);
    }
}
