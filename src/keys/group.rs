//! Proposes to group keys that seem to share a project. The proposals come from the ledger, never from guesses.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::pool::Pool;
use crate::model::{BookingId, KeyNumber, Millis};
use crate::store::Conn;
use crate::store::page_keys::{self, Crowded};

/// How far back refusals are counted.
const LOOK_BACK: Duration = Duration::from_hours(1);
/// How many refusals make a proposal: another program may have caused a single one.
const ENOUGH: usize = 2;

/// Two keys whose requests Google seems to count together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The lowest number of each project.
    pub keys: [KeyNumber; 2],
    /// How many refusals indicate it.
    pub refusals: usize,
    /// What one project may send in a minute.
    pub limit: i64,
}

/// Proposes two projects if each was refused for its minute although it was within its own limit, at least twice in all
/// within the hour, and each time only the sum of both was above the limit.
pub async fn proposals(conn: &mut Conn, pool: &Pool, now: Millis) -> sqlx::Result<Vec<Proposal>> {
    let crowded = page_keys::crowded(conn, now.minus(LOOK_BACK)).await?;
    if crowded.is_empty() {
        return Ok(Vec::new());
    }
    let keys = pool.keys();
    let first_of = |project: &str| {
        keys.iter().filter(|key| key.project == project).map(|key| key.number).min()
    };
    let found = suspects(&crowded).into_iter().filter_map(|((a, b), suspicion)| {
        let mut keys = [first_of(a)?, first_of(b)?];
        keys.sort_by_key(|number| (number.is_reserve(), *number));
        Some(Proposal { keys, refusals: suspicion.bookings.len(), limit: suspicion.limit })
    });
    Ok(found.collect())
}

#[derive(Default)]
struct Suspicion<'a> {
    bookings: BTreeSet<BookingId>,
    refused: BTreeSet<&'a str>,
    limit: i64,
}

/// Pairs of projects that look like a single one.
fn suspects(crowded: &[Crowded]) -> BTreeMap<(&str, &str), Suspicion<'_>> {
    // Of its own project, including the refused request.
    let own: BTreeMap<BookingId, i64> = crowded
        .iter()
        .filter(|it| it.other == it.project)
        .map(|it| (it.booking, it.used + 1))
        .collect();
    let mut pairs: BTreeMap<(&str, &str), Suspicion<'_>> = BTreeMap::new();
    for it in crowded.iter().filter(|it| it.other != it.project) {
        let own = own.get(&it.booking).copied().unwrap_or(1);
        if own <= it.limit && own + it.used > it.limit {
            let (a, b) = (it.project.as_str(), it.other.as_str());
            let pair = pairs.entry((a.min(b), a.max(b))).or_default();
            pair.bookings.insert(it.booking);
            pair.refused.insert(a);
            pair.limit = it.limit;
        }
    }
    pairs.retain(|_, pair| pair.bookings.len() >= ENOUGH && pair.refused.len() == 2);
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(booking: i64, project: &str, other: &str, used: i64) -> Crowded {
        let booking = BookingId(booking);
        Crowded { booking, project: project.into(), limit: 15, other: other.into(), used }
    }

    fn pairs(crowded: &[Crowded]) -> Vec<(&str, &str)> {
        suspects(crowded).into_keys().collect()
    }

    #[test]
    fn two_that_were_refused_only_together_look_like_one() {
        let first = [seen(1, "a", "a", 7), seen(1, "a", "b", 8), seen(1, "a", "c", 3)];
        let second = [seen(2, "b", "b", 8), seen(2, "b", "a", 7), seen(2, "b", "c", 3)];
        assert_eq!(pairs(&first), [], "once is not enough");
        assert_eq!(pairs(&[&first[..], &second].concat()), [("a", "b")]);
        let again = [seen(3, "a", "a", 7), seen(3, "a", "b", 8)];
        assert_eq!(pairs(&[&first[..], &again].concat()), [], "the other was never refused");
    }

    #[test]
    fn a_sum_inside_the_limit_or_a_project_above_its_own_says_nothing() {
        let inside = [seen(1, "a", "a", 6), seen(1, "a", "b", 8), seen(2, "b", "b", 7)];
        let above = [seen(3, "b", "b", 15), seen(3, "b", "a", 9), seen(2, "b", "a", 7)];
        assert_eq!(pairs(&[&inside[..], &above].concat()), []);
    }
}
