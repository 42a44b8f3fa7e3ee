//! Decides and books, in one transaction.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::day::counted_day;
use super::grant::Grant;
use super::pool::Pool;
use super::set::Keys;
use super::sync::take_over;
use crate::llm::pacing::{
    self, Cooldown, CooldownKind, Demand, Ledger, Slot, TaskTurn, Turns, Verdict, View, day,
};
use crate::model::job::Class;
use crate::model::{Clock, JobId, KeyRecord, Millis};
use crate::store::bookings::{NewBooking, NewTurn};
use crate::store::quotas::Quota;
use crate::store::snapshot::Snapshot;
use crate::store::{self, Conn};

/// What happens next.
#[derive(Clone, Debug)]
pub enum Decision {
    /// The oldest waiting job of this demand (an index into the list) may ask Gemini, once this is [booked](book).
    /// Valid only within the transaction that decided it.
    Start { demand: usize, booking: NewBooking },
    /// The oldest waiting job of this demand uses its fallback, and why.
    Fallback { demand: usize, why: String },
    /// Nothing can start before `until`; `None`: not before something changes.
    Wait { until: Option<Millis>, why: String },
}

/// Old bookings are deleted each time the pool was locked this often.
const TIDY_EVERY: i64 = 1_000;

/// Locks the pool: the first statement of a transaction that [`book`]s. On PostgreSQL the processes then run one after
/// the other, so the time is read after it.
pub async fn lock_pool(conn: &mut Conn, clock: &Clock) -> sqlx::Result<Millis> {
    let locked = store::keys::lock_pool(conn).await?;
    let now = clock.now();
    if locked % TIDY_EVERY == 0 {
        store::bookings::forget(conn, now.minus(Duration::from_hours(48))).await?;
    }
    Ok(now)
}

/// Decides what is next, inside the caller's write transaction, which has [locked the pool](lock_pool).
pub async fn decide(
    conn: &mut Conn,
    pool: &Pool,
    demands: &[Demand],
    now: Millis,
) -> sqlx::Result<Decision> {
    let view = load(conn, pool, demands, now).await?;
    Ok(match pacing::decide(&view, demands, now) {
        Verdict::Wait { until, why } => Decision::Wait { until, why },
        Verdict::Fallback { demand, why } => {
            tracing::debug!(task = %demands[demand].task, "No key serves: {why}");
            Decision::Fallback { demand, why }
        }
        Verdict::Start { demand, key, project, model } => {
            let Some(record) = view.keys.iter().find(|it| it.number == key) else {
                return Err(sqlx::Error::RowNotFound);
            };
            let bulk_waits = demands.iter().any(|it| it.class == Class::Bulk && it.waiting > 0);
            let asked = &demands[demand];
            let turns = view.turns.after(asked.task, asked.class, bulk_waits, now);
            let booking = NewBooking {
                project,
                model,
                key: record.id,
                number: key,
                fingerprint: record.fingerprint.clone(),
                task: asked.task,
                class: asked.class,
                tokens: asked.tokens,
                deadline_at: asked.deadline_at,
                turn: NewTurn {
                    finish: turns.tasks.get(&asked.task).map_or(0, |turn| turn.finish),
                    clock: turns.clock,
                    since_bulk: turns.since_bulk,
                },
            };
            Decision::Start { demand, booking }
        }
    })
}

/// Books what was decided, in the same transaction, for a job that the caller has claimed and started. It is the last
/// thing before the commit: a booking stays fresh for half a second, which begins here.
pub async fn book(
    conn: &mut Conn,
    pool: &Pool,
    new: NewBooking,
    job: JobId,
    now: Millis,
) -> sqlx::Result<Grant> {
    let pace = pool.pace();
    let date = day::of(now);
    let (free_at, today) = (pace.held_until(now), counted_day(&date, pace, now));
    let id = store::bookings::insert(conn, &new, Some(job), free_at, today, now).await?;
    store::bookings::set_turn(conn, new.task, new.turn, now).await?;
    Ok(Grant::new(id, new, now))
}

/// Stores the name that a program gave to the work the grant was booked for.
pub async fn label(conn: &mut Conn, grant: &Grant, label: &str) -> sqlx::Result<()> {
    store::bookings::label(conn, grant.booking, label).await
}

/// The state of the pool, for the models of the chain and those that are demanded. Pages use it to show when a job is
/// expected to start ([`pacing::outlook`]).
pub async fn view(
    conn: &mut Conn,
    pool: &Pool,
    demands: &[Demand],
    now: Millis,
) -> sqlx::Result<View> {
    load(conn, pool, demands, now).await
}

