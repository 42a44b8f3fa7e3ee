//! A form is what was typed; checking turns it into what is meant. All fields are judged at once, and mistakes come
//! back beside their fields.

use std::collections::BTreeMap;
use std::fmt::Display;

use crate::model::text::one_line;

/// The complaints about a form, by field.
#[derive(Clone, Debug, Default)]
pub struct FieldErrors(BTreeMap<&'static str, String>);

impl FieldErrors {
    /// The value, or its complaint under the field's name.
    pub fn take<T, E: Display>(&mut self, field: &'static str, value: Result<T, E>) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(complaint) => {
                self.add(field, complaint);
                None
            }
        }
    }

    pub fn add(&mut self, field: &'static str, complaint: impl Display) {
        self.0.insert(field, sentence(&complaint.to_string()));
    }

    /// The complaint about a field; empty when there is none.
    pub fn of(&self, field: &str) -> &str {
        self.0.get(field).map_or("", String::as_str)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Field and complaint, for the list at the top of the form.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(field, complaint)| (*field, complaint.as_str()))
    }
}

/// With a capital at its beginning and a full stop at its end.
pub fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let stop = if words.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{stop}", letters.as_str())
}

/// A text of one line, trimmed, of at most `most` characters.
pub fn line(typed: &str, what: &'static str, most: usize) -> Result<String, String> {
    let text = one_line(typed);
    if text.chars().count() > most {
        return Err(format!("{what} has at most {most} characters"));
    }
    Ok(text)
}

/// As [`line`], and something must stand in it.
pub fn needed_line(typed: &str, what: &'static str, most: usize) -> Result<String, String> {
    match line(typed, what, most)? {
        text if text.is_empty() => Err(format!("{what} is missing")),
        text => Ok(text),
    }
}
