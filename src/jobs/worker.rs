//! Takes jobs from the queue and runs them: lease, heartbeat, recovery, drain.

mod booked;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use super::gemini::{self, Work};
use super::{recovery, run, run_together, send};
use crate::app::{App, follow_database, follow_neighbours};
use crate::faq::embeddings;
use crate::keys::Grant;
use crate::model::Millis;
use crate::owner::Owner;
use crate::store::jobs::{DIRECT, LOST_ROLES, Lane, Leased, READS, REPLIES, ROLES, SENDS, SETUP};
use crate::store::{self, Conn};

/// How long a job is believed to be worked on without a sign of life, and how often there is one.
const LEASE: Duration = Duration::from_secs(15);
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How often the database's clock is asked, where it is the one that counts.
const ASK_THE_CLOCK: Duration = Duration::from_mins(1);
/// A request of another program whose process is gone is forgotten so long after its deadline.
const LEFT_BEHIND: Duration = Duration::from_mins(1);
/// Another process may have written: look anyway.
const LOOK_ANYWAY: Duration = Duration::from_secs(1);
/// Changes come in bursts: look at most this often, but never later than what is waited for. Divided by `TIME_SCALE`.
const BREATH: Duration = Duration::from_millis(50);
/// How long what is in flight may take to end when Muster stops.
const DRAIN: Duration = Duration::from_secs(25);
/// Requests in flight at once: far more than any pool of keys lets start within a time-out.
const IN_FLIGHT: usize = 256;
/// Requests to Discord in flight at once: one that hangs keeps the others' answers back no longer.
const TOLD_AT_ONCE: usize = 8;
/// After a fault of our own the job is looked at again: later and later.
const FAULT_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_FAULT_PAUSE: Duration = Duration::from_mins(10);

/// Letters that need no network are written and delivered together: one commit for so many. They take a tenth of a
/// second, and whoever wants to write meanwhile waits for it.
const TOGETHER: usize = 32;

/// What looking into the queue came to.
enum Look {
    /// Never empty. Several are such as may be done in one transaction. The words say why no key is waited for.
    Run(Vec<Leased>, Option<String>),
    /// Work of one or several jobs, taken up with the slot that is booked for it.
    Ask(Box<Work>, Grant),
    /// What was there did not want to be done any more, or somebody else took it.
    Again,
    /// Nothing can be done before then; `None`: not before something changes.
    Idle(Option<Millis>),
}

/// The workers of this process.
pub struct Workers {
    app: App,
    owner: Arc<Owner>,
    tasks: TaskTracker,
    /// Beats until everything is drained: what is still in flight must not be taken for dead.
    heart: tokio::task::JoinHandle<()>,
}

impl Workers {
    /// Settles what dead processes left, and starts to work.
    pub async fn start(app: App) -> anyhow::Result<Self> {
        let owner = Owner::new(&app.config.data_dir).map_err(|error| {
            let folder = app.config.data_dir.join("run");
            anyhow::anyhow!(
                "the folder {} cannot be written: {error}; set DATA_DIR to a folder that Muster may write",
                folder.display()
            )
        })?;
        let owner = Arc::new(owner);
        // Once more, now that others see that we live: until here one that started alone may have set the clock.
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
        // Entries may have come by the command line, and keys or a model by the settings.
        let mut tx = app.db.write().await?;
        embeddings::catch_up(&mut tx, &app.pool, app.clock.now()).await?;
        tx.commit().await?;
        let heart = tokio::spawn(heartbeat(app.clone(), owner.clone()));
        let workers = Self { app, owner, tasks: TaskTracker::new(), heart };
        workers.spawn_lane(Kind::Gemini, IN_FLIGHT);
        workers.spawn_lane(Kind::Resort, 1);
        workers.spawn_lane(Kind::Sends, 1);
        workers.spawn_lane(Kind::Discord, TOLD_AT_ONCE);
        workers
            .spawn_lane(Kind::Reads, std::thread::available_parallelism().map_or(1, usize::from));
        Ok(workers)
    }

    /// Waits for what is in flight; what does not end in time goes back into the queue. Call when `stopping` is set.
    pub async fn drain(self) -> anyhow::Result<()> {
        self.tasks.close();
        if tokio::time::timeout(DRAIN, self.tasks.wait()).await.is_err() {
            tracing::warn!("some work did not end in time; it goes on at the next start");
        }
        self.heart.abort();
        let mut tx = self.app.db.write().await?;
        recovery::settle(&mut tx, &self.owner.name, self.app.clock.now()).await?;
        tx.commit().await?;
        Ok(())
    }

