//! The rows of the page, each field ready to print.

use std::time::Duration;

use crate::keys::{self, KeyRow, KeyState, Next, Place, Proposal, TaskStarts};
use crate::model::job::Task;
use crate::model::{KeyNumber, Millis};
use crate::store::bookings::BookingOutcome;
use crate::store::usage::Trouble;
use crate::web::form::sentence;
use crate::web::page::{Times, count, in_words, thousands};

/// So many lines has the list of what happened.
pub const HAPPENED: usize = 12;

/// How a key is called at the beginning of a sentence.
pub fn name(number: KeyNumber) -> String {
    if number.is_reserve() { "The reserve key".into() } else { format!("Key {number}") }
}

/// `in 0.9 s`, `in about 5 min`, `at 08:01`.
pub fn soon(at: Millis, times: &Times, now: Millis) -> String {
    let wait = at.since(now);
    match wait.as_secs() {
        0 if wait.is_zero() => "now".into(),
        0..10 => format!("in {:.1} s", wait.as_secs_f64()),
        _ => times.ahead(at),
    }
}

fn ago(at: Millis, times: &Times, now: Millis) -> String {
    let since = now.since(at);
    match since.as_secs() {
        0..3600 => format!("{} ago", in_words(since)),
        _ => format!("at {}", times.at(at)),
    }
}

/// One key.
pub struct KeyLines {
    pub number: KeyNumber,
    /// Begins the ids of what changes in this row.
    pub id: String,
    pub title: String,
    pub tone: &'static str,
    pub shape: &'static str,
    pub word: &'static str,
    pub project: String,
    /// Its variable, or that it was entered on the page.
    pub source: String,
    /// It was entered on the page, and can be removed there.
    pub by_hand: bool,
    pub model: String,
    /// The key does not serve from this place, so there is nothing to show but why.
    pub is_idle: bool,
    pub is_away: bool,
    pub minute: Minute,
    pub day: Day,
    pub activity: String,
    pub why: String,
    pub limit_note: String,
    pub models_off: String,
    pub last_error: String,
    pub actions: Actions,
}

/// The actions that a person may take on it.
pub struct Actions {
    pub pause: bool,
    pub resume: bool,
    pub retry: bool,
}

pub struct Minute {
    /// `Last 60 s`
    pub label: String,
    pub used: String,
    pub of: String,
    /// The ticks of the strip: a path.
    pub ticks: String,
    pub words: String,
}

pub struct Day {
    pub used: String,
    pub of: String,
    /// Of 100; empty where no limit is known.
    pub width: String,
    pub words: String,
}

impl KeyLines {
    pub fn new(
        key: &KeyRow,
        pool: &keys::Now,
        window: Duration,
        times: &Times,
        now: Millis,
    ) -> Self {
        let goes_next = pool.next_key == Some(key.number);
        let (tone, shape, word) = state(key, goes_next);
        let away = matches!(
            key.state,
            KeyState::CoolingDown { .. }
                | KeyState::Paused
                | KeyState::Disabled { .. }
                | KeyState::NoModel { .. }
        );
        Self {
            number: key.number,
            id: format!("k{}", key.number),
            title: if key.number.is_reserve() { "Reserve".into() } else { name(key.number) },
            tone,
            shape,
            word,
            project: project(key),
            source: key.source.clone(),
            by_hand: key.place == Place::Page,
            model: key.model.clone(),
            is_idle: matches!(key.state, KeyState::Duplicate { .. } | KeyState::Unreadable),
            is_away: away,
            minute: minute(key, window, now),
            day: day(key),
            activity: activity(key, goes_next, pool, times, now),
            why: why(key, times, now),
            limit_note: if key.per_minute_lowered {
                "Google refused a request inside its minute's limit, so that counts as lower for a day.".into()
            } else {
                String::new()
            },
            models_off: models_off(key),
            last_error: last_error(key, times),
            actions: Actions {
                pause: key.state.serves() || matches!(key.state, KeyState::CoolingDown { .. }),
                resume: key.state == KeyState::Paused,
                retry: matches!(
                    key.state,
                    KeyState::CoolingDown { .. }
                        | KeyState::Disabled { .. }
                        | KeyState::NoModel { .. }
                ) || (key.state.serves() && !key.models_off.is_empty()),
            },
        }
    }
}

/// Tone, shape and word.
fn state(key: &KeyRow, goes_next: bool) -> (&'static str, &'static str, &'static str) {
    match &key.state {
        _ if goes_next => ("go", "st-go", "Next"),
        KeyState::Ready if key.number.is_reserve() && key.sent_last_minute.is_empty() => {
            ("none", "st-none", "Idle")
        }
        KeyState::Ready if key.number.is_reserve() => ("go", "st-go", "In use"),
        KeyState::Ready => ("ok", "st-ok", key.state.word()),
        KeyState::Waiting { .. } => ("none", "st-wait", key.state.word()),
        KeyState::CoolingDown { .. } => ("wait", "st-wait", key.state.word()),
        KeyState::Disabled { .. } | KeyState::NoModel { .. } | KeyState::Unreadable => {
            ("bad", "st-bad", key.state.word())
        }
        KeyState::Paused | KeyState::Duplicate { .. } => ("none", "st-none", key.state.word()),
    }
}

