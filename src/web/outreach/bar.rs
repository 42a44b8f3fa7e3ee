//! A campaign's messages by state, as one thin bar. Sizes are attributes: the content policy allows no styles.

use crate::campaigns::progress::Progress;
use crate::model::message::MessageState;
use crate::web::page::count;

/// From sent to queued, then the states that end without being sent.
const ORDER: [MessageState; 9] = [
    MessageState::Sent,
    MessageState::Sending,
    MessageState::Approved,
    MessageState::Drafted,
    MessageState::Drafting,
    MessageState::Queued,
    MessageState::Skipped,
    MessageState::Failed,
    MessageState::Uncertain,
];

/// The gap between two parts, of a bar that is 100 wide.
const GAP: f64 = 0.2;

#[derive(Clone, Debug)]
pub struct Bar {
    pub parts: Vec<Part>,
    /// The same as text.
    pub label: String,
}

#[derive(Clone, Debug)]
pub struct Part {
    pub state: MessageState,
    pub fill: &'static str,
    pub x: String,
    pub width: String,
}

/// The class of a state's colour in charts.
pub fn fill(state: MessageState) -> &'static str {
    match state {
        MessageState::Queued => "f0",
        MessageState::Sent => "f1",
        MessageState::Sending => "f2",
        MessageState::Approved => "f3",
        MessageState::Drafting => "f4",
        MessageState::Skipped => "f5",
        MessageState::Failed => "f6",
        MessageState::Drafted => "f7",
        MessageState::Uncertain => "f8",
    }
}

impl Bar {
    pub fn new(progress: &Progress) -> Self {
        let total = progress.total.max(1) as f64;
        let mut x = 0.0;
        let mut parts = Vec::new();
        let mut counts = Vec::new();
        for state in ORDER {
            let messages = progress.count(state);
            let width = 100.0 * messages as f64 / total;
            let is_last = x + width > 100.0 - GAP;
            let shown = if width > 2.0 * GAP && !is_last { width - GAP } else { width };
            parts.push(Part {
                state,
                fill: fill(state),
                x: format!("{x:.2}"),
                width: format!("{shown:.2}"),
            });
            x += width;
            if messages > 0 {
                counts.push(format!("{messages} {}", state.label().to_lowercase()));
            }
        }
        let people = count(progress.total, "person", "people");
        let label = match counts.as_slice() {
            [] => people,
            counts => format!("{people}: {}", counts.join(", ")),
        };
        Self { parts, label }
    }
}