    fn spawn_lane(&self, kind: Kind, at_once: usize) {
        let (app, owner, tasks) = (self.app.clone(), self.owner.clone(), self.tasks.clone());
        let places = Arc::new(Semaphore::new(at_once));
        self.tasks.spawn(async move {
            let mut changes = app.db.changes();
            while !app.stopping.is_cancelled() {
                let Ok(place) = places.clone().acquire_owned().await else { break };
                // The place may have come free only when Muster was asked to stop.
                if app.stopping.is_cancelled() {
                    break;
                }
                changes.mark_unchanged();
                let until = match look(&app, &owner, kind).await {
                    Ok(Look::Run(leased, resort)) => {
                        let (app, owner) = (app.clone(), owner.clone());
                        tasks.spawn(async move {
                            carry_out_all(&app, &owner, &leased, resort).await;
                            drop(place);
                        });
                        continue;
                    }
                    Ok(Look::Ask(work, grant)) => {
                        let app = app.clone();
                        tasks.spawn(async move {
                            ask(&app, *work, grant).await;
                            drop(place);
                        });
                        continue;
                    }
                    Ok(Look::Again) => continue,
                    Ok(Look::Idle(until)) => until,
                    Err(error) => {
                        tracing::error!(error = format!("{error:#}"), "the queue cannot be read");
                        None
                    }
                };
                drop(place);
                let anyway = app.clock.now().plus(LOOK_ANYWAY);
                let until = until.map_or(anyway, |until| until.min(anyway));
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

async fn heartbeat(app: App, owner: Arc<Owner>) {
    let mut clock_asked = app.clock.now();
    loop {
        app.clock.sleep(HEARTBEAT / app.config.time_scale).await;
        if let Err(error) = beat(&app, &owner).await {
            tracing::error!(error = format!("{error:#}"), "no sign of life could be given");
        }
        if app.clock.now().since(clock_asked) >= ASK_THE_CLOCK {
            clock_asked = app.clock.now();
            if let Err(error) = follow_database(&app.db, &app.clock).await {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "the database's clock could not be read"
                );
            }
        }
    }
}

/// A sign of life for our jobs; and those whose owner gave none for too long go back.
async fn beat(app: &App, owner: &Owner) -> sqlx::Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    store::jobs::heartbeat(&mut tx, &owner.name, now.plus(LEASE / app.config.time_scale)).await?;
    for silent in store::jobs::silent_owners(&mut tx, now).await? {
        recovery::settle(&mut tx, &silent, now).await?;
    }
    store::jobs::forget_forwards(&mut tx, now.minus(LEFT_BEHIND / app.config.time_scale)).await?;
    store::campaigns::finish_all_done(&mut tx, now).await?;
    tx.commit().await
}

/// The lanes: work that does not wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Gemini,
    /// What would ask Gemini, and is not to wait for a key any more.
    Resort,
    Sends,
    Reads,
    /// What Discord is told.
    Discord,
}

/// Takes the next job of a lane, if one can run now.
async fn look(app: &App, owner: &Owner, kind: Kind) -> anyhow::Result<Look> {
    match kind {
        Kind::Gemini => booked::look(app, owner).await,
        Kind::Sends => {
            // A test of the settings goes out also while the sender is paused: it is how one finds out. And who asked
            // for a code waits for it.
            let direct = match look_plain(app, owner, DIRECT, 1).await? {
                Look::Idle(until) => until,
                found => return Ok(found),
            };
            let now = app.clock.now();
            let mut conn = app.db.read().await?;
            match send::gate(&mut conn, app, now).await? {
                Some(at) if at <= now => {
                    drop(conn);
                    let at_once = if app.smtp.is_none() { TOGETHER } else { 1 };
                    match look_plain(app, owner, SENDS, at_once).await? {
                        Look::Idle(sends) => {
                            Ok(Look::Idle([direct, sends].into_iter().flatten().min()))
                        }
                        found => Ok(found),
                    }
                }
                later => Ok(Look::Idle([direct, later].into_iter().flatten().min())),
            }
        }
        Kind::Discord => {
            // Somebody looks at the answer that is to come, an organiser at the page; a role is seen later.
            let mut next = None;
            for lane in [REPLIES, SETUP, ROLES, LOST_ROLES] {
                match look_plain(app, owner, lane, 1).await? {
                    Look::Idle(until) => next = [next, until].into_iter().flatten().min(),
                    found => return Ok(found),
                }
            }
            Ok(Look::Idle(next))
        }
        Kind::Resort => look_plain(app, owner, Lane::Resort, TOGETHER).await,
        Kind::Reads => look_plain(app, owner, READS, 1).await,
    }
}

async fn look_plain(app: &App, owner: &Owner, lane: Lane, at_once: usize) -> anyhow::Result<Look> {
    let now = app.clock.now();
    if !store::jobs::is_due(&mut *app.db.read().await?, lane, now).await? {
        return Ok(Look::Idle(
            store::jobs::next_due(&mut *app.db.read().await?, Some(lane), now).await?,
        ));
    }
    let mut tx = app.db.write().await?;
    let leased = claim(&mut tx, app, owner, lane, at_once, now).await?;
    tx.commit().await?;
    Ok(if leased.is_empty() { Look::Again } else { Look::Run(leased, None) })
}

/// Takes up to `at_once` jobs of a lane.
async fn claim(
    tx: &mut Conn,
    app: &App,
    owner: &Owner,
    lane: Lane,
    at_once: usize,
    now: Millis,
) -> sqlx::Result<Vec<Leased>> {
    let mut all = Vec::new();
    while all.len() < at_once
        && let Some(leased) =
            store::jobs::claim(tx, lane, &owner.name, now, lease(app, now)).await?
    {
        all.push(leased);
    }
    Ok(all)
}

fn lease(app: &App, now: Millis) -> Millis {
    now.plus(LEASE / app.config.time_scale)
}

/// Asks for what was taken up. The grant is for one request, and that may have been sent: after a fault of ours all its
/// jobs go back.
async fn ask(app: &App, work: Work, grant: Grant) {
    let jobs: Vec<Leased> = work.jobs().into_iter().cloned().collect();
    let body = {
        let app = app.clone();
        // On a task of its own: a panic in it is an error of these jobs and nothing else.
        tokio::spawn(async move { gemini::carry_out(&app, work, &grant).await })
    };
    if let Err(error) = ended(body).await {
        for leased in &jobs {
            put_off(app, leased, &error).await;
        }
    }
}

/// Runs jobs together where there are several; each alone when that does not work out, so that one that cannot be done
/// keeps none of the others back.
async fn carry_out_all(app: &App, owner: &Arc<Owner>, jobs: &[Leased], resort: Option<String>) {
    if jobs.len() > 1 {
        let body = {
            let (app, owner, jobs, resort) =
                (app.clone(), owner.clone(), jobs.to_vec(), resort.clone());
            tokio::spawn(async move { run_together(&app, &owner, &jobs, resort.as_deref()).await })
        };
        match ended(body).await {
            Ok(()) => return,
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "Jobs are done one by one");
            }
        }
    }
    for leased in jobs {
        let body = {
            let (app, owner, leased) = (app.clone(), owner.clone(), leased.clone());
            let resort = leased.resort.clone().or_else(|| resort.clone());
            tokio::spawn(async move { run(&app, &owner, &leased, resort.as_deref()).await })
        };
        if let Err(error) = ended(body).await {
            put_off(app, leased, &error).await;
        }
    }
}

