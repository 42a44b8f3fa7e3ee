//! A campaign's overview: what its page and its event stream both show. Counts, sentences and the lines of the list.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::filter::{Filter, PageQuery};
use super::rows::Row;
use crate::app::App;
use crate::campaigns::progress::{self, Progress};
use crate::events;
use crate::model::message::MessageState;
use crate::model::{CampaignId, MessageId, Millis};
use crate::store::campaigns::Campaign;
use crate::store::messages::Message;
use crate::store::{self, Conn};
use crate::web::error::Error;
use crate::web::outreach::bar::{Bar, fill};
use crate::web::page::{Pager, Times, count, in_words};

/// Lines of the list: about as high as the email beside it.
const PER_PAGE: i64 = 15;

pub struct Overview {
    pub campaign: Campaign,
    pub progress: Progress,
    pub times: Times,
    pub now: Millis,
    pub filter: Filter,
    pub pager: Pager,
    pub rows: Vec<Row>,
    pub selected: Option<Message>,
}

/// A state with the number of its messages.
pub struct StateCount {
    pub word: &'static str,
    pub label: &'static str,
    pub fill: &'static str,
    pub count: i64,
    pub class: &'static str,
    pub url: String,
    pub is_current: bool,
}

impl Overview {
    pub async fn read(
        conn: &mut Conn,
        app: &App,
        id: CampaignId,
        query: &PageQuery,
    ) -> Result<Self, Error> {
        let campaign = store::campaigns::find(conn, id).await?.ok_or(Error::NotFound)?;
        let mut progress = progress::of(conn, &campaign).await?;
        let event = events::current(conn, &app.config).await?;
        let now = app.clock.now();
        progress::expect(conn, &app.pool, &app.config, &campaign, &mut progress, now).await?;
        let times = Times::new(event.time_zone.as_deref(), now);
        let filter = Filter::read(id, query, &progress);
        let asked_for = match query.message {
            Some(message) => store::messages::find(conn, message).await?,
            None => None,
        };
        let asked_for = asked_for.filter(|message| message.campaign_id == id);
        let total = if filter.q.is_empty() {
            filter.state.map_or(progress.total, |state| progress.count(state))
        } else {
            store::messages::count(conn, id, filter.state, &filter.q).await?
        };
        // Without a page number in the address, show the page with the message.
        let page = match (query.page, &asked_for) {
            (None, Some(message)) => {
                let before =
                    store::messages::place(conn, id, filter.state, &filter.q, message.id).await?;
                Some(before / PER_PAGE + 1)
            }
            (page, _) => page,
        };
        let filters = [("state", filter.word()), ("q", &filter.q)];
        let pager = Pager::new(page, PER_PAGE, total, &format!("/outreach/{id}"), &filters);
        let listed =
            store::messages::list(conn, id, filter.state, &filter.q, PER_PAGE, pager.offset())
                .await?;
        let selected = match (asked_for, listed.first()) {
            (Some(message), _) => Some(message),
            (None, Some(first)) => store::messages::find(conn, first.id).await?,
            (None, None) => None,
        };
        let current = selected.as_ref().map(|message| message.id);
        let rows = listed.into_iter().map(|row| Row::new(row, &filter, &times, current)).collect();
        Ok(Self { campaign, progress, times, now, filter, pager, rows, selected })
    }

    pub fn bar(&self) -> Bar {
        Bar::new(&self.progress)
    }

    pub fn states(&self) -> Vec<StateCount> {
        let entry = |(state, count): &(MessageState, i64)| StateCount {
            word: state.as_str(),
            label: state.label(),
            fill: fill(*state),
            count: *count,
            class: class(*state, *count),
            url: format!("/outreach/{}?state={state}", self.campaign.id),
            is_current: self.filter.state == Some(*state),
        };
        self.progress.counts().iter().map(entry).collect()
    }

    /// The tabs above the list: the most important states, the current one, and all.
    pub fn tabs(&self) -> Vec<(&'static str, String, String, bool)> {
        let mut shown = vec![Some(MessageState::Drafted), Some(MessageState::Approved), None];
        if !shown.contains(&self.filter.state) {
            shown.insert(2, self.filter.state);
        }
        let tab = |state: Option<MessageState>| {
            let filter = Filter { state, ..self.filter.clone() };
            (filter.word(), tab_label(&self.progress, state), filter.page(None, &[]), {
                state == self.filter.state
            })
        };
        shown.into_iter().map(tab).collect()
    }

    /// Sentences about the counts, each with its id; empty ones are not shown.
    pub fn sentences(&self) -> Vec<(&'static str, String)> {
        let progress = &self.progress;
        let some = |number: i64, what: &str| match number {
            0 => String::new(),
            number => format!("{number} {what}"),
        };
        let made: Vec<String> = [
            some(progress.by_model, "by Gemini"),
            some(progress.by_template, "from the template"),
            some(progress.by_person, "by you"),
        ]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect();
        let eta = match progress.eta {
            Some(at) if progress.to_write() > 0 => {
                format!(
                    "Drafts ready in {}, at {}",
                    in_words(at.since(self.now)),
                    self.times.at(at)
                )
            }
            _ => String::new(),
        };
        vec![
            ("say-people", count(progress.total, "person", "people")),
            ("say-write", some(progress.to_write(), "to be written")),
            ("say-send", some(progress.to_send(), "being sent")),
            ("say-eta", eta),
            ("say-waits", progress.delay.clone()),
            ("say-made", made.join(", ")),
        ]
    }

    pub fn range(&self) -> String {
        format!("{}–{} of {}", self.pager.first(), self.pager.last(), self.pager.total)
    }

    /// The address of the event stream, with what this page shows.
    pub fn live_url(&self) -> String {
        let message = self.selected.as_ref().map(|message| message.id.to_string());
        let page = self.pager.page.to_string();
        let more = [("message", message.as_deref().unwrap_or_default()), ("page", &page)];
        self.filter.url(&format!("/outreach/{}/live", self.campaign.id), &more)
    }

    /// Changes when the page must be reloaded: other lines, other actions, or a change of the message under review.
    pub fn version(&self) -> String {
        let mut hash = DefaultHasher::new();
        let ids: Vec<MessageId> = self.rows.iter().map(|row| row.id).collect();
        let drafts: Vec<bool> = self.rows.iter().map(|row| row.is_draft).collect();
        (ids, drafts, self.pager.next().is_some()).hash(&mut hash);
        let campaign = &self.campaign;
        (campaign.state, &campaign.pause_reason, self.progress.is_done(campaign.state))
            .hash(&mut hash);
        (self.progress.unreleased, self.progress.count(MessageState::Uncertain)).hash(&mut hash);
        (self.progress.quota_ends.is_some(), campaign.people_per_request).hash(&mut hash);
        if let Some(message) = &self.selected {
            let times = (message.drafted_at, message.approved_at, message.released_at);
            (message.id, message.state, times, message.sent_at).hash(&mut hash);
            (&message.error, message.not_before).hash(&mut hash);
        }
        format!("{:016x}", hash.finish())
    }
}

pub fn class(state: MessageState, count: i64) -> &'static str {
    match (state, count) {
        (_, 0) => "zero",
        (MessageState::Failed, _) => "bad",
        (MessageState::Uncertain, _) => "wait",
        _ => "",
    }
}

pub fn tab_label(progress: &Progress, state: Option<MessageState>) -> String {
    match state {
        Some(state) => format!("{} {}", state.label(), progress.count(state)),
        None => format!("All {}", progress.total),
    }
}
