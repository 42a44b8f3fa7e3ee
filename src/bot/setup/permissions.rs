//! What a bot may do on a server, given its roles. Pure. The bits are documented by Discord:
//! <https://discord.com/developers/docs/topics/permissions>

use crate::discord::objects::Role;

const ADMINISTRATOR: u64 = 1 << 3;
const MANAGE_CHANNELS: u64 = 1 << 4;
const VIEW_CHANNEL: u64 = 1 << 10;
const SEND_MESSAGES: u64 = 1 << 11;
const EMBED_LINKS: u64 = 1 << 14;
const READ_MESSAGE_HISTORY: u64 = 1 << 16;
const MANAGE_ROLES: u64 = 1 << 28;
/// A permission that members need, not the bot.
pub const USE_APPLICATION_COMMANDS: u64 = 1 << 31;

/// A permission that the bot needs, with its name in Discord's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    pub bit: u64,
    pub name: &'static str,
    /// What does not work without it: "Muster cannot …".
    pub without: &'static str,
}

pub const NEEDED: [Permission; 6] = [
    Permission {
        bit: MANAGE_ROLES,
        name: "Manage Roles",
        without: "Muster cannot give the Verified role",
    },
    Permission {
        bit: MANAGE_CHANNELS,
        name: "Manage Channels",
        without: "Muster cannot create the channels; you can also create channels with these names by hand",
    },
    Permission {
        bit: VIEW_CHANNEL,
        name: "View Channels",
        without: "the bot does not see the channels in which it must write",
    },
    Permission {
        bit: SEND_MESSAGES,
        name: "Send Messages",
        without: "Muster cannot post the verify button",
    },
    Permission {
        bit: EMBED_LINKS,
        name: "Embed Links",
        without: "links in the bot's messages have no preview",
    },
    Permission {
        bit: READ_MESSAGE_HISTORY,
        name: "Read Message History",
        without: "the bot does not see its own older messages",
    },
];

/// The permissions that the invite link asks for.
pub const INVITED_WITH: u64 = MANAGE_ROLES
    | MANAGE_CHANNELS
    | VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | READ_MESSAGE_HISTORY;

/// A member's permissions in the whole server. The role `@everyone` has the server's id, and everybody has it.
fn allowed(own: &[String], roles: &[Role], guild: &str) -> u64 {
    let counts = |role: &&Role| role.id == guild || own.contains(&role.id);
    let bits = |role: &Role| role.permissions.parse::<u64>().unwrap_or(0);
    roles.iter().filter(counts).fold(0, |all, role| all | bits(role))
}

/// Whether the roles give a permission; an administrator may do everything.
pub fn allows(own: &[String], roles: &[Role], guild: &str, bit: u64) -> bool {
    allowed(own, roles, guild) & (bit | ADMINISTRATOR) != 0
}

/// The permissions that the bot needs and does not have.
pub fn missing(own: &[String], roles: &[Role], guild: &str) -> Vec<Permission> {
    NEEDED.into_iter().filter(|it| !allows(own, roles, guild, it.bit)).collect()
}

/// Whether one of a member's roles is above a role, so that the member may give it. This applies to administrators too.
pub fn is_above(own: &[String], roles: &[Role], role: &Role) -> bool {
    let highest = roles.iter().filter(|it| own.contains(&it.id)).map(rank).max();
    highest > Some(rank(role))
}

/// Of two roles at one position the older one is higher; Discord's ids grow with time.
fn rank(role: &Role) -> (i64, std::cmp::Reverse<u64>) {
    (role.position, std::cmp::Reverse(role.id.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(id: &str, permissions: u64, position: i64) -> Role {
        let permissions = permissions.to_string();
        Role { id: id.into(), name: id.into(), permissions, position, managed: false }
    }

    fn own(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn permissions_of_everyone_and_of_the_roles_add_up() {
        let roles = [role("1", VIEW_CHANNEL | SEND_MESSAGES, 0), role("2", MANAGE_ROLES, 1)];
        let names = |own: &[String]| -> Vec<_> {
            missing(own, &roles, "1").iter().map(|it| it.name).collect()
        };
        assert_eq!(names(&own(&["2"])), ["Manage Channels", "Embed Links", "Read Message History"]);
        assert_eq!(names(&own(&[]))[0], "Manage Roles");
    }

    #[test]
    fn an_administrator_lacks_nothing() {
        assert_eq!(missing(&own(&["2"]), &[role("2", ADMINISTRATOR, 1)], "1"), []);
    }

    #[test]
    fn the_invite_link_asks_for_exactly_what_is_needed() {
        assert_eq!(NEEDED.iter().fold(0, |all, it| all | it.bit), INVITED_WITH);
        assert_eq!(missing(&own(&["2"]), &[role("2", INVITED_WITH, 1)], "1"), []);
    }

    #[test]
    fn a_role_can_only_be_given_from_above() {
        let roles = [role("1", 0, 0), role("20", 0, 3), role("30", 0, 2), role("40", 0, 2)];
        assert!(is_above(&own(&["20"]), &roles, &roles[2]));
        assert!(!is_above(&own(&["30"]), &roles, &roles[1]));
        assert!(!is_above(&own(&["30"]), &roles, &roles[2]), "itself");
        // Of two roles at one position the older one is higher.
        assert!(is_above(&own(&["30"]), &roles, &roles[3]));
        assert!(!is_above(&own(&["40"]), &roles, &roles[2]));
        assert!(!is_above(&own(&[]), &roles, &roles[2]));
    }
}
