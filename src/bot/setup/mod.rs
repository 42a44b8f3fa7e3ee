//! Setting up the Discord server: what ought to stand there, what the bot must be allowed, and what an organiser is told
//! when something is missing. The deeds themselves are jobs; here is what they go by.

mod check;
mod permissions;
mod plan;

pub use check::{Facts, Server, check};
pub use permissions::{INVITED_WITH, Permission, allows, missing, stands_above};
pub use plan::{Kind, Step, WANTED, Wanted, plan, seen};

use crate::model::job::Class;
use crate::model::setup::Deed;
use crate::model::{Job, Millis};
use crate::store::{self, Conn};

/// Where Discord sends what participants type: to be entered as the application's Interactions Endpoint URL.
pub fn endpoint(public_url: &str) -> String {
    format!("{public_url}/discord/interactions")
}

/// The page of Discord's on which a server's owner lets the bot in, with all that it needs.
pub fn invite_link(application_id: &str, guild_id: Option<&str>) -> String {
    let guild = guild_id.map(|id| format!("&guild_id={id}")).unwrap_or_default();
    format!(
        "https://discord.com/oauth2/authorize?client_id={application_id}&scope=bot+applications.commands&permissions={INVITED_WITH}{guild}"
    )
}

/// Writes down that an organiser wants it done, and queues it.
pub async fn ask(
    tx: &mut Conn,
    guild: &str,
    deed: Deed,
    who: &str,
    now: Millis,
) -> sqlx::Result<()> {
    let id = store::discord_setup::ask(tx, guild, deed, who, now).await?;
    store::jobs::enqueue(tx, Job::DiscordSetup(id), Class::Person, now, now, None).await
}

/// Something changed on the server: what an earlier check said is looked at anew.
pub async fn check_again(tx: &mut Conn, guild: &str, who: &str, now: Millis) -> sqlx::Result<()> {
    let runs = store::discord_setup::list(tx, guild).await?;
    if runs.iter().any(|run| run.deed == Deed::Check) {
        ask(tx, guild, Deed::Check, who, now).await?;
    }
    Ok(())
}

/// What stands over the button in #verify.
pub fn verify_words(event: &str) -> String {
    format!(
        "**Show who you are.** Press the button and type the e-mail address that you registered with for {event}. You get a code by e-mail; only you see what the bot answers here."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_invite_link_names_scopes_permissions_and_server() {
        assert_eq!(
            invite_link("11", Some("22")),
            "https://discord.com/oauth2/authorize?client_id=11&scope=bot+applications.commands&permissions=268520464&guild_id=22"
        );
    }
}
