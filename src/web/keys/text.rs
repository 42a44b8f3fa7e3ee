//! The texts that several parts of the page share.

use crate::model::{KeyNumber, Millis};
use crate::web::page::{Times, in_words};

/// The name of a key at the beginning of a sentence.
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

/// `5 min ago`, or the time of day.
pub fn ago(at: Millis, times: &Times, now: Millis) -> String {
    let since = now.since(at);
    match since.as_secs() {
        0..3600 => format!("{} ago", in_words(since)),
        _ => format!("at {}", times.at(at)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn future_times_are_as_short_as_possible() {
        let now = Millis(1_795_608_000_000); // 2026-11-25 12:00 UTC
        let times = Times::new(Some("UTC"), now);
        let text = |millis: u64| soon(now.plus(Duration::from_millis(millis)), &times, now);
        assert_eq!([text(0), text(900), text(12_000)], ["now", "in 0.9 s", "in 12 s"]);
        assert_eq!([text(300_000), text(7_260_000)], ["in about 5 min", "at 14:01"]);
    }
}
