//! How many questions a requester may ask. Requesters are counted by a hash that leads back to nobody.

use std::time::Duration;

use super::hash::hash;
use crate::model::Millis;
use crate::store::{self, Conn, faq as rows};

/// A requester asked more often than is fair to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many questions in a short time. Try again in {}", seconds(*again_in))]
pub struct TooMany {
    pub again_in: Duration,
}

fn seconds(time: Duration) -> String {
    match time.as_secs() {
        0 | 1 => "1 second".into(),
        seconds => format!("{seconds} seconds"),
    }
}

#[derive(Debug, thiserror::Error)]
pub enum AskError {
    #[error(transparent)]
    TooMany(#[from] TooMany),
    #[error(transparent)]
    Db(#[from] sqlx::Error),
}

/// Whoever asks a question: the counters that it adds to, each with its limits.
#[derive(Clone, Debug)]
pub struct Requester(Vec<Counter>);

#[derive(Clone, Debug)]
struct Counter {
    hash: String,
    per_minute: usize,
    per_hour: usize,
}

impl Requester {
    /// `account` names a participant's account; `salt` keeps its hash from being guessed.
    pub fn participant(salt: &str, account: &str) -> Self {
        Self(vec![Counter::person(hash(&[salt, "participant", account]))])
    }

    /// A visitor, known by the cookie that the browser got, if it has one. A whole venue may share one network, so the
    /// network's own limit is more generous; it still counts browsers that throw their cookie away.
    pub fn visitor(salt: &str, network: &str, browser: Option<&str>) -> Self {
        let person = match browser {
            Some(browser) => hash(&[salt, "browser", browser]),
            None => hash(&[salt, "newcomers", network]),
        };
        let network = hash(&[salt, "network", network]);
        Self(vec![Counter::person(person), Counter::generous(network)])
    }

    /// An organiser, who tries out the FAQ, perhaps with a script.
    pub fn organiser(salt: &str, name: &str) -> Self {
        Self(vec![Counter::generous(hash(&[salt, "organiser", name]))])
    }
}

impl Counter {
    fn person(hash: String) -> Self {
        Self { hash, per_minute: 10, per_hour: 60 }
    }

    fn generous(hash: String) -> Self {
        Self { hash, per_minute: 60, per_hour: 600 }
    }
}

/// Counts a question, unless it is one too many.
pub async fn limit(tx: &mut Conn, requester: &Requester, now: Millis) -> Result<(), AskError> {
    let (minute, hour) = (Duration::from_mins(1), Duration::from_hours(1));
    rows::forget_asks(tx, now.minus(hour)).await?;
    for counter in &requester.0 {
        store::lock(tx, &counter.hash).await?;
        let asks = rows::asks(tx, &counter.hash, now.minus(hour)).await?;
        for (most, within) in [(counter.per_minute, minute), (counter.per_hour, hour)] {
            // The question that must be older than the window before another one is accepted.
            if let Some(at) = asks.get(most - 1)
                && at.plus(within) > now
            {
                return Err(TooMany { again_in: at.plus(within).since(now) }.into());
            }
        }
    }
    for counter in &requester.0 {
        rows::count_ask(tx, &counter.hash, now).await?;
    }
    Ok(())
}
