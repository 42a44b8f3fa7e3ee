//! The durable queue. A job is a row; working on it is a lease on the row; once done, the row is deleted.

mod campaign;
mod claim;
mod enqueue;
mod lease;
mod pick;
mod waiting;

pub use campaign::{
    drop_campaign, enqueue_drafts, enqueue_sends, fall_back_campaign, pause_campaign,
    resume_campaign,
};
pub use claim::{Leased, claim, claim_companions, claim_more, claim_next};
pub use enqueue::{Needs, enqueue, enqueue_once, enqueue_with, subjects};
pub use lease::{
    finish, forget_forwards, heartbeat, release, release_owner, silent_owners, still_owned,
};
pub use pick::{PAUSED, Pick};
pub use waiting::{Place, Waiting, count, is_due, next_due, next_waiting, place, waiting};
