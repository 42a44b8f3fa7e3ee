//! The texts that tell the organiser why something waits. They are parts of sentences: lower case, no full stop.

use jiff::Timestamp;

use super::view::View;
use super::when::{Because, When};
use crate::model::Millis;

/// Why nothing starts before `at`.
pub fn wait(view: &View, at: Millis, because: &Because, now: Millis) -> String {
    match because {
        Because::Spacing => format!("starts are spaced; next one {}", after(at, now)),
        Because::Slot => format!("next slot {}", after(at, now)),
        Because::Tokens => format!("this minute's tokens are used; next slot {}", after(at, now)),
        Because::Capacity => {
            format!("Google is overloaded; retried {}", after(at, now))
        }
        Because::Day => {
            let keys = match view.keys.len() {
                1 => "the key".to_owned(),
                2 => "both keys".to_owned(),
                number => format!("all {number} keys"),
            };
            format!("the day's quota of {keys} is used until {}", clock_time(at, now))
        }
        Because::Fault { key, reason } => {
            format!("{key} cools down until {}: {reason}", clock_time(at, now))
        }
    }
}

/// Why no key will serve until a person changes something: the reason of each key.
pub fn no_key_serves(view: &View, now: Millis) -> String {
    let reasons: Vec<String> = view
        .keys
        .iter()
        .filter_map(|key| match view.ready(key, 0, 0, now) {
            When::Never(reason) => Some(reason),
            When::At(..) => None,
        })
        .collect();
    match reasons.len() {
        0 => "no model of the list can be used".into(),
        1..=3 => format!("no key can be used: {}", reasons.join("; ")),
        more => format!("none of {more} keys can be used: {}; …", reasons[..3].join("; ")),
    }
}

fn after(at: Millis, now: Millis) -> String {
    let wait = at.since(now);
    match wait.as_secs() {
        0..60 => format!("in {:.1} s", wait.as_secs_f64()),
        60..3600 => format!("in {} min", wait.as_secs().div_ceil(60)),
        _ => format!("at {}", clock_time(at, now)),
    }
}

/// `08:00 UTC`, with the date when it is not today's.
fn clock_time(at: Millis, now: Millis) -> String {
    let utc = |at: Millis| {
        Timestamp::from_millisecond(at.0)
            .unwrap_or(Timestamp::UNIX_EPOCH)
            .to_zoned_datetime(jiff::tz::TimeZone::UTC)
    };
    let (at, today) = (utc(at), utc(now));
    if at.date() == today.date() {
        at.strftime("%H:%M UTC").to_string()
    } else {
        at.strftime("%H:%M UTC on %-d %B").to_string()
    }
}
