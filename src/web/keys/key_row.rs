//! The row of one key, each field ready to print.

use std::time::Duration;

use super::text::{ago, name, soon};
use crate::keys::{self, KeyRow, KeyState, Next, Place};
use crate::model::{KeyNumber, Millis};
use crate::web::form::sentence;
use crate::web::page::{Times, count, thousands};

/// One key.
pub struct KeyLines {
    pub number: KeyNumber,
    /// The prefix of the ids of the parts that change.
    pub id: String,
    pub title: String,
    pub tone: &'static str,
    pub shape: &'static str,
    pub word: &'static str,
    pub project: String,
    /// Its variable, or the text "entered on this page".
    pub source: String,
    /// It was entered on the page and can be removed there.
    pub by_hand: bool,
    pub model: String,
    /// The key is not used from this place, so only the reason is shown.
    pub is_idle: bool,
    pub is_unavailable: bool,
    pub minute: Minute,
    pub day: Day,
    pub activity: String,
    pub why: String,
    pub limit_note: String,
    pub models_off: String,
    pub last_error: String,
    pub actions: Actions,
}

/// The actions that are offered for it.
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
    /// The ticks of the strip, as a path.
    pub ticks: String,
    pub summary: String,
}

pub struct Day {
    pub used: String,
    pub of: String,
    /// Of 100; 0 if no limit is known.
    pub width: String,
    pub summary: String,
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
        let unavailable = matches!(
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
            is_unavailable: unavailable,
            minute: minute(key, window, now),
            day: day(key),
            activity: activity(key, goes_next, pool, times, now),
            why: why(key, times, now),
            limit_note: if key.per_minute_lowered {
                "Google refused a request below the limit a minute, so a lower limit applies for a day.".into()
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
    let mut text = match &key.project {
        Some(name) => format!("Project {name}"),
        None => "Project of its own".into(),
    };
    if !key.shares_with.is_empty() {
        let others: Vec<String> =
            key.shares_with.iter().map(|it| name(*it).to_lowercase()).collect();
        text = format!("{text}, shared with {}", others.join(", "));
    }
    text
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
    let owner = if key.shares_with.is_empty() { "" } else { "its project's " };
    Minute {
        label: format!("Last {seconds} s"),
        used: key.used_last_minute.to_string(),
        of: format!("of {}, {from}", key.per_minute),
        ticks: ticks.join(""),
        summary: format!(
            "{} of {owner}{} requests in the last {seconds} seconds",
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
                summary: format!("{used} of {limit} requests today"),
                used,
            }
        }
        None => Day {
            of: "limit not known yet".into(),
            width: "0".into(),
            summary: format!("{used} requests today, limit not known yet"),
            used,
        },
    }
}

fn activity(key: &KeyRow, goes_next: bool, pool: &keys::Now, times: &Times, now: Millis) -> String {
    match (&pool.summary.next, key.last_used_at) {
        (Next::At { at, .. }, _) if goes_next => {
            format!("Unused for longest; used next {}", soon(*at, times, now))
        }
        (_, _) if goes_next => "Unused for longest; used next".into(),
        (_, None) if key.number.is_reserve() => {
            "Not used yet: used only if no other key is free soon".into()
        }
        (_, None) => "Not used yet".into(),
        (_, Some(last)) if key.number.is_reserve() => {
            format!("Used only if no other key is free soon; last used {}", ago(last, times, now))
        }
        (_, Some(last)) => format!("Last used {}", ago(last, times, now)),
    }
}

fn why(key: &KeyRow, times: &Times, now: Millis) -> String {
    let mut text = match &key.state {
        KeyState::Ready => String::new(),
        KeyState::Waiting { until } => {
            format!("This minute's limit is used; free again {}", soon(*until, times, now))
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
            return "This process cannot decrypt it and does not use it: it was entered where another secret is set \
                    (MUSTER_SECRET, or the file secret in DATA_DIR). Set the same secret here, or remove the key and \
                    enter it again."
                .into();
        }
        KeyState::Duplicate { of } => {
            let this = if key.place == Place::Page {
                "The key entered here is"
            } else {
                "This variable has"
            };
            return format!(
                "{this} the same key as {of}. Each key counts once, so it is used as that one."
            );
        }
    };
    if let Some(since) = key.since {
        text = format!("{text}, since {}", times.at(since));
    }
    if let Some(model) = &key.meanwhile {
        text = format!("{text}. Until then it uses {model}");
    }
    if text.is_empty() { text } else { text + "." }
}

fn models_off(key: &KeyRow) -> String {
    let off: Vec<String> =
        key.models_off.iter().map(|(model, why)| format!("Not with {model}: {why}.")).collect();
    off.join(" ")
}

fn last_error(key: &KeyRow, times: &Times) -> String {
    let (Some(error), Some(at)) = (&key.last_error, key.last_error_at) else {
        return String::new();
    };
    let refusals = count(key.refusals, "refusal", "refusals");
    format!("{refusals} so far, the last at {}. Google answered: {error}", times.at(at))
}
