//! When something can happen, and what it waits for until then.

use crate::model::Millis;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    At(Millis, Because),
    /// Not before a person does something, and why.
    Never(String),
}

/// What a start waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Because {
    /// The distance to the last start of its task.
    Spacing,
    /// The limit of the minute, or the gap between two requests of a key.
    Slot,
    /// Input tokens a minute.
    Tokens,
    /// Google is overloaded.
    Capacity,
    /// The limit of the day.
    Day,
    /// A fault of the key itself that may pass.
    Fault { key: String, reason: String },
}

impl Because {
    /// Why a key cools down; `None` if it only waits for a slot.
    pub fn why_cooling_down(&self) -> Option<String> {
        match self {
            Self::Spacing | Self::Slot | Self::Tokens => None,
            Self::Capacity => Some("Google is overloaded".into()),
            Self::Day => Some("the day's quota is used".into()),
            Self::Fault { reason, .. } => Some(reason.clone()),
        }
    }

    /// Whether it passes by itself within minutes.
    pub(super) fn is_short(&self) -> bool {
        match self {
            Self::Spacing | Self::Slot | Self::Tokens | Self::Capacity => true,
            Self::Day | Self::Fault { .. } => false,
        }
    }
}
