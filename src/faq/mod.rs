//! The FAQ: what organisers wrote, and answers from it. A question is answered from the store where it was asked
//! before, by Gemini from the best passages, or by the best passage as it stands.
//!
//! It must not know who shows the answer: pages, the JSON interface and chats call the same function.

mod answers;
mod asker;
pub mod embeddings;
pub mod entries;
pub mod import;
mod indexes;
mod judge;
mod lines;
mod links;
pub mod nearness;
pub mod search;
mod soundness;

pub use answers::{
    AS_WRITTEN, Answer, AskError, Asked, Citation, NOT_IN_THE_FAQ, Question, QuestionError, answer,
    ask, conclude, conclude_instead, found, instead, take_up, wait,
};
pub use asker::{Asker, TooMany, limit};
pub use judge::{Passage, Work, Written};
