//! Counts requests by their outcome since this process started, for `/metrics`. A counter must never go down, but the
//! ledger only keeps two days.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::grant::Grant;
use crate::llm::answer::Usage;
use crate::llm::{Failure, RefusalKind};
use crate::model::KeyNumber;
use crate::model::job::Task;
use crate::store::bookings::BookingOutcome;

#[derive(Default)]
pub struct Tally(Mutex<Counts>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// By key number, task, model and outcome.
    pub requests: BTreeMap<(KeyNumber, Task, String, BookingOutcome), u64>,
    /// By key number, model and kind.
    pub refusals: BTreeMap<(KeyNumber, String, RefusalKind), u64>,
    /// Tokens in and out, by task and model.
    pub tokens: BTreeMap<(Task, String), (u64, u64)>,
}

impl Tally {
    pub(super) fn count(
        &self,
        grant: &Grant,
        outcome: BookingOutcome,
        failure: Option<&Failure>,
        usage: Usage,
    ) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let model = || grant.model.clone();
        *counts.requests.entry((grant.key, grant.task, model(), outcome)).or_default() += 1;
        if let Some(Failure::Refused(refusal)) = failure {
            *counts.refusals.entry((grant.key, model(), refusal.kind)).or_default() += 1;
        }
        let tokens = counts.tokens.entry((grant.task, model())).or_default();
        tokens.0 += u64::from(usage.tokens_in.unwrap_or(0));
        tokens.1 += u64::from(usage.tokens_out.unwrap_or(0));
    }

    pub fn counts(&self) -> Counts {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
