//! How far a campaign is: sums of its rows.

use std::time::Duration;

use super::requests;
use crate::config::Config;
use crate::keys::{self, Finish, Next, Pool};
use crate::model::Millis;
use crate::model::campaign::CampaignState;
use crate::model::job::{Class, Task};
use crate::model::made_by::Maker;
use crate::model::message::MessageState;
use crate::store::campaigns::Campaign;
use crate::store::{self, Conn};

#[derive(Clone, Debug)]
pub struct Progress {
    /// By state, in the order of `MessageState`.
    counts: Vec<(MessageState, i64)>,
    /// Approved, but not released to be sent.
    pub unreleased: i64,
    pub total: i64,
    /// Texts by the model.
    pub by_model: i64,
    pub by_template: i64,
    /// Texts that an organiser wrote or edited.
    pub by_person: i64,
    /// When the last message will be written, if known.
    pub eta: Option<Millis>,
    /// Why nothing is being written now, or why it will take long; empty if all goes well.
    pub delay: String,
    /// Set when today's quota will not be enough.
    pub quota_ends: Option<QuotaEnds>,
}

/// What an organiser needs to know to choose between waiting and the template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaEnds {
    /// Requests left today.
    pub left: u64,
    /// When the next requests are available.
    pub at: Millis,
}

/// How long Gemini takes to write a message, approximately.
const WRITING_TIME: Duration = Duration::from_secs(2);

/// Shorter waits are not mentioned: they are only the spacing between requests.
const MENTIONED_ABOVE: Duration = Duration::from_secs(30);

/// Asks the pool when this campaign's messages will be written.
///
/// Other campaigns of the same task are not counted. With one of them it takes longer, and each reload says so.
pub async fn expect(
    conn: &mut Conn,
    pool: &Pool,
    config: &Config,
    campaign: &Campaign,
    progress: &mut Progress,
    now: Millis,
) -> sqlx::Result<()> {
    if campaign.state != CampaignState::Running || progress.to_write() == 0 {
        return Ok(());
    }
    let per_request = requests::people_per_request(config, campaign);
    let mut waiting = store::jobs::waiting(conn, now).await?;
    for bulk in &mut waiting {
        if bulk.task == Task::Outreach && bulk.class == Class::Bulk {
            bulk.waiting = requests::count(bulk.waiting, per_request);
        }
    }
    let known = keys::now(conn, pool, &waiting, now).await?;
    let task = campaign.kind.draft_kind().task();
    let Some(starts) = known.tasks.iter().find(|it| Some(it.task) == task) else { return Ok(()) };
    let by_quota = pool.pace().window / known.allowed.max(1);
    let outlook = |next_start| Outlook {
        next_start,
        spacing: starts.spacing.max(by_quota),
        takes: WRITING_TIME,
    };
    let remaining = requests::count(progress.to_write(), per_request);
    match (&starts.next, known.finish) {
        (Next::Fallback { why }, _) => progress.delay = format!("Templates write: {why}"),
        (_, Finish::NotToday { left }) => {
            progress.quota_ends = Some(QuotaEnds { left, at: known.day_ends });
            progress.delay = format!(
                "The keys have {left} requests left today: the rest is written with tomorrow's quota, from midnight \
                 in California"
            );
        }
        (Next::Now, _) => progress.eta = eta(remaining, outlook(now)),
        // All messages are being written.
        (Next::Idle, _) => progress.eta = eta(1, outlook(now)),
        (Next::At { at, why }, _) => {
            if *at >= known.day_ends {
                progress.quota_ends = Some(QuotaEnds { left: 0, at: *at });
            }
            if at.since(now) > MENTIONED_ABOVE {
                progress.delay = format!("Waiting: {why}");
            }
            progress.eta = eta(remaining, outlook(*at));
        }
    }
    Ok(())
}

/// What to expect of the pool for one task.
#[derive(Clone, Copy, Debug)]
pub struct Outlook {
    /// When the next request of this task starts.
    pub next_start: Millis,
    /// Time between two starts.
    pub spacing: Duration,
    /// Time from a request's start to its answer.
    pub takes: Duration,
}

/// When the last of `remaining` requests will be answered; `None` when there are none.
pub fn eta(remaining: i64, outlook: Outlook) -> Option<Millis> {
    let gaps = u32::try_from(remaining - 1).ok()?;
    let last_start = outlook.next_start.plus(outlook.spacing.saturating_mul(gaps));
    Some(last_start.plus(outlook.takes))
}

pub async fn of(conn: &mut Conn, campaign: &Campaign) -> sqlx::Result<Progress> {
    let rows = store::campaigns::state_counts(conn, campaign.id).await?;
    let count = |state: MessageState| {
        rows.iter().find(|row| row.state == state.as_str()).map_or(0, |row| row.messages)
    };
    let makers = store::campaigns::maker_counts(conn, campaign.id).await?;
    let made = |by: Maker| {
        makers.iter().find(|row| row.made_by == by.as_str()).map_or(0, |row| row.messages)
    };
    Ok(Progress {
        counts: MessageState::ALL.iter().map(|state| (*state, count(*state))).collect(),
        unreleased: rows.iter().map(|row| row.unreleased).sum(),
        total: rows.iter().map(|row| row.messages).sum(),
        by_model: made(Maker::Model),
        by_template: made(Maker::Template),
        by_person: made(Maker::Person),
        eta: None,
        delay: String::new(),
        quota_ends: None,
    })
}

impl Progress {
    pub fn count(&self, state: MessageState) -> i64 {
        self.counts.iter().find(|(it, _)| *it == state).map_or(0, |(_, count)| *count)
    }

    pub fn counts(&self) -> &[(MessageState, i64)] {
        &self.counts
    }

    /// How many messages are still to be written.
    pub fn to_write(&self) -> i64 {
        self.count(MessageState::Queued) + self.count(MessageState::Drafting)
    }

    /// How many messages are released to be sent, and not sent yet.
    pub fn to_send(&self) -> i64 {
        self.count(MessageState::Approved) - self.unreleased + self.count(MessageState::Sending)
    }

    /// How many messages need a person's decision.
    pub fn waits_for_you(&self) -> i64 {
        self.count(MessageState::Drafted) + self.unreleased + self.count(MessageState::Uncertain)
    }

    /// Whether nothing more happens without a person.
    pub fn is_done(&self, state: CampaignState) -> bool {
        state != CampaignState::Running || self.to_write() + self.to_send() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_message_is_written_after_all_gaps_and_its_own_request() {
        let outlook = Outlook {
            next_start: Millis(1_000),
            spacing: Duration::from_secs(5),
            takes: Duration::from_secs(2),
        };
        assert_eq!(eta(0, outlook), None);
        assert_eq!(eta(1, outlook), Some(Millis(3_000)));
        assert_eq!(eta(118, outlook), Some(Millis(1_000 + 117 * 5_000 + 2_000)));
    }
}
