//! The key pool: ties what `llm::pacing` decides to what the store books. Which key serves next, what a refusal does to
//! it, and what `/keys` shows.
//!
//! It must not know the queue: whoever books claims the job that the booking is for in the same transaction.

mod ask;
mod book;
mod change;
mod expected;
mod group;
mod models;
mod overview;
mod pool;
mod settle;
mod starts;
mod step;
mod tally;
mod vault;

pub use ask::{Forward, ask, departure, embed, forward};
pub use book::{Choice, Decision, Grant, book, decide, label, take_turn, view};
pub use change::{LONGEST_PROJECT, NotAdded, add, group, name_project, read_key, remove};
pub use expected::{Expected, expected};
pub use group::{Proposal, proposals};
pub use models::{Checked, ask_again, check};
pub use overview::{KeyError, KeyRow, KeyState, overview, pause, resume, try_again};
pub use pool::{Closed, Keys, Place, Pool, PoolKey, Twin};
pub use settle::{After, settle};
pub use starts::{Finish, Next, Now, Summary, TaskStarts, now, summary};
pub use step::{Changes, EnvError, follow, load, read_env_again, sync};
pub use tally::{Counts, Tally};

pub use crate::llm::pacing::View;
