//! What ought to stand on the server, and what of it is still to be made. Pure.

use crate::discord::objects::{Channel, Role};
use crate::model::setup::{Named, Seen, Spot};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Role,
    /// For text.
    Channel,
}

/// A role or a channel that Muster works with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub spot: Spot,
    pub kind: Kind,
    pub name: &'static str,
    /// What it is for; a channel's topic.
    pub purpose: &'static str,
}

pub const WANTED: [Wanted; 4] = [
    Wanted {
        spot: Spot::VerifiedRole,
        kind: Kind::Role,
        name: "Verified",
        purpose: "Goes to participants who have shown who they are. It allows nothing by itself.",
    },
    Wanted {
        spot: Spot::VerifyChannel,
        kind: Kind::Channel,
        name: "verify",
        purpose: "Show who you are: press the button or type /verify.",
    },
    Wanted {
        spot: Spot::AskChannel,
        kind: Kind::Channel,
        name: "ask",
        purpose: "Questions about the event: type /ask.",
    },
    Wanted {
        spot: Spot::IntroductionsChannel,
        kind: Kind::Channel,
        name: "introductions",
        purpose: "Say who you are and what you would like to build. /match shows who fits you.",
    },
];

impl Wanted {
    /// As organisers know it, within a sentence: `the role Verified`, `#verify`.
    pub fn title(&self) -> String {
        match self.kind {
            Kind::Role => format!("the role {}", self.name),
            Kind::Channel => format!("#{}", self.name),
        }
    }

    /// The same where it begins a sentence.
    pub fn heading(&self) -> String {
        match self.kind {
            Kind::Role => format!("The role {}", self.name),
            Kind::Channel => self.title(),
        }
    }
}

/// What is to be done about one that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub wanted: Wanted,
    /// It is there already, and is kept; `None`: it is to be made.
    pub there: Option<Named>,
}

/// What of a server's roles and channels may serve: no role of a bot, which nobody can give, and no channel for voices.
pub fn seen(roles: &[Role], channels: &[Channel]) -> Seen {
    let named = |id: &str, name: &str| Named { id: id.to_owned(), name: name.to_owned() };
    Seen {
        roles: roles.iter().filter(|it| !it.managed).map(|it| named(&it.id, &it.name)).collect(),
        channels: channels
            .iter()
            // 0: text. 5: announcements.
            .filter(|it| matches!(it.kind, 0 | 5))
            .map(|it| named(&it.id, &it.name))
            .collect(),
    }
}

/// What is there is kept: by the number under which it is known, whatever it is called by now, else by its name.
pub fn plan(seen: &Seen, known: &[(Spot, String)]) -> Vec<Step> {
    WANTED
        .into_iter()
        .map(|wanted| {
            let there = match wanted.kind {
                Kind::Role => &seen.roles,
                Kind::Channel => &seen.channels,
            };
            let id = known.iter().find(|(spot, _)| *spot == wanted.spot).map(|(_, id)| id);
            let by_id = there.iter().find(|it| Some(&it.id) == id);
            let by_name = || there.iter().find(|it| it.name.eq_ignore_ascii_case(wanted.name));
            Step { wanted, there: by_id.or_else(by_name).cloned() }
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

    /// The ids of what is there, in the order of what is wanted.
    fn there(plan: &[Step]) -> Vec<Option<&str>> {
        plan.iter().map(|step| step.there.as_ref().map(|it| it.id.as_str())).collect()
    }

    #[test]
    fn an_empty_server_gets_everything() {
        assert_eq!(there(&plan(&Seen::default(), &[])), [None; 4]);
    }

    #[test]
    fn what_has_the_name_is_kept() {
        let seen = seen(&[role("1", "verified", false)], &[channel("2", "ask", 0)]);
        assert_eq!(there(&plan(&seen, &[])), [Some("1"), None, Some("2"), None]);
    }

    #[test]
    fn what_was_renamed_is_known_by_its_number_and_what_is_gone_is_made_anew() {
        let seen = seen(&[], &[channel("2", "check-in", 0), channel("3", "verify", 0)]);
        let known = [(Spot::VerifyChannel, "2".to_owned()), (Spot::AskChannel, "9".to_owned())];
        assert_eq!(there(&plan(&seen, &known)), [None, Some("2"), None, None]);
    }

    #[test]
    fn a_bots_own_role_and_a_channel_for_voices_do_not_serve() {
        let seen = seen(&[role("1", "Verified", true)], &[channel("2", "verify", 2)]);
        assert_eq!(there(&plan(&seen, &[])), [None; 4]);
    }
}
