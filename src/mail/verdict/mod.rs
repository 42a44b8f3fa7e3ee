//! What a mail server's answer means: whom it is about and what to do, as data. Pure.
//!
//! A refusal about the sender must burn no recipient; one about a recipient concerns only that one.

use std::time::Duration;

mod table;

use table::{
    APP_PASSWORD, BY_ENHANCED, BY_TEXT, LATER, NO_ADVICE, Row, SENDER_REFUSED, SLOW, STOP, TOO_FAST,
};

pub use table::UNREACHABLE;

use super::smtp::Stage;

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

/// Reads an answer of 400 and above. `text` is the whole answer without its codes; `stage` says what it answered: before
/// the recipient was named nothing can be the recipient's fault.
pub fn judge(code: u16, enhanced: Option<&str>, text: &str, stage: Stage) -> Verdict {
    let text = text.to_lowercase();
    let fits = |row: &&Row| row.has_code(code) && row.can_be_meant_at(stage);
    // An answer without an enhanced code is told by its words.
    let by_text = BY_TEXT.iter().filter(fits).find(|row| {
        row.has_text(&text) && enhanced.is_none_or(|enhanced| row.has_enhanced(enhanced))
    });
    let by_enhanced = || {
        let enhanced = enhanced?;
        BY_ENHANCED.iter().filter(fits).find(|row| row.has_enhanced(enhanced))
    };
    by_text.or_else(by_enhanced).map_or_else(|| judge_by_stage(code, enhanced, stage), Row::verdict)
}

/// What no row names.
fn judge_by_stage(code: u16, enhanced: Option<&str>, stage: Stage) -> Verdict {
    let permanent = code >= 500;
    let verdict = |kind, about, action, advice| Verdict { kind, about, action, advice };
    match stage {
        Stage::Connect | Stage::StartTls | Stage::Login | Stage::From if !permanent => {
            verdict("slow", About::Sender, SLOW, TOO_FAST)
        }
        Stage::Login => verdict("login", About::Sender, STOP, APP_PASSWORD),
        Stage::Connect | Stage::StartTls | Stage::From => {
            verdict("set_up", About::Sender, STOP, SENDER_REFUSED)
        }
        Stage::To | Stage::Data | Stage::Answer if permanent => {
            let suppress = enhanced.is_some_and(|it| it.starts_with("5.1.") || it == "5.2.1");
            verdict("refused", About::Recipient, Action::Fail { suppress }, NO_ADVICE)
        }
        Stage::To | Stage::Data | Stage::Answer => {
            verdict("later", About::Recipient, LATER, NO_ADVICE)
        }
    }
}

#[cfg(test)]
mod tests;
