//! An answer and the entries that it comes from.

use crate::model::EntryId;
use crate::model::made_by::MadeBy;
use crate::store::faq::{Entry, QuestionRow, QuestionState};

/// Introduces an entry that is shown unchanged.
const AS_WRITTEN: &str = "From the organisers' FAQ, as written";
/// The answer when the FAQ has none.
const NOT_IN_THE_FAQ: &str = "Not in the FAQ; passed on to the organisers";

/// The answer to a question, as the requester gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Markdown.
    pub text: String,
    /// The entries that it comes from.
    pub citations: Vec<Citation>,
    /// The FAQ does not answer the question, and the organisers have it now.
    pub unknown: bool,
    pub made_by: MadeBy,
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Citation {
    pub id: EntryId,
    pub question: String,
}

impl Citation {
    pub fn of(entry: &Entry) -> Self {
        Self { id: entry.id, question: entry.question.clone() }
    }
}

impl Answer {
    /// An entry, unchanged.
    pub fn as_written(entry: &Entry, made_by: MadeBy) -> Self {
        Self {
            text: format!("{AS_WRITTEN}:\n\n{}", entry.answer),
            citations: vec![Citation::of(entry)],
            unknown: false,
            made_by,
        }
    }

    pub fn unknown(made_by: MadeBy) -> Self {
        let text = format!("{NOT_IN_THE_FAQ}.");
        Self { text, citations: Vec::new(), unknown: true, made_by }
    }

    /// The answer in a question's row; `None` while the question waits for one.
    pub fn read(row: &QuestionRow) -> Option<Self> {
        let made_by = row.made_by().filter(|_| row.state == QuestionState::Answered)?;
        let citations: Vec<Citation> = serde_json::from_str(&row.citations).unwrap_or_default();
        let unknown = citations.is_empty();
        Some(Self { text: row.answer.clone(), citations, unknown, made_by })
    }
}
