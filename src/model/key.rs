//! What the database knows of a Gemini key. The key itself is never in it, except sealed (`page_keys`).

use super::clock::Millis;
use super::ids::{BookingId, KeyId, KeyNumber};

/// A row of `keys`: pacing decides by it, and the store reads and writes it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow, serde::Deserialize)]
pub struct KeyRecord {
    pub id: KeyId,
    /// Tells keys apart; the same key has the same fingerprint wherever it is set.
    pub fingerprint: String,
    pub number: KeyNumber,
    pub project: String,
    /// The project that was named on the page.
    pub named: Option<String>,
    pub paused_at: Option<Millis>,
    /// Set when Google rejected the key itself; only a person clears it.
    #[sqlx(rename = "aside_at")]
    pub disabled_at: Option<Millis>,
    /// The key's own cooldown. Cooldowns of its project are in `quotas`.
    #[sqlx(rename = "rest_until")]
    pub cooldown_until: Option<Millis>,
    /// How many cooldowns in a row this is; each is longer than the one before.
    #[sqlx(rename = "rest_step")]
    pub cooldown_step: i64,
    /// Why it is disabled or cools down.
    pub reason: Option<String>,
    pub last_error: Option<String>,
    pub last_error_at: Option<Millis>,
    pub refusals: i64,
    pub last_sent_at: Option<Millis>,
    /// Grows with each request: of two keys used in the same moment, the one with the smaller id was used first.
    pub last_booking: BookingId,
}

impl KeyRecord {
    /// Why the key is disabled; `None` if it is not.
    pub fn disabled(&self) -> Option<&str> {
        self.disabled_at.map(|_| self.reason())
    }

    /// Until when the key cools down, and why.
    pub fn cooldown(&self, now: Millis) -> Option<(Millis, &str)> {
        let until = self.cooldown_until.filter(|until| *until > now)?;
        Some((until, self.reason()))
    }

    fn reason(&self) -> &str {
        self.reason.as_deref().unwrap_or_default()
    }

    /// The key's name inside a sentence.
    pub fn name(&self) -> String {
        if self.number.is_reserve() {
            "the reserve key".into()
        } else {
            format!("key {}", self.number)
        }
    }
}
