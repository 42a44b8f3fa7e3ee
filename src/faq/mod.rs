//! The FAQ: what organisers wrote, and answers from it. A question is answered from the store where it was asked
//! before, by Gemini from the best passages, or by the best passage as it stands.
//!
//! It must not know who shows the answer: pages, the JSON interface and chats call the same function.

mod answers;
pub mod embeddings;
pub mod entries;
pub mod import;
mod indexes;
mod lines;
mod links;
pub mod nearness;
pub mod search;
mod soundness;

pub use answers::{
    AS_WRITTEN, Answer, AskError, Asked, Asker, Citation, NOT_IN_THE_FAQ, Passage, Question,
    QuestionError, TooMany, Work, Written, answer, ask, conclude, conclude_instead, found, instead,
    limit, take_up, wait,
};
