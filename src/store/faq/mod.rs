//! The FAQ: its entries, their embeddings, the questions, and the rate limit of those who ask.

mod asks;
mod embeddings;
mod entries;
mod questions;

pub use asks::*;
pub use embeddings::*;
pub use entries::*;
pub use questions::*;
