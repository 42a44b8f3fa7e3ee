//! The result of a run beside what is possible.

use std::collections::BTreeMap;
use std::io::Write as _;

use muster::llm::pacing::cost;
use muster::model::Millis;
use muster::model::job::Task;

use crate::run::{LATENCY, Outcome, Run};

/// Of one key, in a minute.
const PER_MINUTE: f64 = 15.0;
const WINDOW: f64 = 60.0;
const GRACE: f64 = 2.0;
const GUARD: f64 = 0.25;
const SEND_GAP: f64 = 0.1;
const LEASE: f64 = 15.0;
/// Minutes from here on are counted: before, the first heap is worked off.
const SETTLED: usize = 5;

pub fn ninety_head() {
    println!(
        "| database | processes | window | jitter, s | beside | requests | refused | lost | T, s | bound, s | of the best possible |"
    );
    println!("| --- | --: | --- | --: | --- | --: | --: | --: | --: | --: | --: |");
}

/// Prints a line; whether nothing was refused or lost and the time was kept.
pub fn ninety(run: &Run, outcome: &Outcome) -> bool {
    let seen = &outcome.seen;
    let refused = refused(outcome);
    let first = seen.iter().map(|it| it.left).min().unwrap_or_default();
    let last = seen.iter().filter_map(|it| it.answered).max().unwrap_or_default();
    let took = in_life(run, first, last);
    let best = best_possible(if run.kill { seen.len() } else { 3 * run.jobs });
    let jitter = run.jitter.as_secs_f64();
    // The guard comes twice, once after each minute, and so does the way there and back.
    let bound = best
        + 2.0 * GUARD
        + 2.0 * held(run)
        + 14.0 * SEND_GAP
        + jitter
        + 1.0
        + if run.kill { LEASE } else { 0.0 };
    let holds = refused == 0 && outcome.lost == 0 && took <= bound;
    say(&format!(
        "{} {} | {refused} | {} | {took:.1} | {bound:.1} | {:.3}{} |",
        run.name(),
        seen.len(),
        outcome.lost,
        best / took,
        mark(holds)
    ));
    holds
}

pub fn full_queue_head() {
    println!(
        "| database | processes | window | jitter, s | beside | refused | requests a minute | bound | Jain, keys | outreach, skills, match: of their shares |"
    );
    println!("| --- | --: | --- | --: | --- | --: | --: | --: | --: | --- |");
}

/// Prints a line; whether the keys were full, used evenly, and shared as they should be.
pub fn full_queue(run: &Run, outcome: &Outcome) -> bool {
    let minutes = run.minutes.unwrap_or_default() as usize;
    let first = outcome.seen.iter().map(|it| it.left).min().unwrap_or_default();
    let counted: Vec<_> = outcome
        .seen
        .iter()
        .filter(|it| {
            let at = in_life(run, first, it.at);
            it.status == 200 && at >= SETTLED as f64 * WINDOW && at < minutes as f64 * WINDOW
        })
        .collect();
    let a_minute = counted.len() as f64 / (minutes - SETTLED) as f64;
    let bound = 2.0 * PER_MINUTE * (WINDOW / (WINDOW + held(run) + GUARD) - 0.01);

    let mut by_key: BTreeMap<i64, f64> = BTreeMap::new();
    for it in &counted {
        *by_key.entry(it.key).or_default() += 1.0;
    }
    let jain = jain(&by_key.into_values().collect::<Vec<f64>>());

    let tasks = [Task::Outreach, Task::Skills, Task::Match];
    let all: f64 = tasks.iter().map(|task| 1.0 / cost(*task) as f64).sum();
    let shares = tasks.map(|task| {
        let of_task = counted.iter().filter(|it| it.task == task.as_str()).count() as f64;
        of_task / counted.len() as f64 / (1.0 / cost(task) as f64 / all)
    });
    let refused = refused(outcome);
    let even = shares.iter().all(|share| (share - 1.0).abs() <= 0.05);
    let holds = refused == 0 && a_minute >= bound && jain >= 0.99 && even;
    let [outreach, skills, matches] = shares;
    say(&format!(
        "{} {refused} | {a_minute:.2} | {bound:.2} | {jain:.4} | {outreach:.3}, {skills:.3}, {matches:.3}{} |",
        run.name(),
        mark(holds)
    ));
    holds
}

/// A refused request is one that was answered 429.
fn refused(outcome: &Outcome) -> usize {
    outcome.seen.iter().filter(|it| it.status == 429).count()
}

/// Two keys serve thirty at once, and the next thirty a minute later; the last are answered soon after.
fn best_possible(requests: usize) -> f64 {
    (requests.saturating_sub(1) / (2.0 * PER_MINUTE) as usize) as f64 * WINDOW + 1.2
}

/// How long a slot stays held after its booking, beyond the minute and the guard.
fn held(run: &Run) -> f64 {
    (LATENCY + run.jitter).as_secs_f64().min(GRACE)
}

/// Seconds as they would be without `TIME_SCALE`.
fn in_life(run: &Run, from: Millis, to: Millis) -> f64 {
    to.since(from).as_secs_f64() * f64::from(run.scale)
}

/// 1 when all are the same, 1/n when one has everything.
fn jain(counts: &[f64]) -> f64 {
    let sum: f64 = counts.iter().sum();
    let squares: f64 = counts.iter().map(|it| it * it).sum();
    sum * sum / (counts.len() as f64 * squares)
}

fn mark(holds: bool) -> &'static str {
    if holds { "" } else { " MISSED" }
}

fn say(line: &str) {
    println!("{line}");
    let _ = std::io::stdout().flush();
}
