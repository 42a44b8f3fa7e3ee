//! Pacing: may a request start now, with which key and model, and if not, when and why not? Pure: takes what the pool
//! knows and the time, returns a verdict. It must not know the store, the network or the queue.

pub mod day;
mod pace;
mod tokens;
mod view;
mod words;

#[cfg(test)]
mod rules;
#[cfg(test)]
mod simulation;

pub use pace::{Pace, REQUESTS_PER_MINUTE, TOKENS_PER_MINUTE, cost};
pub use tokens::TokenEstimate;
pub use view::{Key, Ledger, Rest, RestKind, Slot, TaskTurn, Turns, View};

use crate::model::job::{Class, Task};
use crate::model::{KeyNumber, Millis};

/// Of so many starts at least one is bulk while bulk waits.
const BULK_EVERY: i64 = 4;

/// Jobs of one task and class that could start now, by their oldest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    pub task: Task,
    pub class: Class,
    pub waiting: i64,
    /// Of the oldest job.
    pub created_at: Millis,
    /// Of the oldest job; `None`: it may wait for ever.
    pub deadline_at: Option<Millis>,
    /// How many input tokens it will take, estimated.
    pub tokens: u32,
    /// The one model that can answer; `None`: whichever of the chain serves.
    pub model: Option<String>,
}

impl Demand {
    /// Whether it waits for its minute beyond its deadline: nobody looks on. Whoever asks through the door holds a
    /// connection, and is told when its time cannot be kept.
    fn may_be_late(&self) -> bool {
        self.class == Class::Bulk && self.task != Task::Gateway
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// `demand` is its place in the list, `key` the number of the key's variable.
    Start { demand: usize, key: KeyNumber, project: String, model: String },
    /// No key will serve the oldest job of this demand in time: template or taxonomy, and why.
    Resort { demand: usize, why: String },
    /// Nothing can start before `until`; `None`: not before something changes.
    Wait { until: Option<Millis>, why: String },
}

/// When something can happen, and what it waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    At(Millis, Because),
    /// Not before a person does something: why.
    Never(String),
}

/// What a start waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Because {
    /// The distance to the last start of its task.
    Spacing,
    /// The minute, or the gap between two sends.
    Slot,
    /// Input tokens a minute.
    Tokens,
    /// Google has no room.
    Capacity,
    Day,
    /// A fault of a key that may pass.
    Fault {
        key: String,
        reason: String,
    },
}

/// What is to become of one demand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outlook {
    Start { key: KeyNumber, project: String, model: String },
    Wait { until: Millis, why: String },
    Resort { why: String },
}

/// The next thing to do. Asked again after each `Start` and `Resort`, until it says `Wait`.
pub fn decide(view: &View, demands: &[Demand], now: Millis) -> Verdict {
    let mut first_wait = None;
    let mut earliest: Option<Millis> = None;
    for demand in in_order(view, demands) {
        match outlook(view, &demands[demand], now) {
            Outlook::Start { key, project, model } => {
                return Verdict::Start { demand, key, project, model };
            }
            Outlook::Resort { why } => return Verdict::Resort { demand, why },
            Outlook::Wait { until, why } => {
                earliest = Some(earliest.map_or(until, |known| known.min(until)));
                first_wait.get_or_insert(why);
            }
        }
    }
    let why = first_wait.unwrap_or_else(|| "nothing waits".into());
    Verdict::Wait { until: earliest, why }
}

/// The order in which demands are served: people, single drafts, bulk, but every fourth start is bulk's while bulk
/// waits; inside a class the task that is furthest behind its share, then the oldest.
fn in_order(view: &View, demands: &[Demand]) -> Vec<usize> {
    let bulk_first = view.turns.since_bulk >= BULK_EVERY - 1;
    let mut order: Vec<usize> = (0..demands.len()).filter(|at| demands[*at].waiting > 0).collect();
    order.sort_by_key(|at| {
        let demand = &demands[*at];
        let later = demand.class != Class::Bulk && bulk_first;
        (later, demand.class, view.turns.place(demand.task), demand.created_at, *at)
    });
    order
}

