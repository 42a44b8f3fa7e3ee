//! How the server counts: by project and model.

use std::collections::BTreeMap;
use std::time::Duration;

use muster::llm::pacing::day;
use muster::model::Millis;
use serde::Deserialize;

use super::Rules;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// The last sixty seconds.
    Rolling,
    /// From full minute to full minute.
    Calendar,
    /// A bucket that holds a minute's requests and fills evenly.
    Bucket,
}

#[derive(Default)]
pub struct Quota {
    ledgers: BTreeMap<(String, String), Ledger>,
}

#[derive(Default)]
struct Ledger {
    /// Accepted requests of the last two minutes: when, and their tokens.
    recent: Vec<(Millis, u32)>,
    day: String,
    of_day: u32,
    /// What is in the bucket: requests, and since when.
    bucket: Option<(f64, Millis)>,
}

/// Which limit was reached, and how long it lasts by Google's count.
pub struct Refused {
    pub what: What,
    pub limit: u32,
    pub retry: Duration,
}

#[derive(Clone, Copy)]
pub enum What {
    Minute,
    Tokens,
    Day,
}

impl Quota {
    /// Counts a request; a refusal leaves the count as it was.
    pub fn count(
        &mut self,
        rules: &Rules,
        at: Millis,
        project: &str,
        model: &str,
        tokens: u32,
    ) -> Option<Refused> {
        let minute = i64::from(60_000 / rules.time_scale);
        let place = (project.to_owned(), model.to_owned());
        let ledger = self.ledgers.entry(place).or_default();
        let today = day::of(at);
        if ledger.day != today {
            (ledger.day, ledger.of_day) = (today, 0);
        }
        if ledger.of_day >= rules.per_day {
            let retry = Duration::from_secs(21);
            return Some(Refused { what: What::Day, limit: rules.per_day, retry });
        }
        ledger.recent.retain(|(then, _)| then.0 > at.0 - 2 * minute);
        let begins = match rules.window {
            Window::Rolling | Window::Bucket => at.0 - minute + 1,
            Window::Calendar => at.0 / minute * minute,
        };
        let inside: Vec<(Millis, u32)> =
            ledger.recent.iter().filter(|(then, _)| then.0 >= begins).copied().collect();
        let first = inside.first().map_or(at.0, |(then, _)| then.0);
        let free = match rules.window {
            Window::Rolling | Window::Bucket => first + minute,
            Window::Calendar => begins + minute,
        };
        let wait = u64::try_from(free - at.0).unwrap_or(0) * u64::from(rules.time_scale);
        let retry = Duration::from_millis(wait);
        let full = match rules.window {
            Window::Rolling | Window::Calendar => inside.len() >= rules.per_minute as usize,
            Window::Bucket => ledger.fill(rules.per_minute, minute, at) < 1.0,
        };
        if full {
            return Some(Refused { what: What::Minute, limit: rules.per_minute, retry });
        }
        let used: u32 = inside.iter().map(|(_, tokens)| *tokens).sum();
        if used > 0 && used + tokens > rules.tokens_per_minute {
            return Some(Refused { what: What::Tokens, limit: rules.tokens_per_minute, retry });
        }
        ledger.recent.push((at, tokens));
        ledger.of_day += 1;
        if let Some((held, _)) = &mut ledger.bucket {
            *held -= 1.0;
        }
        None
    }
}

impl Ledger {
    fn fill(&mut self, limit: u32, minute: i64, at: Millis) -> f64 {
        let limit = f64::from(limit);
        let (held, since) = self.bucket.unwrap_or((limit, at));
        let held = limit.min(held + (at.0 - since.0) as f64 * limit / minute as f64);
        self.bucket = Some((held, at));
        held
    }
}
