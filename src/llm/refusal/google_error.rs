//! Google's error object: message, status and details.

use std::time::Duration;

use serde_json::Value;

/// The error object in a response. Some routes wrap it in an array.
pub(super) struct GoogleError<'a> {
    pub message: &'a str,
    pub status: &'a str,
    details: &'a [Value],
}

impl<'a> GoogleError<'a> {
    pub fn find(body: &'a Value) -> Option<Self> {
        let object = match body {
            Value::Array(list) => list.first()?,
            other => other,
        };
        let error = object.get("error")?.as_object()?;
        let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
        Some(Self {
            message: text("message"),
            status: text("status"),
            details: error.get("details").and_then(Value::as_array).map_or(&[], Vec::as_slice),
        })
    }

    fn detail(&self, name: &str) -> Option<&'a Value> {
        let is = |detail: &&Value| {
            detail.get("@type").and_then(Value::as_str).is_some_and(|kind| kind.ends_with(name))
        };
        self.details.iter().find(is)
    }

    pub fn reason(&self) -> &'a str {
        self.detail("ErrorInfo")
            .and_then(|info| info.get("reason"))
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// Whether the message contains `text`, in lower case.
    pub fn says(&self, text: &str) -> bool {
        let message = self.message.to_ascii_lowercase();
        message.contains(text)
    }

    pub fn retry(&self) -> Option<Duration> {
        let told = self
            .detail("RetryInfo")
            .and_then(|info| info.get("retryDelay"))
            .and_then(Value::as_str)
            .and_then(read_delay);
        let written = self.message.split_once("Please retry in ").and_then(|(_, rest)| {
            read_delay(rest.split_whitespace().next()?.trim_end_matches('.'))
        });
        told.max(written)
    }

    /// Every quota that was reached: its id, and its value if it is given.
    pub fn quotas(&self) -> Vec<(&'a str, Option<u32>)> {
        let number = |value: &Value| match value {
            Value::String(text) => text.parse().ok(),
            other => other.as_u64().and_then(|number| u32::try_from(number).ok()),
        };
        let violations = self
            .detail("QuotaFailure")
            .and_then(|failure| failure.get("violations"))
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        let mut quotas: Vec<(&str, Option<u32>)> = violations
            .iter()
            .filter_map(|violation| {
                let id = violation.get("quotaId").and_then(Value::as_str)?;
                Some((id, violation.get("quotaValue").and_then(number)))
            })
            .collect();
        if let Some(metadata) = self.detail("ErrorInfo").and_then(|info| info.get("metadata"))
            && let Some(id) = metadata.get("quota_limit").and_then(Value::as_str)
        {
            quotas.push((id, metadata.get("quota_limit_value").and_then(number)));
        }
        quotas
    }

    /// The numbers after `limit: ` in the message.
    pub fn limits_in_message(&self) -> Vec<u32> {
        self.message
            .split("limit: ")
            .skip(1)
            .filter_map(|rest| {
                rest.split(|c: char| !c.is_ascii_digit()).next().and_then(|n| n.parse().ok())
            })
            .collect()
    }
}

/// `57s`, `23977s`, `46.401471396s`, `6h39m37.4s`.
pub fn read_delay(text: &str) -> Option<Duration> {
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit =
            rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |n| digits + n);
        total += number
            * match &rest[digits..unit] {
                "h" => 3_600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 0.001,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    (!text.is_empty()).then(|| Duration::try_from_secs_f64(total).ok()).flatten()
}
