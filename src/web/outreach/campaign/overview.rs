//! What the page of a campaign and its event stream both show: counts, sentences, and the lines of the list.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::PageQuery;
use super::bar::{Bar, fill};
use crate::app::App;
use crate::campaigns::checks::rule;
use crate::campaigns::progress::{self, Progress};
use crate::events;
use crate::model::message::{MessageState, SkipReason};
use crate::model::{CampaignId, MessageId, Millis};
use crate::store::campaigns::Campaign;
use crate::store::messages::{Listed, Message};
use crate::store::{self, Conn};
use crate::web::Error;
use crate::web::page::{Pager, Times, in_words, tone};

/// Lines of the list: about as high as the letter beside it.
const PER_PAGE: i64 = 15;

pub struct Board {
    pub campaign: Campaign,
    pub progress: Progress,
    pub times: Times,
    pub now: Millis,
    pub filter: Filter,
    pub pager: Pager,
    pub rows: Vec<Row>,
    pub selected: Option<Message>,
}

/// Which of a campaign's messages are listed.
#[derive(Clone, Debug)]
pub struct Filter {
    pub campaign: CampaignId,
    pub state: Option<MessageState>,
    pub q: String,
}

impl Filter {
    /// The state asked for; without one, what waits for review, else everything.
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

    /// `path` with the filter and what else is given.
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

/// A line of the list.
pub struct Row {
    pub id: MessageId,
    pub url: String,
    pub name: String,
    pub address: String,
    pub subject: String,
    pub label: String,
    pub tone: &'static str,
    pub note: String,
    /// A draft can be chosen, to be approved with others.
    pub is_draft: bool,
    pub is_current: bool,
}

/// One of the nine states, with its count.
pub struct RailEntry {
    pub word: &'static str,
    pub label: &'static str,
    pub fill: &'static str,
    pub count: i64,
    pub class: &'static str,
    pub url: String,
    pub is_current: bool,
}

impl Board {
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
        // Without a page in the address, the one on which the message stands.
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

    pub fn rail(&self) -> Vec<RailEntry> {
        let entry = |(state, count): &(MessageState, i64)| RailEntry {
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

    /// The states of which one can be chosen above the list.
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

    /// What the rows add up to, in words; an empty one is not shown.
    pub fn sentences(&self) -> Vec<(&'static str, String)> {
        let progress = &self.progress;
        let some = |number: i64, words: &str| match number {
            0 => String::new(),
            number => format!("{number} {words}"),
        };
        let made: Vec<String> = [
            some(progress.by_model, "by Gemini"),
            some(progress.by_template, "from the template"),
            some(progress.by_person, "in your own words"),
        ]
        .into_iter()
        .filter(|words| !words.is_empty())
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
            ("say-people", crate::web::page::count(progress.total, "person", "people")),
            ("say-write", some(progress.to_write(), "to be written")),
            ("say-send", some(progress.to_send(), "on their way")),
            ("say-eta", eta),
            ("say-waits", progress.delay.clone()),
            ("say-made", made.join(", ")),
        ]
    }

    pub fn range(&self) -> String {
        format!("{}–{} of {}", self.pager.first(), self.pager.last(), self.pager.total)
    }

    /// The address of the stream, with what this page shows: the tab that was chosen for it stays.
    pub fn live_url(&self) -> String {
        let message = self.selected.as_ref().map(|message| message.id.to_string());
        let page = self.pager.page.to_string();
        let more = [("message", message.as_deref().unwrap_or_default()), ("page", &page)];
        self.filter.url(&format!("/outreach/{}/live", self.campaign.id), &more)
    }

    /// Differs when more has changed than words in their places: which lines there are, what can be done, or the
    /// letter under review.
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

impl Row {
    fn new(row: Listed, filter: &Filter, times: &Times, current: Option<MessageId>) -> Self {
        let (label, tone, note) = words(&row, times);
        let subject = match row.state {
            _ if !row.subject.is_empty() => row.subject,
            MessageState::Queued => "Waits to be written".into(),
            MessageState::Drafting => "Is being written".into(),
            _ => "Was not written".into(),
        };
        Self {
            id: row.id,
            url: filter.page(Some(row.id), &[]),
            name: row.name,
            address: row.address,
            subject,
            label,
            tone,
            note,
            is_draft: row.state == MessageState::Drafted,
            is_current: current == Some(row.id),
        }
    }
}

/// The word of a line with its colour, and what stands under it.
fn words(row: &Listed, times: &Times) -> (String, &'static str, String) {
    let made = match (row.made_by.as_deref(), row.made_key) {
        (Some("model"), Some(key)) if key.is_reserve() => "reserve key".to_owned(),
        (Some("model"), Some(key)) => format!("key {key}"),
        (Some("template"), _) => "template".to_owned(),
        (Some("person"), _) => "your words".to_owned(),
        _ => String::new(),
    };
    let state = (row.state.label().to_owned(), tone(row.state));
    let note = match row.state {
        MessageState::Drafted => {
            let findings = rule::stored(&row.findings);
            let blocking = findings.iter().find(|finding| finding.rule.blocks());
            let review = "to review";
            let under = |made: &str| match made {
                "" => review.to_owned(),
                made => format!("{review}, {made}"),
            };
            return match (blocking, row.made_by.as_deref()) {
                (Some(finding), _) => (finding.rule.label().to_owned(), "wait", under(&made)),
                (None, Some("template")) => ("Template".into(), "none", under("")),
                (None, Some("person")) => ("Edited".into(), "info", under("")),
                (None, _) => (state.0, state.1, made),
            };
        }
        MessageState::Approved => match (row.released_at, &row.approved_by) {
            (Some(_), _) => "waits for its turn".into(),
            (None, Some(by)) => format!("by {by}"),
            (None, None) => made,
        },
        MessageState::Sent => row.sent_at.map(|at| times.at(at)).unwrap_or_default(),
        MessageState::Skipped => row
            .skip_reason
            .as_deref()
            .and_then(|word| word.parse::<SkipReason>().ok())
            .map_or_else(String::new, |reason| reason.label().to_owned()),
        MessageState::Failed | MessageState::Uncertain => "see why".into(),
        MessageState::Queued | MessageState::Drafting | MessageState::Sending => String::new(),
    };
    (state.0, state.1, note)
}
