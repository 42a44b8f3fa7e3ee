//! The model's answer to a question of the FAQ.

/// What the model wrote. Whether it is shown is decided by `faq::check`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct ModelAnswer {
    pub answer: String,
    /// Numbers of passages, counted from 1. They may not exist.
    pub citations: Vec<i64>,
    pub unknown: bool,
}
