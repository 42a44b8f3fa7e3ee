//! The pool's durations, all in one place and all divided by `TIME_SCALE`, except those of the day.

use std::time::Duration;

use crate::config::{self, Pacing};
use crate::model::Millis;
use crate::model::job::Task;

/// The limit of requests a minute until it is set or learned: that of the free tier.
pub const REQUESTS_PER_MINUTE: u32 = 15;
/// The limit of input tokens a minute until it is set or learned.
pub const TOKENS_PER_MINUTE: u32 = 250_000;

/// All durations of the pool. Built once from the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    pub pacing: Pacing,
    /// The minute in which Google counts.
    pub window: Duration,
    /// A request arrives at the latest this long after its first byte was written.
    pub grace: Duration,
    /// Slack between our clock and Google's.
    pub guard: Duration,
    /// A booking older than this is stamped again before the first byte is written.
    pub fresh: Duration,
    /// Between two requests of one key.
    pub send_gap: Duration,
    /// Between two starts of one task, with two projects.
    pub outreach_delay: Duration,
    pub skills_delay: Duration,
    pub match_delay: Duration,
    /// It is worth waiting this long for a key: enough for every wait that is only about the minute.
    pub soon: Duration,
    /// After Google's midnight, before a key whose day was used up is used again. Not scaled.
    pub day_margin: Duration,
    /// Between two tries if the day is refused again after its reset. Not scaled.
    pub day_retry: Duration,
    /// After this, a lowered limit rises again. Not scaled.
    pub lowered_for: Duration,
    /// The cooldown after a short 429 without details: doubled each time, up to the second value.
    pub capacity_cooldown: (Duration, Duration),
    /// The cooldown after a fault of a key that may pass: doubled each time, up to the second value.
    pub fault_cooldown: (Duration, Duration),
    /// Before the second try after a 5xx, a timeout or a broken connection; four times as long before each further try.
    pub failure_pause: Duration,
    /// After this many such failures within [`failures_within`](Self::failures_within), the fallback does the work.
    pub failure_tries: i64,
    pub failures_within: Duration,
    /// After this many unusable answers, the fallback does the work.
    pub unusable_tries: i64,
    /// `TIME_SCALE`: the seconds that Google names are divided by it too.
    pub time_scale: u32,
}

impl Pace {
    /// The durations in `config` are scaled already; the constants are scaled here.
    pub fn new(config: &config::Gemini, time_scale: u32) -> Self {
        let seconds = |seconds: u64| Duration::from_secs(seconds) / time_scale;
        Self {
            pacing: config.pacing,
            window: seconds(60),
            grace: seconds(2),
            guard: Duration::from_millis(250) / time_scale,
            fresh: Duration::from_millis(500) / time_scale,
            send_gap: config.send_gap,
            outreach_delay: config.outreach_delay,
            skills_delay: config.skills_delay,
            match_delay: config.match_delay,
            soon: seconds(120),
            day_margin: Duration::from_mins(1),
            day_retry: Duration::from_hours(1),
            lowered_for: Duration::from_hours(24),
            capacity_cooldown: (seconds(5), seconds(300)),
            fault_cooldown: (seconds(15 * 60), seconds(6 * 3600)),
            failure_pause: seconds(5),
            failure_tries: 6,
            failures_within: seconds(3600),
            unusable_tries: 3,
            time_scale,
        }
    }

    /// When a request's slot is free again. Its first byte was sent at `sent`, and the answer, if any, came at
    /// `answered`: Google counted the request by then at the latest.
    pub fn free_at(&self, sent: Millis, answered: Option<Millis>) -> Millis {
        let latest = sent.plus(self.grace);
        answered.map_or(latest, |answered| answered.min(latest)).plus(self.window).plus(self.guard)
    }

    /// When the slot of an open booking is free. Its process may have died; it may have sent as long as the booking was
    /// fresh.
    pub fn held_until(&self, booked: Millis) -> Millis {
        self.free_at(booked.plus(self.fresh), None)
    }

    /// The delay between two starts of the task, as set.
    pub fn delay(&self, task: Task) -> Duration {
        match task {
            Task::Outreach => self.outreach_delay,
            Task::Skills => self.skills_delay,
            Task::Match => self.match_delay,
            Task::Faq | Task::Embed | Task::Gateway => Duration::ZERO,
        }
    }

    /// The delay between two starts of `task` while `projects` share the work; zero with [`Pacing::Full`].
    pub fn spacing(&self, task: Task, projects: usize) -> Duration {
        if self.pacing == Pacing::Full {
            return Duration::ZERO;
        }
        let delay = self.delay(task);
        let projects = u64::try_from(projects.max(1)).unwrap_or(u64::MAX);
        let doubled = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX).saturating_mul(2);
        Duration::from_millis(doubled.div_ceil(projects))
    }

    /// `first` doubled `step` times, and no longer than `longest`.
    pub fn doubled((first, longest): (Duration, Duration), step: i64) -> Duration {
        let step = u32::try_from(step.clamp(0, 20)).unwrap_or(0);
        first.saturating_mul(1 << step).min(longest)
    }

    /// The pause before the next try after the `failures`-th failure of one job. `chance` is from 0 to 1: it spreads
    /// the tries of jobs that failed together over half to one and a half times the pause.
    pub fn pause_after_failure(&self, failures: i64, chance: f64) -> Duration {
        let step = u32::try_from((failures - 1).clamp(0, 8)).unwrap_or(0);
        self.failure_pause.saturating_mul(4_u32.pow(step)).mul_f64(0.5 + chance.clamp(0.0, 1.0))
    }

    /// How long Google asked to wait, in scaled time.
    pub fn scaled(&self, wait: Duration) -> Duration {
        wait / self.time_scale
    }
}

/// The cost of a start of the task in fair queueing: with [`Pacing::Full`] the tasks share the starts as 1/5 : 1/7 :
/// 1/6.
pub fn cost(task: Task) -> i64 {
    match task {
        Task::Outreach => 5,
        Task::Skills => 7,
        // Other programs together count as one task.
        Task::Match | Task::Gateway => 6,
        // Short, and somebody waits: they come before a resume that somebody watches.
        Task::Faq | Task::Embed => 1,
    }
}
