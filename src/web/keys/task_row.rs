//! The rows of the table "Spacing by task", each field ready to print.

use std::time::Duration;

use super::text::{ago, soon};
use crate::keys::{Next, TaskStarts};
use crate::model::Millis;
use crate::model::job::Task;
use crate::web::page::{Times, thousands};

/// One row of the table.
pub struct TaskLine {
    pub id: String,
    pub name: &'static str,
    pub set: String,
    pub now: String,
    pub waiting: String,
    pub last: String,
    pub next: String,
}

/// Searching the FAQ by meaning is shown only once it was used.
pub fn is_shown(task: &TaskStarts) -> bool {
    task.task != Task::Embed || task.waiting > 0 || task.last_start.is_some()
}

/// The name of a task, on its own.
pub fn task_name(task: Task) -> &'static str {
    match task {
        Task::Outreach => "Invitations",
        Task::Skills => "Skills",
        Task::Match => "Match emails",
        Task::Faq => "FAQ answers",
        Task::Embed => "FAQ search",
        Task::Gateway => "Other programs",
    }
}

impl TaskLine {
    pub fn new(task: &TaskStarts, times: &Times, now: Millis) -> Self {
        Self {
            id: format!("t-{}", task.task),
            name: task_name(task.task),
            set: if task.delay.is_zero() { "none".into() } else { seconds(task.delay) },
            now: if task.spacing.is_zero() { "none".into() } else { seconds(task.spacing) },
            waiting: thousands(task.waiting),
            last: task.last_start.map_or_else(
                || "none yet".into(),
                |at| format!("the last {}", ago(at, times, now)),
            ),
            next: match &task.next {
                Next::Idle if task.could_start <= now => "at once".into(),
                Next::Idle => soon(task.could_start, times, now),
                Next::Now => "now".into(),
                Next::At { at, why } => {
                    let at = soon(*at, times, now);
                    // The reason of a short wait repeats the time.
                    if why.contains(" in ") { at } else { format!("{at}: {why}") }
                }
                Next::Fallback { why } if task.task == Task::Skills => {
                    format!("the word list is used: {why}")
                }
                Next::Fallback { why } if task.task == Task::Faq => {
                    format!("the best FAQ entry is shown: {why}")
                }
                Next::Fallback { why } if matches!(task.task, Task::Embed | Task::Gateway) => {
                    format!("not done: {why}")
                }
                Next::Fallback { why } => format!("the template is used: {why}"),
            },
        }
    }
}

/// `5 s`, `3.5 s`
fn seconds(duration: Duration) -> String {
    let tenths = (duration.as_millis() + 50) / 100;
    if tenths.is_multiple_of(10) {
        format!("{} s", tenths / 10)
    } else {
        format!("{}.{} s", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_in_seconds_and_tenths() {
        assert_eq!(seconds(Duration::from_secs(5)), "5 s");
        assert_eq!(seconds(Duration::from_millis(3_334)), "3.3 s");
        assert_eq!(seconds(Duration::from_millis(960)), "1 s");
    }
}
