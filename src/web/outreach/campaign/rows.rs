//! The lines of a campaign's list of messages.

use super::filter::Filter;
use crate::campaigns::checks::rule;
use crate::model::MessageId;
use crate::model::made_by::Maker;
use crate::model::message::{MessageState, SkipReason};
use crate::store::messages::Listed;
use crate::web::page::{Times, tone};

pub struct Row {
    pub id: MessageId,
    pub url: String,
    pub name: String,
    pub address: String,
    pub subject: String,
    pub label: String,
    pub tone: &'static str,
    pub note: String,
    /// Drafts can be selected, to be approved together.
    pub is_draft: bool,
    pub is_current: bool,
}

impl Row {
    pub fn new(row: Listed, filter: &Filter, times: &Times, current: Option<MessageId>) -> Self {
        let (label, tone, note) = state_of(&row, times);
        let subject = match row.state {
            _ if !row.subject.is_empty() => row.subject,
            MessageState::Queued => "Waiting to be written".into(),
            MessageState::Drafting => "Being written".into(),
            MessageState::Drafted
            | MessageState::Approved
            | MessageState::Sending
            | MessageState::Sent
            | MessageState::Skipped
            | MessageState::Failed
            | MessageState::Uncertain => "Not written".into(),
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

/// A line's label with its colour, and the note below it.
fn state_of(row: &Listed, times: &Times) -> (String, &'static str, String) {
    let maker = row.made_by.as_deref().and_then(|word| word.parse::<Maker>().ok());
    let made = match (maker, row.made_key) {
        (Some(Maker::Model), Some(key)) if key.is_reserve() => "reserve key".to_owned(),
        (Some(Maker::Model), Some(key)) => format!("key {key}"),
        (Some(Maker::Template), _) => "template".to_owned(),
        (Some(Maker::Person), _) => "your text".to_owned(),
        (Some(Maker::Model | Maker::Taxonomy | Maker::Passage) | None, _) => String::new(),
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
            return match (blocking, maker) {
                (Some(finding), _) => (finding.rule.label().to_owned(), "wait", under(&made)),
                (None, Some(Maker::Template)) => ("Template".into(), "none", under("")),
                (None, Some(Maker::Person)) => ("Edited".into(), "info", under("")),
                (None, Some(Maker::Model | Maker::Taxonomy | Maker::Passage) | None) => {
                    (state.0, state.1, made)
                }
            };
        }
        MessageState::Approved => match (row.released_at, &row.approved_by) {
            (Some(_), _) => "waiting to be sent".into(),
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
