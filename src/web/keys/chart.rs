//! Requests a minute over the last hour: bars stacked by task, refusals as triangles on the base line, and a table with
//! the same facts.

use std::fmt::Write as _;

use super::task_row::task_name;
use crate::model::Millis;
use crate::model::job::Task;
use crate::store::usage::Minute;
use crate::web::page::Times;

const MINUTE: i64 = 60_000;
/// The number of bars; the last one is the current minute.
const BARS: i64 = 60;
/// From the bottom up.
const ORDER: [(Task, &str); 5] = [
    (Task::Outreach, "f1"),
    (Task::Skills, "f3"),
    (Task::Match, "f4"),
    (Task::Faq, "f2"),
    (Task::Gateway, "f5"),
];

/// The task whose bar shows the requests of `task`: searching the FAQ counts as part of the FAQ.
fn shown_as(task: Task) -> Task {
    match task {
        Task::Embed => Task::Faq,
        Task::Outreach | Task::Skills | Task::Match | Task::Faq | Task::Gateway => task,
    }
}

// The drawing is 640 × 176; the bars are within these.
const LEFT: f64 = 31.0;
const STEP: f64 = 10.034;
const WIDTH: f64 = 8.0;
const TOP: f64 = 12.0;
const BASE: f64 = 154.0;
/// Lines of the grid above the base line.
const LINES: i64 = 4;

pub struct Chart {
    pub series: Vec<Series>,
    /// Triangles: a path.
    pub refusals: String,
    pub grid: Vec<Line>,
    pub axis: Vec<Label>,
    /// The facts in a sentence.
    pub summary: String,
    pub names: Vec<&'static str>,
    /// The newest minute first; minutes without a request are left out.
    pub table: Vec<Row>,
    pub as_of: String,
}

pub struct Series {
    pub id: String,
    pub name: &'static str,
    pub class: &'static str,
    /// Bars: a path.
    pub bars: String,
}

pub struct Line {
    pub id: String,
    pub y: String,
    pub text_y: String,
    pub label: String,
}

pub struct Label {
    pub id: String,
    pub x: String,
    pub anchor: &'static str,
    pub text: String,
}

pub struct Row {
    pub at: String,
    pub counts: Vec<i64>,
    pub refused: i64,
}

impl Chart {
    /// When the first bar begins.
    pub fn since(now: Millis) -> Millis {
        Millis((now.0.div_euclid(MINUTE) - BARS + 1) * MINUTE)
    }

    pub fn new(minutes: &[Minute], times: &Times, now: Millis) -> Self {
        let first = Self::since(now).0 / MINUTE;
        let at = |minute: i64| Millis(minute * MINUTE);
        let of = |minute: i64| minutes.iter().filter(move |it| it.minute == minute);
        let total = |minute: i64| of(minute).map(|it| it.requests).sum::<i64>();
        let busiest = (first..first + BARS).max_by_key(|minute| (total(*minute), -minute));
        let peak = busiest.map_or(0, total);
        let top = ceiling(peak);
        let height = |requests: i64| requests as f64 / top as f64 * (BASE - TOP);

        let mut bars = vec![String::new(); ORDER.len()];
        let mut refusals = String::new();
        let mut table = Vec::new();
        for minute in (first..first + BARS).filter(|minute| total(*minute) > 0) {
            let x = LEFT + (minute - first) as f64 * STEP;
            let counts: Vec<i64> = ORDER
                .iter()
                .map(|(task, _)| {
                    of(minute).filter(|it| shown_as(it.task) == *task).map(|it| it.requests).sum()
                })
                .collect();
            let mut below = 0;
            for (path, requests) in
                bars.iter_mut().zip(&counts).filter(|(_, requests)| **requests > 0)
            {
                let (bottom, top) = (BASE - height(below), BASE - height(below + requests));
                // Writing to a string cannot fail.
                let _ = write!(path, "M{x:.1} {bottom:.1}V{top:.1}h{WIDTH}V{bottom:.1}z");
                below += requests;
            }
            let refused: i64 = of(minute).map(|it| it.refused).sum();
            if refused > 0 {
                let _ = write!(refusals, "M{:.1} {BASE}h9l-4.5 -8z", x - 0.5);
            }
            table.push(Row { at: times.clock(at(minute)), counts, refused });
        }
        table.reverse();

        Self {
            series: ORDER
                .iter()
                .zip(bars)
                .map(|((task, class), bars)| Series {
                    id: format!("c-{task}"),
                    name: task_name(*task),
                    class,
                    bars,
                })
                .collect(),
            refusals,
            grid: grid(top),
            axis: [0, 15, 30, 45]
                .map(|bar| Label {
                    id: format!("c-x{bar}"),
                    x: format!("{:.0}", LEFT + bar as f64 * STEP),
                    anchor: "start",
                    text: times.clock(at(first + bar)),
                })
                .into_iter()
                .chain([Label {
                    id: "c-x60".into(),
                    x: "632".into(),
                    anchor: "end",
                    text: "now".into(),
                }])
                .collect(),
            summary: summary(minutes, peak, busiest.map(|minute| times.clock(at(minute)))),
            names: ORDER.iter().map(|(task, _)| task_name(*task)).collect(),
            table,
            as_of: times.exactly(now),
        }
    }
}

