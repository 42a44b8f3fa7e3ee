//! What may come of asking Discord, other than what was asked for. Its words are kept short and without secrets.

use std::fmt::Write as _;

use serde::Deserialize;

use crate::model::text::{one_line, shortened};
use crate::model::{Millis, Secret};

/// Its `Display` is fit for an organiser and a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Discord's limits: ask again then, not earlier. Nothing was done.
    #[error("Discord asks us to wait")]
    Later { at: Millis },
    /// The token is not accepted. Nothing more is asked with it; see [`Rest::try_again`](super::Rest::try_again).
    #[error(
        "Discord does not accept DISCORD_TOKEN. Copy the token again (Developer Portal, Bot, Reset Token) into the settings and restart Muster"
    )]
    Unauthorised,
    /// The bot may not do this.
    #[error("Discord does not let the bot {what}: {words}")]
    Forbidden { what: &'static str, code: u64, words: String },
    /// What it was about is not there (any more): a channel, a member, the answer to an interaction after 15 minutes.
    #[error("Discord could not {what}: {words}")]
    Gone { what: &'static str, code: u64, words: String },
    /// No answer, or one that says that Discord itself is in trouble. The deed may have been done all the same.
    #[error("Discord cannot be reached: {words}")]
    Unreachable { words: String },
    /// Anything else: the fault is ours, and asking again does not help.
    #[error("Discord refused to {what} (status {status}): {words}")]
    Refused { what: &'static str, status: u16, words: String },
}

/// The body of a refusal. `errors` tells which field is wrong, nested as the body was.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Told {
    #[serde(default)]
    pub message: String,
    #[serde(default)]
    pub code: u64,
    /// Seconds; in a 429 only.
    pub retry_after: Option<f64>,
    #[serde(default)]
    pub global: bool,
    #[serde(default)]
    errors: serde_json::Value,
}

impl Told {
    /// `None`: no JSON of Discord's, but something that stands between.
    pub fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// The message with what it says about single fields, fit to be kept.
    pub fn words(&self, secrets: &[&Secret]) -> String {
        let mut words = self.message.clone();
        if words.is_empty() {
            words.push_str("no reason given");
        }
        fields(&self.errors, "", &mut words);
        redact(&words, secrets)
    }
}

/// Adds `path: message` for each complaint.
fn fields(errors: &serde_json::Value, path: &str, words: &mut String) {
    let Some(object) = errors.as_object() else { return };
    for (name, inner) in object {
        if let Some(list) = inner.as_array().filter(|_| name == "_errors") {
            for message in list.iter().filter_map(|it| it.get("message")?.as_str()) {
                // A string takes everything.
                let _ = write!(words, "; {path}: {message}");
            }
        } else {
            let separator = if path.is_empty() { "" } else { "." };
            fields(inner, &format!("{path}{separator}{name}"), words);
        }
    }
}

/// So long may words be that are kept: a sentence or two.
const WORDS: usize = 300;

/// Takes `secrets` out of `text`, makes it one line, and cuts it.
pub(super) fn redact(text: &str, secrets: &[&Secret]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.expose().is_empty()) {
        text = text.replace(secret.expose(), "[token]");
    }
    shortened(one_line(&text), WORDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_about_a_field_names_it() {
        let body =
            br#"{"code":50035,"message":"Invalid Form Body","errors":{"0":{"name":{"_errors":[
            {"code":"BASE_TYPE_REQUIRED","message":"This field is required"}]}}}}"#;
        let told = Told::read(body).unwrap();
        assert_eq!(told.words(&[]), "Invalid Form Body; 0.name: This field is required");
    }

    #[test]
    fn words_are_one_short_line_without_the_token() {
        let token = Secret::new("MTA.abc.def");
        let words = redact("token MTA.abc.def\n is\twrong", &[&token]);
        assert_eq!(words, "token [token] is wrong");
        assert!(redact(&"long ".repeat(200), &[&token]).chars().count() <= WORDS + 1);
    }
}
