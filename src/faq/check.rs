//! Decides whether the model's answer is shown. Citations of passages that do not exist are dropped; an answer without
//! citations, or with facts that no passage has, is replaced by the best entry. Pure.

use super::answer::{Answer, Citation};
use super::work::Work;
use super::{links, soundness};
use crate::model::faq::ModelAnswer;
use crate::model::made_by::{MadeBy, Maker};
use crate::store::faq::Entry;

pub fn check(work: &Work, written: &ModelAnswer, made_by: MadeBy) -> Answer {
    if written.unknown {
        return Answer::unknown(made_by);
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
        // The model stays named, so that the same question is not sent to it again: its answer would be no better.
        (Err(doubt), entry) => {
            let made_by = MadeBy { by: Maker::Passage, why: Some(doubt.into()), ..made_by };
            match entry {
                Some(entry) => Answer::as_written(entry, made_by),
                None => Answer::unknown(made_by),
            }
        }
    }
}

/// The entries that the model cited, each once.
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
