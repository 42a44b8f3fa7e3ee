//! Refusals: what a server's refusal means for the account, the recipient's domain, the address and the message.
//! Pure; `messages` applies what is decided here.

use std::time::Duration;

use crate::mail::verdict::{Action, Then, UNREACHABLE, Verdict};
use crate::model::Millis;
use crate::store::deliveries::Recent;
use crate::store::jobs::PAUSED;
use crate::store::senders::Sender;

/// The shortest pause after a used-up quota, although the oldest email may leave the 24 hours sooner.
const SHORTEST_QUOTA_PAUSE: Duration = Duration::from_mins(10);
/// Bounds of the gap between two emails that grows by half the speed, in milliseconds.
const GAP: (i64, i64) = (1_000, 60_000);

/// What a decision depends on, besides the verdict.
#[derive(Clone, Debug)]
pub struct Situation<'a> {
    pub response: &'a str,
    /// The account as it was before.
    pub sender: Sender,
    /// How many tries of this message were refused before.
    pub tries: u32,
    /// Of the last deliveries, how many were refused with this kind of verdict, this one included.
    pub recent_refusals: i64,
    /// The emails of the last 24 hours.
    pub last_day: Recent,
    pub now: Millis,
    /// Divides every duration.
    pub time_scale: u32,
}

/// What follows from a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consequence {
    /// The account's new state; `None`: unchanged.
    pub sender: Option<Sender>,
    /// Nothing is sent to the recipient's domain until then.
    pub domain_paused_until: Option<Millis>,
    pub message: Next,
}

/// What happens to the refused message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It stays approved and is sent again at this time. `counts`: as one of its tries.
    Wait { at: Millis, counts: bool },
    /// It failed, for a reason that says nothing about its recipient.
    Fail,
    /// It failed because of its recipient; too many of these pause the campaign.
    FailRecipient {
        /// The address does not exist, so it is never emailed again.
        suppress: bool,
    },
}

/// The consequence of a refusal.
pub fn decide(verdict: &Verdict, situation: &Situation<'_>) -> Consequence {
    let Situation { now, time_scale, .. } = *situation;
    let message = |message| Consequence { sender: None, domain_paused_until: None, message };
    let keep = Next::Wait { at: now, counts: false };
    match verdict.action {
        Action::StopSender => {
            Consequence { sender: Some(stopped(verdict, situation)), ..message(keep) }
        }
        Action::PauseSender { then, .. } => {
            Consequence { sender: Some(paused(verdict, then, situation)), ..message(keep) }
        }
        Action::StopSenderAfter { times, .. } => {
            let is_pattern = situation.recent_refusals >= i64::from(times);
            let sender = is_pattern.then(|| stopped(verdict, situation));
            Consequence { sender, ..message(Next::Fail) }
        }
        Action::Fail { suppress } => message(Next::FailRecipient { suppress }),
        Action::TryAgain { .. } => match verdict.action.pause(situation.tries) {
            Some(pause) => message(Next::Wait { at: now.plus(pause / time_scale), counts: true }),
            None => message(Next::Fail),
        },
        Action::PauseDomain { pause } => {
            let until = now.plus(pause / time_scale);
            let wait = Next::Wait { at: until, counts: false };
            Consequence { domain_paused_until: Some(until), ..message(wait) }
        }
        Action::StopDomain => {
            Consequence { domain_paused_until: Some(PAUSED), ..message(Next::Fail) }
        }
    }
}

/// The consequence when the server cannot be reached: the account pauses, longer each time, and no message loses a try.
pub fn unreachable(situation: &Situation<'_>) -> Consequence {
    let step = situation.sender.step as usize;
    let pause = UNREACHABLE.get(step).or(UNREACHABLE.last()).copied().unwrap_or_default();
    let until = situation.now.plus(pause / situation.time_scale);
    Consequence {
        sender: Some(pause_until(&situation.sender, until, situation.response, "")),
        domain_paused_until: None,
        message: Next::Wait { at: situation.now, counts: false },
    }
}

/// The account waits until an organiser resumes sending.
fn stopped(verdict: &Verdict, situation: &Situation<'_>) -> Sender {
    Sender {
        needs_attention_at: Some(situation.now),
        response: Some(situation.response.to_owned()),
        advice: Some(verdict.advice.to_owned()),
        ..situation.sender.clone()
    }
}

/// The account pauses for a while, and afterwards sends as `then` says.
fn paused(verdict: &Verdict, then: Then, situation: &Situation<'_>) -> Sender {
    let Situation { now, time_scale, last_day, .. } = *situation;
    let mut sender = situation.sender.clone();
    let pause = verdict.action.pause(sender.step as u32).unwrap_or_default() / time_scale;
    let mut until = now.plus(pause);
    match then {
        Then::AsBefore => {}
        Then::HalfSpeed => sender.min_gap = (sender.min_gap * 2).clamp(GAP.0, GAP.1),
        Then::AtMostAMinute(a_minute) => {
            let gap = gap_of(a_minute);
            // It was slowed down for this reason before: the second time an organiser must look.
            if sender.min_gap >= gap {
                sender.needs_attention_at = Some(now);
            }
            sender.min_gap = gap;
        }
        Then::Connections { a_minute, .. } => sender.min_gap = gap_of(a_minute),
        Then::WhenTheDayFrees => {
            if let Some(oldest) = last_day.oldest.filter(|_| last_day.emails > 1) {
                until = until
                    .min(oldest.plus(super::pace::DAY / time_scale))
                    .max(now.plus(SHORTEST_QUOTA_PAUSE / time_scale));
            }
        }
    }
    pause_until(&sender, until, situation.response, verdict.advice)
}

/// Milliseconds between two emails at this rate.
fn gap_of(a_minute: u32) -> i64 {
    60_000 / i64::from(a_minute.max(1))
}

fn pause_until(sender: &Sender, until: Millis, response: &str, advice: &str) -> Sender {
    Sender {
        paused_until: Some(sender.paused_until.map_or(until, |known| known.max(until))),
        step: sender.step + 1,
        response: Some(response.to_owned()),
        advice: Some(advice.to_owned()),
        ..sender.clone()
    }
}

#[cfg(test)]
mod tests;
