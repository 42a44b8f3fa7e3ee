//! Takes jobs from the queue and runs them: lease, heartbeat, recovery, drain.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use super::{Means, Owner, draft_several, owner, run, run_together, send};
use crate::app::{App, follow_database, follow_neighbours};
use crate::keys::{self, Decision};
use crate::llm::pacing::{self, Demand, Verdict};
use crate::model::Millis;
use crate::model::job::Task;
use crate::store::jobs::{DIRECT, LOST_ROLES, Lane, Leased, READS, REPLIES, ROLES, SENDS, SETUP};
use crate::store::{self, Conn};

/// How long a job is believed to be worked on without a sign of life, and how often there is one.
const LEASE: Duration = Duration::from_secs(15);
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How often the database's clock is asked, where it is the one that counts.
const ASK_THE_CLOCK: Duration = Duration::from_mins(1);
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
    /// Never empty. Several are such as may be done in one transaction.
    Run(Vec<Leased>, Option<Means>),
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
            owner::settle(&mut tx, &dead.name, app.clock.now()).await?;
            tx.commit().await?;
            dead.bury();
        }
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
        owner::settle(&mut tx, &self.owner.name, self.app.clock.now()).await?;
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
                    Ok(Look::Run(leased, means)) => {
                        let (app, owner) = (app.clone(), owner.clone());
                        tasks.spawn(async move {
                            carry_out_all(&app, &owner, &leased, means).await;
                            drop(place);
                        });
                        continue;
                    }
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
        owner::settle(&mut tx, &silent, now).await?;
    }
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
        Kind::Gemini => look_for_gemini(app, owner).await,
        Kind::Sends => {
            // A test of the settings goes out also while the sender is paused: it is how one finds out. And who asked
            // for a code waits for it.
            let direct = match look_plain(app, owner, DIRECT, 1).await? {
                Look::Run(leased, means) => return Ok(Look::Run(leased, means)),
                Look::Idle(until) => until,
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
                        run @ Look::Run(..) => Ok(run),
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
                    run @ Look::Run(..) => return Ok(run),
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
    // Where none is there any more, another process took it: there may be more.
    Ok(if leased.is_empty() { Look::Idle(Some(now)) } else { Look::Run(leased, None) })
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

/// Decides, books and claims in one transaction, so that several processes share one pool.
async fn look_for_gemini(app: &App, owner: &Owner) -> anyhow::Result<Look> {
    let now = app.clock.now();
    // Also while nothing waits: keys may be changed on another process's page.
    keys::follow(&app.db, &app.pool, now).await?;
    let mut conn = app.db.read().await?;
    let waiting = store::jobs::next_waiting(&mut conn, now).await?;
    if waiting.is_empty() {
        return Ok(Look::Idle(store::jobs::next_due(&mut conn, None, now).await?));
    }
    // Most of the time nothing can start: then nobody's turn is taken to find that out.
    let view = keys::view(&mut conn, &app.pool, now).await?;
    let demands: Vec<Demand> = waiting.iter().map(demand).collect();
    if let Verdict::Wait { until, .. } = pacing::decide(&view, &demands, now) {
        return Ok(Look::Idle(until));
    }
    drop(conn);
    let mut tx = app.db.write().await?;
    // Where several processes want to book at once the wait for our turn may be long: the time is read after it.
    store::keys::lock(&mut tx).await?;
    let now = app.clock.now();
    let waiting = store::jobs::next_waiting(&mut tx, now).await?;
    let demands: Vec<Demand> = waiting.iter().map(demand).collect();
    let decision = keys::book(&mut tx, &app.pool, &demands, now).await?;
    let (task, class, means) = match decision {
        Decision::Wait { until, .. } => return Ok(Look::Idle(until)),
        Decision::Start { task, class, grant } => (task, class, Means::Model(grant)),
        Decision::Resort { task, class, why } => (task, class, Means::Resort(why)),
    };
    // Without any key there is nothing to decide for the next one.
    let at_once = if app.pool.keys().is_empty() && matches!(task, Task::Outreach | Task::Match) {
        TOGETHER
    } else {
        1
    };
    let mut leased = claim(&mut tx, app, owner, Lane::Gemini(task, class), at_once, now).await?;
    let Some(first) = leased.first() else {
        // Another process took it: the booking goes with the transaction.
        return Ok(Look::Idle(Some(now)));
    };
    if let Means::Model(grant) = &means {
        keys::attach(&mut tx, grant, first.id).await?;
        let more = draft_several::companions(&mut tx, app, first, lease(app, now), now).await?;
        leased.extend(more);
    }
    tx.commit().await?;
    Ok(Look::Run(leased, Some(means)))
}

fn lease(app: &App, now: Millis) -> Millis {
    now.plus(LEASE / app.config.time_scale)
}

fn demand(waiting: &store::jobs::Waiting) -> Demand {
    Demand {
        task: waiting.task,
        class: waiting.class,
        waiting: waiting.waiting,
        created_at: waiting.oldest,
        deadline_at: waiting.deadline_at,
        // Facts and instructions of a letter; a resume of the longest length that is sent.
        tokens: match waiting.task {
            Task::Outreach => 900,
            Task::Match => 1_500,
            Task::Skills => 6_000,
            Task::Faq => 3_000,
        },
    }
}

/// Runs jobs together where there are several; each alone when that does not work out, so that one that cannot be done
/// keeps none of the others back.
async fn carry_out_all(app: &App, owner: &Arc<Owner>, jobs: &[Leased], means: Option<Means>) {
    if jobs.len() > 1 {
        let body = {
            let (app, owner, jobs, means) =
                (app.clone(), owner.clone(), jobs.to_vec(), means.clone());
            tokio::spawn(async move { run_together(&app, &owner, &jobs, means).await })
        };
        let error = match AbortOnDropHandle::new(body).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error,
            Err(fault) => anyhow::anyhow!("the jobs' code panicked: {fault}"),
        };
        if let Some(Means::Model(_)) = means {
            // The grant is for one request, and that may have been sent.
            for leased in jobs {
                put_off(app, leased, &error).await;
            }
            return;
        }
        tracing::warn!(error = format!("{error:#}"), "Jobs are done one by one");
    }
    for leased in jobs {
        carry_out(app, owner, leased, means.clone()).await;
    }
}

/// Runs a job's body. A fault of ours costs an attempt and a pause; the job is never lost.
async fn carry_out(app: &App, owner: &Arc<Owner>, leased: &Leased, means: Option<Means>) {
    let body = {
        let (app, owner, leased) = (app.clone(), owner.clone(), leased.clone());
        // On a task of its own: a panic in it is an error of this job and nothing else.
        tokio::spawn(async move { run(&app, &owner, &leased, means).await })
    };
    let error = match AbortOnDropHandle::new(body).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error,
        Err(fault) => anyhow::anyhow!("the job's code panicked: {fault}"),
    };
    put_off(app, leased, &error).await;
}

/// Gives a job back that could not be done, to be looked at again after a growing pause.
async fn put_off(app: &App, leased: &Leased, error: &anyhow::Error) {
    tracing::error!(
        job.id = leased.id.0,
        kind = leased.job.kind(),
        error = format!("{error:#}"),
        "A job failed and will be looked at again"
    );
    let doublings = leased.attempts.clamp(0, 16) as u32;
    let pause = (FAULT_PAUSE * 2_u32.saturating_pow(doublings)).min(LONGEST_FAULT_PAUSE);
    let at = app.clock.now().plus(pause / app.config.time_scale);
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

async fn give_back(
    app: &App,
    leased: &Leased,
    at: Millis,
    error: &anyhow::Error,
) -> sqlx::Result<()> {
    let mut tx = app.db.write().await?;
    let words = format!("{error:#}");
    store::jobs::give_back(&mut tx, leased, at, leased.attempts + 1, Some(&words)).await?;
    tx.commit().await
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
                Look::Run(leased, means) => {
                    carry_out_all(app, &owner, &leased, means).await;
                    ran = true;
                }
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
