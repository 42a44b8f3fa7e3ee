//! The addresses that connect Discord and Muster.

use super::permissions::INVITED_WITH;

/// The Interactions Endpoint URL, to which Discord sends what participants type.
pub fn endpoint(public_url: &str) -> String {
    format!("{public_url}/discord/interactions")
}

/// Discord's page on which the owner of a server adds the bot, with all permissions that it needs.
pub fn invite_link(application_id: &str, guild_id: Option<&str>) -> String {
    let guild = guild_id.map(|id| format!("&guild_id={id}")).unwrap_or_default();
    format!(
        "https://discord.com/oauth2/authorize?client_id={application_id}&scope=bot+applications.commands&permissions={INVITED_WITH}{guild}"
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