fn summary(minutes: &[Minute], peak: i64, busiest: Option<String>) -> String {
    let total: i64 = minutes.iter().map(|it| it.requests).sum();
    let refused: i64 = minutes.iter().map(|it| it.refused).sum();
    if total == 0 {
        return "Requests a minute over the last hour: no request was sent".into();
    }
    let refused = if refused == 0 { "none refused".into() } else { format!("{refused} refused") };
    let busiest = busiest.unwrap_or_default();
    format!(
        "Requests a minute over the last hour: {total} in all, {peak} in the busiest minute ({busiest}), {refused}"
    )
}

fn grid(top: i64) -> Vec<Line> {
    let line = |line: i64| {
        let y = BASE - (BASE - TOP) * line as f64 / LINES as f64;
        Line {
            id: format!("c-y{line}"),
            y: format!("{y:.1}"),
            text_y: format!("{:.1}", y + 4.0),
            label: (top / LINES * line).to_string(),
        }
    };
    (0..=LINES).map(line).collect()
}

/// The top of the scale: the least round number that is not below the peak, and a multiple of the grid's lines.
fn ceiling(peak: i64) -> i64 {
    let mut unit = 4;
    loop {
        for factor in [1, 2, 5] {
            if unit * factor >= peak.max(8) {
                return unit * factor;
            }
        }
        unit *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_795_608_020_000); // 2026-11-25 12:00:20 UTC

    fn minute(ago: i64, task: Task, requests: i64, refused: i64) -> Minute {
        Minute { minute: NOW.0 / MINUTE - ago, task, requests, refused }
    }

    fn chart(minutes: &[Minute]) -> Chart {
        Chart::new(minutes, &Times::new(Some("UTC"), NOW), NOW)
    }

    #[test]
    fn every_task_is_in_the_chart() {
        for &task in Task::ALL {
            assert!(ORDER.iter().any(|(shown, _)| *shown == shown_as(task)), "{task}");
        }
    }

    #[test]
    fn bars_are_stacked_and_the_last_one_is_the_current_minute() {
        let chart = chart(&[
            minute(0, Task::Outreach, 10, 0),
            minute(0, Task::Skills, 10, 0),
            minute(59, Task::Match, 20, 1),
        ]);
        // The scale goes to 20: ten requests are half of the height.
        assert_eq!(chart.series[0].bars, "M623.0 154.0V83.0h8V154.0z");
        assert_eq!(chart.series[1].bars, "M623.0 83.0V12.0h8V83.0z");
        assert_eq!(chart.series[2].bars, "M31.0 154.0V12.0h8V154.0z");
        assert_eq!(chart.refusals, "M30.5 154h9l-4.5 -8z");
        let times: Vec<&str> = chart.table.iter().map(|row| row.at.as_str()).collect();
        assert_eq!(times, ["12:00", "11:01"]);
        assert_eq!(chart.axis[0].text, "11:01");
    }

    #[test]
    fn the_scale_is_round_and_high_enough() {
        let tops = [0, 8, 9, 20, 21, 40, 41, 81, 400, 401].map(ceiling);
        assert_eq!(tops, [8, 8, 20, 20, 40, 40, 80, 200, 400, 800]);
    }

    #[test]
    fn an_hour_without_requests_says_so() {
        assert!(chart(&[]).summary.ends_with("no request was sent"));
        assert_eq!(Chart::since(NOW), Millis(1_795_604_460_000)); // 11:01
    }
}
