//! Setting up the Discord server: what can be asked for, and what comes of it.

use super::words;

/// What an organiser can have done on Discord.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deed {
    /// Look whether everything is as it must be.
    Check,
    /// Tell Discord which commands there are.
    Commands,
    /// Make the role and the channels that are missing.
    Places,
    /// Put the button up by which participants show who they are.
    Button,
}

words!(Deed, "deed", {
    Check => "check",
    Commands => "commands",
    Places => "places",
    Button => "button",
});

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeedState {
    /// In the queue, or being done.
    Waiting,
    Done,
    Failed,
}

words!(DeedState, "state of a deed", { Waiting => "waiting", Done => "done", Failed => "failed" });

/// A place on the server that Muster needs to find again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Spot {
    /// The role of participants who have shown who they are.
    VerifiedRole,
    VerifyChannel,
    AskChannel,
    IntroductionsChannel,
    /// The message with the button.
    VerifyMessage,
}

words!(Spot, "spot", {
    VerifiedRole => "role:verified",
    VerifyChannel => "channel:verify",
    AskChannel => "channel:ask",
    IntroductionsChannel => "channel:introductions",
    VerifyMessage => "message:verify",
});

/// A line of what came of a deed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Finding {
    pub tone: Tone,
    /// For the organiser.
    pub words: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    Good,
    /// Worth knowing; nothing is wrong.
    Note,
    /// To be mended by a person.
    Bad,
}

impl Finding {
    pub fn good(words: impl Into<String>) -> Self {
        Self { tone: Tone::Good, words: words.into() }
    }

    pub fn note(words: impl Into<String>) -> Self {
        Self { tone: Tone::Note, words: words.into() }
    }

    pub fn bad(words: impl Into<String>) -> Self {
        Self { tone: Tone::Bad, words: words.into() }
    }
}

/// What stood on the server when somebody looked.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Seen {
    pub roles: Vec<Named>,
    pub channels: Vec<Named>,
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Named {
    pub id: String,
    pub name: String,
}
