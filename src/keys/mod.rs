//! The key pool: ties what `llm::pacing` decides to what the store books. Which key serves next, what a refusal does to
//! it, and what `/keys` shows.
//!
//! It must not know the queue: whoever books claims the job that the booking is for in the same transaction.

mod ask;
mod book;
mod expected;
mod overview;
mod pool;
mod settle;
mod starts;
mod tally;

pub use ask::{ask, departure};
pub use book::{Decision, Grant, attach, book, view};
pub use expected::{Expected, expected};
pub use overview::{KeyError, KeyRow, KeyState, overview, pause, resume, try_again};
pub use pool::{Pool, PoolKey, Twin, sync};
pub use settle::{After, settle};
pub use starts::{Finish, Next, Now, Summary, TaskStarts, now, summary};
pub use tally::{Counts, Tally};

pub use crate::llm::pacing::View;
