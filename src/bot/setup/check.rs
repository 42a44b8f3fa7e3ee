//! Checks a set-up against what Discord reports. Pure: facts in, findings out.

use super::addresses::{endpoint, invite_link};
use super::permissions::{USE_APPLICATION_COMMANDS, allows, is_above, missing};
use super::plan::{Step, existing, plan};
use crate::config::Bot;
use crate::discord::commands;
use crate::discord::objects::{Application, Channel, Command, Guild, Member, Role};
use crate::model::setup::{Finding, Resource};

/// What Discord reported.
pub struct Facts {
    pub application: Application,
    /// `None`: the bot is not on the server.
    pub server: Option<Server>,
}

pub struct Server {
    pub guild: Guild,
    /// The bot itself.
    pub me: Member,
    pub roles: Vec<Role>,
    pub channels: Vec<Channel>,
    /// `None`: the bot is not allowed to have commands.
    pub commands: Option<Vec<Command>>,
}

/// What is right and what is missing, in the order in which an organiser sets it up.
pub fn check(bot: &Bot, facts: &Facts, known: &[(Resource, String)]) -> Vec<Finding> {
    let mut findings = application(bot, &facts.application);
    match &facts.server {
        None => findings.push(Finding::bad(format!(
            "The bot is not on the server {}. Open the invite link and add it ({}); if it is on another server, correct DISCORD_GUILD_ID.",
            bot.guild_id,
            invite_link(&bot.application_id, Some(&bot.guild_id))
        ))),
        Some(server) => {
            findings.push(Finding::good(format!(
                "The bot is on the server {} as {}.",
                server.guild.name, server.me.user.username
            )));
            findings.extend(permissions(server));
            findings.extend(roles_and_channels(server, known));
            findings.push(registered(bot, server.commands.as_deref()));
        }
    }
    findings
}

fn application(bot: &Bot, application: &Application) -> Vec<Finding> {
    let mut findings = vec![Finding::good("Discord accepts the token.")];
    if application.id != bot.application_id {
        findings.push(Finding::bad(format!(
            "DISCORD_APPLICATION_ID is {}, but the token belongs to the application {}. Copy both from the same application.",
            bot.application_id, application.id
        )));
    }
    if application.verify_key.eq_ignore_ascii_case(&bot.public_key) {
        findings.push(Finding::good("DISCORD_PUBLIC_KEY is correct."));
    } else {
        findings.push(Finding::bad(
            "DISCORD_PUBLIC_KEY is not the application's, so Muster refuses everything that Discord sends. Copy it again from General Information.",
        ));
    }
    let wanted = endpoint(&bot.public_url);
    findings.push(match application.interactions_endpoint_url.as_deref() {
        Some(url) if url.trim_end_matches('/') == wanted => {
            Finding::good("The Interactions Endpoint URL is correct.")
        }
        None | Some("") => Finding::bad(format!(
            "No Interactions Endpoint URL is set, so commands get no answer. Enter {wanted} under General Information and save."
        )),
        Some(url) => Finding::bad(format!(
            "The Interactions Endpoint URL is {url}, so commands go there. Enter {wanted} under General Information and save."
        )),
    });
    findings
}

fn permissions(server: &Server) -> Vec<Finding> {
    let (own, guild) = (&server.me.roles, &server.guild.id);
    let missing = missing(own, &server.roles, guild);
    let mut findings: Vec<Finding> = missing
        .iter()
        .map(|it| Finding::bad(format!("{}: without it {}.", it.name, it.without)))
        .collect();
    if missing.is_empty() {
        findings.push(Finding::good("The bot has all permissions that it needs."));
    } else {
        findings.push(Finding::note(
            "Grant permissions to the bot's role under Server Settings, Roles, or open the invite link again.",
        ));
    }
    if !allows(&[], &server.roles, guild, USE_APPLICATION_COMMANDS) {
        findings.push(Finding::note(
            "Use Application Commands is off for @everyone: only members whose roles allow it can use /ask and the other commands.",
        ));
    }
    findings
}

fn roles_and_channels(server: &Server, known: &[(Resource, String)]) -> Vec<Finding> {
    let steps = plan(&existing(&server.roles, &server.channels), known);
    let (found, missing): (Vec<_>, Vec<_>) = steps.iter().partition(|it| it.existing.is_some());
    let mut findings = Vec::new();
    if !found.is_empty() {
        let titles: Vec<_> = found.iter().map(|it| it.wanted.title()).collect();
        findings.push(Finding::good(format!("On the server: {}.", titles.join(", "))));
    }
    if !missing.is_empty() {
        let titles: Vec<_> = missing.iter().map(|it| it.wanted.title()).collect();
        findings.push(Finding::note(format!(
            "Missing: {}. “Create roles and channels” creates them.",
            titles.join(", ")
        )));
    }
    let verified = found
        .iter()
        .find(|it| it.wanted.resource == Resource::VerifiedRole)
        .and_then(|it| server.roles.iter().find(|role| Some(&role.id) == id_of(it)));
    if let Some(role) = verified
        && !is_above(&server.me.roles, &server.roles, role)
    {
        findings.push(Finding::bad(format!(
            "The bot's highest role is below the role {0}, so Muster cannot give it. Under Server Settings, Roles, drag the bot's role above {0}.",
            role.name
        )));
    }
    findings
}

