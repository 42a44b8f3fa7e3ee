//! The day by which Google counts: it begins at midnight in California.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use crate::model::Millis;

/// The zone is compiled in, so it is always found.
fn california() -> TimeZone {
    TimeZone::get("America/Los_Angeles").expect("the time zones are compiled in")
}

fn zoned(at: Millis) -> jiff::ZonedDateTime {
    Timestamp::from_millisecond(at.0)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_zoned_datetime(california())
}

/// The date in California, as `2026-11-24`.
pub fn of(at: Millis) -> String {
    zoned(at).date().to_string()
}

/// When the day of `at` began.
pub fn beginning(at: Millis) -> Millis {
    zoned(at).start_of_day().map_or(at, |start| Millis(start.timestamp().as_millisecond()))
}

/// When the next day begins.
pub fn next(at: Millis) -> Millis {
    zoned(at)
        .date()
        .checked_add(1.day())
        .and_then(|date| date.to_zoned_datetime(california()))
        .map_or(at, |start| Millis(start.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Millis {
        Millis(text.parse::<Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn the_day_begins_at_midnight_in_california_in_winter_and_in_summer() {
        assert_eq!(next(at("2026-11-24T12:00:00Z")), at("2026-11-25T08:00:00Z"));
        assert_eq!(next(at("2026-07-01T06:59:59Z")), at("2026-07-01T07:00:00Z"));
        assert_eq!(of(at("2026-11-24T07:59:59Z")), "2026-11-23");
        assert_eq!(of(at("2026-11-24T08:00:00Z")), "2026-11-24");
    }

    #[test]
    fn a_day_on_which_the_clocks_change_has_its_own_length() {
        let begins = next(at("2026-10-31T12:00:00Z"));
        assert_eq!(begins, at("2026-11-01T07:00:00Z"));
        assert_eq!(next(begins), at("2026-11-02T08:00:00Z"));
        assert_eq!(beginning(at("2026-11-02T07:00:00Z")), begins);
    }
}
