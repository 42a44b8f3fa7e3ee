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

/// Whose questions are counted together: a hash that leads back to nobody, and how many are let through.
#[derive(Clone, Debug)]
pub struct Asker {
    hash: String,
    a_minute: usize,
    an_hour: usize,
}

impl Asker {
    /// `who` is an address, an account or a session; `salt` keeps the hash from being tried against guesses.
    pub fn participant(salt: &str, who: &str) -> Self {
        Self { hash: hash(&[salt, "participant", who]), a_minute: 10, an_hour: 60 }
    }

    /// Organisers try their FAQ out, and scripts of theirs ask for many.
    pub fn organiser(salt: &str, who: &str) -> Self {
        Self { hash: hash(&[salt, "organiser", who]), a_minute: 60, an_hour: 600 }
    }
}

/// Counts a question of somebody's, unless it is one too many.
pub async fn limit(tx: &mut Conn, asker: &Asker, now: Millis) -> Result<(), AskError> {
    let (minute, hour) = (Duration::from_mins(1), Duration::from_hours(1));
    rows::forget_asks(tx, now.minus(hour)).await?;
    store::take_turn(tx, &asker.hash).await?;
    let asks = rows::asks(tx, &asker.hash, now.minus(hour)).await?;
    for (most, within) in [(asker.a_minute, minute), (asker.an_hour, hour)] {
        // The one that has to be forgotten before another is let through.
        if let Some(at) = asks.get(most - 1)
            && at.plus(within) > now
        {
            return Err(TooMany { again_in: at.plus(within).since(now) }.into());
        }
    }
    rows::count_ask(tx, &asker.hash, now).await?;
    Ok(())
}
