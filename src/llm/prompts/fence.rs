//! Fences around data, so that the model can tell it from instructions.

use serde_json::Value;

use crate::llm::privacy;

/// Where the data begins and ends. A fence inside the data is removed first.
pub(super) const OPEN: &str = "<data>";
pub(super) const CLOSE: &str = "</data>";

pub(super) fn fenced(data: &Value) -> String {
    format!("{OPEN}\n{}\n{CLOSE}", unfenced(&data.to_string()))
}

/// The text without any fence, so that it cannot leave its own.
pub(super) fn unfenced(text: &str) -> String {
    let mut text = text.to_owned();
    // Removing one can join the halves of another.
    while let Some(at) = find_fence(&text) {
        text.replace_range(at, "");
    }
    text
}

fn find_fence(text: &str) -> Option<std::ops::Range<usize>> {
    let lower = text.to_ascii_lowercase();
    [OPEN, CLOSE].iter().find_map(|fence| lower.find(fence).map(|at| at..at + fence.len()))
}

/// One field: without links and addresses, which the model must not see, and without control characters.
pub(super) fn clean(text: &str) -> String {
    let text: String =
        text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect();
    privacy::without_addresses(text.trim()).trim().to_owned()
}
