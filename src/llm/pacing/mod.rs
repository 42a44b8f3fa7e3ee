//! Pacing: may a request start now, with which key and model? If not, when, and why not? Pure: takes the pool's state
//! and the time, returns a verdict. It must not know the store, the network or the queue.

pub mod day;
mod demand;
mod pace;
mod reasons;
mod tokens;
mod view;
mod when;

#[cfg(test)]
mod tests;

pub use demand::{Demand, Outlook, Verdict};
pub use pace::{Pace, REQUESTS_PER_MINUTE, TOKENS_PER_MINUTE, cost};
pub use tokens::TokenEstimate;
pub use view::{Cooldown, CooldownKind, Ledger, Slot, TaskTurn, Turns, View};
pub use when::{Because, When};

use crate::model::job::Class;
use crate::model::{KeyRecord, Millis};

/// While bulk work waits, at least one of this many starts is bulk.
const BULK_EVERY: i64 = 4;

/// The next thing to do. Call it again after each `Start` and `Fallback`, until it returns `Wait`.
pub fn decide(view: &View, demands: &[Demand], now: Millis) -> Verdict {
    let mut first_wait = None;
    let mut earliest: Option<Millis> = None;
    for demand in in_order(view, demands) {
        match outlook(view, &demands[demand], now) {
            Outlook::Start { key, project, model } => {
                return Verdict::Start { demand, key, project, model };
            }
            Outlook::Fallback { why } => return Verdict::Fallback { demand, why },
            Outlook::Wait { until, why } => {
                earliest = Some(earliest.map_or(until, |known| known.min(until)));
                first_wait.get_or_insert(why);
            }
        }
    }
    let why = first_wait.unwrap_or_else(|| "nothing waits".into());
    Verdict::Wait { until: earliest, why }
}

/// The order in which demands are served: people, single drafts, bulk; but while bulk waits, every fourth start is
/// bulk. Within a class, the task that is furthest behind its share comes first, then the oldest job.
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

/// What would happen to the oldest job of a demand if it were the only one: pages show it as the expected start.
///
/// The chain is, for each model, the primary keys and then the reserve. A later link is used only if no earlier link
/// will be free soon, so that a full minute alone does not use up the reserve and the second model.
pub fn outlook(view: &View, demand: &Demand, now: Millis) -> Outlook {
    if view.keys.is_empty() {
        return Outlook::Fallback { why: "no key is set".into() };
    }
    let soon = horizon(view, demand, now);
    let spaced = view.spaced_from(demand.task, now);
    let mut best: Option<(Millis, Because)> = None;
    for model in view.models_for(demand) {
        for reserve in [false, true] {
            let Some(link) = link(view, model, reserve, demand.tokens, now) else { continue };
            if spaced <= now
                && let Some(key) = link.free
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
                return Outlook::Wait { until: at, why: reasons::wait(view, at, &because, now) };
            }
            if best.as_ref().is_none_or(|(known, _)| at < *known) {
                best = Some((at, because));
            }
        }
    }
    let Some((at, because)) = best else {
        return Outlook::Fallback { why: reasons::no_key_serves(view, now) };
    };
    let in_time = demand.deadline_at.is_none_or(|deadline| at <= deadline);
    let only_a_minute = demand.may_be_late() && because.is_short();
    let why = reasons::wait(view, at, &because, now);
    if in_time || only_a_minute {
        Outlook::Wait { until: at, why }
    } else {
        Outlook::Fallback { why: format!("no key was free in time: {why}") }
    }
}

/// Until when it is worth waiting for a link of the chain before trying the next one.
fn horizon(view: &View, demand: &Demand, now: Millis) -> Millis {
    let soon = now.plus(view.pace.soon);
    match demand.deadline_at {
        Some(deadline) if !demand.may_be_late() => deadline.max(now).min(soon),
        Some(_) | None => soon,
    }
}

/// One link of the chain: the keys of one kind with one model.
struct Link<'a> {
    /// When the first of them is free, and what it waits for until then.
    at: Millis,
    because: Because,
    /// Of the keys that are free now, the least recently used one.
    free: Option<&'a KeyRecord>,
}

fn link(view: &View, model: usize, reserve: bool, tokens: u32, now: Millis) -> Option<Link<'_>> {
    let mut found: Option<Link<'_>> = None;
    for key in view.keys.iter().filter(|key| key.number.is_reserve() == reserve) {
        let When::At(at, because) = view.ready(key, model, tokens, now) else { continue };
        let serves = (at <= now).then_some(key);
        match &mut found {
            None => found = Some(Link { at, because, free: serves }),
            Some(link) => {
                if at < link.at {
                    (link.at, link.because) = (at, because);
                }
                if let Some(key) = serves
                    && link.free.is_none_or(|first| {
                        (key.last_sent_at, key.last_booking, key.number)
                            < (first.last_sent_at, first.last_booking, first.number)
                    })
                {
                    link.free = Some(key);
                }
            }
        }
    }
    found
}
