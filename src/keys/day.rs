//! The day by which Google counts, with the slack that our own count of it needs.

use crate::llm::pacing::{Pace, day};
use crate::model::Millis;
use crate::store::quotas::Day;

/// The day `date`, which contains `now`. Requests that were booked just before its midnight count too: they may have
/// arrived after it.
pub(super) fn counted_day<'a>(date: &'a str, pace: &Pace, now: Millis) -> Day<'a> {
    let slack = pace.fresh + pace.grace + pace.guard;
    Day { date, from: day::beginning(now).minus(slack) }
}
