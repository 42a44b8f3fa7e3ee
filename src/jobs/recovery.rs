//! Recovers what a process that stopped left behind.

use crate::model::Millis;
use crate::store::{self, Conn};

/// Settles what an owner left: its jobs go back into the queue, and a mail whose attempt was written down may or may
/// not have gone out: a person says.
pub async fn settle(tx: &mut Conn, owner: &str, now: Millis) -> sqlx::Result<()> {
    let words = "Muster stopped while this mail was on its way. It may or may not have gone out.";
    for id in store::deliveries::settle_owner(tx, owner, words, now).await? {
        tracing::warn!(message.id = id.0, "Message {id} may or may not have gone out");
        if let Some(message) = store::messages::find(tx, id).await? {
            store::campaigns::finish_if_done(tx, message.campaign_id, now).await?;
        }
    }
    let released = store::jobs::release_owner(tx, owner).await?;
    if released > 0 {
        tracing::info!(jobs = released, "Put {released} jobs back that a stopped process held");
    }
    Ok(())
}
