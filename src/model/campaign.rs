//! Kinds and states of campaigns.

use super::ids::MessageId;
use super::job::{Job, JobKind};
use super::message::MessageKind;
use super::words::words;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CampaignKind {
    /// Writes every invitation, then stops for review.
    Test,
    /// Writes, checks, approves what passes every check, and sends.
    Live,
    /// Writes one match email per person, then stops for review.
    Match,
}

words!(CampaignKind, "kind of campaign", { Test => "test", Live => "live", Match => "match" });

impl CampaignKind {
    pub fn message_kind(self) -> MessageKind {
        match self {
            Self::Test | Self::Live => MessageKind::Invitation,
            Self::Match => MessageKind::Match,
        }
    }

    /// The job that writes one of its messages.
    pub fn draft(self, message: MessageId) -> Job {
        match self {
            Self::Test | Self::Live => Job::DraftOutreach(message),
            Self::Match => Job::DraftMatch(message),
        }
    }

    /// The kind of those jobs.
    pub fn draft_kind(self) -> JobKind {
        self.draft(MessageId(0)).kind()
    }

    /// Whether what passes every check is sent without a person.
    pub fn sends_by_itself(self) -> bool {
        matches!(self, Self::Live)
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Test => "Test run",
            Self::Live => "Live campaign",
            Self::Match => "Match emails",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CampaignState {
    Running,
    Paused,
    Cancelled,
    Finished,
}

words!(CampaignState, "state of a campaign", {
    Running => "running",
    Paused => "paused",
    Cancelled => "cancelled",
    Finished => "finished",
});

impl CampaignState {
    pub fn label(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Paused => "Paused",
            Self::Cancelled => "Cancelled",
            Self::Finished => "Finished",
        }
    }
}
