//! The metrics of the pool in Prometheus's text format. Counters start at zero in each process, as Prometheus expects;
//! gauges are read from the database, so all processes that share it report the same.

use std::fmt::{Display, Write as _};

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::error::Error;
use crate::app::App;
use crate::keys::{self, Finish, Next, Pool};
use crate::model::Millis;
use crate::model::job::{Class, Task};
use crate::store;

const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

pub async fn show(State(app): State<App>) -> Result<Response, Error> {
    let now = app.clock.now();
    let mut conn = app.db.read().await?;
    let waiting = store::jobs::waiting(&mut conn, now).await?;
    let pool = keys::now(&mut conn, &app.pool, &waiting, now).await?;
    let view = keys::view(&mut conn, &app.pool, &[], now).await?;
    drop(conn);

    let mut text = Text::default();
    counters(&mut text, &app.pool.tally().counts());
    text.begin("muster_waiting_jobs", GAUGE, "Due jobs that wait for a key.");
    for task in Task::ALL {
        for class in Class::ALL {
            let count = waiting.iter().find(|it| (it.task, it.class) == (*task, *class));
            let labels = [("task", task.as_str()), ("class", class.as_str())];
            text.sample(&labels, count.map_or(0, |it| it.waiting));
        }
    }
    expected(&mut text, &pool, now);
    text.begin(
        "muster_key_serves",
        GAUGE,
        "1 if the key is usable now or once its minute is over.",
    );
    for key in &pool.keys {
        text.sample(&[("key", &key.number.to_string())], i32::from(key.state.serves()));
    }
    quotas(&mut text, &app.pool, &view);
    Ok(([(CONTENT_TYPE, FORMAT)], text.0).into_response())
}

fn counters(text: &mut Text, counts: &keys::Counts) {
    text.begin(
        "muster_gemini_requests_total",
        COUNTER,
        "Finished requests since this process started. given_back: the slot was released before anything was sent.",
    );
    for ((key, task, model, outcome), count) in &counts.requests {
        let labels = [
            ("key", &*key.to_string()),
            ("task", task.as_str()),
            ("model", model),
            ("outcome", outcome.as_str()),
        ];
        text.sample(&labels, count);
    }
    text.begin(
        "muster_gemini_refusals_total",
        COUNTER,
        "Requests that Google refused, since this process started.",
    );
    for ((key, model, kind), count) in &counts.refusals {
        let labels = [("key", &*key.to_string()), ("model", model), ("kind", kind.as_str())];
        text.sample(&labels, count);
    }
    text.begin(
        "muster_gemini_tokens_total",
        COUNTER,
        "Tokens that Google counted, since this process started.",
    );
    for ((task, model), (tokens_in, tokens_out)) in &counts.tokens {
        for (direction, count) in [("in", tokens_in), ("out", tokens_out)] {
            let labels = [("task", task.as_str()), ("model", model), ("direction", direction)];
            text.sample(&labels, count);
        }
    }
}

fn expected(text: &mut Text, pool: &keys::Now, now: Millis) {
    text.begin(
        "muster_expected_wait_seconds",
        GAUGE,
        "Time until the next start of a task with waiting jobs; missing when no key is usable.",
    );
    for task in &pool.tasks {
        let at = match task.next {
            Next::Now => now,
            Next::At { at, .. } => at,
            Next::Idle | Next::Fallback { .. } => continue,
        };
        text.sample(&[("task", task.task.as_str())], at.since(now).as_secs_f64());
    }
    text.begin(
        "muster_expected_finish_seconds",
        GAUGE,
        "Time until all waiting jobs have started; missing when that is not today.",
    );
    if let Finish::At(at) = pool.finish {
        text.sample(&[], at.since(now).as_secs_f64());
    }
}

fn quotas(text: &mut Text, pool: &Pool, view: &keys::View) {
    let mut rows = Vec::new();
    for (project, ledgers) in &view.ledgers {
        for (model, ledger) in view.models.iter().zip(ledgers) {
            rows.push((name(pool, project), model, ledger));
        }
    }
    text.begin(
        "muster_bookings_held",
        GAUGE,
        "Requests that Google may still count in its minute.",
    );
    for (project, model, ledger) in &rows {
        text.sample(&[("project", project), ("model", model)], ledger.slots.len());
    }
    text.begin("muster_requests_per_minute_limit", GAUGE, "Requests that fit into the minute.");
    for (project, model, ledger) in &rows {
        text.sample(&[("project", project), ("model", model)], ledger.per_minute);
    }
    text.begin(
        "muster_day_requests",
        GAUGE,
        "Requests on Google's day, which starts at midnight in California.",
    );
    for (project, model, ledger) in &rows {
        text.sample(&[("project", project), ("model", model)], ledger.used_today);
    }
    text.begin(
        "muster_day_requests_limit",
        GAUGE,
        "Requests that fit into Google's day, if known.",
    );
    for (project, model, ledger) in &rows {
        if let Some(limit) = ledger.per_day {
            text.sample(&[("project", project), ("model", model)], limit);
        }
    }
}

/// The project's name; or, without one, the name of its only key.
fn name(pool: &Pool, project: &str) -> String {
    let keys = pool.keys();
    let key = keys.iter().find(|key| key.project == project);
    key.map_or_else(String::new, |key| {
        key.project_name.clone().unwrap_or_else(|| format!("key {}", key.number))
    })
}

const COUNTER: &str = "counter";
const GAUGE: &str = "gauge";

/// The text so far, and the name of the current metric.
#[derive(Default)]
struct Text(String, &'static str);

impl Text {
    fn begin(&mut self, name: &'static str, kind: &str, help: &str) {
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
        self.1 = name;
    }

    fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.0.push_str(self.1);
        for (place, (label, value)) in labels.iter().enumerate() {
            let opens = if place == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{opens}{label}=\"{}\"", escape(value));
        }
        let closes = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{closes} {value}");
    }
}

/// A label's value. People type the names of projects, so it is escaped.
fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
