//! The role and channels that the server needs, and which of them are still missing. Pure.

use crate::discord::objects::{Channel, Role};
use crate::model::setup::{Existing, Named, Resource};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Role,
    /// A text channel.
    Channel,
}

/// A role or a channel that Muster works with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub resource: Resource,
    pub kind: Kind,
    pub name: &'static str,
    /// What it is for; a channel's topic.
    pub purpose: &'static str,
}

pub const WANTED: [Wanted; 4] = [
    Wanted {
        resource: Resource::VerifiedRole,
        kind: Kind::Role,
        name: "Verified",
        purpose: "For participants who are verified. It grants no permissions by itself.",
    },
    Wanted {
        resource: Resource::VerifyChannel,
        kind: Kind::Channel,
        name: "verify",
        purpose: "Verify your account: press the button or type /verify.",
    },
    Wanted {
        resource: Resource::AskChannel,
        kind: Kind::Channel,
        name: "ask",
        purpose: "Questions about the event: type /ask.",
    },
    Wanted {
        resource: Resource::IntroductionsChannel,
        kind: Kind::Channel,
        name: "introductions",
        purpose: "Introduce yourself and say what you would like to build. /match shows who matches you.",
    },
];

impl Wanted {
    /// Its name within a sentence: `the role Verified`, `#verify`.
    pub fn title(&self) -> String {
        match self.kind {
            Kind::Role => format!("the role {}", self.name),
            Kind::Channel => format!("#{}", self.name),
        }
    }

    /// The same at the beginning of a sentence.
    pub fn heading(&self) -> String {
        match self.kind {
            Kind::Role => format!("The role {}", self.name),
            Kind::Channel => self.title(),
        }
    }
}

/// What to do about one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub wanted: Wanted,
    /// It exists and is kept; `None`: it must be created.
    pub existing: Option<Named>,
}

/// The server's roles and channels that can be used: no role of a bot, which nobody can give, and no voice channel.
pub fn existing(roles: &[Role], channels: &[Channel]) -> Existing {
    let named = |id: &str, name: &str| Named { id: id.to_owned(), name: name.to_owned() };
    Existing {
        roles: roles.iter().filter(|it| !it.managed).map(|it| named(&it.id, &it.name)).collect(),
        channels: channels
            .iter()
            // 0: text. 5: announcements.
            .filter(|it| matches!(it.kind, 0 | 5))
            .map(|it| named(&it.id, &it.name))
            .collect(),
    }
}

/// Finds what exists: by its known id, even if it was renamed, otherwise by name.
pub fn plan(existing: &Existing, known: &[(Resource, String)]) -> Vec<Step> {
    WANTED
        .into_iter()
        .map(|wanted| {
            let candidates = match wanted.kind {
                Kind::Role => &existing.roles,
                Kind::Channel => &existing.channels,
            };
            let id =
                known.iter().find(|(resource, _)| *resource == wanted.resource).map(|(_, id)| id);
            let by_id = candidates.iter().find(|it| Some(&it.id) == id);
            let by_name = || candidates.iter().find(|it| it.name.eq_ignore_ascii_case(wanted.name));
            Step { wanted, existing: by_id.or_else(by_name).cloned() }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(id: &str, name: &str, kind: i64) -> Channel {
        Channel { id: id.into(), name: name.into(), kind }
    }

    fn role(id: &str, name: &str, managed: bool) -> Role {
        Role { id: id.into(), name: name.into(), permissions: "0".into(), position: 1, managed }
    }

    /// The ids of what exists, in the order of `WANTED`.
    fn ids(plan: &[Step]) -> Vec<Option<&str>> {
        plan.iter().map(|step| step.existing.as_ref().map(|it| it.id.as_str())).collect()
    }

    #[test]
    fn an_empty_server_gets_everything() {
        assert_eq!(ids(&plan(&Existing::default(), &[])), [None; 4]);
    }

    #[test]
    fn what_exists_under_the_name_is_kept() {
        let existing = existing(&[role("1", "verified", false)], &[channel("2", "ask", 0)]);
        assert_eq!(ids(&plan(&existing, &[])), [Some("1"), None, Some("2"), None]);
    }

    #[test]
    fn what_was_renamed_is_found_by_its_id_and_what_was_deleted_is_created_again() {
        let existing = existing(&[], &[channel("2", "check-in", 0), channel("3", "verify", 0)]);
        let known =
            [(Resource::VerifyChannel, "2".to_owned()), (Resource::AskChannel, "9".to_owned())];
        assert_eq!(ids(&plan(&existing, &known)), [None, Some("2"), None, None]);
    }

    #[test]
    fn a_bots_own_role_and_a_voice_channel_are_not_used() {
        let existing = existing(&[role("1", "Verified", true)], &[channel("2", "verify", 2)]);
        assert_eq!(ids(&plan(&existing, &[])), [None; 4]);
    }
}
