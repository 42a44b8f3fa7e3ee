//! Who asks, and how often somebody may.

use std::time::Duration;

use super::answers::{AskError, hash};
use crate::model::Millis;
use crate::store::{self, Conn, faq as rows};

/// Somebody asks more often than is fair to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("that were many questions in a short time; please ask again in {} s", again_in.as_secs().max(1))]
pub struct TooMany {
    pub again_in: Duration,
}

/// Whose questions are counted together, and how many are let through.
#[derive(Clone, Debug)]
pub struct Asker(Vec<Counted>);

#[derive(Clone, Debug)]
struct Counted {
    /// Leads back to nobody.
    hash: String,
    a_minute: usize,
    an_hour: usize,
}

impl Asker {
    /// `who` is an account; `salt` keeps the hash from being tried against guesses.
    pub fn participant(salt: &str, who: &str) -> Self {
        Self(vec![Counted::person(hash(&[salt, "participant", who]))])
    }

    /// Somebody whose browser is known by what it was given, or not (yet). A whole venue may share one network, so that
    /// alone is counted more generously; but whoever throws away what they were given is no new person every time.
    pub fn visitor(salt: &str, network: &str, browser: Option<&str>) -> Self {
        let who = match browser {
            Some(browser) => hash(&[salt, "browser", browser]),
            None => hash(&[salt, "newcomers", network]),
        };
        let all = hash(&[salt, "network", network]);
        Self(vec![Counted::person(who), Counted { hash: all, a_minute: 60, an_hour: 600 }])
    }

    /// Organisers try their FAQ out, and scripts of theirs ask for many.
    pub fn organiser(salt: &str, who: &str) -> Self {
        let hash = hash(&[salt, "organiser", who]);
        Self(vec![Counted { hash, a_minute: 60, an_hour: 600 }])
    }
}

impl Counted {
    fn person(hash: String) -> Self {
        Self { hash, a_minute: 10, an_hour: 60 }
    }
}

/// Counts a question of somebody's, unless it is one too many.
pub async fn limit(tx: &mut Conn, asker: &Asker, now: Millis) -> Result<(), AskError> {
    let (minute, hour) = (Duration::from_mins(1), Duration::from_hours(1));
    rows::forget_asks(tx, now.minus(hour)).await?;
    for counted in &asker.0 {
        store::lock(tx, &counted.hash).await?;
        let asks = rows::asks(tx, &counted.hash, now.minus(hour)).await?;
        for (most, within) in [(counted.a_minute, minute), (counted.an_hour, hour)] {
            // The one that has to be forgotten before another is let through.
            if let Some(at) = asks.get(most - 1)
                && at.plus(within) > now
            {
                return Err(TooMany { again_in: at.plus(within).since(now) }.into());
            }
        }
    }
    for counted in &asker.0 {
        rows::count_ask(tx, &counted.hash, now).await?;
    }
    Ok(())
}
