//! When Discord may be asked again: what its answers say about limits, remembered. Pure: times and answers in, a verdict
//! out. Each process knows its own answers only; where several share the limits, a 429 tells the one that comes too late.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use crate::model::Millis;

/// Requests a second over all, the one limit that no header tells.
const EVERYTHING: usize = 50;
const SECOND: Duration = Duration::from_secs(1);

/// 10,000 answers of 401, 403 and 429 in this time bar the address for all of Discord.
const INVALID_WINDOW: Duration = Duration::from_mins(10);

/// Far enough below, for several processes and other bots may stand behind the same address.
const MOST_INVALID: usize = 1_000;

/// So often one route may be forbidden in the window before it rests: nobody has changed the bot's permissions yet.
const MOST_FORBIDDEN: usize = 20;

/// More buckets than this are looked through for those whose time has passed.
const MANY_BUCKETS: usize = 1_000;

/// Where a request goes, as limits see it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// Method and path without what it is about.
    pub route: &'static str,
    /// The channel, server or interaction: each has its own count in a bucket.
    pub major: String,
    /// Answers to interactions do not count towards the limit over all.
    pub counts: bool,
}

/// What an answer's headers say about its bucket.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Headers {
    /// `X-RateLimit-Bucket`
    pub bucket: Option<String>,
    /// `X-RateLimit-Remaining`
    pub remaining: Option<u32>,
    /// `X-RateLimit-Reset-After`
    pub reset_after: Option<Duration>,
}

/// What a 429 says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany {
    pub wait: Duration,
    /// All routes wait, not this bucket alone.
    pub everything: bool,
    /// Others used the limit up: it does not count against us.
    pub shared: bool,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    remaining: u32,
    reset: Millis,
}

/// Where answers are counted together: a bucket, or a route whose bucket is not known yet.
type Counter = (String, String);

#[derive(Debug, Default)]
pub struct Limits {
    /// Which bucket a route belongs to, as its answers say.
    buckets: HashMap<&'static str, String>,
    counters: HashMap<Counter, Bucket>,
    /// The starts of the last second.
    starts: VecDeque<Millis>,
    /// Nothing at all before this.
    everything_rests: Option<Millis>,
    /// Answers of 401, 403 and 429.
    invalid: VecDeque<Millis>,
    /// Answers of 403 by route.
    forbidden: BTreeMap<&'static str, VecDeque<Millis>>,
}

impl Limits {
    /// Takes the right to ask now, or says when to come again.
    pub fn take(&mut self, place: &Place, now: Millis) -> Result<(), Millis> {
        forget(&mut self.starts, now.minus(SECOND));
        forget(&mut self.invalid, now.minus(INVALID_WINDOW));
        let counter = self.counter(place);
        let bucket = self.counters.get_mut(&counter).filter(|bucket| bucket.reset > now);
        let waits = [
            self.everything_rests,
            bucket.as_ref().filter(|bucket| bucket.remaining == 0).map(|bucket| bucket.reset),
            (place.counts && self.starts.len() >= EVERYTHING)
                .then(|| self.starts[self.starts.len() - EVERYTHING].plus(SECOND)),
            (self.invalid.len() >= MOST_INVALID).then(|| self.invalid[0].plus(INVALID_WINDOW)),
            self.forbidden.get_mut(place.route).and_then(|times| {
                forget(times, now.minus(INVALID_WINDOW));
                (times.len() >= MOST_FORBIDDEN).then(|| times[0].plus(INVALID_WINDOW))
            }),
        ];
        if let Some(at) = waits.into_iter().flatten().filter(|at| *at > now).max() {
            return Err(at);
        }
        if let Some(bucket) = bucket {
            bucket.remaining -= 1;
        }
        if place.counts {
            self.starts.push_back(now);
        }
        Ok(())
    }

    /// Notes what an answer said, whatever its status.
    pub fn answered(&mut self, place: &Place, headers: &Headers, now: Millis) {
        if let Some(bucket) = &headers.bucket {
            self.buckets.insert(place.route, bucket.clone());
        }
        let (Some(remaining), Some(reset_after)) = (headers.remaining, headers.reset_after) else {
            return;
        };
        let told = Bucket { remaining, reset: now.plus(reset_after) };
        self.note(place, told, now);
    }

    pub fn too_many(&mut self, place: &Place, told: TooMany, now: Millis) {
        let until = now.plus(told.wait);
        if told.everything {
            self.everything_rests = self.everything_rests.max(Some(until));
        } else {
            self.note(place, Bucket { remaining: 0, reset: until }, now);
        }
        if !told.shared {
            self.invalid.push_back(now);
        }
    }

    pub fn unauthorised(&mut self, now: Millis) {
        self.invalid.push_back(now);
    }

    pub fn forbidden(&mut self, place: &Place, now: Millis) {
        self.invalid.push_back(now);
        self.forbidden.entry(place.route).or_default().push_back(now);
    }

    /// The bot may do this (again).
    pub fn allowed(&mut self, place: &Place) {
        self.forbidden.remove(place.route);
    }

    /// Somebody may have changed the bot's permissions.
    pub fn forget_forbidden(&mut self) {
        self.forbidden.clear();
    }

