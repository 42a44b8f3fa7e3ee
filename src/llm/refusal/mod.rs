//! Reads Google's refusals: what kind it is, how long to wait, which limit it names, and its words without anything
//! that looks like a key.

use std::time::Duration;

use serde_json::Value;

use crate::model::Secret;
use crate::model::text::{one_line, shortened};

/// A "no" that is about quota or about the key, never about what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub kind: RefusalKind,
    /// How long Google says to wait. For a day's quota it is not to be believed alone.
    pub retry: Option<Duration>,
    /// The limit that was reached, where it is named.
    pub limit: Option<u32>,
    /// What Google said, redacted and short.
    pub words: String,
}

/// Each has its own consequence; see [`RefusalKind::consequence`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefusalKind {
    /// Requests a minute.
    Minute,
    /// Input tokens a minute.
    Tokens,
    /// Requests a day.
    Day,
    /// Input tokens a day.
    TokensOfDay,
    /// A 429 without details.
    Capacity,
    /// `limit: 0`: the project has no quota for this model.
    NoQuota,
    /// The model has retired or never was.
    ModelGone,
    Invalid,
    Expired,
    Leaked,
    Suspended,
    Denied,
    /// A key that is not accepted as proof of who asks.
    NotAccepted,
    ServiceDisabled,
    /// The key may only be used from other network addresses.
    Address,
    /// The key may only be used by other sites or programs, or for other services.
    Restricted,
    Location,
    /// The project has not met a condition that Google does not name.
    Precondition,
    Billing,
    /// Somebody between us and Google says no.
    Barred,
}

/// What a refusal does to the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// The project rests for the minute.
    RestMinute,
    /// The project rests for the day.
    RestDay,
    /// The project rests for some seconds.
    RestCapacity,
    /// This model is off for the project.
    ModelOff,
    /// The key is used again only by hand.
    SetAside,
    /// The key rests and is asked again.
    RestKey,
}

impl RefusalKind {
    pub fn consequence(self) -> Consequence {
        match self {
            Self::Minute | Self::Tokens => Consequence::RestMinute,
            Self::Day | Self::TokensOfDay => Consequence::RestDay,
            Self::Capacity => Consequence::RestCapacity,
            Self::NoQuota | Self::ModelGone => Consequence::ModelOff,
            Self::Invalid
            | Self::Expired
            | Self::Leaked
            | Self::Suspended
            | Self::Denied
            | Self::NotAccepted => Consequence::SetAside,
            Self::ServiceDisabled
            | Self::Address
            | Self::Restricted
            | Self::Location
            | Self::Precondition
            | Self::Billing
            | Self::Barred => Consequence::RestKey,
        }
    }

    /// What it means, for the organiser.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Minute => "its requests of this minute are used",
            Self::Tokens => "its input tokens of this minute are used",
            Self::Day => "its requests of today are used",
            Self::TokensOfDay => "its input tokens of today are used",
            Self::Capacity => "Google has no room at the moment",
            Self::NoQuota => "its project has no quota for this model",
            Self::ModelGone => "Google does not offer this model (any more)",
            Self::Invalid => "Google does not know this key",
            Self::Expired => "this key has expired",
            Self::Leaked => "Google reports this key as leaked; it needs a new one",
            Self::Suspended => "Google has suspended this key",
            Self::Denied => "Google denies access to this key's project",
            Self::NotAccepted => "Google does not accept this key for the Gemini API",
            Self::ServiceDisabled => "the Gemini API is not switched on in this key's project",
            Self::Address => "this key may not be used from this machine's network address",
            Self::Restricted => "this key is restricted to other uses",
            Self::Location => "Google does not serve this place",
            Self::Precondition => "this key's project does not meet a condition of Google",
            Self::Billing => "the prepaid credits of this key's project are used up",
            Self::Barred => "something between here and Google refuses",
        }
    }

    /// The word for logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Tokens => "tokens",
            Self::Day => "day",
            Self::TokensOfDay => "tokens_of_day",
            Self::Capacity => "capacity",
            Self::NoQuota => "no_quota",
            Self::ModelGone => "model_gone",
            Self::Invalid => "invalid",
            Self::Expired => "expired",
            Self::Leaked => "leaked",
            Self::Suspended => "suspended",
            Self::Denied => "denied",
            Self::NotAccepted => "not_accepted",
            Self::ServiceDisabled => "service_disabled",
            Self::Address => "address",
            Self::Restricted => "restricted",
            Self::Location => "location",
            Self::Precondition => "precondition",
            Self::Billing => "billing",
            Self::Barred => "barred",
        }
    }
}

/// Google's error object, wherever it stands: some routes wrap it in an array.
struct Told<'a> {
    message: &'a str,
    status: &'a str,
    details: &'a [Value],
}

