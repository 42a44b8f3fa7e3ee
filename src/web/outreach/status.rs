//! A campaign's state as pages show it.

use crate::campaigns::progress::Progress;
use crate::model::campaign::CampaignState;

/// The state with its colour. A running campaign may be waiting for a person.
pub struct Status {
    pub label: &'static str,
    pub tone: &'static str,
}

impl Status {
    pub fn of(state: CampaignState, progress: &Progress) -> Self {
        let waits = progress.is_done(state) && progress.waits_for_you() > 0;
        let (label, tone) = match state {
            CampaignState::Running if waits => ("Waiting for you", "wait"),
            CampaignState::Running => ("Running", "go"),
            CampaignState::Paused => ("Paused", "wait"),
            CampaignState::Cancelled => ("Cancelled", "none"),
            CampaignState::Finished => ("Finished", "ok"),
        };
        Self { label, tone }
    }
}
