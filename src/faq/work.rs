//! What a job needs to answer a question with the model.

use crate::store::faq::Entry;

/// A question to be answered, and all that the model may know.
pub struct Work {
    pub question: String,
    /// The best entries, their links replaced by marks.
    pub passages: Vec<Passage>,
    pub(super) entries: Vec<Entry>,
    pub(super) links: Vec<String>,
    /// The version of the FAQ that the passages come from.
    pub(super) version: String,
    /// The version of the FAQ when the question was asked.
    pub(super) asked_version: String,
}

/// One entry as the model reads it.
pub struct Passage {
    pub question: String,
    pub answer: String,
}