impl<'a> Told<'a> {
    fn find(body: &'a Value) -> Option<Self> {
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

    fn reason(&self) -> &'a str {
        self.detail("ErrorInfo")
            .and_then(|info| info.get("reason"))
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    fn says(&self, words: &str) -> bool {
        let message = self.message.to_ascii_lowercase();
        message.contains(words)
    }

    fn retry(&self) -> Option<Duration> {
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

    /// Every quota that was reached: its id, and its value where it is given.
    fn quotas(&self) -> Vec<(&'a str, Option<u32>)> {
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
    fn limits_in_words(&self) -> Vec<u32> {
        self.message
            .split("limit: ")
            .skip(1)
            .filter_map(|rest| {
                rest.split(|c: char| !c.is_ascii_digit()).next().and_then(|n| n.parse().ok())
            })
            .collect()
    }
}

/// Reads an answer with a 4xx status. `None`: it is neither about quota nor about the key, so the fault is ours.
pub fn read(status: u16, body: &[u8], key: &Secret) -> Option<Refusal> {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let told = json.as_ref().and_then(Told::find);
    let Some(told) = told else {
        let kind = match status {
            429 => RefusalKind::Capacity,
            401 | 403 | 407 | 451 => RefusalKind::Barred,
            _ => return None,
        };
        let words = redact(&format!("status {status}: {}", String::from_utf8_lossy(body)), key);
        return Some(Refusal { kind, retry: None, limit: None, words });
    };
    let (kind, limit) = match status {
        429 => too_much(&told),
        401 => (RefusalKind::NotAccepted, None),
        403 => (forbidden(&told), None),
        404 => (RefusalKind::ModelGone, None),
        400 => (about_the_key(&told)?, None),
        _ => return None,
    };
    Some(Refusal { kind, retry: told.retry(), limit, words: redact(told.message, key) })
}

/// The words of any other answer, fit to be kept.
pub fn words(body: &[u8], key: &Secret) -> String {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    match json.as_ref().and_then(Told::find) {
        Some(told) => redact(told.message, key),
        None => redact(&String::from_utf8_lossy(body), key),
    }
}

fn too_much(told: &Told<'_>) -> (RefusalKind, Option<u32>) {
    if told.says("prepayment credits") {
        return (RefusalKind::Billing, None);
    }
    let quotas = told.quotas();
    if quotas.iter().any(|(_, value)| *value == Some(0)) || told.limits_in_words().contains(&0) {
        return (RefusalKind::NoQuota, None);
    }
    // Several may be listed; the one that lasts longest counts.
    let find = |wanted: RefusalKind| {
        quotas.iter().find(|(id, _)| kind_of_quota(id) == Some(wanted)).map(|(_, value)| *value)
    };
    for kind in
        [RefusalKind::Day, RefusalKind::TokensOfDay, RefusalKind::Minute, RefusalKind::Tokens]
    {
        if let Some(value) = find(kind) {
            let written = told.limits_in_words();
            let only = (quotas.len() == 1 && written.len() == 1).then(|| written[0]);
            return (kind, value.or(only));
        }
    }
    (RefusalKind::Capacity, None)
}

fn kind_of_quota(id: &str) -> Option<RefusalKind> {
    let tokens = id.contains("Tokens");
    match (id.contains("PerDay"), id.contains("PerMinute"), tokens) {
        (true, _, false) => Some(RefusalKind::Day),
        (true, _, true) => Some(RefusalKind::TokensOfDay),
        (false, true, false) => Some(RefusalKind::Minute),
        (false, true, true) => Some(RefusalKind::Tokens),
        (false, false, _) => None,
    }
}

fn forbidden(told: &Told<'_>) -> RefusalKind {
    match told.reason() {
        "CONSUMER_SUSPENDED" => return RefusalKind::Suspended,
        "SERVICE_DISABLED" => return RefusalKind::ServiceDisabled,
        "API_KEY_IP_ADDRESS_BLOCKED" => return RefusalKind::Address,
        "API_KEY_INVALID" => return RefusalKind::Invalid,
        "BILLING_DISABLED" => return RefusalKind::Billing,
        reason if reason.starts_with("API_KEY_") && reason.ends_with("_BLOCKED") => {
            return RefusalKind::Restricted;
        }
        _ => {}
    }
    if told.says("leaked") {
        RefusalKind::Leaked
    } else if told.says("has been suspended") {
        RefusalKind::Suspended
    } else if told.says("has not been used in") && told.says("is disabled") {
        RefusalKind::ServiceDisabled
    } else if told.says("ip address restriction") {
        RefusalKind::Address
    } else if told.says("requests from referer") {
        RefusalKind::Restricted
    } else if told.says("restricted from your") || told.says("location is not supported") {
        RefusalKind::Location
    } else if told.says("unregistered callers") {
        RefusalKind::NotAccepted
    } else {
        RefusalKind::Denied
    }
}

/// A 400 that is about the key or its project; `None` when it is about what we asked.
fn about_the_key(told: &Told<'_>) -> Option<RefusalKind> {
    let key = told.reason() == "API_KEY_INVALID" || told.says("api key");
    if key && told.says("expired") {
        Some(RefusalKind::Expired)
    } else if key {
        Some(RefusalKind::Invalid)
    } else if told.says("location is not supported") {
        Some(RefusalKind::Location)
    } else if told.status == "FAILED_PRECONDITION" {
        Some(RefusalKind::Precondition)
    } else {
        None
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

/// So long may words be that are kept: a sentence or two.
const WORDS: usize = 300;

/// Takes `key` and everything that looks like a key out of `text`, makes it one line, and cuts it.
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
    shortened(one_line(&clean), WORDS)
}

#[cfg(test)]
mod tests;
