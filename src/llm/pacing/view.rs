//! The state of the pool at one moment: keys, what is left of each project's quota, and the last starts.

use std::collections::BTreeMap;
use std::ops::Range;

use super::day;
use super::demand::Demand;
use super::pace::{Pace, cost};
use super::when::{Because, When};
use crate::model::job::{Class, Task};
use crate::model::{KeyRecord, Millis};

#[derive(Clone, Debug)]
pub struct View {
    pub pace: Pace,
    /// The chain, the preferred model first; then other models that a demand names.
    pub models: Vec<String>,
    /// How many of `models` are the chain.
    pub chain: usize,
    pub keys: Vec<KeyRecord>,
    /// By project: one ledger for each of `models`, in their order.
    pub ledgers: BTreeMap<String, Vec<Ledger>>,
    pub turns: Turns,
}

/// A project's quota for one model, and what is used of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    pub per_minute: u32,
    /// `None`: not known, so there is no limit.
    pub per_day: Option<u32>,
    pub tokens_per_minute: u32,
    /// Bookings that Google may still count.
    pub slots: Vec<Slot>,
    pub used_today: u32,
    pub cooldown: Option<Cooldown>,
    /// Why this project cannot use the model at all.
    pub off: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    pub free_at: Millis,
    pub tokens: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cooldown {
    pub until: Millis,
    pub kind: CooldownKind,
}

/// Why a project cools down for a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CooldownKind {
    /// Refused for requests or tokens a minute.
    Minute,
    /// Refused for the day.
    Day,
    /// Refused without details: Google is overloaded.
    Capacity,
}

crate::model::words!(CooldownKind, "kind of cooldown", {
    Minute => "minute",
    Day => "day",
    Capacity => "capacity",
});

/// Start-time fair queueing between tasks, and the count that prevents bulk work from starving.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turns {
    /// The place of the last start. A task that was idle starts from here, without credit for its idle time.
    pub clock: i64,
    pub tasks: BTreeMap<Task, TaskTurn>,
    /// Starts since the last bulk one while bulk waited.
    pub since_bulk: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskTurn {
    pub last_start: Option<Millis>,
    /// The earliest place of its next start.
    pub finish: i64,
}

impl View {
    pub fn ledger(&self, project: &str, model: usize) -> Option<&Ledger> {
        self.ledgers.get(project)?.get(model)
    }

    /// The project's ledgers for the models of the chain, in their order.
    pub fn chain_of(&self, project: &str) -> &[Ledger] {
        self.ledgers.get(project).map_or(&[], |all| &all[..self.chain.min(all.len())])
    }

    /// The indexes of the models that can answer.
    pub(super) fn models_for(&self, demand: &Demand) -> Range<usize> {
        let Some(model) = &demand.model else { return 0..self.chain };
        let place = self.models.iter().position(|known| known == model);
        place.map_or(0..0, |place| place..place + 1)
    }

    /// How many projects share the work: those with a primary key that is not paused, not disabled, and does not cool
    /// down for longer than a minute.
    pub fn serving_projects(&self, now: Millis) -> usize {
        let away = |at: Millis| at > now.plus(self.pace.soon);
        let mut projects: Vec<&str> = self
            .keys
            .iter()
            .filter(|key| {
                !key.number.is_reserve() && key.paused_at.is_none() && key.disabled().is_none()
            })
            .filter(|key| !key.cooldown(now).is_some_and(|(until, _)| away(until)))
            .filter(|key| {
                let mut chain = self.chain_of(&key.project).iter();
                chain.any(|ledger| ledger.off.is_none() && !ledger.day_is_over(now))
            })
            .map(|key| key.project.as_str())
            .collect();
        projects.sort_unstable();
        projects.dedup();
        projects.len()
    }

    /// The earliest start of `task` at the required distance from its last start.
    pub fn spaced_from(&self, task: Task, now: Millis) -> Millis {
        let last = self.turns.tasks.get(&task).and_then(|turn| turn.last_start);
        last.map_or(now, |last| {
            last.plus(self.pace.spacing(task, self.serving_projects(now))).max(now)
        })
    }

