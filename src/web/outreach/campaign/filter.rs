//! What the address of a campaign's page says: which messages are listed, and which one is reviewed.

use serde::Deserialize;

use crate::campaigns::progress::Progress;
use crate::model::message::MessageState;
use crate::model::{CampaignId, MessageId};
use crate::web::notice::NoticeQuery;
use crate::web::page::Pager;

/// The page's address.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct PageQuery {
    /// The state whose messages are listed, or `all`.
    pub state: Option<String>,
    pub q: Option<String>,
    pub page: Option<i64>,
    /// The message under review.
    pub message: Option<MessageId>,
    /// `html` shows the email as a mail client does.
    pub view: Option<String>,
    /// The form that is open: `edit` or `again`.
    pub mode: Option<String>,
    #[serde(skip)]
    pub notice: NoticeQuery,
}

/// Which of a campaign's messages are listed.
#[derive(Clone, Debug)]
pub struct Filter {
    pub campaign: CampaignId,
    pub state: Option<MessageState>,
    pub q: String,
}

impl Filter {
    /// The state in the address; without one, what waits for review if there is anything, otherwise all.
    pub fn read(campaign: CampaignId, query: &PageQuery, progress: &Progress) -> Self {
        let state = match query.state.as_deref() {
            Some(word) => word.parse().ok(),
            None if progress.count(MessageState::Drafted) > 0 => Some(MessageState::Drafted),
            None => None,
        };
        Self { campaign, state, q: query.q.clone().unwrap_or_default().trim().to_owned() }
    }

    /// The word in the address.
    pub fn word(&self) -> &'static str {
        self.state.map_or("all", MessageState::as_str)
    }

    /// `path` with this filter and more parameters.
    pub fn url(&self, path: &str, more: &[(&str, &str)]) -> String {
        let mut filters = vec![("state", self.word()), ("q", self.q.as_str())];
        filters.extend(more);
        Pager::new(None, 1, 0, path, &filters).address()
    }

    /// The page with another message under review.
    pub fn page(&self, message: Option<MessageId>, more: &[(&str, &str)]) -> String {
        let id = message.map(|id| id.to_string()).unwrap_or_default();
        let mut filters = vec![("message", id.as_str())];
        filters.extend(more);
        self.url(&format!("/outreach/{}", self.campaign), &filters)
    }
}
