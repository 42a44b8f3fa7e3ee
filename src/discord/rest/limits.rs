//! Discord's rate limits, as its responses report them. Pure: times and responses in, a verdict out. Each process knows
//! only its own responses; when several share a limit, a 429 tells the one that is too early.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use crate::model::Millis;

/// Requests per second over all routes: the one limit that no header reports.
const PER_SECOND: usize = 50;
const SECOND: Duration = Duration::from_secs(1);

/// Discord bans an IP address after 10,000 responses of 401, 403 and 429 within this time.
const INVALID_WINDOW: Duration = Duration::from_mins(10);

/// Far below that limit, since several processes and other bots may share the address.
const MOST_INVALID: usize = 1_000;

/// How often one route may be forbidden in the window before it is blocked: the bot's permissions have not changed yet.
const MOST_FORBIDDEN: usize = 20;

/// From this number of buckets on, expired ones are removed.
const MANY_BUCKETS: usize = 1_000;

/// What a request's limits depend on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// Method and path, without ids.
    pub route: &'static str,
    /// The channel, server or interaction (Discord's "major parameter"): each is counted separately in a bucket.
    pub major: String,
    /// Replies to interactions do not count towards the global limit.
    pub counts_globally: bool,
}

/// What a response's headers say about its bucket.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Headers {
    /// `X-RateLimit-Bucket`
    pub bucket: Option<String>,
    /// `X-RateLimit-Remaining`
    pub remaining: Option<u32>,
    /// `X-RateLimit-Reset-After`
    pub reset_after: Option<Duration>,
}

/// What a 429 response says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany {
    pub wait: Duration,
    /// All routes must wait, not only this bucket.
    pub global: bool,
    /// Other applications used up the limit; it does not count against this one.
    pub shared: bool,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    remaining: u32,
    reset: Millis,
}

/// What is counted together: a bucket (or a route whose bucket is not known yet) and a major parameter.
type Counter = (String, String);

#[derive(Debug, Default)]
pub struct Limits {
    /// The bucket of each route, as its responses say.
    buckets: HashMap<&'static str, String>,
    counters: HashMap<Counter, Bucket>,
    /// When the requests of the last second started.
    starts: VecDeque<Millis>,
    /// No request at all before this.
    all_blocked_until: Option<Millis>,
    /// Responses of 401, 403 and 429.
    invalid: VecDeque<Millis>,
    /// Responses of 403 by route.
    forbidden: BTreeMap<&'static str, VecDeque<Millis>>,
}

