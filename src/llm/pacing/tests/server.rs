//! What servers would refuse, checked on the requests of a simulation.

use super::*;

/// Checks a project's limit a minute as a rolling minute, as calendar minutes and as a bucket.
pub(super) fn assert_never_refused(arrivals: &[(String, Millis)], limit: usize, phase: i64) {
    let mut projects: Vec<&String> = arrivals.iter().map(|it| &it.0).collect();
    projects.sort_unstable();
    projects.dedup();
    for project in projects {
        let mut at: Vec<i64> =
            arrivals.iter().filter(|it| it.0 == *project).map(|it| it.1.0).collect();
        at.sort_unstable();
        for pair in at.windows(limit + 1) {
            assert!(pair[limit] - pair[0] >= 60_000, "rolling: {pair:?}");
        }
        let minute = |at: i64| (at + phase) / 60_000;
        for run in at.chunk_by(|a, b| minute(*a) == minute(*b)) {
            assert!(run.len() <= limit, "calendar: {run:?}");
        }
        // A bucket of `limit` that refills evenly; in units of 1/60,000 of a token.
        let full = limit as i64 * 60_000;
        let (mut tokens, mut last) = (full, 0);
        for at in at {
            tokens = full.min(tokens.saturating_add((at - last).saturating_mul(limit as i64)));
            assert!(tokens >= 60_000, "bucket");
            (tokens, last) = (tokens - 60_000, at);
        }
    }
}

/// Checks the delays between starts of each task.
pub(super) fn assert_spaced(starts: &[(Task, Millis)], pace: &Pace, projects: usize) {
    for task in [Task::Outreach, Task::Skills, Task::Match] {
        let at: Vec<Millis> = starts.iter().filter(|it| it.0 == task).map(|it| it.1).collect();
        for pair in at.windows(2) {
            assert!(pair[1].since(pair[0]) >= pace.spacing(task, projects));
        }
    }
}
