//! A booked slot: the right to send one request with one key.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::model::job::{Class, Task};
use crate::model::{BookingId, KeyId, KeyNumber, Millis};
use crate::store::bookings::NewBooking;

#[derive(Clone, Debug)]
pub struct Grant {
    pub booking: BookingId,
    pub key: KeyNumber,
    pub model: String,
    pub task: Task,
    pub class: Class,
    pub(super) key_id: KeyId,
    /// The number may belong to another key by the time the request is sent.
    pub(super) fingerprint: String,
    pub(super) project: String,
    /// Of the job.
    pub(super) deadline_at: Option<Millis>,
    /// When it was booked or stamped again, and when its first byte was sent (0: not yet). Shared by all clones.
    pub(super) booked_at: Arc<AtomicI64>,
    pub(super) sent_at: Arc<AtomicI64>,
}

impl Grant {
    pub(super) fn new(booking: BookingId, new: NewBooking, now: Millis) -> Self {
        Self {
            booking,
            key: new.number,
            model: new.model,
            task: new.task,
            class: new.class,
            key_id: new.key,
            fingerprint: new.fingerprint,
            project: new.project,
            deadline_at: new.deadline_at,
            booked_at: Arc::new(AtomicI64::new(now.0)),
            sent_at: Arc::new(AtomicI64::new(0)),
        }
    }

    pub(super) fn booked(&self) -> Millis {
        Millis(self.booked_at.load(Ordering::Acquire))
    }

    pub(super) fn sent(&self) -> Option<Millis> {
        match self.sent_at.load(Ordering::Acquire) {
            0 => None,
            at => Some(Millis(at)),
        }
    }
}
