//! The pool's durations and distances, all in one place and all divided by `TIME_SCALE` but the day.

use std::time::Duration;

use crate::config::{self, Pacing};
use crate::model::Millis;
use crate::model::job::Task;

/// What a minute's limit is taken to be until it is set or learned: the free tier's.
pub const REQUESTS_PER_MINUTE: u32 = 15;
/// Input tokens a minute, likewise.
pub const TOKENS_PER_MINUTE: u32 = 250_000;

/// How the pool keeps time. Built once from the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    pub pacing: Pacing,
    /// The minute in which the server counts.
    pub window: Duration,
    /// A request arrives at the latest this long after its first byte was written.
    pub grace: Duration,
    /// Slack between two clocks that count the same minute.
    pub guard: Duration,
    /// A booking older than this is stamped again before the first byte is written.
    pub fresh: Duration,
    /// Between two sends of one key.
    pub send_gap: Duration,
    /// Between two starts of one task, at two keys.
    pub outreach_delay: Duration,
    pub skills_delay: Duration,
    pub match_delay: Duration,
    /// A key that can serve within this is worth waiting for: whatever only waits for the minute comes free in it.
    pub soon: Duration,
    /// After Google's midnight, before a key whose day was used up is asked again. Not scaled.
    pub day_margin: Duration,
    /// Between two tries when the day is refused again after its reset. Not scaled.
    pub day_retry: Duration,
    /// The limit that was lowered by one rises again after this. Not scaled.
    pub lowered_for: Duration,
    /// After a short 429 without details: doubled each time, up to the second figure.
    pub capacity_rest: (Duration, Duration),
    /// After a fault of a key that may pass: doubled each time, up to the second figure.
    pub fault_rest: (Duration, Duration),
    /// Before the second try after a 5xx, a time-out or a cut connection; four times as long before each further one.
    pub failure_pause: Duration,
    /// So many tries end in such failures within [`failures_within`](Self::failures_within), then the resort serves.
    pub failure_tries: i64,
    pub failures_within: Duration,
    /// So many answers that cannot be used, then the resort serves.
    pub unusable_tries: i64,
    /// `TIME_SCALE`: what Google says in seconds is divided by it too.
    pub time_scale: u32,
}

impl Pace {
    /// `config`'s durations are scaled already; the constants are scaled here.
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
            capacity_rest: (seconds(5), seconds(300)),
            fault_rest: (seconds(15 * 60), seconds(6 * 3600)),
            failure_pause: seconds(5),
            failure_tries: 6,
            failures_within: seconds(3600),
            unusable_tries: 3,
            time_scale,
        }
    }

    /// When the slot of a request is free again whose first byte left at `sent` and whose answer, if any, came at
    /// `answered`: the server counted it by then at the latest.
    pub fn free_at(&self, sent: Millis, answered: Option<Millis>) -> Millis {
        let latest = sent.plus(self.grace);
        answered.map_or(latest, |answered| answered.min(latest)).plus(self.window).plus(self.guard)
    }

    /// When the slot of a booking is free whose process may have died: it may have been sent as late as it was fresh.
    pub fn held_until(&self, booked: Millis) -> Millis {
        self.free_at(booked.plus(self.fresh), None)
    }

    /// At least this far apart are two starts of `task` while `projects` share the work; zero in [`Pacing::Full`].
    pub fn spacing(&self, task: Task, projects: usize) -> Duration {
        if self.pacing == Pacing::Full {
            return Duration::ZERO;
        }
        let delay = match task {
            Task::Outreach => self.outreach_delay,
            Task::Skills => self.skills_delay,
            Task::Match => self.match_delay,
            Task::Faq | Task::Embed | Task::Gateway => Duration::ZERO,
        };
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

    /// What Google asked to wait, on this pool's clock.
    pub fn scaled(&self, said: Duration) -> Duration {
        said / self.time_scale
    }
}

/// What a start of the task costs of its share: in [`Pacing::Full`] they share the starts as 1/5 : 1/7 : 1/6.
pub fn cost(task: Task) -> i64 {
    match task {
        Task::Outreach => 5,
        Task::Skills => 7,
        // Another program is one among the others.
        Task::Match | Task::Gateway => 6,
        // Small and waited for: they go before a resume that somebody watches.
        Task::Faq | Task::Embed => 1,
    }
}
