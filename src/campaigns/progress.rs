//! How far a campaign is: sums of its rows, never a guess.

use std::time::Duration;

use crate::config::Config;
use crate::keys::{self, Finish, Next, Pool};
use crate::model::Millis;
use crate::model::campaign::CampaignState;
use crate::model::job::{Class, Task};
use crate::model::message::MessageState;
use crate::store::campaigns::Campaign;
use crate::store::{self, Conn};

#[derive(Clone, Debug)]
pub struct Progress {
    /// By state, in the order of the life of a message.
    counts: Vec<(MessageState, i64)>,
    /// Approved, and waiting for the word "send".
    pub unreleased: i64,
    pub total: i64,
    /// Texts by the model and by the template.
    pub by_model: i64,
    pub by_template: i64,
    /// Texts that an organiser wrote or changed.
    pub by_person: i64,
    /// When the last letter will be written, where that is known..
    pub eta: Option<Millis>,
    /// Why nothing is written right now, or why it will not be finished soon; empty where all goes well.
    pub waits: String,
    /// Today's quota ends before the letters do.
    pub day_ends: Option<DayEnds>,
}

/// What an organiser has to know who chooses between waiting and the template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayEnds {
    /// Requests left today.
    pub left: u64,
    /// When the next ones are there.
    pub at: Millis,
}

/// How long Gemini takes for a letter, about.
const ANSWER: Duration = Duration::from_secs(2);

/// A wait of this length is worth a word: letters that only keep their distance need none.
const WORTH_A_WORD: Duration = Duration::from_secs(30);

/// Asks the pool when this campaign's letters will be written. It counts the campaign's own: beside another one of the
/// same task it takes longer, and is told anew at each look.
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
    // A request may hold several letters.
    let together = super::people_per_request(config, campaign);
    let mut waiting = store::jobs::waiting(conn, now).await?;
    for bulk in &mut waiting {
        if bulk.task == Task::Outreach && bulk.class == Class::Bulk {
            bulk.waiting = requests(bulk.waiting, together);
        }
    }
    let known = keys::now(conn, pool, &waiting, now).await?;
    let task = super::task(campaign.kind);
    let Some(starts) = known.tasks.iter().find(|it| it.task == task) else { return Ok(()) };
    let by_quota = pool.pace().window / known.allowed.max(1);
    let outlook =
        |next_start| Outlook { next_start, spacing: starts.spacing.max(by_quota), takes: ANSWER };
    let remaining = requests(progress.to_write(), together);
    match (&starts.next, known.finish) {
        (Next::Resort { why }, _) => progress.waits = format!("Templates write: {why}"),
        (_, Finish::NotToday { left }) => {
            progress.day_ends = Some(DayEnds { left, at: known.day_ends });
            progress.waits = format!(
                "The keys have {left} requests left today: the rest is written from tomorrow's, at midnight in \
                 California"
            );
        }
        (Next::Now, _) => progress.eta = eta(remaining, outlook(now)),
        // All are being written.
        (Next::Idle, _) => progress.eta = eta(1, outlook(now)),
        (Next::At { at, why }, _) => {
            if *at >= known.day_ends {
                progress.day_ends = Some(DayEnds { left: 0, at: *at });
            }
            if at.since(now) > WORTH_A_WORD {
                progress.waits = format!("Waits: {why}");
            }
            progress.eta = eta(remaining, outlook(*at));
        }
    }
    Ok(())
}

/// How many requests `letters` take.
fn requests(letters: i64, together: i64) -> i64 {
    (letters + together - 1) / together
}

/// What may be expected of the pool for one task.
#[derive(Clone, Copy, Debug)]
pub struct Outlook {
    /// When the next request of this task starts.
    pub next_start: Millis,
    /// Between two starts.
    pub spacing: Duration,
    /// From a request's start to its answer.
    pub takes: Duration,
}

/// When the last of `remaining` letters will be written; `None` when there is nothing to write.
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
    let made = |by: &str| makers.iter().find(|row| row.made_by == by).map_or(0, |row| row.messages);
    Ok(Progress {
        counts: MessageState::ALL.iter().map(|state| (*state, count(*state))).collect(),
        unreleased: rows.iter().map(|row| row.unreleased).sum(),
        total: rows.iter().map(|row| row.messages).sum(),
        by_model: made("model"),
        by_template: made("template"),
        by_person: made("person"),
        eta: None,
        waits: String::new(),
        day_ends: None,
    })
}

impl Progress {
    pub fn count(&self, state: MessageState) -> i64 {
        self.counts.iter().find(|(it, _)| *it == state).map_or(0, |(_, count)| *count)
    }

    pub fn counts(&self) -> &[(MessageState, i64)] {
        &self.counts
    }

    /// Letters that are still to be written.
    pub fn to_write(&self) -> i64 {
        self.count(MessageState::Queued) + self.count(MessageState::Drafting)
    }

    /// Letters that are on their way without another word.
    pub fn to_send(&self) -> i64 {
        self.count(MessageState::Approved) - self.unreleased + self.count(MessageState::Sending)
    }

    /// What only a person can decide.
    pub fn waits_for_you(&self) -> i64 {
        self.count(MessageState::Drafted) + self.unreleased + self.count(MessageState::Uncertain)
    }

    /// Nothing more happens without a person.
    pub fn is_done(&self, state: CampaignState) -> bool {
        state != CampaignState::Running || self.to_write() + self.to_send() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_letter_is_there_after_all_gaps_and_its_own_answer() {
        let outlook = Outlook {
            next_start: Millis(1_000),
            spacing: Duration::from_secs(5),
            takes: Duration::from_secs(2),
        };
        assert_eq!(eta(0, outlook), None);
        assert_eq!(eta(1, outlook), Some(Millis(3_000)));
        assert_eq!(eta(118, outlook), Some(Millis(1_000 + 117 * 5_000 + 2_000)));
    }

    #[test]
    fn a_request_that_is_not_full_is_one_too() {
        assert_eq!([0, 1, 4, 5, 8].map(|letters| requests(letters, 4)), [0, 1, 1, 2, 2]);
    }
}
