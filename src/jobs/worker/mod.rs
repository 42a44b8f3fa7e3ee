//! Takes jobs from the queue and runs them: leases, heartbeat, recovery, drain.

mod booked;
mod execute;
mod heartbeat;
mod lease;
mod next;
mod queue;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

use super::recovery;
use crate::app::{App, follow_neighbours};
use crate::faq::embeddings;
use crate::model::Millis;
use crate::owner::Owner;
use execute::{ask, run_all};
use next::Next;
use queue::Worker;

/// Another process may have written, so look at least this often.
const LOOK_ANYWAY: Duration = Duration::from_secs(1);
/// Changes come in bursts: look at most this often, but in time for the next due job. Divided by `TIME_SCALE`.
const BREATH: Duration = Duration::from_millis(50);
/// How long jobs in flight may take to end when Muster stops.
const DRAIN: Duration = Duration::from_secs(25);

/// The workers of this process.
pub struct Workers {
    app: App,
    owner: Arc<Owner>,
    tasks: TaskTracker,
    /// Beats until everything is drained, so that nobody takes the jobs that are still in flight.
    heart: tokio::task::JoinHandle<()>,
}

impl Workers {
    /// Recovers what dead processes left, and starts to work.
    pub async fn start(app: App) -> anyhow::Result<Self> {
        let owner = Owner::new(&app.config.data_dir).map_err(|error| {
            let folder = app.config.data_dir.join("run");
            anyhow::anyhow!(
                "the folder {} cannot be written: {error}; set DATA_DIR to a folder that Muster may write",
                folder.display()
            )
        })?;
        let owner = Arc::new(owner);
        // A second time, now that others see our lock: before that, another that started alone may have set the clock.
        let mut tx = app.db.write().await?;
        let alone = || !Owner::somebody_lives(&app.config.data_dir, Some(&owner));
        follow_neighbours(&mut tx, &app.db, &app.clock, &app.pool, alone).await?;
        tx.commit().await?;
        for dead in owner.dead() {
            let mut tx = app.db.write().await?;
            recovery::settle(&mut tx, &dead.name, app.clock.now()).await?;
            tx.commit().await?;
            dead.bury();
        }
        // Entries may have been imported on the command line, and keys or a model changed in the settings.
        let mut tx = app.db.write().await?;
        embeddings::catch_up(&mut tx, &app.pool, app.clock.now()).await?;
        tx.commit().await?;
        let heart = tokio::spawn(heartbeat::run(app.clone(), owner.clone()));
        let workers = Self { app, owner, tasks: TaskTracker::new(), heart };
        for worker in Worker::ALL {
            workers.spawn(worker);
        }
        Ok(workers)
    }

    /// Waits for jobs in flight; those that do not end in time are released. Call when `stopping` is set.
    pub async fn drain(self) -> anyhow::Result<()> {
        self.tasks.close();
        if tokio::time::timeout(DRAIN, self.tasks.wait()).await.is_err() {
            tracing::warn!("Some work did not end in time; it continues at the next start");
        }
        self.heart.abort();
        let mut tx = self.app.db.write().await?;
        recovery::settle(&mut tx, &self.owner.name, self.app.clock.now()).await?;
        tx.commit().await?;
        Ok(())
    }

    fn spawn(&self, worker: Worker) {
        let (app, owner, tasks) = (self.app.clone(), self.owner.clone(), self.tasks.clone());
        let permits = Arc::new(Semaphore::new(worker.at_once()));
        self.tasks.spawn(async move {
            let mut changes = app.db.changes();
            while !app.stopping.is_cancelled() {
                let Ok(permit) = permits.clone().acquire_owned().await else { break };
                // Muster may have been asked to stop before the permit was free.
                if app.stopping.is_cancelled() {
                    break;
                }
                changes.mark_unchanged();
                let until = match worker.next(&app, &owner).await {
                    Ok(Next::Idle(until)) => until,
                    Ok(next) => {
                        begin(&app, &owner, &tasks, permit, next);
                        continue;
                    }
                    Err(error) => {
                        tracing::error!(error = format!("{error:#}"), "The queue cannot be read");
                        None
                    }
                };
                drop(permit);
                let anyway = app.clock.now().plus(LOOK_ANYWAY);
                let until = until.unwrap_or(anyway).min(anyway);
                tokio::select! {
                    () = app.stopping.cancelled() => break,
                    () = app.clock.sleep_until(until) => {}
                    _ = changes.changed() => {
                        let breath = BREATH / app.config.time_scale;
                        tokio::time::sleep(breath.min(until.since(app.clock.now()))).await;
                    }
                }
            }
        });
    }
}

/// Begins what a worker does next, which keeps the permit until it ends.
fn begin(
    app: &App,
    owner: &Arc<Owner>,
    tasks: &TaskTracker,
    permit: OwnedSemaphorePermit,
    next: Next,
) {
    let (app, owner) = (app.clone(), owner.clone());
    match next {
        Next::Run(leased, fallback) => {
            tasks.spawn(async move {
                run_all(&app, &owner, &leased, fallback).await;
                drop(permit);
            });
        }
        Next::Ask(work, grant) => {
            tasks.spawn(async move {
                ask(&app, *work, grant).await;
                drop(permit);
            });
        }
        Next::Again | Next::Idle(_) => {}
    }
}

/// Runs what is due, one job after the other, until nothing is: for tests, whose clock does not move by itself. Returns
/// when the next job is due, if there is one.
pub async fn run_due(app: &App) -> anyhow::Result<Option<Millis>> {
    let owner = Arc::new(Owner::new(&app.config.data_dir)?);
    loop {
        let mut due: Option<Millis> = None;
        let mut ran = false;
        for worker in Worker::ALL {
            match worker.next(app, &owner).await? {
                Next::Run(leased, fallback) => {
                    run_all(app, &owner, &leased, fallback).await;
                    ran = true;
                }
                Next::Ask(work, grant) => {
                    ask(app, *work, grant).await;
                    ran = true;
                }
                Next::Again => ran = true,
                Next::Idle(until) => {
                    let until = until.filter(|until| *until > app.clock.now());
                    due = [due, until].into_iter().flatten().min();
                }
            }
        }
        if !ran {
            return Ok(due);
        }
    }
}
