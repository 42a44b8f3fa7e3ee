//! Decides and books, in one transaction.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::step::take_over;
use super::{Keys, Pool};
use crate::llm::pacing::{
    self, Demand, Key, Ledger, Pace, Rest, RestKind, Slot, TaskTurn, Turns, Verdict, View, day,
};
use crate::model::job::{Class, Task};
use crate::model::{BookingId, Clock, JobId, KeyId, KeyNumber, Millis};
use crate::store::snapshot::Snapshot;
use crate::store::{self, Conn};

/// What is to happen next.
#[derive(Clone, Debug)]
pub enum Decision {
    /// The oldest waiting job of this demand (its place in the list) may ask Gemini, once that is [booked](book).
    Start { demand: usize, choice: Choice },
    /// The oldest waiting job of this demand takes its resort: why.
    Resort { demand: usize, why: String },
    /// Nothing can start before `until`; `None`: not before something changes.
    Wait { until: Option<Millis>, why: String },
}

/// A slot that is free and a key to use it, as long as the transaction lasts in which that was decided.
#[derive(Clone, Debug)]
pub struct Choice {
    key: KeyNumber,
    key_id: KeyId,
    fingerprint: String,
    project: String,
    model: String,
    demand: Demand,
    turns: Turns,
}

/// A booked slot: the right to send one request.
#[derive(Clone, Debug)]
pub struct Grant {
    pub booking: BookingId,
    /// The number of the key's variable; 0 is the reserve.
    pub key: KeyNumber,
    pub model: String,
    pub task: Task,
    pub class: Class,
    pub(super) key_id: KeyId,
    /// The number may be another key's by the time it is sent.
    pub(super) fingerprint: String,
    pub(super) project: String,
    /// Of the job that it was booked for.
    pub(super) deadline_at: Option<Millis>,
    /// When it was booked, or stamped again; and when its first byte left, 0 while none did. Shared by all clones.
    pub(super) booked_at: Arc<AtomicI64>,
    pub(super) sent_at: Arc<AtomicI64>,
}

impl Grant {
    pub(super) fn booked(&self) -> Millis {
        Millis(self.booked_at.load(Ordering::Acquire))
    }

    pub(super) fn sent(&self) -> Option<Millis> {
        match self.sent_at.load(Ordering::Acquire) {
            0 => None,
            at => Some(Millis(at)),
        }
    }
}

/// After so many turns old bookings are forgotten.
const TIDY_EVERY: i64 = 1_000;

/// Takes the pool's turn: the first statement of a transaction that [`book`]s. On PostgreSQL it makes the processes go
/// one after the other, so `clock` is to be read after it.
pub async fn take_turn(conn: &mut Conn, clock: &Clock) -> sqlx::Result<Millis> {
    let turn = store::keys::lock(conn).await?;
    let now = clock.now();
    if turn % TIDY_EVERY == 0 {
        store::keys::forget(conn, now.minus(Duration::from_hours(48))).await?;
    }
    Ok(now)
}

/// Decides what is next, inside the caller's write transaction, whose [turn](take_turn) it is.
pub async fn decide(
    conn: &mut Conn,
    pool: &Pool,
    demands: &[Demand],
    now: Millis,
) -> sqlx::Result<Decision> {
    let (view, rows) = load(conn, pool, demands, now).await?;
    Ok(match pacing::decide(&view, demands, now) {
        Verdict::Wait { until, why } => Decision::Wait { until, why },
        Verdict::Resort { demand, why } => {
            tracing::debug!(task = %demands[demand].task, "No key serves: {why}");
            Decision::Resort { demand, why }
        }
        Verdict::Start { demand, key, project, model } => {
            let bulk_waits = demands.iter().any(|it| it.class == Class::Bulk && it.waiting > 0);
            let asked = demands[demand].clone();
            let turns = view.turns.after(asked.task, asked.class, bulk_waits, now);
            let (key_id, fingerprint) =
                rows.get(&key).cloned().unwrap_or((KeyId(0), String::new()));
            let choice = Choice { key, key_id, fingerprint, project, model, demand: asked, turns };
            Decision::Start { demand, choice }
        }
    })
}

/// Books what was decided, in the same transaction, for a job that the caller has claimed and taken up. It is the last
/// thing before the commit: a booking is believed for half a second, and that begins here.
pub async fn book(
    conn: &mut Conn,
    pool: &Pool,
    choice: Choice,
    job: JobId,
    now: Millis,
) -> sqlx::Result<Grant> {
    let Choice { key, key_id, fingerprint, project, model, demand, turns } = choice;
    let Demand { task, class, deadline_at, tokens, .. } = demand;
    let pace = pool.pace();
    let date = day::of(now);
    let new = store::keys::NewBooking {
        project: &project,
        model: &model,
        key: key_id,
        number: key,
        task,
        class,
        tokens,
        free_at: pace.held_until(now),
        day: counted_day(&date, pace, now),
        job: Some(job),
    };
    let booking = store::keys::book(conn, &new, now).await?;
    let finish = turns.tasks.get(&task).map_or(0, |turn| turn.finish);
    store::keys::set_turn(conn, task, now, finish, turns.clock, turns.since_bulk).await?;
    Ok(Grant {
        booking,
        key,
        model,
        task,
        class,
        key_id,
        fingerprint,
        project,
        deadline_at,
        booked_at: Arc::new(AtomicI64::new(now.0)),
        sent_at: Arc::new(AtomicI64::new(0)),
    })
}

