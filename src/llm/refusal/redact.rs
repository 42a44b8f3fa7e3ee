//! Removes everything that looks like a key from a response, before it is stored or logged.

use crate::model::Secret;
use crate::model::text::{one_line, shortened};

/// The most characters of a response that are stored: a sentence or two.
const LONGEST: usize = 300;

/// Removes `key` and everything that looks like a key from `text`, makes it one line, and shortens it.
pub fn redact(text: &str, key: &Secret) -> String {
    let text = match key.expose() {
        "" => text.to_owned(),
        key => text.replace(key, "[key]"),
    };
    let mut clean = String::new();
    let mut rest = text.as_str();
    while let Some(at) = ["AIza", "AQ."].iter().filter_map(|start| rest.find(start)).min() {
        let (before, found) = rest.split_at(at);
        let end = found
            .find(|c: char| !(c.is_ascii_alphanumeric() || "._-~+/=*…".contains(c)))
            .unwrap_or(found.len());
        clean.push_str(before);
        clean.push_str("[key]");
        rest = &found[end..];
    }
    clean.push_str(rest);
    shortened(one_line(&clean), LONGEST)
}
