//! The slash commands, as they are registered with Discord and listed by `/help`.

use serde_json::{Value, json};

/// A slash command.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    pub name: &'static str,
    /// At most 100 characters.
    pub description: &'static str,
    pub options: &'static [Text],
}

/// A text option of a command.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    pub name: &'static str,
    /// At most 100 characters.
    pub description: &'static str,
    pub required: bool,
    /// In characters.
    pub longest: u16,
}

/// In the order in which they are listed. Required options come first.
pub const ALL: &[Command] = &[
    Command {
        name: "ask",
        description: "Ask the organisers' FAQ a question",
        options: &[Text {
            name: "question",
            description: "What you would like to know",
            required: true,
            longest: 500,
        }],
    },
    Command {
        name: "match",
        description: "See who matches your skills, and why (only you see the answer)",
        options: &[],
    },
    Command { name: "team", description: "See your team (only you see the answer)", options: &[] },
    Command {
        name: "verify",
        description: "Verify that an email address is yours (only you see the answer)",
        options: &[
            Text {
                name: "email",
                description: "The address that you gave the organisers",
                required: false,
                longest: 254,
            },
            Text {
                name: "code",
                description: "The six digits from the email",
                required: false,
                longest: 20,
            },
        ],
    },
    Command { name: "help", description: "List the commands", options: &[] },
];

/// The body of `PUT /applications/{app}/guilds/{guild}/commands`, which replaces all commands.
pub fn definitions() -> Vec<Value> {
    ALL.iter().map(definition).collect()
}

/// Type 1: a slash command. Type 3: a string.
fn definition(command: &Command) -> Value {
    let options: Vec<Value> = command
        .options
        .iter()
        .map(|text| {
            json!({
                "type": 3,
                "name": text.name,
                "description": text.description,
                "required": text.required,
                "max_length": text.longest,
            })
        })
        .collect();
    json!({
        "type": 1,
        "name": command.name,
        "description": command.description,
        "options": options,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_descriptions_keep_to_discords_limits() {
        let fits = |name: &str, description: &str| {
            let is_name =
                (1..=32).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase());
            is_name && (1..=100).contains(&description.chars().count())
        };
        for command in ALL {
            assert!(fits(command.name, command.description), "/{}", command.name);
            assert!(command.options.iter().all(|it| fits(it.name, it.description)));
            assert!(command.options.is_sorted_by_key(|it| !it.required), "/{}", command.name);
        }
    }

    #[test]
    fn every_command_is_registered_as_a_slash_command() {
        let all = definitions();
        assert_eq!(all.len(), ALL.len());
        assert_eq!(all[0]["type"], 1);
        assert_eq!(all[0]["name"], "ask");
        assert_eq!(all[0]["options"][0]["required"], true);
        assert_eq!(all[0]["options"][0]["max_length"], 500);
    }
}