/// Says what the program calls its work whose request the grant was booked for.
pub async fn label(conn: &mut Conn, grant: &Grant, label: &str) -> sqlx::Result<()> {
    store::keys::label(conn, grant.booking, label).await
}

/// What the pool knows now, of the models of the chain and of those that are demanded: for pages that say when a job is
/// expected to start ([`pacing::outlook`]).
pub async fn view(
    conn: &mut Conn,
    pool: &Pool,
    demands: &[Demand],
    now: Millis,
) -> sqlx::Result<View> {
    Ok(load(conn, pool, demands, now).await?.0)
}

/// The day of `now`, with the requests that were booked just before its midnight and may have arrived after it.
pub(super) fn counted_day<'a>(date: &'a str, pace: &Pace, now: Millis) -> store::keys::Day<'a> {
    let slack = pace.fresh + pace.grace + pace.guard;
    store::keys::Day { date, from: day::beginning(now).minus(slack) }
}

/// The view, and each key's row and fingerprint by its number.
async fn load(
    conn: &mut Conn,
    pool: &Pool,
    demands: &[Demand],
    now: Millis,
) -> sqlx::Result<(View, BTreeMap<KeyNumber, (KeyId, String)>)> {
    let known = store::snapshot::read(conn, now).await?;
    take_over(conn, pool, known.versions).await?;
    let of_now = pool.keys();
    let rows: HashMap<&str, &store::keys::Key> =
        known.keys.iter().map(|row| (row.fingerprint.as_str(), row)).collect();
    let mut keys = Vec::new();
    let mut ids = BTreeMap::new();
    for key in of_now.iter() {
        let Some(row) = rows.get(key.fingerprint.as_str()) else { continue };
        ids.insert(key.number, (row.id, row.fingerprint.clone()));
        let reason = || row.reason.clone().unwrap_or_default();
        keys.push(Key {
            number: key.number,
            project: key.project.clone(),
            paused: row.paused_at.is_some(),
            aside: row.aside_at.map(|_| reason()),
            rest: row.rest_until.filter(|until| *until > now).map(|until| (until, reason())),
            last_sent: row.last_sent_at,
            last_booking: row.last_booking,
        });
    }
    let chain = pool.models().len();
    let mut models = pool.models().to_vec();
    for model in demands.iter().filter_map(|demand| demand.model.as_ref()) {
        if !models.contains(model) {
            models.push(model.clone());
        }
    }
    let ledgers = ledgers(&known, &models, &of_now, now);
    let (clock, since_bulk) = (known.turn, known.since_bulk);
    let mut turns = Turns { clock, since_bulk, ..Turns::default() };
    for turn in known.turns {
        if let Ok(task) = turn.task.parse() {
            let last_start = Some(turn.last_start_at);
            turns.tasks.insert(task, TaskTurn { last_start, finish: turn.finish });
        }
    }
    let view = View { pace: pool.pace().clone(), models, chain, keys, ledgers, turns };
    Ok((view, ids))
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
    let place = |model: &str| models.iter().position(|known| known == model);
    for row in &known.quotas {
        if let Some(model) = place(&row.model)
            && let Some(of_project) = ledgers.get_mut(&row.project)
        {
            of_project[model] = ledger(keys, &row.project, Some(row), now);
        }
    }
    for held in &known.held {
        if let Some(model) = place(&held.model)
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

/// What is set and what was learned, the smaller of both, and what was used today.
pub(super) fn ledger(
    keys: &Keys,
    project: &str,
    row: Option<&store::keys::Quota>,
    now: Millis,
) -> Ledger {
    let set = keys.limits(project);
    let smaller = |set: Option<u32>, learned: Option<i64>| {
        let learned = learned.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX));
        set.into_iter().chain(learned).min()
    };
    let of_row = |get: fn(&store::keys::Quota) -> Option<i64>| row.and_then(get);
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
        rest: row.and_then(|row| {
            let until = row.rest_until.filter(|until| *until > now)?;
            let kind = row.rest_kind.as_deref().and_then(|word| word.parse().ok());
            Some(Rest { until, kind: kind.unwrap_or(RestKind::Minute) })
        }),
        off: row
            .filter(|row| row.off_at.is_some())
            .map(|row| row.reason.clone().unwrap_or_default()),
    }
}