fn id_of(step: &Step) -> Option<&String> {
    step.existing.as_ref().map(|it| &it.id)
}

fn registered(bot: &Bot, registered: Option<&[Command]>) -> Finding {
    let Some(registered) = registered else {
        return Finding::bad(format!(
            "The bot was added without the permission to have commands (applications.commands). Open the invite link again: {}",
            invite_link(&bot.application_id, Some(&bot.guild_id))
        ));
    };
    let lacks = |name: &str| !registered.iter().any(|it| it.name == name);
    let missing: Vec<String> = commands::ALL
        .iter()
        .filter(|it| lacks(it.name))
        .map(|it| format!("/{}", it.name))
        .collect();
    if missing.is_empty() {
        Finding::good("All commands are registered.")
    } else {
        Finding::bad(format!("Not registered: {}. Press “Register commands”.", missing.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bot::setup::permissions::INVITED_WITH;
    use crate::discord::objects::User;
    use crate::model::Secret;
    use crate::model::setup::Tone;

    fn bot() -> Bot {
        Bot {
            application_id: "11".into(),
            public_key: "00ff".into(),
            token: Secret::new("a token"),
            guild_id: "22".into(),
            base_url: String::new(),
            public_url: "https://muster.example".into(),
        }
    }

    fn role(id: &str, name: &str, permissions: u64, position: i64) -> Role {
        let permissions = permissions.to_string();
        Role { id: id.into(), name: name.into(), permissions, position, managed: false }
    }

    /// A correct set-up.
    fn facts() -> Facts {
        let channel = |id: &str, name: &str| Channel { id: id.into(), name: name.into(), kind: 0 };
        let command = |it: &commands::Command| Command { id: "1".into(), name: it.name.into() };
        Facts {
            application: Application {
                id: "11".into(),
                verify_key: "00FF".into(),
                interactions_endpoint_url: Some(
                    "https://muster.example/discord/interactions".into(),
                ),
            },
            server: Some(Server {
                guild: Guild { id: "22".into(), name: "Harbour".into(), owner_id: "33".into() },
                me: Member {
                    user: User { id: "44".into(), username: "Muster".into() },
                    roles: vec!["55".into()],
                },
                roles: vec![
                    role("22", "@everyone", USE_APPLICATION_COMMANDS, 0),
                    role("55", "Muster", INVITED_WITH, 2),
                    role("66", "Verified", 0, 1),
                ],
                channels: vec![
                    channel("1", "verify"),
                    channel("2", "ask"),
                    channel("3", "introductions"),
                ],
                commands: Some(commands::ALL.iter().map(command).collect()),
            }),
        }
    }

    /// The findings that are not good.
    fn not_good(facts: &Facts) -> Vec<String> {
        let findings = check(&bot(), facts, &[]);
        findings.into_iter().filter(|it| it.tone != Tone::Good).map(|it| it.text).collect()
    }

    fn server(facts: &mut Facts) -> &mut Server {
        facts.server.as_mut().unwrap()
    }

    #[test]
    fn a_correct_set_up_has_only_good_findings() {
        assert_eq!(not_good(&facts()), Vec::<String>::new());
    }

    #[test]
    fn each_fault_is_reported_with_what_to_do() {
        /// A change, and a part of the finding that it causes.
        type Fault = (fn(&mut Facts), &'static str);
        let faults: [Fault; 10] = [
            (|it| it.application.id = "12".into(), "the token belongs to the application 12"),
            (|it| it.application.verify_key = "ff00".into(), "DISCORD_PUBLIC_KEY is not"),
            (|it| it.application.interactions_endpoint_url = None, "commands get no answer"),
            (
                |it| {
                    it.application.interactions_endpoint_url = Some("https://other.example".into());
                },
                "is https://other.example, so commands go there",
            ),
            (|it| it.server = None, "The bot is not on the server 22"),
            (|it| server(it).roles[2].position = 3, "drag the bot's role above Verified"),
            (|it| server(it).roles[0].permissions = "0".into(), "off for @everyone"),
            (|it| server(it).channels.truncate(1), "Missing: #ask, #introductions"),
            (|it| server(it).commands = Some(Vec::new()), "Not registered: /ask"),
            (|it| server(it).commands = None, "without the permission to have commands"),
        ];
        for (change, part) in faults {
            let mut facts = facts();
            change(&mut facts);
            let found = not_good(&facts);
            assert!(found.len() == 1 && found[0].contains(part), "{part}: {found:?}");
        }
    }

    #[test]
    fn a_missing_permission_says_what_does_not_work_without_it() {
        let mut facts = facts();
        server(&mut facts).roles[1].permissions = (INVITED_WITH & !(1 << 28)).to_string();
        assert_eq!(
            not_good(&facts)[0],
            "Manage Roles: without it Muster cannot give the Verified role."
        );
    }
}
