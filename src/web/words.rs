//! Times, durations and counts as organisers read them.

use std::time::Duration;

use crate::model::Millis;
use crate::model::message::MessageState;

/// Times as organisers read them, in the event's time zone.
#[derive(Clone, Debug)]
pub struct Times {
    zone: jiff::tz::TimeZone,
    now: Millis,
}

impl Times {
    /// An unknown zone counts as the system's; the settings page accepts only known ones.
    pub fn new(zone: Option<&str>, now: Millis) -> Self {
        let zone = zone.and_then(|name| jiff::tz::TimeZone::get(name).ok());
        Self { zone: zone.unwrap_or_else(jiff::tz::TimeZone::system), now }
    }

    /// `14:03` today, else `23 Nov 14:03`, with the year when it is another.
    pub fn at(&self, time: Millis) -> String {
        let (Some(then), Some(now)) = (self.zoned(time), self.zoned(self.now)) else {
            return String::new();
        };
        if then.date() == now.date() {
            then.strftime("%H:%M").to_string()
        } else if then.year() == now.year() {
            then.strftime("%-d %b %H:%M").to_string()
        } else {
            then.strftime("%-d %b %Y %H:%M").to_string()
        }
    }

    /// `14:03`, whatever the day.
    pub fn clock(&self, time: Millis) -> String {
        self.zoned(time).map(|then| then.strftime("%H:%M").to_string()).unwrap_or_default()
    }

    /// `14:03:27` today, else `23 Nov 14:03:27`.
    pub fn exactly(&self, time: Millis) -> String {
        let seconds = |then: jiff::ZonedDateTime| then.strftime(":%S").to_string();
        self.at(time) + &self.zoned(time).map(seconds).unwrap_or_default()
    }

    /// A time to come: `in 12 s`, `in about 5 min`, `at 08:01`.
    pub fn ahead(&self, time: Millis) -> String {
        let wait = time.since(self.now);
        if wait < Duration::from_hours(1) {
            format!("in {}", in_words(wait))
        } else {
            format!("at {}", self.at(time))
        }
    }

    fn zoned(&self, time: Millis) -> Option<jiff::ZonedDateTime> {
        Some(jiff::Timestamp::from_millisecond(time.0).ok()?.to_zoned_datetime(self.zone.clone()))
    }
}

/// The class that gives a state its colour; its label and shape say the same.
pub fn tone(state: MessageState) -> &'static str {
    match state {
        MessageState::Sent => "ok",
        MessageState::Approved | MessageState::Sending | MessageState::Drafting => "go",
        MessageState::Drafted => "info",
        MessageState::Uncertain => "wait",
        MessageState::Failed => "bad",
        MessageState::Queued | MessageState::Skipped => "none",
    }
}

/// A duration in words: `12 s`, `about 5 min`, `about 3 h`.
pub fn in_words(duration: Duration) -> String {
    match duration.as_secs() {
        0 => "under 1 s".into(),
        seconds @ 1..=89 => format!("{seconds} s"),
        seconds @ 90..=5399 => format!("about {} min", (seconds + 30) / 60),
        seconds @ 5400..=129_599 => format!("about {} h", (seconds + 1800) / 3600),
        seconds => format!("about {} days", (seconds + 43_200) / 86_400),
    }
}

/// `1,500`
pub fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 person`, `2 people`.
pub fn count(number: i64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_the_events_zone() {
        let noon = Millis(1_795_608_000_000); // 2026-11-25 12:00 UTC
        let times = Times::new(Some("Asia/Kolkata"), noon);
        assert_eq!(times.at(noon), "17:30");
        assert_eq!(times.at(noon.minus(Duration::from_hours(24))), "24 Nov 17:30");
    }
}
