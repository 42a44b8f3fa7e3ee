//! Erasing a person.

use super::suppression::suppress;
use crate::discord_accounts;
use crate::model::message::MessageState;
use crate::model::person::SuppressionReason;
use crate::model::{Millis, PersonId};
use crate::store::{self, Conn};

/// Removes a person and everything that belongs to them: skills, resumes, messages, emails, matches, the Discord
/// account. A suppression (by the hash of the address) stays, or an import would bring them back; whoever was emailed
/// gets one. Call `Db::scrub` after the commit.
pub async fn erase(tx: &mut Conn, id: PersonId, now: Millis) -> sqlx::Result<bool> {
    let messages = store::messages::of_person(tx, id).await?;
    let was_emailed =
        messages.iter().any(|it| matches!(it.state, MessageState::Sent | MessageState::Uncertain));
    if let Some(person) = store::people::find(tx, id).await?
        && was_emailed
    {
        let reason = "erased after they had been emailed";
        suppress(tx, &person.address, SuppressionReason::Erased, Some(reason), now).await?;
    }
    if let Some(account) = store::discord::account(tx, id).await? {
        discord_accounts::disconnected(tx, &account.discord_user, now).await?;
    }
    store::people::delete(tx, id).await
}