    /// When `key` can send a request with this many input tokens to `model`.
    pub fn ready(&self, key: &KeyRecord, model: usize, tokens: u32, now: Millis) -> When {
        if key.paused_at.is_some() {
            return When::Never(format!("{} is paused", key.name()));
        }
        if let Some(reason) = key.disabled() {
            return When::Never(format!("{} is disabled: {reason}", key.name()));
        }
        let Some(ledger) = self.ledger(&key.project, model) else {
            return When::Never(format!("{} has no quota", key.name()));
        };
        if let Some(reason) = &ledger.off {
            return When::Never(format!(
                "{} cannot use {}: {reason}",
                key.name(),
                self.models[model]
            ));
        }
        let gap = key.last_sent_at.map_or(now, |last| last.plus(self.pace.send_gap)).max(now);
        let mut when = (gap, Because::Slot);
        let mut later = |at: Millis, because: Because| {
            if at > when.0 {
                when = (at, because);
            }
        };
        let (slot, because) = ledger.slot(tokens, now);
        later(slot, because);
        if let Some(cooldown) = ledger.cooldown {
            later(
                cooldown.until,
                match cooldown.kind {
                    CooldownKind::Minute => Because::Slot,
                    CooldownKind::Day => Because::Day,
                    CooldownKind::Capacity => Because::Capacity,
                },
            );
        }
        if ledger.is_used_up() {
            later(day::next(now).plus(self.pace.day_margin), Because::Day);
        }
        if let Some((until, reason)) = key.cooldown(now) {
            later(until, Because::Fault { key: key.name(), reason: reason.into() });
        }
        When::At(when.0, when.1)
    }
}

impl Ledger {
    /// When another request with this many tokens fits into Google's minute.
    fn slot(&self, tokens: u32, now: Millis) -> (Millis, Because) {
        let mut held: Vec<Slot> =
            self.slots.iter().filter(|slot| slot.free_at > now).copied().collect();
        held.sort_unstable_by_key(|slot| slot.free_at);
        let per_minute = usize::try_from(self.per_minute).unwrap_or(usize::MAX);
        // How many slots must become free before this request fits, by count and by tokens. A request that is too big
        // on its own is sent alone: waiting longer would not make it smaller.
        let by_count = (held.len() + 1).saturating_sub(per_minute.max(1));
        let mut sum: u64 = held.iter().map(|slot| u64::from(slot.tokens)).sum();
        let mut by_tokens = 0;
        while by_tokens < held.len() && sum + u64::from(tokens) > u64::from(self.tokens_per_minute)
        {
            sum -= u64::from(held[by_tokens].tokens);
            by_tokens += 1;
        }
        match by_count.max(by_tokens) {
            0 => (now, Because::Slot),
            freed if by_tokens > by_count => (held[freed - 1].free_at, Because::Tokens),
            freed => (held[freed - 1].free_at, Because::Slot),
        }
    }

    fn is_used_up(&self) -> bool {
        self.per_day.is_some_and(|limit| self.used_today >= limit)
    }

    /// Whether the day is over: used up by our own count, or refused for the day.
    pub fn day_is_over(&self, now: Millis) -> bool {
        self.is_used_up()
            || self.cooldown.is_some_and(|it| it.kind == CooldownKind::Day && it.until > now)
    }
}

impl Turns {
    /// The place of a start of `task` now: the lowest is furthest behind its share.
    pub fn place(&self, task: Task) -> i64 {
        self.tasks.get(&task).map_or(self.clock, |turn| turn.finish.max(self.clock))
    }

    /// The state after a start of `task`.
    #[must_use]
    pub fn after(&self, task: Task, class: Class, bulk_waits: bool, now: Millis) -> Self {
        let mut next = self.clone();
        next.clock = self.place(task);
        let finish = next.clock + cost(task);
        next.tasks.insert(task, TaskTurn { last_start: Some(now), finish });
        next.since_bulk = match class {
            Class::Person | Class::Single if bulk_waits => self.since_bulk + 1,
            Class::Person | Class::Single | Class::Bulk => 0,
        };
        next
    }
}
