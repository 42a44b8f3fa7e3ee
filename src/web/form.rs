//! Checks of forms. All fields are checked at once, and each error is shown beside its field.

use std::collections::BTreeMap;
use std::fmt::Display;

pub use crate::model::text::{line, needed_line};

/// The errors of a form, by field.
#[derive(Clone, Debug, Default)]
pub struct FieldErrors(BTreeMap<&'static str, String>);

impl FieldErrors {
    /// The value; or `None`, and its error is added to the field.
    pub fn take<T, E: Display>(&mut self, field: &'static str, value: Result<T, E>) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(error) => {
                self.add(field, error);
                None
            }
        }
    }

    /// The error about a single field.
    pub fn one(field: &'static str, error: impl Display) -> Self {
        let mut errors = Self::default();
        errors.add(field, error);
        errors
    }

    pub fn add(&mut self, field: &'static str, error: impl Display) {
        self.0.insert(field, sentence(&error.to_string()));
    }

    /// The error of a field; empty when there is none.
    pub fn of(&self, field: &str) -> &str {
        self.0.get(field).map_or("", String::as_str)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Fields and errors, for the list at the top of the form.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(field, error)| (*field, error.as_str()))
    }
}

/// Starts with a capital and ends with a full stop.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{stop}", letters.as_str())
}
