//! Addresses that must not be emailed.

use crate::model::{EmailAddress, Millis};
use crate::store::{self, Conn};

/// Why an address must not be emailed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suppress {
    /// They unsubscribed by link, or an organiser noted that they want no email.
    OptedOut,
    /// Their server says that the address does not exist.
    HardBounce,
    /// They were emailed and then erased. Nobody gets a second invitation because a list brings them back.
    Erased,
}

impl Suppress {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OptedOut => "opted_out",
            Self::HardBounce => "hard_bounce",
            Self::Erased => "erased",
        }
    }
}

/// Suppresses an address for good: messages that wait for it are skipped, and no import lifts the suppression.
pub async fn suppress(
    tx: &mut Conn,
    address: &EmailAddress,
    why: Suppress,
    words: Option<&str>,
    now: Millis,
) -> sqlx::Result<()> {
    store::people::suppress(tx, &address.hash(), why.as_str(), words, now).await
}
