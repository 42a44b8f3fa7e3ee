//! Why a request to Discord failed. Reasons are short and contain no secrets.

use std::fmt::Write as _;

use serde::Deserialize;

use crate::model::text::{one_line, shortened};
use crate::model::{Millis, Secret};

/// Its `Display` may be shown to an organiser and logged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestError {
    /// A rate limit of Discord: retry at this time, not earlier. Nothing was done.
    #[error("Discord asks us to wait")]
    RateLimited { at: Millis },
    /// The token is not accepted. No more requests are made with it until `Rest::reset_refusals`.
    #[error(
        "Discord does not accept DISCORD_TOKEN. Copy the token again (Developer Portal, Bot, Reset Token) into the settings and restart Muster"
    )]
    Unauthorised,
    /// The bot is not allowed to do this.
    #[error("Discord does not let the bot {what}: {reason}")]
    Forbidden { what: &'static str, code: u64, reason: String },
    /// The subject does not exist any more: a channel, a member, or an interaction that is older than 15 minutes.
    #[error("Discord could not {what}: {reason}")]
    NotFound { what: &'static str, code: u64, reason: String },
    /// No response, or an error on Discord's side. The request may have been carried out all the same.
    #[error("Discord cannot be reached: {reason}")]
    Unreachable { reason: String },
    /// Anything else: the request is wrong, and retrying does not help.
    #[error("Discord refused to {what} (status {status}): {reason}")]
    Refused { what: &'static str, status: u16, reason: String },
}

/// The body of an error response. `errors` says which field is wrong, nested as the request's body was.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ErrorBody {
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

impl ErrorBody {
    /// `None`: not Discord's JSON, so something in between has responded.
    pub fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// The message with its complaints about single fields, without secrets.
    pub fn reason(&self, secrets: &[&Secret]) -> String {
        let mut reason = self.message.clone();
        if reason.is_empty() {
            reason.push_str("no reason given");
        }
        fields(&self.errors, "", &mut reason);
        redact(&reason, secrets)
    }
}

/// Adds `path: message` for each complaint.
fn fields(errors: &serde_json::Value, path: &str, reason: &mut String) {
    let Some(object) = errors.as_object() else { return };
    for (name, inner) in object {
        if let Some(list) = inner.as_array().filter(|_| name == "_errors") {
            for message in list.iter().filter_map(|it| it.get("message")?.as_str()) {
                // Writing to a string never fails.
                let _ = write!(reason, "; {path}: {message}");
            }
        } else {
            let separator = if path.is_empty() { "" } else { "." };
            fields(inner, &format!("{path}{separator}{name}"), reason);
        }
    }
}

/// How many characters of a reason are kept: a sentence or two.
const LONGEST_REASON: usize = 300;

/// Replaces secrets in a text, makes it one line and shortens it.
pub(super) fn redact(text: &str, secrets: &[&Secret]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.expose().is_empty()) {
        text = text.replace(secret.expose(), "[token]");
    }
    shortened(one_line(&text), LONGEST_REASON)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_about_a_field_names_it() {
        let json =
            br#"{"code":50035,"message":"Invalid Form Body","errors":{"0":{"name":{"_errors":[
            {"code":"BASE_TYPE_REQUIRED","message":"This field is required"}]}}}}"#;
        let body = ErrorBody::read(json).unwrap();
        assert_eq!(body.reason(&[]), "Invalid Form Body; 0.name: This field is required");
    }

    #[test]
    fn a_reason_is_one_short_line_without_the_token() {
        let token = Secret::new("MTA.abc.def");
        let reason = redact("token MTA.abc.def\n is\twrong", &[&token]);
        assert_eq!(reason, "token [token] is wrong");
        assert!(redact(&"long ".repeat(200), &[&token]).chars().count() <= LONGEST_REASON + 1);
    }
}