/// What is to become of the oldest job of a demand, were it the only one: what pages say about its start.
///
/// The chain of the design: for each model the primary keys, then the reserve. A link further down serves only when
/// none before it will serve soon, so that the reserve and the second model are not used up for want of a minute.
pub fn outlook(view: &View, demand: &Demand, now: Millis) -> Outlook {
    if view.keys.is_empty() {
        return Outlook::Resort { why: "no key is set".into() };
    }
    let soon = horizon(view, demand, now);
    let spaced = view.spaced_from(demand.task, now);
    let mut best: Option<(Millis, Because)> = None;
    for model in view.models_for(demand) {
        for reserve in [false, true] {
            let Some(link) = link(view, model, reserve, demand.tokens, now) else { continue };
            if spaced <= now
                && let Some(key) = link.rested
            {
                return Outlook::Start {
                    key: key.number,
                    project: key.project.clone(),
                    model: view.models[model].clone(),
                };
            }
            let (at, because) =
                if spaced > link.at { (spaced, Because::Spacing) } else { (link.at, link.because) };
            if at <= soon {
                return Outlook::Wait { until: at, why: words::wait(view, at, &because, now) };
            }
            if best.as_ref().is_none_or(|(known, _)| at < *known) {
                best = Some((at, because));
            }
        }
    }
    let Some((at, because)) = best else {
        return Outlook::Resort { why: words::nothing_serves(view, now) };
    };
    let in_time = demand.deadline_at.is_none_or(|deadline| at <= deadline);
    let only_a_minute = demand.may_be_late() && because.is_short();
    let why = words::wait(view, at, &because, now);
    if in_time || only_a_minute {
        Outlook::Wait { until: at, why }
    } else {
        Outlook::Resort { why: format!("no key was free in time: {why}") }
    }
}

/// Until when a link of the chain is worth waiting for before the next one is asked.
fn horizon(view: &View, demand: &Demand, now: Millis) -> Millis {
    let soon = now.plus(view.pace.soon);
    match demand.deadline_at {
        Some(deadline) if !demand.may_be_late() => deadline.max(now).min(soon),
        Some(_) | None => soon,
    }
}

/// One link of the chain: the keys of one kind with one model.
struct Link<'a> {
    /// When the first of them can serve, and what it waits for.
    at: Millis,
    because: Because,
    /// Of those that can serve now, the one that has rested longest.
    rested: Option<&'a Key>,
}

fn link(view: &View, model: usize, reserve: bool, tokens: u32, now: Millis) -> Option<Link<'_>> {
    let mut found: Option<Link<'_>> = None;
    for key in view.keys.iter().filter(|key| key.number.is_reserve() == reserve) {
        let When::At(at, because) = view.ready(key, model, tokens, now) else { continue };
        let serves = (at <= now).then_some(key);
        match &mut found {
            None => found = Some(Link { at, because, rested: serves }),
            Some(link) => {
                if at < link.at {
                    (link.at, link.because) = (at, because);
                }
                if let Some(key) = serves
                    && link.rested.is_none_or(|rested| {
                        (key.last_sent, key.last_booking, key.number)
                            < (rested.last_sent, rested.last_booking, rested.number)
                    })
                {
                    link.rested = Some(key);
                }
            }
        }
    }
    found
}

impl Because {
    /// Why a key rests; `None` when it only waits for its minute.
    pub fn why_resting(&self) -> Option<String> {
        match self {
            Self::Spacing | Self::Slot | Self::Tokens => None,
            Self::Capacity => Some("Google has no room at the moment".into()),
            Self::Day => Some("the day's quota is used".into()),
            Self::Fault { reason, .. } => Some(reason.clone()),
        }
    }

    /// Whether it passes within minutes by itself.
    fn is_short(&self) -> bool {
        match self {
            Self::Spacing | Self::Slot | Self::Tokens | Self::Capacity => true,
            Self::Day | Self::Fault { .. } => false,
        }
    }
}