fn project(key: &KeyRow) -> String {
    let mut words = match &key.project {
        Some(name) => format!("Project {name}"),
        None => "Project of its own".into(),
    };
    if !key.shares_with.is_empty() {
        let others: Vec<String> =
            key.shares_with.iter().map(|it| name(*it).to_lowercase()).collect();
        words = format!("{words}, shared with {}", others.join(", "));
    }
    words
}

fn minute(key: &KeyRow, window: Duration, now: Millis) -> Minute {
    let from = if key.per_minute_lowered {
        "lowered"
    } else if key.per_minute_learned {
        "learned"
    } else {
        "set"
    };
    let seconds = window.as_secs().max(1);
    let ticks: Vec<String> = key
        .sent_last_minute
        .iter()
        .map(|sent| {
            let age = now.since(*sent).as_secs_f64() / window.as_secs_f64().max(0.001);
            format!("M{:.1} 4V20", 300.0 * (1.0 - age.min(1.0)))
        })
        .collect();
    let whose = if key.shares_with.is_empty() { "" } else { "its project's " };
    Minute {
        label: format!("Last {seconds} s"),
        used: key.used_last_minute.to_string(),
        of: format!("of {}, {from}", key.per_minute),
        ticks: ticks.join(""),
        words: format!(
            "{} of {whose}{} requests in the last {seconds} seconds",
            key.used_last_minute, key.per_minute
        ),
    }
}

fn day(key: &KeyRow) -> Day {
    let used = thousands(i64::from(key.used_today));
    match key.per_day {
        Some(limit) => {
            let share = f64::from(key.used_today) / f64::from(limit.max(1));
            let limit = thousands(i64::from(limit));
            Day {
                of: format!("of {limit}, {}", if key.per_day_learned { "learned" } else { "set" }),
                width: format!("{:.1}", (share * 100.0).min(100.0)),
                words: format!("{used} of {limit} requests today"),
                used,
            }
        }
        None => Day {
            of: "limit not known yet".into(),
            width: "0".into(),
            words: format!("{used} requests today, limit not known yet"),
            used,
        },
    }
}

fn activity(key: &KeyRow, goes_next: bool, pool: &keys::Now, times: &Times, now: Millis) -> String {
    match (&pool.summary.next, key.last_used_at) {
        (Next::At { at, .. }, _) if goes_next => {
            format!("Has rested longest, goes next {}", soon(*at, times, now))
        }
        (_, _) if goes_next => "Has rested longest, goes next".into(),
        (_, None) if key.number.is_reserve() => {
            "Not used yet: only when no other key will serve soon".into()
        }
        (_, None) => "Not used yet".into(),
        (_, Some(last)) if key.number.is_reserve() => {
            format!("Only when no other key will serve soon; last used {}", ago(last, times, now))
        }
        (_, Some(last)) => format!("Last used {}", ago(last, times, now)),
    }
}

fn why(key: &KeyRow, times: &Times, now: Millis) -> String {
    let mut words = match &key.state {
        KeyState::Ready => String::new(),
        KeyState::Waiting { until } => {
            format!("Its minute is used; free again {}", soon(*until, times, now))
        }
        KeyState::CoolingDown { until, why } => {
            let reason = sentence(why);
            format!("{}, until {}", reason.trim_end_matches('.'), times.at(*until))
        }
        KeyState::Paused => "Paused by a person".into(),
        KeyState::Disabled { why } | KeyState::NoModel { why } => {
            sentence(why).trim_end_matches('.').to_owned()
        }
        KeyState::Unreadable => {
            return "This process cannot open it and does not use it: it was entered where another secret is set \
                    (MUSTER_SECRET, or the file secret in DATA_DIR). Set the same secret here, or remove the key and \
                    enter it again."
                .into();
        }
        KeyState::Duplicate { of } => {
            let this = if key.place == Place::Page {
                "What was entered here is"
            } else {
                "This variable holds"
            };
            return format!(
                "{this} the same key as {of}. One key counts once, so it serves as that."
            );
        }
    };
    if let Some(since) = key.since {
        words = format!("{words}, since {}", times.at(since));
    }
    if let Some(model) = &key.meanwhile {
        words = format!("{words}. Meanwhile it serves with {model}");
    }
    if words.is_empty() { words } else { words + "." }
}

fn models_off(key: &KeyRow) -> String {
    let off: Vec<String> =
        key.models_off.iter().map(|(model, why)| format!("Not with {model}: {why}.")).collect();
    off.join(" ")
}

fn last_error(key: &KeyRow, times: &Times) -> String {
    let (Some(words), Some(at)) = (&key.last_error, key.last_error_at) else {
        return String::new();
    };
    let refusals = count(key.refusals, "refusal", "refusals");
    format!("{refusals} so far, the last at {}. Google said: {words}", times.at(at))
}

