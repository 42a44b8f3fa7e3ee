//! Recovers what a process that stopped left behind.

use crate::model::Millis;
use crate::store::{self, Conn};

/// Recovers the work of an owner. Its jobs are released. A message whose delivery had begun becomes uncertain: only a
/// person can find out whether it was delivered.
pub async fn settle(tx: &mut Conn, owner: &str, now: Millis) -> sqlx::Result<()> {
    let reason = "Muster stopped while this mail was on its way. It may or may not have gone out.";
    for id in store::deliveries::settle_owner(tx, owner, reason, now).await? {
        tracing::warn!(message.id = id.0, "Message {id} may or may not have gone out");
        if let Some(message) = store::messages::find(tx, id).await? {
            store::campaigns::finish_if_done(tx, message.campaign_id, now).await?;
        }
    }
    let released = store::jobs::release_owner(tx, owner).await?;
    if released > 0 {
        tracing::info!(jobs = released, "Released {released} jobs of a stopped process");
    }
    Ok(())
}