    /// Of several answers about one window the one counts that leaves least: they may come in any order.
    fn note(&mut self, place: &Place, told: Bucket, now: Millis) {
        if self.counters.len() > MANY_BUCKETS {
            self.counters.retain(|_, bucket| bucket.reset > now);
        }
        let counter = self.counter(place);
        let known = self.counters.get(&counter).filter(|bucket| bucket.reset > now);
        let merged = known.map_or(told, |known| Bucket {
            remaining: known.remaining.min(told.remaining),
            reset: known.reset.max(told.reset),
        });
        self.counters.insert(counter, merged);
    }

    fn counter(&self, place: &Place) -> Counter {
        let bucket = self.buckets.get(place.route).map_or(place.route, String::as_str);
        (bucket.to_owned(), place.major.clone())
    }
}

/// Drops what is not after `until`; the times are in their order.
fn forget(times: &mut VecDeque<Millis>, until: Millis) {
    while times.front().is_some_and(|at| *at <= until) {
        times.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Millis = Millis(1_000_000);

    fn place(route: &'static str, major: &str) -> Place {
        Place { route, major: major.into(), counts: true }
    }

    fn at(seconds: u64) -> Millis {
        START.plus(Duration::from_secs(seconds))
    }

    fn headers(bucket: &str, remaining: u32, seconds: u64) -> Headers {
        Headers {
            bucket: Some(bucket.into()),
            remaining: Some(remaining),
            reset_after: Some(Duration::from_secs(seconds)),
        }
    }

    #[test]
    fn an_empty_bucket_is_left_alone_until_it_is_full_again() {
        let mut limits = Limits::default();
        let here = place("PUT role", "server");
        assert_eq!(limits.take(&here, START), Ok(()));
        limits.answered(&here, &headers("b", 1, 10), START);
        assert_eq!(limits.take(&here, START), Ok(()));
        assert_eq!(limits.take(&here, at(9)), Err(at(10)));
        assert_eq!(limits.take(&here, at(10)), Ok(()));
    }

    #[test]
    fn routes_that_share_a_bucket_share_its_count_and_places_do_not() {
        let mut limits = Limits::default();
        limits.answered(&place("POST message", "one"), &headers("b", 5, 5), START);
        limits.answered(&place("PATCH message", "one"), &headers("b", 0, 5), START);
        assert_eq!(limits.take(&place("POST message", "one"), START), Err(at(5)));
        assert_eq!(limits.take(&place("POST message", "two"), START), Ok(()));
    }

    #[test]
    fn a_late_answer_does_not_fill_the_bucket_again() {
        let mut limits = Limits::default();
        let here = place("PUT role", "server");
        limits.answered(&here, &headers("b", 0, 5), START);
        limits.answered(&here, &headers("b", 3, 5), START);
        assert_eq!(limits.take(&here, START), Err(at(5)));
    }

    #[test]
    fn a_429_for_everything_stops_every_route() {
        let mut limits = Limits::default();
        let told = TooMany { wait: Duration::from_mins(1), everything: true, shared: false };
        limits.too_many(&place("PUT role", "server"), told, START);
        assert_eq!(limits.take(&place("GET roles", "server"), at(59)), Err(at(60)));
        assert_eq!(limits.take(&place("GET roles", "server"), at(60)), Ok(()));
    }

    #[test]
    fn fifty_requests_start_in_a_second_and_answers_to_interactions_do_not_count() {
        let mut limits = Limits::default();
        let here = place("GET roles", "server");
        for _ in 0..EVERYTHING {
            assert_eq!(limits.take(&here, START), Ok(()));
        }
        assert_eq!(limits.take(&here, START), Err(at(1)));
        let answer = Place { route: "PATCH original", major: "token".into(), counts: false };
        assert_eq!(limits.take(&answer, START), Ok(()));
        assert_eq!(limits.take(&here, at(1)), Ok(()));
    }

    #[test]
    fn a_route_that_is_forbidden_over_and_over_rests_and_the_others_go_on() {
        let mut limits = Limits::default();
        let here = place("PUT role", "server");
        for _ in 0..MOST_FORBIDDEN {
            assert_eq!(limits.take(&here, START), Ok(()));
            limits.forbidden(&here, START);
            // Spread over more than a second, or the limit over all would speak first.
            limits.starts.clear();
        }
        assert_eq!(limits.take(&here, at(1)), Err(at(600)));
        assert_eq!(limits.take(&place("GET roles", "server"), at(1)), Ok(()));
        assert_eq!(limits.take(&here, at(600)), Ok(()));
    }

    #[test]
    fn too_many_refusals_stop_everything_long_before_discord_does() {
        let mut limits = Limits::default();
        let told = TooMany { wait: Duration::ZERO, everything: false, shared: false };
        let shared = TooMany { shared: true, ..told };
        for _ in 0..MOST_INVALID {
            limits.too_many(&place("PUT role", "server"), shared, START);
        }
        assert_eq!(limits.take(&place("GET roles", "server"), START), Ok(()));
        for _ in 0..MOST_INVALID {
            limits.too_many(&place("PUT role", "server"), told, START);
        }
        assert_eq!(limits.take(&place("GET roles", "server"), at(1)), Err(at(600)));
    }

    #[test]
    fn places_whose_time_has_passed_are_forgotten() {
        let mut limits = Limits::default();
        for number in 0..=MANY_BUCKETS {
            let token = place("PATCH original", &number.to_string());
            limits.answered(&token, &headers("b", 4, 1), START);
        }
        limits.answered(&place("PATCH original", "last"), &headers("b", 4, 1), at(2));
        assert_eq!(limits.counters.len(), 1);
    }
}