/// Two keys that seem to share a project.
pub struct Group {
    pub a: KeyNumber,
    pub b: KeyNumber,
    pub title: String,
    pub both: String,
    pub words: String,
}

impl Group {
    pub fn new(proposal: &Proposal) -> Self {
        let [a, b] = proposal.keys;
        let both = format!("{} and {}", name(a).to_lowercase(), name(b).to_lowercase());
        Self {
            a,
            b,
            title: format!("{} and {}", name(a), name(b).to_lowercase()),
            both,
            words: format!(
                "In the last hour Google refused them {} although neither had sent the {} a minute of its own, only \
                 both together. Grouped, they count as one project, with what they have sent already.",
                count(proposal.refusals as i64, "time", "times"),
                proposal.limit
            ),
        }
    }
}

/// One line of the table of distances.
pub struct TaskLine {
    pub id: String,
    pub name: &'static str,
    pub set: String,
    pub now: String,
    pub waiting: String,
    pub last: String,
    pub next: String,
}

/// Searching the FAQ by meaning is shown once it was done.
pub fn is_shown(task: &TaskStarts) -> bool {
    task.task != Task::Embed || task.waiting > 0 || task.last_start.is_some()
}

/// What a task is called where it stands alone.
pub fn task_name(task: Task) -> &'static str {
    match task {
        Task::Outreach => "Invitations",
        Task::Skills => "Skills",
        Task::Match => "Match mails",
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
                    // The reason says the time again where it is a short one.
                    if why.contains(" in ") { at } else { format!("{at}: {why}") }
                }
                Next::Fallback { why } if task.task == Task::Skills => {
                    format!("the word list reads: {why}")
                }
                Next::Fallback { why } if task.task == Task::Faq => {
                    format!("the FAQ answers as written: {why}")
                }
                Next::Fallback { why } if matches!(task.task, Task::Embed | Task::Gateway) => {
                    format!("not done: {why}")
                }
                Next::Fallback { why } => format!("the template writes: {why}"),
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

/// One line about a request that went wrong; without words where there was none.
#[derive(Default)]
pub struct Happened {
    pub at: String,
    pub tone: &'static str,
    pub shape: &'static str,
    pub word: &'static str,
    pub words: String,
    pub is_empty: bool,
}

/// Always so many lines, so that new ones find their place while the page is open.
pub fn happened(troubles: &[Trouble], times: &Times) -> Vec<Happened> {
    let mut lines: Vec<Happened> = troubles.iter().map(|it| Happened::new(it, times)).collect();
    lines.resize_with(HAPPENED, || Happened {
        tone: "none",
        shape: "st-none",
        is_empty: true,
        ..Happened::default()
    });
    lines
}

impl Happened {
    fn new(trouble: &Trouble, times: &Times) -> Self {
        let key = name(trouble.key_number);
        let what = match trouble.task {
            Task::Outreach => "an invitation",
            Task::Skills => "a resume's skills",
            Task::Match => "a match mail",
            Task::Faq => "a question",
            Task::Embed => "a text's meaning",
            Task::Gateway => trouble.label.as_deref().unwrap_or("another program's request"),
        };
        let words = trouble.response.as_deref().unwrap_or("no words");
        let model = &trouble.model;
        let (tone, shape, word, said) = match trouble.outcome {
            BookingOutcome::Refused => (
                "wait",
                "st-wait",
                "Refused",
                format!("{key} was refused ({what}, {model}): {words}."),
            ),
            BookingOutcome::Unusable => (
                "none",
                "st-none",
                "No use",
                format!("{key} brought no usable answer ({what}, {model}): {words}."),
            ),
            BookingOutcome::Fault => (
                "bad",
                "st-bad",
                "Our fault",
                format!("{key} was asked something wrong ({what}, {model}): {words}."),
            ),
            BookingOutcome::Failed | BookingOutcome::Ok | BookingOutcome::GivenBack => (
                "none",
                "st-none",
                "No answer",
                format!("{key} got no answer ({what}, {model}): {words}."),
            ),
        };
        Self { at: times.exactly(trouble.at), tone, shape, word, words: said, is_empty: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_told_in_seconds_and_tenths() {
        assert_eq!(seconds(Duration::from_secs(5)), "5 s");
        assert_eq!(seconds(Duration::from_millis(3_334)), "3.3 s");
        assert_eq!(seconds(Duration::from_millis(960)), "1 s");
    }

    #[test]
    fn times_to_come_are_told_as_short_as_they_can_be() {
        let now = Millis(1_795_608_000_000); // 2026-11-25 12:00 UTC
        let times = Times::new(Some("UTC"), now);
        let told = |millis: u64| soon(now.plus(Duration::from_millis(millis)), &times, now);
        assert_eq!([told(0), told(900), told(12_000)], ["now", "in 0.9 s", "in 12 s"]);
        assert_eq!([told(300_000), told(7_260_000)], ["in about 5 min", "at 14:01"]);
    }
}
