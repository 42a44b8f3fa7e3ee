//! What a worker does next.

use crate::jobs::gemini::Work;
use crate::keys::Grant;
use crate::model::Millis;
use crate::store::jobs::Leased;

/// Jobs that need no network are run together, up to this many in one transaction. That takes a tenth of a second, for
/// which other writers wait.
pub const TOGETHER: usize = 32;

pub enum Next {
    /// Run these jobs, at least one; several can be run in one transaction. The text says why they no longer wait for a
    /// key.
    Run(Vec<Leased>, Option<String>),
    /// Ask Gemini: work of one or several jobs, started with the slot that is booked for it.
    Ask(Box<Work>, Grant),
    /// Try the next job at once: the job is no longer wanted, or another process took it.
    Again,
    /// Nothing to do before then; `None`: not before something changes.
    Idle(Option<Millis>),
}
