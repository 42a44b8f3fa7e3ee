//! Setting up the Discord server: what must exist there, which permissions the bot needs, and what an organiser is told
//! when something is missing. Jobs carry out the actions; this module decides.

mod addresses;
mod check;
mod permissions;
mod plan;

use crate::model::job::Class;
use crate::model::setup::SetupAction;
use crate::model::{Job, Millis};
use crate::store::{self, Conn};
pub use addresses::{endpoint, invite_link};
pub use check::{Facts, Server, check};
pub use plan::{Kind, Step, existing, plan};

/// Records that an organiser wants an action done, and queues it.
pub async fn request(
    tx: &mut Conn,
    guild: &str,
    action: SetupAction,
    who: &str,
    now: Millis,
) -> sqlx::Result<()> {
    let id = store::discord_setup::request(tx, guild, action, who, now).await?;
    store::jobs::enqueue(tx, Job::DiscordSetup(id), Class::Person, now, now, None).await
}

/// Checks again after something changed on the server, if it was checked before.
pub async fn check_again(tx: &mut Conn, guild: &str, who: &str, now: Millis) -> sqlx::Result<()> {
    let runs = store::discord_setup::list(tx, guild).await?;
    if runs.iter().any(|run| run.action == SetupAction::Check) {
        request(tx, guild, SetupAction::Check, who, now).await?;
    }
    Ok(())
}

/// The text above the button in #verify.
pub fn verify_text(event: &str) -> String {
    format!(
        "**Verify your account.** Press the button and enter the email address that you registered with for {event}. You will get a code by email. Only you can see the bot's replies."
    )
}
