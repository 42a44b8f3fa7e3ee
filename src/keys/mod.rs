//! The key pool: connects what `llm::pacing` decides to what the store books. It knows which key is used next, what a
//! refusal does to a key, and what `/keys` shows.
//!
//! It must not know the queue: the caller of [`book`] claims the job for the booking in the same transaction.

mod actions;
mod ask;
mod book;
mod change;
mod day;
mod expected;
mod grant;
mod group;
mod models;
mod overview;
mod pool;
mod set;
mod settle;
mod starts;
mod sync;
mod tally;
mod vault;

pub use actions::{KeyError, pause, resume, retry};
pub use ask::{Asking, Forward};
pub use book::{Decision, book, decide, label, lock_pool, view};
pub use change::{LONGEST_PROJECT, NotAdded, add, group, name_project, read_key, remove};
pub use expected::{Expected, expected};
pub use grant::Grant;
pub use group::{Proposal, proposals};
pub use models::{Checked, check, check_and_retry};
pub use overview::{KeyRow, KeyState, overview};
pub use pool::Pool;
pub use set::{Duplicate, Keys, Place, PoolKey, Unreadable};
pub use settle::{After, settle};
pub use starts::{Finish, Next, Now, Summary, TaskStarts, now, summary};
pub use sync::{Changes, EnvError, follow, load, reload_env, sync};
pub use tally::{Counts, Tally};

pub use crate::llm::pacing::View;
