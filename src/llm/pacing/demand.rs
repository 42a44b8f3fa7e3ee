//! What waits, and the answers that pacing gives about it.

use crate::model::job::{Class, Task};
use crate::model::{KeyNumber, Millis};

/// Jobs of one task and class that could start now, by their oldest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    pub task: Task,
    pub class: Class,
    pub waiting: i64,
    /// Of the oldest job.
    pub created_at: Millis,
    /// Of the oldest job; `None`: no deadline.
    pub deadline_at: Option<Millis>,
    /// Input tokens, estimated.
    pub tokens: u32,
    /// The only model that can answer; `None`: any model of the list.
    pub model: Option<String>,
}

impl Demand {
    /// Whether it may wait for a slot beyond its deadline, because nobody is watching. A program at the gateway keeps a
    /// connection open and must be told if its deadline cannot be met.
    pub(super) fn may_be_late(&self) -> bool {
        self.class == Class::Bulk && self.task != Task::Gateway
    }
}

/// The next thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// `demand` is an index into the list.
    Start { demand: usize, key: KeyNumber, project: String, model: String },
    /// No key will be free for the oldest job of this demand in time: it uses its fallback (template or word list).
    Fallback { demand: usize, why: String },
    /// Nothing can start before `until`; `None`: not before something changes.
    Wait { until: Option<Millis>, why: String },
}

/// What will happen to one demand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outlook {
    Start { key: KeyNumber, project: String, model: String },
    Wait { until: Millis, why: String },
    Fallback { why: String },
}
