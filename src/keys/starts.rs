//! What waits for the pool, when it starts, and how much of the pool is ready: for the line on every page and for
//! `/keys`. The caller passes what waits; this module does not read the queue.

use std::time::Duration;

use super::book::view as pool_view;
use super::overview::{KeyRow, KeyState, meanwhile, rows, state};
use super::pool::Pool;
use super::set::{Keys, PoolKey};
use crate::config::Pacing;
use crate::llm::pacing::{self, Demand, Outlook, View, day};
use crate::model::job::Task;
use crate::model::{KeyNumber, Millis};
use crate::store::jobs::Waiting;
use crate::store::{self, Conn};

/// The state of the pool in a few numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Keys that are not the reserve.
    pub primary: usize,
    /// Of these, how many serve, now or when their minute is over.
    pub ready: usize,
    /// Of these, how many are disabled or have no model to use.
    pub disabled: usize,
    pub paused: usize,
    /// When the first cooldown of these ends.
    pub back_at: Option<Millis>,
    /// No primary key is ready, but one can use another model of the list.
    pub next_model: bool,
    /// Whether the reserve key serves, if there is one.
    pub reserve: Option<bool>,
    /// Jobs that wait for a key.
    pub waiting: i64,
    pub next: Next,
}

/// The next start of what waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing waits.
    Idle,
    Now,
    At {
        at: Millis,
        why: String,
    },
    /// No key serves: the fallbacks (template, word list) do the work, and why.
    Fallback {
        why: String,
    },
}

/// One task: its delay between starts, and what waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskStarts {
    pub task: Task,
    /// The delay that is set; it applies as it is with two projects.
    pub delay: Duration,
    /// The delay now; zero if there is none.
    pub spacing: Duration,
    pub waiting: i64,
    pub last_start: Option<Millis>,
    pub next: Next,
    /// When something could start if it were waiting.
    pub could_start: Millis,
}

/// When everything that waits will have started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// Nothing waits, or nothing serves.
    Unknown,
    At(Millis),
    /// The quota of the day ends first: how many requests are left.
    NotToday {
        left: u64,
    },
}

/// Everything that `/keys` shows about the present.
#[derive(Clone, Debug)]
pub struct Now {
    pub summary: Summary,
    pub keys: Vec<KeyRow>,
    /// The primary key that is used next, while something waits.
    pub next_key: Option<KeyNumber>,
    pub tasks: Vec<TaskStarts>,
    pub finish: Finish,
    /// How many projects share the work; 0 when none serves.
    pub projects: usize,
    /// Requests a minute that the serving projects allow.
    pub allowed: u32,
    /// Requests today, of all projects and models.
    pub today: u64,
    pub refused_today: i64,
    /// When the day's limits start again: midnight in California.
    pub day_ends: Millis,
    /// Starts are spaced; otherwise whatever can start does.
    pub spaced: bool,
}

/// For the line on every page.
pub async fn summary(
    conn: &mut Conn,
    pool: &Pool,
    waiting: &[Waiting],
    now: Millis,
) -> sqlx::Result<Summary> {
    let demands = demands(waiting);
    let view = pool_view(conn, pool, &demands, now).await?;
    Ok(summary_of(&view, pool, &demands, now))
}

/// For `/keys`.
pub async fn now(
    conn: &mut Conn,
    pool: &Pool,
    waiting: &[Waiting],
    now: Millis,
) -> sqlx::Result<Now> {
    let demands = demands(waiting);
    let view = pool_view(conn, pool, &demands, now).await?;
    let keys = rows(conn, pool, &view, now).await?;
    let summary = summary_of(&view, pool, &demands, now);
    let today = view.ledgers.values().flatten().map(|ledger| u64::from(ledger.used_today)).sum();
    Ok(Now {
        next_key: next_key(&keys, &summary.next, now),
        tasks: Task::ALL.iter().map(|task| task_starts(&view, &demands, *task, now)).collect(),
        finish: finish(&view, pool, &demands, now),
        projects: view.serving_projects(now),
        allowed: serving(&view, &pool.keys(), now).iter().map(|(_, per_minute)| per_minute).sum(),
        today,
        refused_today: store::usage::refused_since(conn, day::beginning(now)).await?,
        day_ends: day::next(now),
        spaced: view.pace.pacing == Pacing::Spaced,
        summary,
        keys,
    })
}

fn demands(waiting: &[Waiting]) -> Vec<Demand> {
    let demand = |waiting: &Waiting| Demand {
        task: waiting.task,
        class: waiting.class,
        waiting: waiting.waiting,
        created_at: waiting.oldest,
        deadline_at: waiting.deadline_at,
        // A start hardly ever waits for tokens; if it does, it comes a little later than shown.
        tokens: 0,
        model: waiting.model.clone(),
    };
    waiting.iter().filter(|it| it.waiting > 0).map(demand).collect()
}

