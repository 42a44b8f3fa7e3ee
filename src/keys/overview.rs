//! What `/keys` shows, and what a person may do there.

use super::pool::{called, whereabouts};
use super::step::refresh;
use super::{Place, Pool, PoolKey};
use crate::llm::pacing::{Ledger, View, When};
use crate::model::{KeyNumber, Millis};
use crate::store::{self, Conn};

/// One place that holds a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// The number of its variable, or the one it was given on the page; 0 is the reserve.
    pub number: KeyNumber,
    /// `GEMINI_API_KEY2`, or that it was entered on the page.
    pub whereabouts: String,
    pub place: Place,
    /// The project's name where one is given.
    pub project: Option<String>,
    pub state: KeyState,
    /// For this model the figures below count: the first that the key can use.
    pub model: String,
    /// Since when it is paused or set aside.
    pub since: Option<Millis>,
    /// When it sent in the minute before now, whatever the model.
    pub sent_last_minute: Vec<Millis>,
    /// What its project sent in that minute, by all of the project's keys.
    pub used_last_minute: usize,
    /// Other keys that use the same project's quota.
    pub shares_with: Vec<KeyNumber>,
    pub per_minute: u32,
    /// The minute's limit was learned from Google, or is believed lower after a refusal.
    pub per_minute_learned: bool,
    /// It is believed lower after a refusal, for a day.
    pub per_minute_lowered: bool,
    pub used_today: u32,
    pub per_day: Option<u32>,
    pub per_day_learned: bool,
    pub refusals: i64,
    pub last_used_at: Option<Millis>,
    /// Redacted.
    pub last_error: Option<String>,
    pub last_error_at: Option<Millis>,
    /// Models that its project cannot use, and why.
    pub models_off: Vec<(String, String)>,
    /// While it rests for its model, this one of the list still serves.
    pub meanwhile: Option<String>,
    /// When it could send again, as things stand; `None`: not before a person does something.
    pub next_free_at: Option<Millis>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyState {
    Ready,
    /// Its minute is used.
    Waiting {
        until: Millis,
    },
    Resting {
        until: Millis,
        why: String,
    },
    Paused,
    Aside {
        why: String,
    },
    /// No model of the list can be used with it.
    NoModel {
        why: String,
    },
    /// The same key stands in another place, which serves.
    Twin {
        of: String,
    },
    /// It was entered on the page of a process with another secret.
    Closed,
}

impl KeyState {
    /// One or two words.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::Waiting { .. } => "Waiting",
            Self::Resting { .. } => "Resting",
            Self::Paused => "Paused",
            Self::Aside { .. } => "Set aside",
            Self::NoModel { .. } => "No model",
            Self::Twin { .. } => "Same key",
            Self::Closed => "Not opened",
        }
    }

    /// The reason, where there is one.
    pub fn why(&self) -> Option<String> {
        match self {
            Self::Ready | Self::Waiting { .. } | Self::Paused => None,
            Self::Resting { why, .. } | Self::Aside { why } | Self::NoModel { why } => {
                Some(why.clone())
            }
            Self::Closed => Some("it was sealed with another secret than this process has".into()),
            Self::Twin { of } => Some(format!("holds the same key as {of}, so it counts once")),
        }
    }

    /// It serves, now or when its minute is over.
    pub fn serves(&self) -> bool {
        matches!(self, Self::Ready | Self::Waiting { .. })
    }
}

/// Every key, by number, the reserve last.
pub async fn overview(conn: &mut Conn, pool: &Pool, now: Millis) -> sqlx::Result<Vec<KeyRow>> {
    let view = super::view(conn, pool, &[], now).await?;
    rows(conn, pool, &view, now).await
}

/// As [`overview`], with a view that is there already.
pub(super) async fn rows(
    conn: &mut Conn,
    pool: &Pool,
    view: &View,
    now: Millis,
) -> sqlx::Result<Vec<KeyRow>> {
    let states = store::keys::list(conn).await?;
    let quotas = store::keys::quotas(conn).await?;
    let sent = store::bookings::sent_since(conn, now.minus(pool.pace().window)).await?;
    let mut rows = Vec::new();
    let keys = pool.keys();
    for key in keys.iter() {
        let Some(row) = states.iter().find(|row| row.fingerprint == key.fingerprint) else {
            continue;
        };
        let model = first_usable_model(view, key);
        let name = pool.models().get(model).cloned().unwrap_or_default();
        let ledger = view.ledger(&key.project, model);
        let quota = quotas.iter().find(|it| it.project == key.project && it.model == name);
        let (state, next_free_at) = state(view, key, now);
        let lowered = quota.is_some_and(|it| it.lowered_by > 0 && it.lowered_until > Some(now));
        let of_project =
            |it: &&store::bookings::Sent| it.project == key.project && it.model == name;
        let others = keys.iter().filter(|other| other.project == key.project);
        rows.push(KeyRow {
            number: key.number,
            whereabouts: key.whereabouts(),
            place: key.place,
            project: key.project_name.clone(),
            meanwhile: meanwhile(view, key, &state, now),
            state,
            since: row.aside_at.or(row.paused_at),
            sent_last_minute: sent
                .iter()
                .filter(|it| it.key_id == row.id)
                .map(|it| it.at)
                .collect(),
            used_last_minute: sent.iter().filter(of_project).count(),
            shares_with: others.map(|it| it.number).filter(|it| *it != key.number).collect(),
            per_minute: ledger.map_or(0, |it| it.per_minute),
            per_minute_learned: lowered || quota.is_some_and(|it| it.per_minute.is_some()),
            per_minute_lowered: lowered,
            used_today: ledger.map_or(0, |it| it.used_today),
            per_day: ledger.and_then(|it| it.per_day),
            per_day_learned: quota.is_some_and(|it| it.per_day.is_some()),
            refusals: row.refusals,
            last_used_at: row.last_sent_at,
            last_error: row.last_error.clone(),
            last_error_at: row.last_error_at,
            models_off: models_off(view, key),
            model: name,
            next_free_at,
        });
    }
    rows.extend(keys.twins().iter().map(|twin| {
        let of = called(twin.of, twin.of_place);
        idle(twin.number, twin.place, KeyState::Twin { of })
    }));
    rows.extend(keys.closed().iter().map(|it| idle(it.number, Place::Page, KeyState::Closed)));
    rows.sort_by_key(|row| (row.number.is_reserve(), row.number));
    Ok(rows)
}