async fn load(conn: &mut Conn, pool: &Pool, demands: &[Demand], now: Millis) -> sqlx::Result<View> {
    let known = store::snapshot::read(conn, now).await?;
    take_over(conn, pool, known.versions).await?;
    let current = pool.keys();
    let records: HashMap<&str, &KeyRecord> =
        known.keys.iter().map(|it| (it.fingerprint.as_str(), it)).collect();
    let keys = current.iter().filter_map(|key| {
        let record = *records.get(key.fingerprint.as_str())?;
        let (number, project) = (key.number, key.project.clone());
        Some(KeyRecord { number, project, ..record.clone() })
    });
    let keys = keys.collect();
    let chain = pool.models().len();
    let mut models = pool.models().to_vec();
    for model in demands.iter().filter_map(|demand| demand.model.as_ref()) {
        if !models.contains(model) {
            models.push(model.clone());
        }
    }
    let ledgers = ledgers(&known, &models, &current, now);
    let (clock, since_bulk) = (known.turn, known.since_bulk);
    let mut turns = Turns { clock, since_bulk, ..Turns::default() };
    for turn in known.turns {
        if let Ok(task) = turn.task.parse() {
            let last_start = Some(turn.last_start_at);
            turns.tasks.insert(task, TaskTurn { last_start, finish: turn.finish });
        }
    }
    Ok(View { pace: pool.pace().clone(), models, chain, keys, ledgers, turns })
}

fn ledgers(
    known: &Snapshot,
    models: &[String],
    keys: &Keys,
    now: Millis,
) -> BTreeMap<String, Vec<Ledger>> {
    let mut ledgers: BTreeMap<String, Vec<Ledger>> = BTreeMap::new();
    for key in keys.iter() {
        if !ledgers.contains_key(&key.project) {
            let fresh = ledger(keys, &key.project, None, now);
            ledgers.insert(key.project.clone(), vec![fresh; models.len()]);
        }
    }
    let index = |model: &str| models.iter().position(|known| known == model);
    for row in &known.quotas {
        if let Some(model) = index(&row.model)
            && let Some(of_project) = ledgers.get_mut(&row.project)
        {
            of_project[model] = ledger(keys, &row.project, Some(row), now);
        }
    }
    for held in &known.held {
        if let Some(model) = index(&held.model)
            && let Some(of_project) = ledgers.get_mut(&held.project)
        {
            let slots = held.slots.iter().map(|slot| Slot {
                free_at: slot.free_at,
                tokens: u32::try_from(slot.tokens).unwrap_or(u32::MAX),
            });
            of_project[model].slots.extend(slots);
        }
    }
    ledgers
}

/// The smaller of the set and the learned limits, and what is used today.
pub(super) fn ledger(keys: &Keys, project: &str, row: Option<&Quota>, now: Millis) -> Ledger {
    let set = keys.limits(project);
    let smaller = |set: Option<u32>, learned: Option<i64>| {
        let learned = learned.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX));
        set.into_iter().chain(learned).min()
    };
    let of_row = |get: fn(&Quota) -> Option<i64>| row.and_then(get);
    let lowered = row
        .filter(|row| row.lowered_until.is_some_and(|until| until > now))
        .map_or(0, |row| u32::try_from(row.lowered_by).unwrap_or(0));
    let per_minute = smaller(set.requests_per_minute, of_row(|it| it.per_minute))
        .unwrap_or(pacing::REQUESTS_PER_MINUTE);
    Ledger {
        per_minute: per_minute.saturating_sub(lowered).max(1),
        per_day: smaller(set.requests_per_day, of_row(|it| it.per_day)),
        tokens_per_minute: smaller(set.tokens_per_minute, of_row(|it| it.tokens_per_minute))
            .unwrap_or(pacing::TOKENS_PER_MINUTE),
        slots: Vec::new(),
        used_today: row
            .filter(|row| row.day == day::of(now))
            .map_or(0, |row| u32::try_from(row.day_count).unwrap_or(u32::MAX)),
        cooldown: row.and_then(|row| {
            let until = row.cooldown_until.filter(|until| *until > now)?;
            let kind = row.cooldown_kind.as_deref().and_then(|word| word.parse().ok());
            Some(Cooldown { until, kind: kind.unwrap_or(CooldownKind::Minute) })
        }),
        off: row
            .filter(|row| row.off_at.is_some())
            .map(|row| row.reason.clone().unwrap_or_default()),
    }
}
