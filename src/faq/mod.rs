//! The FAQ: the organisers' entries, and answers from them. A question that was asked before is answered from the
//! store, any other by Gemini from the best entries, or by the best entry unchanged.
//!
//! It must not know who shows the answer: pages, the JSON interface and Discord call the same functions.

mod answer;
mod asking;
mod by_model;
mod check;
pub mod embeddings;
pub mod entries;
mod hash;
pub mod import;
mod indexes;
mod links;
mod loaded;
pub mod nearness;
mod question;
mod rate_limit;
pub mod search;
mod soundness;
mod work;

pub use answer::{Answer, Citation};
pub use asking::{Asked, answer, answer_now, ask, found};
pub use by_model::{conclude, conclude_by_entry, start};
pub use question::Question;
pub use rate_limit::{AskError, Requester, limit};
pub use work::{Passage, Work};
