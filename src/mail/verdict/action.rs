//! Whom a response is about, and what to do.

use std::time::Duration;

/// Whom a response is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The sender's account or server: all emails of this sender wait, and the recipient's tries do not count.
    Sender,
    /// This recipient only.
    Recipient,
    /// All recipients at this domain.
    Domain,
    /// The email itself, which Muster composed wrongly.
    Muster,
}

/// What to do. Durations are in real time: the caller divides them by the trial's time scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Sends nothing from this sender until an organiser resumes it.
    StopSender,
    /// Pauses this sender, which then resumes by itself: `pauses` for the first, second, … time in a row; the last one
    /// is used for all further times.
    PauseSender { pauses: &'static [Duration], then: Then },
    /// Stops the sender when `times` of its last `of` emails got this response; until then only this email failed.
    StopSenderAfter { times: u32, of: u32 },
    /// This email failed for good.
    Fail {
        /// The address does not exist: it is suppressed.
        suppress: bool,
    },
    /// Retries the same recipient after the first, second, … pause; after the last one the email failed.
    TryAgain { pauses: &'static [Duration] },
    /// Sends nothing to this domain for a while; the email stays in the queue.
    PauseDomain { pause: Duration },
    /// Sends nothing to this domain until an organiser resumes it.
    StopDomain,
}

/// How a paused sender resumes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// As before.
    AsBefore,
    /// At half the speed (half the connections).
    HalfSpeed,
    /// At most this many emails a minute; when paused a second time, it needs an organiser.
    AtMostAMinute(u32),
    /// At most this many connections and emails a minute.
    Connections { at_once: u32, a_minute: u32 },
    /// When the limit of the last 24 hours allows it again, at the latest after the pause.
    WhenTheDayFrees,
}

/// What a response means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The kind of the row, for logs and counters: `login`, `quota`, `no_such_user`.
    pub kind: &'static str,
    pub about: About,
    pub action: Action,
    /// What the organiser can do about it; empty if nothing.
    pub advice: &'static str,
}

impl Action {
    /// How long the `step`-th pause in a row is, counted from 0. `None`: it is not a pause, or there is no further try.
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
