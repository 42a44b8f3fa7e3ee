//! What of the model's answer is believed: citations that do not exist are dropped, and an answer without one, or with facts
//! that no passage holds, gives way to the passage as it stands. Pure.

use super::answers::{Answer, Citation, as_written, unknown};
use super::{links, soundness};
use crate::model::made_by::{MadeBy, Maker};
use crate::store::faq::Entry;

/// A question that is to be answered, and what the model may know.
pub struct Work {
    pub question: String,
    /// The best entries, their links taken out.
    pub passages: Vec<Passage>,
    pub(super) entries: Vec<Entry>,
    pub(super) links: Vec<String>,
    pub(super) version: String,
    /// Which FAQ the question was asked of.
    pub(super) asked_of: String,
}

/// One entry as the model reads it.
pub struct Passage {
    pub question: String,
    pub answer: String,
}

/// What the model wrote: the numbers of the passages that it used count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub answer: String,
    pub citations: Vec<i64>,
    pub unknown: bool,
}

pub fn judge(work: &Work, written: &Written, made_by: MadeBy) -> Answer {
    if written.unknown {
        return unknown(made_by);
    }
    let cited = cited(work, &written.citations);
    let sound = if cited.is_empty() {
        Err("the answer named no entry")
    } else if let Some(doubt) = soundness::doubt(&written.answer, &work.question, &work.passages) {
        Err(doubt)
    } else {
        links::put_back(written.answer.trim(), &work.links)
            .ok_or("the answer named a link that is not in the FAQ")
    };
    match (sound, cited.first().copied().or(work.entries.first())) {
        (Ok(text), _) => {
            let citations = cited.into_iter().map(Citation::of).collect();
            Answer { text, citations, unknown: false, made_by }
        }
        // The model's name stays: the same words would be answered no better the next time.
        (Err(doubt), entry) => {
            let made_by = MadeBy { by: Maker::Passage, why: Some(doubt.into()), ..made_by };
            match entry {
                Some(entry) => as_written(entry, made_by),
                None => unknown(made_by),
            }
        }
    }
}

/// The entries that the model named, each once.
fn cited<'a>(work: &'a Work, numbers: &[i64]) -> Vec<&'a Entry> {
    let mut cited: Vec<&Entry> = Vec::new();
    for number in numbers {
        let at = number.checked_sub(1).and_then(|at| usize::try_from(at).ok());
        if let Some(entry) = at.and_then(|at| work.entries.get(at))
            && !cited.iter().any(|known| known.id == entry.id)
        {
            cited.push(entry);
        }
    }
    cited
}
