//! How far a campaign is: sums of its rows, never a guess.

use crate::model::campaign::CampaignState;
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
