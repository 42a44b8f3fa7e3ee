//! Suppressing addresses.

use crate::model::person::SuppressionReason;
use crate::model::{EmailAddress, Millis};
use crate::store::{self, Conn};

/// Suppresses an address for good: messages that wait for it are skipped, and no import lifts the suppression.
pub async fn suppress(
    tx: &mut Conn,
    address: &EmailAddress,
    reason: SuppressionReason,
    words: Option<&str>,
    now: Millis,
) -> sqlx::Result<()> {
    store::suppressions::insert(tx, &address.hash(), reason, words, now).await
}