fn summary_of(view: &View, pool: &Pool, demands: &[Demand], now: Millis) -> Summary {
    let state_of = |key: &PoolKey| state(view, key, now).0;
    let keys = pool.keys();
    let states: Vec<(&PoolKey, KeyState)> = keys
        .iter()
        .filter(|key| !key.number.is_reserve())
        .map(|key| (key, state_of(key)))
        .collect();
    let count = |is: fn(&KeyState) -> bool| states.iter().filter(|(_, state)| is(state)).count();
    let back = states.iter().filter_map(|(_, state)| match state {
        KeyState::CoolingDown { until, .. } => Some(*until),
        _ => None,
    });
    let ready = count(KeyState::serves);
    Summary {
        primary: states.len(),
        ready,
        disabled: count(|it| matches!(it, KeyState::Disabled { .. } | KeyState::NoModel { .. })),
        paused: count(|it| matches!(it, KeyState::Paused)),
        back_at: back.min(),
        next_model: ready == 0
            && states.iter().any(|(key, state)| meanwhile(view, key, state, now).is_some()),
        reserve: keys.key(KeyNumber::RESERVE).map(|key| state_of(key).serves()),
        waiting: demands.iter().map(|it| it.waiting).sum(),
        next: next(view, demands, now),
    }
}

/// The next start of any of these demands.
fn next<'a>(view: &View, demands: impl IntoIterator<Item = &'a Demand>, now: Millis) -> Next {
    let of_one = |demand| match pacing::outlook(view, demand, now) {
        Outlook::Start { .. } => Next::Now,
        Outlook::Wait { until, .. } if until <= now => Next::Now,
        Outlook::Wait { until, why } => Next::At { at: until, why },
        Outlook::Fallback { why } => Next::Fallback { why },
    };
    let sooner = |next: &Next| match next {
        Next::Now => (0, now),
        Next::At { at, .. } => (1, *at),
        Next::Fallback { .. } => (2, now),
        Next::Idle => (3, now),
    };
    demands.into_iter().map(of_one).min_by_key(sooner).unwrap_or(Next::Idle)
}

fn task_starts(view: &View, demands: &[Demand], task: Task, now: Millis) -> TaskStarts {
    let of_task = || demands.iter().filter(|it| it.task == task);
    let pace = &view.pace;
    TaskStarts {
        task,
        delay: pace.delay(task),
        spacing: pace.spacing(task, view.serving_projects(now)),
        waiting: of_task().map(|it| it.waiting).sum(),
        last_start: view.turns.tasks.get(&task).and_then(|turn| turn.last_start),
        next: next(view, of_task(), now),
        could_start: view.spaced_from(task, now),
    }
}

/// The key that will be the least recently used one at the next start.
fn next_key(keys: &[KeyRow], next: &Next, now: Millis) -> Option<KeyNumber> {
    let at = match next {
        Next::Now => now,
        Next::At { at, .. } => *at,
        Next::Idle | Next::Fallback { .. } => return None,
    };
    keys.iter()
        .filter(|key| !key.number.is_reserve() && key.state.serves())
        .filter_map(|key| Some((key.next_free_at?.max(at), key.last_used_at, key.number)))
        .min()
        .map(|(.., number)| number)
}

/// The projects that serve with a primary key, each with its requests a minute.
fn serving<'a>(view: &View, keys: &'a Keys, now: Millis) -> Vec<(&'a str, u32)> {
    let mut found: Vec<(&str, u32)> = Vec::new();
    for key in keys.iter().filter(|key| !key.number.is_reserve()) {
        let its_state = state(view, key, now).0;
        let serves = its_state.serves() || meanwhile(view, key, &its_state, now).is_some();
        if serves && !found.iter().any(|(project, _)| *project == key.project) {
            let mut usable = view.chain_of(&key.project).iter();
            let ledger = usable.find(|ledger| ledger.off.is_none() && !ledger.day_is_over(now));
            found.push((&key.project, ledger.map_or(0, |ledger| ledger.per_minute)));
        }
    }
    found
}

fn finish(view: &View, pool: &Pool, demands: &[Demand], now: Millis) -> Finish {
    let total: u64 = demands.iter().map(|it| it.waiting.unsigned_abs()).sum();
    let keys = pool.keys();
    let serving = serving(view, &keys, now);
    let allowed: u64 = serving.iter().map(|(_, per_minute)| u64::from(*per_minute)).sum();
    if total == 0 || allowed == 0 {
        return Finish::Unknown;
    }
    let ledgers = serving.iter().flat_map(|(project, _)| view.chain_of(project));
    let left: Option<u64> = ledgers
        .filter(|ledger| ledger.off.is_none())
        .map(|ledger| match ledger.per_day {
            _ if ledger.day_is_over(now) => Some(0),
            None => None,
            Some(limit) => Some(u64::from(limit.saturating_sub(ledger.used_today))),
        })
        .sum();
    if let Some(left) = left.filter(|left| *left < total) {
        return Finish::NotToday { left };
    }
    let times =
        |each: Duration, count: u64| each.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX));
    let by_quota = times(view.pace.window, total) / u32::try_from(allowed).unwrap_or(u32::MAX);
    let projects = view.serving_projects(now);
    let by_distance = Task::ALL.iter().map(|task| {
        let waiting = demands.iter().filter(|it| it.task == *task);
        let waiting: u64 = waiting.map(|it| it.waiting.unsigned_abs()).sum();
        times(view.pace.spacing(*task, projects), waiting)
    });
    Finish::At(now.plus(by_distance.fold(by_quota, Duration::max)))
}
