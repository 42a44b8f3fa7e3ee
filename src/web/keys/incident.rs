//! The list of requests that went wrong.

use super::text::name;
use crate::model::job::Task;
use crate::store::bookings::BookingOutcome;
use crate::store::usage::Trouble;
use crate::web::page::Times;

/// The number of lines of the list.
pub const INCIDENTS: usize = 12;

/// One line about a request that went wrong; hidden if `is_empty`.
#[derive(Default)]
pub struct Incident {
    pub at: String,
    pub tone: &'static str,
    pub shape: &'static str,
    pub word: &'static str,
    pub text: String,
    pub is_empty: bool,
}

/// Always [`INCIDENTS`] lines, so that an open page has a place for new ones.
pub fn list(troubles: &[Trouble], times: &Times) -> Vec<Incident> {
    let mut lines: Vec<Incident> = troubles.iter().map(|it| Incident::new(it, times)).collect();
    lines.resize_with(INCIDENTS, || Incident {
        tone: "none",
        shape: "st-none",
        is_empty: true,
        ..Incident::default()
    });
    lines
}

impl Incident {
    fn new(trouble: &Trouble, times: &Times) -> Self {
        let key = name(trouble.key_number);
        let what = match trouble.task {
            Task::Outreach => "an invitation",
            Task::Skills => "a resume's skills",
            Task::Match => "a match email",
            Task::Faq => "a question",
            Task::Embed => "a text's meaning",
            Task::Gateway => trouble.label.as_deref().unwrap_or("another program's request"),
        };
        let reason = trouble.response.as_deref().unwrap_or("no reason given");
        let model = &trouble.model;
        let (tone, shape, word, text) = match trouble.outcome {
            BookingOutcome::Refused => (
                "wait",
                "st-wait",
                "Refused",
                format!("{key} was refused ({what}, {model}): {reason}."),
            ),
            BookingOutcome::Unusable => (
                "none",
                "st-none",
                "Unusable",
                format!("{key} gave no usable answer ({what}, {model}): {reason}."),
            ),
            BookingOutcome::Fault => (
                "bad",
                "st-bad",
                "Faulty request",
                format!("{key} got a faulty request ({what}, {model}): {reason}."),
            ),
            BookingOutcome::Failed | BookingOutcome::Ok | BookingOutcome::GivenBack => (
                "none",
                "st-none",
                "No answer",
                format!("{key} got no answer ({what}, {model}): {reason}."),
            ),
        };
        Self { at: times.exactly(trouble.at), tone, shape, word, text, is_empty: false }
    }
}