/// What a body came to, a panic in it included.
async fn ended(body: tokio::task::JoinHandle<anyhow::Result<()>>) -> anyhow::Result<()> {
    match AbortOnDropHandle::new(body).await {
        Ok(ended) => ended,
        Err(fault) => Err(anyhow::anyhow!("the job's code panicked: {fault}")),
    }
}

/// Gives a job back that could not be done. A fault of ours costs an attempt and a pause; the job is never lost.
async fn put_off(app: &App, leased: &Leased, error: &anyhow::Error) {
    let at = after_fault(app, leased, error);
    // As long as this process lives its heartbeat keeps the lease: nobody else would take the job up.
    while let Err(fault) = give_back(app, leased, at, error).await {
        tracing::error!(
            job.id = leased.id.0,
            error = format!("{fault:#}"),
            "A job could not be given back; trying again"
        );
        app.clock.sleep(FAULT_PAUSE / app.config.time_scale).await;
    }
}

/// When a job is looked at again that failed by a fault of ours: after a growing pause.
fn after_fault(app: &App, leased: &Leased, error: &anyhow::Error) -> Millis {
    tracing::error!(
        job.id = leased.id.0,
        kind = leased.job.kind(),
        error = format!("{error:#}"),
        "A job failed and will be looked at again"
    );
    let doublings = leased.attempts.clamp(0, 16) as u32;
    let pause = (FAULT_PAUSE * 2_u32.saturating_pow(doublings)).min(LONGEST_FAULT_PAUSE);
    app.clock.now().plus(pause / app.config.time_scale)
}

async fn give_back(
    app: &App,
    leased: &Leased,
    at: Millis,
    error: &anyhow::Error,
) -> sqlx::Result<()> {
    let mut tx = app.db.write().await?;
    give_back_in(&mut tx, leased, at, error).await?;
    tx.commit().await
}

async fn give_back_in(
    tx: &mut Conn,
    leased: &Leased,
    at: Millis,
    error: &anyhow::Error,
) -> sqlx::Result<()> {
    let words = format!("{error:#}");
    store::jobs::give_back(tx, leased, at, leased.attempts + 1, Some(&words)).await
}

/// Runs what is due, one job after the other, until nothing is: for tests, whose clock stands still. Returns when the
/// next job is due, if one is.
pub async fn run_due(app: &App) -> anyhow::Result<Option<Millis>> {
    let owner = Arc::new(Owner::new(&app.config.data_dir)?);
    loop {
        let mut next: Option<Millis> = None;
        let mut ran = false;
        for kind in [Kind::Reads, Kind::Gemini, Kind::Resort, Kind::Sends, Kind::Discord] {
            match look(app, &owner, kind).await? {
                Look::Run(leased, resort) => {
                    carry_out_all(app, &owner, &leased, resort).await;
                    ran = true;
                }
                Look::Ask(work, grant) => {
                    ask(app, *work, grant).await;
                    ran = true;
                }
                Look::Again => ran = true,
                Look::Idle(until) => {
                    let until = until.filter(|until| *until > app.clock.now());
                    next = [next, until].into_iter().flatten().min();
                }
            }
        }
        if !ran {
            return Ok(next);
        }
    }
}
