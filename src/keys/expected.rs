//! When a job that waits for a key is expected to start. Computed when a page asks, never stored.

use std::time::Duration;

use super::starts::{Next, Now, TaskStarts};
use crate::model::Millis;
use crate::model::job::Task;

/// When one waiting job is expected to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// About then; `why` says what its task waits for now, empty if nothing is in the way.
    At { at: Millis, why: String },
    /// The fallback (template or word list) does it, and why.
    Fallback { why: String },
}

/// The expected start of a job of this task that has `ahead` others of the task before it.
pub fn expected(known: &Now, window: Duration, task: Task, ahead: i64, now: Millis) -> Expected {
    let waits = |it: &&TaskStarts| it.waiting > 0;
    // Tasks that wait share the starts.
    let tasks = known.tasks.iter().filter(waits).count().max(1);
    let Some(starts) = known.tasks.iter().find(|it| it.task == task) else {
        return Expected::At { at: now, why: String::new() };
    };
    let by_quota = window / known.allowed.max(1) * u32::try_from(tasks).unwrap_or(1);
    let gap = starts.spacing.max(by_quota);
    let behind =
        |first: Millis| first.plus(gap.saturating_mul(u32::try_from(ahead).unwrap_or(u32::MAX)));
    match &starts.next {
        Next::Fallback { why } => Expected::Fallback { why: why.clone() },
        Next::At { at, why } => Expected::At { at: behind(*at), why: why.clone() },
        Next::Now | Next::Idle => Expected::At { at: behind(now), why: String::new() },
    }
}

#[cfg(test)]
mod tests {
    use super::super::starts::{Finish, Summary};
    use super::*;

    fn known(next: Next, spacing: u64) -> Now {
        let task = |task, waiting, next| TaskStarts {
            task,
            delay: Duration::ZERO,
            spacing: Duration::from_secs(spacing),
            waiting,
            last_start: None,
            next,
            could_start: Millis(0),
        };
        Now {
            summary: Summary {
                primary: 2,
                ready: 2,
                disabled: 0,
                paused: 0,
                back_at: None,
                next_model: false,
                reserve: None,
                waiting: 10,
                next: Next::Now,
            },
            keys: Vec::new(),
            next_key: None,
            tasks: vec![task(Task::Outreach, 8, next), task(Task::Skills, 2, Next::Now)],
            finish: Finish::Unknown,
            projects: 2,
            allowed: 30,
            today: 0,
            refused_today: 0,
            day_ends: Millis(0),
            spaced: true,
        }
    }

    #[test]
    fn a_job_starts_after_those_before_it_each_at_its_distance() {
        let minute = Duration::from_mins(1);
        let at = |known: &Now, ahead| match expected(
            known,
            minute,
            Task::Outreach,
            ahead,
            Millis(1_000),
        ) {
            Expected::At { at, why } => (at.0, why),
            Expected::Fallback { why } => panic!("{why}"),
        };
        assert_eq!(at(&known(Next::Now, 5), 3), (16_000, String::new()));
        // Without distances two tasks share thirty starts a minute.
        assert_eq!(at(&known(Next::Now, 0), 3), (13_000, String::new()));
        let later = Next::At { at: Millis(9_000), why: "both keys rest".into() };
        assert_eq!(at(&known(later, 5), 1), (14_000, "both keys rest".into()));
    }
}
