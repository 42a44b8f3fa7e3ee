//! A question to the FAQ, checked.

use crate::model::text::one_line;

/// A question as it was typed, trimmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuestionError {
    #[error("the question is missing")]
    Missing,
    #[error("a question has at most {} characters", Question::LONGEST)]
    TooLong,
}

impl Question {
    pub const LONGEST: usize = 500;

    pub fn parse(typed: &str) -> Result<Self, QuestionError> {
        let text = one_line(typed);
        if !text.chars().any(char::is_alphanumeric) {
            return Err(QuestionError::Missing);
        }
        if text.chars().count() > Self::LONGEST {
            return Err(QuestionError::TooLong);
        }
        Ok(Self(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}
