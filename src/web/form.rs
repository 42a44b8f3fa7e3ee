//! A form is what was typed; checking turns it into what is meant. All fields are judged at once, and mistakes come
//! back beside their fields.

use std::collections::BTreeMap;
use std::fmt::Display;

pub use crate::model::text::{line, needed_line};

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

    /// The complaint about a single field.
    pub fn one(field: &'static str, complaint: impl Display) -> Self {
        let mut errors = Self::default();
        errors.add(field, complaint);
        errors
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
