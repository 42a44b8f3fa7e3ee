//! Whether a draft addresses its recipient by name.

use super::text::normal;
use crate::campaigns::template::first_name;
use crate::mail::message::one_line;

/// Whether the first lines contain any part of the person's name, or the text the full name.
pub fn is_addressed(name: &str, body: &str) -> bool {
    let name = one_line(name);
    if name.is_empty() {
        return true;
    }
    let first_lines: Vec<&str> =
        body.lines().filter(|line| !line.trim().is_empty()).take(3).collect();
    let greeting = first_lines.join(" ");
    let by_part = name
        .split(' ')
        .map(normal)
        .filter(|part| part.trim().chars().count() > 1)
        .any(|part| normal(&greeting).contains(&part));
    by_part
        || first_name(&name).is_some_and(|first| contains_name(&greeting, &first))
        || contains_name(&one_line(body), &name)
}

/// Whether a text contains a name as a word of its own: `Bo` is not in `Harbour`.
///
/// Scripts without capital letters may not use spaces either, so there any occurrence counts.
fn contains_name(text: &str, name: &str) -> bool {
    let has_case = name.chars().any(|c| c.is_lowercase() || c.is_uppercase());
    if has_case { normal(text).contains(&normal(name)) } else { text.contains(name) }
}