impl Limits {
    /// Books a request that starts now, or returns when it may start.
    pub fn take(&mut self, target: &Target, now: Millis) -> Result<(), Millis> {
        forget(&mut self.starts, now.minus(SECOND));
        forget(&mut self.invalid, now.minus(INVALID_WINDOW));
        let counter = self.counter(target);
        let bucket = self.counters.get_mut(&counter).filter(|bucket| bucket.reset > now);
        let waits = [
            self.all_blocked_until,
            bucket.as_ref().filter(|bucket| bucket.remaining == 0).map(|bucket| bucket.reset),
            (target.counts_globally && self.starts.len() >= PER_SECOND)
                .then(|| self.starts[self.starts.len() - PER_SECOND].plus(SECOND)),
            (self.invalid.len() >= MOST_INVALID).then(|| self.invalid[0].plus(INVALID_WINDOW)),
            self.forbidden.get_mut(target.route).and_then(|times| {
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
        if target.counts_globally {
            self.starts.push_back(now);
        }
        Ok(())
    }

    /// Records a response's headers, whatever its status.
    pub fn answered(&mut self, target: &Target, headers: &Headers, now: Millis) {
        if let Some(bucket) = &headers.bucket {
            self.buckets.insert(target.route, bucket.clone());
        }
        let (Some(remaining), Some(reset_after)) = (headers.remaining, headers.reset_after) else {
            return;
        };
        let limit = Bucket { remaining, reset: now.plus(reset_after) };
        self.note(target, limit, now);
    }

    pub fn too_many(&mut self, target: &Target, limit: TooMany, now: Millis) {
        let until = now.plus(limit.wait);
        if limit.global {
            self.all_blocked_until = self.all_blocked_until.max(Some(until));
        } else {
            self.note(target, Bucket { remaining: 0, reset: until }, now);
        }
        if !limit.shared {
            self.invalid.push_back(now);
        }
    }

    pub fn unauthorised(&mut self, now: Millis) {
        self.invalid.push_back(now);
    }

    pub fn forbidden(&mut self, target: &Target, now: Millis) {
        self.invalid.push_back(now);
        self.forbidden.entry(target.route).or_default().push_back(now);
    }

    /// The bot is allowed to do this, perhaps again.
    pub fn allowed(&mut self, target: &Target) {
        self.forbidden.remove(target.route);
    }

    /// The bot's permissions may have changed.
    pub fn forget_forbidden(&mut self) {
        self.forbidden.clear();
    }

    /// Responses about one window may arrive in any order, so the lowest remaining count is kept.
    fn note(&mut self, target: &Target, limit: Bucket, now: Millis) {
        if self.counters.len() > MANY_BUCKETS {
            self.counters.retain(|_, bucket| bucket.reset > now);
        }
        let counter = self.counter(target);
        let known = self.counters.get(&counter).filter(|bucket| bucket.reset > now);
        let merged = known.map_or(limit, |known| Bucket {
            remaining: known.remaining.min(limit.remaining),
            reset: known.reset.max(limit.reset),
        });
        self.counters.insert(counter, merged);
    }

    fn counter(&self, target: &Target) -> Counter {
        let bucket = self.buckets.get(target.route).map_or(target.route, String::as_str);
        (bucket.to_owned(), target.major.clone())
    }
}

/// Drops the times up to `until`; they are in order.
fn forget(times: &mut VecDeque<Millis>, until: Millis) {
    while times.front().is_some_and(|at| *at <= until) {
        times.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Millis = Millis(1_000_000);

    fn target(route: &'static str, major: &str) -> Target {
        Target { route, major: major.into(), counts_globally: true }
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
    fn an_empty_bucket_is_not_used_before_its_reset() {
        let mut limits = Limits::default();
        let here = target("PUT role", "server");
        assert_eq!(limits.take(&here, START), Ok(()));
        limits.answered(&here, &headers("b", 1, 10), START);
        assert_eq!(limits.take(&here, START), Ok(()));
        assert_eq!(limits.take(&here, at(9)), Err(at(10)));
        assert_eq!(limits.take(&here, at(10)), Ok(()));
    }

    #[test]
    fn routes_that_share_a_bucket_share_its_count_and_channels_do_not() {
        let mut limits = Limits::default();
        limits.answered(&target("POST message", "one"), &headers("b", 5, 5), START);
        limits.answered(&target("PATCH message", "one"), &headers("b", 0, 5), START);
        assert_eq!(limits.take(&target("POST message", "one"), START), Err(at(5)));
        assert_eq!(limits.take(&target("POST message", "two"), START), Ok(()));
    }

    #[test]
    fn a_late_response_does_not_refill_the_bucket() {
        let mut limits = Limits::default();
        let here = target("PUT role", "server");
        limits.answered(&here, &headers("b", 0, 5), START);
        limits.answered(&here, &headers("b", 3, 5), START);
        assert_eq!(limits.take(&here, START), Err(at(5)));
    }

    #[test]
    fn a_global_429_stops_every_route() {
        let mut limits = Limits::default();
        let limit = TooMany { wait: Duration::from_mins(1), global: true, shared: false };
        limits.too_many(&target("PUT role", "server"), limit, START);
        assert_eq!(limits.take(&target("GET roles", "server"), at(59)), Err(at(60)));
        assert_eq!(limits.take(&target("GET roles", "server"), at(60)), Ok(()));
    }

    #[test]
    fn fifty_requests_per_second_may_start_and_replies_to_interactions_do_not_count() {
        let mut limits = Limits::default();
        let here = target("GET roles", "server");
        for _ in 0..PER_SECOND {
            assert_eq!(limits.take(&here, START), Ok(()));
        }
        assert_eq!(limits.take(&here, START), Err(at(1)));
        let answer =
            Target { route: "PATCH original", major: "token".into(), counts_globally: false };
        assert_eq!(limits.take(&answer, START), Ok(()));
        assert_eq!(limits.take(&here, at(1)), Ok(()));
    }

    #[test]
    fn a_route_that_is_forbidden_repeatedly_is_blocked_and_the_others_are_not() {
        let mut limits = Limits::default();
        let here = target("PUT role", "server");
        for _ in 0..MOST_FORBIDDEN {
            assert_eq!(limits.take(&here, START), Ok(()));
            limits.forbidden(&here, START);
            // As if spread over more than a second, or the global limit would come first.
            limits.starts.clear();
        }
        assert_eq!(limits.take(&here, at(1)), Err(at(600)));
        assert_eq!(limits.take(&target("GET roles", "server"), at(1)), Ok(()));
        assert_eq!(limits.take(&here, at(600)), Ok(()));
    }

    #[test]
    fn too_many_refusals_stop_every_route_long_before_discord_bans_the_address() {
        let mut limits = Limits::default();
        let limit = TooMany { wait: Duration::ZERO, global: false, shared: false };
        let shared = TooMany { shared: true, ..limit };
        for _ in 0..MOST_INVALID {
            limits.too_many(&target("PUT role", "server"), shared, START);
        }
        assert_eq!(limits.take(&target("GET roles", "server"), START), Ok(()));
        for _ in 0..MOST_INVALID {
            limits.too_many(&target("PUT role", "server"), limit, START);
        }
        assert_eq!(limits.take(&target("GET roles", "server"), at(1)), Err(at(600)));
    }

    #[test]
    fn expired_buckets_are_removed() {
        let mut limits = Limits::default();
        for number in 0..=MANY_BUCKETS {
            let token = target("PATCH original", &number.to_string());
            limits.answered(&token, &headers("b", 4, 1), START);
        }
        limits.answered(&target("PATCH original", "last"), &headers("b", 4, 1), at(2));
        assert_eq!(limits.counters.len(), 1);
    }
}
