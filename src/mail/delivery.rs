//! The result of one delivery.

use super::stage::Stage;
use super::verdict::Verdict;

/// The result of one delivery. The texts are shown to the organiser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    Sent {
        response: String,
    },
    /// The server refused the email.
    Refused {
        stage: Stage,
        code: u16,
        enhanced: Option<String>,
        response: String,
        verdict: Verdict,
    },
    /// The final dot was sent and no response came: the email may or may not have been sent.
    Uncertain {
        reason: String,
    },
    /// The server was not reached, or the connection broke before the final dot. To be retried; it does not count as
    /// a try.
    NotSent {
        reason: String,
    },
}
