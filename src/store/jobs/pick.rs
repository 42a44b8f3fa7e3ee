//! Which jobs a worker takes, and the conditions that several statements repeat.

use crate::model::job::Class;
use crate::model::{JobKind, Millis};

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
pub(super) use free;

/// The value of `class_order`, by which the database sorts.
pub(super) fn order(class: Class) -> i64 {
    match class {
        Class::Person => 0,
        Class::Single => 1,
        Class::Bulk => 2,
    }
}
