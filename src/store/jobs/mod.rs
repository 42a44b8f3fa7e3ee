//! The durable queue. A job is a row; working on it is a lease on the row; once done, the row is deleted.

mod campaign;
mod claim;
mod enqueue;
mod lease;
mod waiting;

use crate::model::job::Class;
use crate::model::{JobKind, Millis};

pub use campaign::{
    drop_campaign, enqueue_drafts, enqueue_sends, fall_back_campaign, pause_campaign,
    resume_campaign,
};
pub use claim::{Leased, claim, claim_companions, claim_more, claim_next};
pub use enqueue::{Needs, enqueue, enqueue_once, enqueue_with, subjects};
pub use lease::{
    finish, forget_forwards, heartbeat, release, release_owner, silent_owners, still_owned,
};
pub use waiting::{Place, Waiting, count, is_due, next_due, next_waiting, place, waiting};

/// `run_at` of a job whose campaign is paused.
pub const PAUSED: Millis = Millis(i64::MAX);

/// Which jobs a worker takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// Those that would ask Gemini and no longer wait for a key.
    Fallback,
    /// Those of a kind that needs no key.
    Kind(JobKind),
}

// The condition of the index `jobs_ready`, literally: SQLite uses the index only where a query repeats it.
macro_rules! free {
    () => {
        "owner IS NULL AND resort IS NULL AND run_at < 9223372036854775807"
    };
}
use free;

/// The value of `class_order`, by which the database sorts.
fn order(class: Class) -> i64 {
    match class {
        Class::Person => 0,
        Class::Single => 1,
        Class::Bulk => 2,
    }
}
