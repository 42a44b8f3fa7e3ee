//! Requests to Gemini: how many people are put into one request.

use crate::config::Config;
use crate::model::campaign::CampaignKind;
use crate::store::campaigns::Campaign;

/// The most people in one request.
pub const MAX_PEOPLE: i64 = 8;

/// How many people are put into one request of this campaign.
///
/// Invitations only: a match email already contains the names of other people.
pub fn people_per_request(config: &Config, campaign: &Campaign) -> i64 {
    match campaign.kind {
        CampaignKind::Match => 1,
        CampaignKind::Test | CampaignKind::Live => campaign
            .people_per_request
            .unwrap_or(i64::from(config.gemini.people_per_request))
            .clamp(1, MAX_PEOPLE),
    }
}

/// How many requests a number of messages takes.
pub fn count(messages: i64, people_per_request: i64) -> i64 {
    (messages + people_per_request - 1) / people_per_request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_is_not_full_counts_too() {
        assert_eq!([0, 1, 4, 5, 8].map(|messages| count(messages, 4)), [0, 1, 1, 2, 2]);
    }
}
