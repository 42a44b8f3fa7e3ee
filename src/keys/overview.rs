//! The state of each key, as `/keys` shows it.

use super::book::view;
use super::pool::Pool;
use super::set::{Place, PoolKey, called, source};
use crate::llm::pacing::{Ledger, View, When};
use crate::model::{KeyNumber, Millis};
use crate::store::{self, Conn};

/// One place with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    pub number: KeyNumber,
    /// `GEMINI_API_KEY2`, or that it was entered on the page.
    pub source: String,
    pub place: Place,
    /// The project's name, if it has one.
    pub project: Option<String>,
    pub state: KeyState,
    /// The first model that the key can use. The figures below are for this model.
    pub model: String,
    /// Since when it is paused or disabled.
    pub since: Option<Millis>,
    /// When it sent requests in the last minute, to any model.
    pub sent_last_minute: Vec<Millis>,
    /// How many requests all keys of its project sent in that minute.
    pub used_last_minute: usize,
    /// Other keys that use the same project's quota.
    pub shares_with: Vec<KeyNumber>,
    pub per_minute: u32,
    /// The limit of the minute was learned from Google, or is lowered after a refusal.
    pub per_minute_learned: bool,
    /// It is lowered for a day after a refusal.
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
    /// The model that it uses while it cools down for the preferred one.
    pub meanwhile: Option<String>,
    /// When it can send again; `None`: not before a person does something.
    pub next_free_at: Option<Millis>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyState {
    Ready,
    /// The limit of its minute is used up.
    Waiting {
        until: Millis,
    },
    CoolingDown {
        until: Millis,
        why: String,
    },
    Paused,
    Disabled {
        why: String,
    },
    /// It cannot use any model of the list.
    NoModel {
        why: String,
    },
    /// Another place has the same key and serves instead.
    Duplicate {
        of: String,
    },
    /// It was entered on the page of a process with another secret.
    Unreadable,
}

impl KeyState {
    /// One or two words.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::Waiting { .. } => "Waiting",
            Self::CoolingDown { .. } => "Cooling down",
            Self::Paused => "Paused",
            Self::Disabled { .. } => "Disabled",
            Self::NoModel { .. } => "No model",
            Self::Duplicate { .. } => "Same key",
            Self::Unreadable => "Not decrypted",
        }
    }

    /// The reason, if there is one.
    pub fn why(&self) -> Option<String> {
        match self {
            Self::Ready | Self::Waiting { .. } | Self::Paused => None,
            Self::CoolingDown { why, .. } | Self::Disabled { why } | Self::NoModel { why } => {
                Some(why.clone())
            }
            Self::Unreadable => {
                Some("it was encrypted with another secret than this process has".into())
            }
            Self::Duplicate { of } => Some(format!("has the same key as {of}, so it counts once")),
        }
    }

    /// Whether it can be used, now or when its minute is over.
    pub fn serves(&self) -> bool {
        matches!(self, Self::Ready | Self::Waiting { .. })
    }
}

/// Every key, by number, the reserve last.
pub async fn overview(conn: &mut Conn, pool: &Pool, now: Millis) -> sqlx::Result<Vec<KeyRow>> {
    let view = view(conn, pool, &[], now).await?;
    rows(conn, pool, &view, now).await
}

/// As [`overview`], with a view that the caller has already.
pub(super) async fn rows(
    conn: &mut Conn,
    pool: &Pool,
    view: &View,
    now: Millis,
) -> sqlx::Result<Vec<KeyRow>> {
    let states = store::keys::list(conn).await?;
    let quotas = store::quotas::list(conn).await?;
    let sent = store::usage::sent_since(conn, now.minus(pool.pace().window)).await?;
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
        let of_project = |it: &&store::usage::Sent| it.project == key.project && it.model == name;
        let others = keys.iter().filter(|other| other.project == key.project);
        rows.push(KeyRow {
            number: key.number,
            source: key.source(),
            place: key.place,
            project: key.project_name.clone(),
            meanwhile: meanwhile(view, key, &state, now),
            state,
            since: row.disabled_at.or(row.paused_at),
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
    rows.extend(keys.duplicates().iter().map(|duplicate| {
        let of = called(duplicate.of, duplicate.of_place);
        idle(duplicate.number, duplicate.place, KeyState::Duplicate { of })
    }));
    rows.extend(
        keys.unreadable().iter().map(|it| idle(it.number, Place::Page, KeyState::Unreadable)),
    );
    rows.sort_by_key(|row| (row.number.is_reserve(), row.number));
    Ok(rows)
}

/// A place whose key does not serve.
fn idle(number: KeyNumber, place: Place, state: KeyState) -> KeyRow {
    KeyRow {
        number,
        source: source(number, place),
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

/// The model that the key uses while it cools down for the preferred one.
pub(super) fn meanwhile(
    view: &View,
    key: &PoolKey,
    state: &KeyState,
    now: Millis,
) -> Option<String> {
    let KeyState::CoolingDown { .. } = state else { return None };
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
    if known.paused_at.is_some() {
        return (KeyState::Paused, None);
    }
    if let Some(why) = known.disabled() {
        return (KeyState::Disabled { why: why.into() }, None);
    }
    let model = first_usable_model(view, key);
    match view.ready(known, model, 0, now) {
        When::Never(why) => (KeyState::NoModel { why }, None),
        When::At(at, _) if at <= now.plus(view.pace.send_gap) => (KeyState::Ready, Some(now)),
        When::At(at, because) => {
            let state = match because.why_cooling_down() {
                None => KeyState::Waiting { until: at },
                Some(why) => KeyState::CoolingDown { until: at, why },
            };
            (state, Some(at))
        }
    }
}
