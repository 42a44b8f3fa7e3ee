//! The states of a message, and their transitions.

use super::words::words;

/// A message's state.
///
/// The store repeats [`can_become`](Self::can_become) in its `WHERE`, so that of two racing updates one gets `false`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageState {
    Queued,
    Drafting,
    Drafted,
    Approved,
    Sending,
    Sent,
    Skipped,
    Failed,
    Uncertain,
}

words!(MessageState, "message state", {
    Queued => "queued",
    Drafting => "drafting",
    Drafted => "drafted",
    Approved => "approved",
    Sending => "sending",
    Sent => "sent",
    Skipped => "skipped",
    Failed => "failed",
    Uncertain => "uncertain",
});

use MessageState::{
    Approved, Drafted, Drafting, Failed, Queued, Sending, Sent, Skipped, Uncertain,
};

impl MessageState {
    pub fn can_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Queued, Drafting | Skipped)
                | (Drafting, Drafted | Queued | Failed | Skipped)
                | (Drafted, Approved | Queued | Skipped)
                | (Approved, Sending | Drafted | Skipped)
                | (Sending, Sent | Approved | Failed | Uncertain)
                | (Uncertain, Sent | Approved | Failed) // by a person
                | (Failed, Queued | Approved)           // by a person
                | (Skipped, Queued) // by a person, never when opted out
        )
    }

    /// Whether nothing more happens unless a person does something.
    pub fn is_final(self) -> bool {
        matches!(self, Sent | Skipped | Failed | Uncertain)
    }

    /// The state on the pages.
    pub fn label(self) -> &'static str {
        match self {
            Queued => "Queued",
            Drafting => "Writing",
            Drafted => "To review",
            Approved => "Approved",
            Sending => "Sending",
            Sent => "Sent",
            Skipped => "Skipped",
            Failed => "Failed",
            Uncertain => "Uncertain",
        }
    }
}

/// Why a message was skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkipReason {
    OptedOut,
    Suppressed,
    Registered,
    AlreadyInvited,
    ByHand,
    Cancelled,
}

words!(SkipReason, "reason for skipping", {
    OptedOut => "opted_out",
    Suppressed => "suppressed",
    Registered => "registered",
    AlreadyInvited => "already_invited",
    ByHand => "by_hand",
    Cancelled => "cancelled",
});

impl SkipReason {
    pub fn label(self) -> &'static str {
        match self {
            Self::OptedOut => "unsubscribed",
            Self::Suppressed => "the address does not work",
            Self::Registered => "already registered",
            Self::AlreadyInvited => "already invited",
            Self::ByHand => "skipped by an organiser",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The kind of a message. A person gets at most one of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
    Invitation,
    Match,
}

words!(MessageKind, "kind of message", {
    Invitation => "invitation",
    Match => "match",
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_person_changes_a_final_state_and_sent_stays_sent() {
        for &next in MessageState::ALL {
            assert!(!Sent.can_become(next));
            for &from in MessageState::ALL {
                if next == Sending {
                    assert_eq!(from.can_become(next), from == Approved, "{from} may be sent");
                }
                if next == Sent {
                    assert_eq!(from.can_become(next), matches!(from, Sending | Uncertain));
                }
            }
        }
    }

    #[test]
    fn every_word_parses_to_its_state() {
        for &state in MessageState::ALL {
            assert_eq!(state.as_str().parse::<MessageState>().unwrap(), state);
        }
        assert!("lost".parse::<MessageState>().is_err());
    }
}
