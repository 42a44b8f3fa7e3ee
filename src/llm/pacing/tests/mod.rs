//! The rules one by one on views that are set up by hand, and all of them together in a simulation.

mod choice;
mod limits;
mod order;
mod server;
mod simulation;

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::config::{self, Pacing};
use crate::model::job::Task;
use crate::model::{BookingId, KeyId, KeyNumber};

pub(super) const NOON: Millis = Millis(1_795_521_600_000); // 2026-11-24T12:00:00Z, four in the morning in California

pub(super) fn settings(pacing: Pacing) -> config::Gemini {
    let vars = config::Vars::default();
    let mut gemini = config::Config::read(&vars).expect("no variable is set").gemini;
    gemini.pacing = pacing;
    gemini
}

pub(super) fn ledger() -> Ledger {
    Ledger {
        per_minute: 15,
        per_day: None,
        tokens_per_minute: 250_000,
        slots: Vec::new(),
        used_today: 0,
        cooldown: None,
        off: None,
    }
}

/// Keys of the given numbers, each its own project, two models.
pub(super) fn view(pacing: Pacing, numbers: &[i64]) -> View {
    let keys: Vec<KeyRecord> = numbers
        .iter()
        .map(|number| KeyRecord {
            id: KeyId(*number),
            fingerprint: format!("f{number}"),
            number: KeyNumber(*number),
            project: format!("p{number}"),
            named: None,
            paused_at: None,
            disabled_at: None,
            cooldown_until: None,
            cooldown_step: 0,
            reason: None,
            last_error: None,
            last_error_at: None,
            refusals: 0,
            last_sent_at: None,
            last_booking: BookingId(0),
        })
        .collect();
    let ledgers: BTreeMap<_, _> =
        keys.iter().map(|key| (key.project.clone(), vec![ledger(), ledger()])).collect();
    View {
        pace: Pace::new(&settings(pacing), 1),
        models: vec!["first".into(), "second".into()],
        chain: 2,
        keys,
        ledgers,
        turns: Turns::default(),
    }
}

pub(super) fn bulk(task: Task) -> Demand {
    Demand {
        task,
        class: Class::Bulk,
        waiting: 10,
        created_at: NOON,
        deadline_at: Some(NOON.plus(Duration::from_hours(24))),
        tokens: 1_000,
        model: None,
    }
}

pub(super) fn watched(task: Task) -> Demand {
    let deadline_at = Some(NOON.plus(Duration::from_mins(2)));
    Demand { class: Class::Person, deadline_at, ..bulk(task) }
}

pub(super) fn full_until(view: &mut View, project: &str, free_at: Millis) {
    let ledger = &mut view.ledgers.get_mut(project).unwrap()[0];
    ledger.slots = vec![Slot { free_at, tokens: 1_000 }; 15];
}

pub(super) fn cool_down_for_the_day(view: &mut View, project: &str, model: usize) {
    let until = day::next(NOON).plus(view.pace.day_margin);
    view.ledgers.get_mut(project).unwrap()[model].cooldown =
        Some(Cooldown { until, kind: CooldownKind::Day });
}

pub(super) fn disable(key: &mut KeyRecord, reason: &str) {
    (key.disabled_at, key.reason) = (Some(NOON), Some(reason.into()));
}

pub(super) fn start(verdict: Verdict) -> (i64, String) {
    match verdict {
        Verdict::Start { key, model, .. } => (key.0, model),
        other => panic!("no start: {other:?}"),
    }
}

pub(super) fn seconds(n: u64) -> Millis {
    NOON.plus(Duration::from_secs(n))
}

/// A question to the FAQ of a person who waits on the page.
pub(super) fn asked() -> Demand {
    let deadline_at = Some(NOON.plus(Duration::from_secs(8)));
    Demand { deadline_at, tokens: 1_500, ..watched(Task::Faq) }
}
