//! Setting up the Discord server: the actions that an organiser can start, and their results.

use super::words::words;

/// What an organiser can have done on Discord.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SetupAction {
    /// Check that everything is set up correctly.
    Check,
    /// Register the commands with Discord.
    Commands,
    /// Create the role and the channels that are missing.
    RolesAndChannels,
    /// Post the button with which participants verify themselves.
    Button,
}

words!(SetupAction, "action on Discord", {
    Check => "check",
    Commands => "commands",
    RolesAndChannels => "places",
    Button => "button",
});

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetupState {
    /// Queued or running.
    Waiting,
    Done,
    Failed,
}

words!(SetupState, "state of an action on Discord", {
    Waiting => "waiting",
    Done => "done",
    Failed => "failed",
});

/// A role, channel or message on the server that Muster must find again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Resource {
    /// The role of participants who are verified.
    VerifiedRole,
    VerifyChannel,
    AskChannel,
    IntroductionsChannel,
    /// The message with the button.
    VerifyMessage,
}

words!(Resource, "resource on Discord", {
    VerifiedRole => "role:verified",
    VerifyChannel => "channel:verify",
    AskChannel => "channel:ask",
    IntroductionsChannel => "channel:introductions",
    VerifyMessage => "message:verify",
});

/// One line of an action's result.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Finding {
    pub tone: Tone,
    /// For the organiser.
    #[serde(rename = "words")]
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    Good,
    /// Worth knowing; nothing is wrong.
    Note,
    /// A person must fix it.
    Bad,
}

impl Finding {
    pub fn good(text: impl Into<String>) -> Self {
        Self { tone: Tone::Good, text: text.into() }
    }

    pub fn note(text: impl Into<String>) -> Self {
        Self { tone: Tone::Note, text: text.into() }
    }

    pub fn bad(text: impl Into<String>) -> Self {
        Self { tone: Tone::Bad, text: text.into() }
    }
}

/// The roles and channels on the server when it was last read.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Existing {
    pub roles: Vec<Named>,
    pub channels: Vec<Named>,
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Named {
    pub id: String,
    pub name: String,
}
