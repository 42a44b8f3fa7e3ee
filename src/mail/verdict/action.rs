//! Whom a response is about, and what to do.

use std::time::Duration;

/// Whom an answer is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The sender's account or server: everything from this sender waits, the recipient loses nothing.
    Sender,
    /// This recipient alone.
    Recipient,
    /// All recipients at this domain.
    Domain,
    /// The mail itself, which we made wrongly.
    Muster,
}

/// What to do. Durations are real ones: the caller divides them by the trial's time scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing goes out from this sender until a person says so.
    StopSender,
    /// Nothing goes out from this sender for a while, then it goes on by itself: `pauses` for the first, second, …
    /// time in a row; the last one stays.
    PauseSender { pauses: &'static [Duration], then: Then },
    /// Stop the sender when `times` of its last `of` mails were answered so; until then only this one failed.
    StopSenderAfter { times: u32, of: u32 },
    /// This one failed for good.
    Fail {
        /// The address does not exist: nobody writes to it again.
        suppress: bool,
    },
    /// The same recipient again after the first, second, … pause; when there is none left, it failed.
    TryAgain { pauses: &'static [Duration] },
    /// Nothing to this domain for a while; the recipient keeps its turn.
    PauseDomain { pause: Duration },
    /// Nothing to this domain until a person says so.
    StopDomain,
}

/// How a paused sender goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// As before.
    AsBefore,
    /// With half the speed (half the connections).
    HalfSpeed,
    /// At most so many mails a minute; when it is paused a second time, it needs a person.
    AtMostAMinute(u32),
    /// At most so many connections and mails a minute.
    Connections { at_once: u32, a_minute: u32 },
    /// When the mails of the last 24 hours leave room again, at the latest after the pause.
    WhenTheDayFrees,
}

/// What an answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The row of the table, a word for logs and counters: `login`, `quota`, `no_such_user`.
    pub kind: &'static str,
    pub about: About,
    pub action: Action,
    /// What the organiser can do about it; empty when there is nothing to do.
    pub advice: &'static str,
}

impl Action {
    /// How long the `step`-th pause in a row is, counted from 0. `None`: not a pause, or no further try.
    pub fn pause(&self, step: u32) -> Option<Duration> {
        match self {
            Self::PauseSender { pauses, .. } => {
                pauses.get(step as usize).or(pauses.last()).copied()
            }
            Self::TryAgain { pauses } => pauses.get(step as usize).copied(),
            Self::PauseDomain { pause } => Some(*pause),
            Self::StopSender
            | Self::StopSenderAfter { .. }
            | Self::Fail { .. }
            | Self::StopDomain => None,
        }
    }
}