/// A place whose key does not serve from there.
fn idle(number: KeyNumber, place: Place, state: KeyState) -> KeyRow {
    KeyRow {
        number,
        whereabouts: whereabouts(number, place),
        place,
        project: None,
        state,
        model: String::new(),
        since: None,
        sent_last_minute: Vec::new(),
        used_last_minute: 0,
        shares_with: Vec::new(),
        per_minute: 0,
        per_minute_learned: false,
        per_minute_lowered: false,
        used_today: 0,
        per_day: None,
        per_day_learned: false,
        refusals: 0,
        last_used_at: None,
        last_error: None,
        last_error_at: None,
        models_off: Vec::new(),
        meanwhile: None,
        next_free_at: None,
    }
}

fn ledgers<'a>(view: &'a View, key: &PoolKey) -> &'a [Ledger] {
    view.chain_of(&key.project)
}

fn first_usable_model(view: &View, key: &PoolKey) -> usize {
    ledgers(view, key).iter().position(|ledger| ledger.off.is_none()).unwrap_or(0)
}

fn models_off(view: &View, key: &PoolKey) -> Vec<(String, String)> {
    let models = view.models.iter().zip(ledgers(view, key));
    models.filter_map(|(model, ledger)| Some((model.clone(), ledger.off.clone()?))).collect()
}

/// The model that the key serves with while it rests for the one that is preferred.
pub(super) fn meanwhile(
    view: &View,
    key: &PoolKey,
    state: &KeyState,
    now: Millis,
) -> Option<String> {
    let KeyState::Resting { .. } = state else { return None };
    let known = view.keys.iter().find(|it| it.number == key.number)?;
    let soon = now.plus(view.pace.soon);
    let serves =
        |model: &usize| matches!(view.ready(known, *model, 0, now), When::At(at, _) if at <= soon);
    let model = (first_usable_model(view, key) + 1..view.chain).find(serves)?;
    view.models.get(model).cloned()
}

pub(super) fn state(view: &View, key: &PoolKey, now: Millis) -> (KeyState, Option<Millis>) {
    let Some(known) = view.keys.iter().find(|it| it.number == key.number) else {
        return (KeyState::NoModel { why: "it is not in the pool".into() }, None);
    };
    if known.paused {
        return (KeyState::Paused, None);
    }
    if let Some(why) = &known.aside {
        return (KeyState::Aside { why: why.clone() }, None);
    }
    let model = first_usable_model(view, key);
    match view.ready(known, model, 0, now) {
        When::Never(why) => (KeyState::NoModel { why }, None),
        When::At(at, _) if at <= now.plus(view.pace.send_gap) => (KeyState::Ready, Some(now)),
        When::At(at, because) => {
            let state = match because.why_resting() {
                None => KeyState::Waiting { until: at },
                Some(why) => KeyState::Resting { until: at, why },
            };
            (state, Some(at))
        }
    }
}

/// What a click on `/keys` could not do.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("there is no such key")]
    Gone,
    #[error("this key stands in a variable: take it out of .env, then press \"Read .env again\"")]
    Variable,
    #[error(transparent)]
    Db(#[from] sqlx::Error),
}

/// The row of a key, with the pool's turn taken.
pub(super) async fn row_of(
    conn: &mut Conn,
    pool: &Pool,
    number: KeyNumber,
) -> Result<store::keys::Key, KeyError> {
    store::keys::lock(conn).await?;
    refresh(conn, pool).await?;
    let key = pool.key(number).ok_or(KeyError::Gone)?;
    let rows = store::keys::list(conn).await?;
    rows.into_iter().find(|row| row.fingerprint == key.fingerprint).ok_or(KeyError::Gone)
}

/// Takes the key out of service; what it has under way goes on. False when it was paused already.
pub async fn pause(
    conn: &mut Conn,
    pool: &Pool,
    number: KeyNumber,
    now: Millis,
) -> Result<bool, KeyError> {
    let row = row_of(conn, pool, number).await?;
    Ok(store::keys::pause(conn, row.id, now).await?)
}

/// Takes the key back into service. False when it was not paused.
pub async fn resume(conn: &mut Conn, pool: &Pool, number: KeyNumber) -> Result<bool, KeyError> {
    let row = row_of(conn, pool, number).await?;
    Ok(store::keys::resume(conn, row.id).await?)
}

/// Lets work use the key at once, whatever was said against it or its project: it is asked once more.
pub async fn try_again(conn: &mut Conn, pool: &Pool, number: KeyNumber) -> Result<(), KeyError> {
    let row = row_of(conn, pool, number).await?;
    store::keys::forgive(conn, row.id).await?;
    store::keys::forgive_project(conn, &row.project).await?;
    Ok(())
}
