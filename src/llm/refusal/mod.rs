//! Reads Google's refusals: the kind, how long to wait, which limit is named, and the text without anything that looks
//! like a key.

mod google_error;
mod kind;
mod redact;

use std::time::Duration;

use serde_json::Value;

use self::google_error::GoogleError;
#[cfg(test)]
use self::google_error::read_delay;
pub use self::kind::{Consequence, RefusalKind};
pub use self::redact::redact;
use crate::model::Secret;

/// A refusal because of quota or of the key, never because of the request itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub kind: RefusalKind,
    /// How long Google says to wait. For a quota of the day this alone is not reliable.
    pub retry: Option<Duration>,
    /// The limit that was reached, if it is named.
    pub limit: Option<u32>,
    /// Google's message, redacted and short.
    pub text: String,
}

/// Reads a response with a 4xx status. `None` if it is neither about quota nor about the key, so the request was wrong.
pub fn read(status: u16, body: &[u8], key: &Secret) -> Option<Refusal> {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let error = json.as_ref().and_then(GoogleError::find);
    let Some(error) = error else {
        let kind = match status {
            429 => RefusalKind::Capacity,
            401 | 403 | 407 | 451 => RefusalKind::Barred,
            _ => return None,
        };
        let text = redact(&format!("status {status}: {}", String::from_utf8_lossy(body)), key);
        return Some(Refusal { kind, retry: None, limit: None, text });
    };
    let (kind, limit) = match status {
        429 => too_much(&error),
        401 => (RefusalKind::NotAccepted, None),
        403 => (forbidden(&error), None),
        404 => (RefusalKind::ModelGone, None),
        400 => (about_the_key(&error)?, None),
        _ => return None,
    };
    Some(Refusal { kind, retry: error.retry(), limit, text: redact(error.message, key) })
}

/// The message of any other response, redacted so that it can be stored.
pub fn message(body: &[u8], key: &Secret) -> String {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    match json.as_ref().and_then(GoogleError::find) {
        Some(error) => redact(error.message, key),
        None => redact(&String::from_utf8_lossy(body), key),
    }
}

fn too_much(error: &GoogleError<'_>) -> (RefusalKind, Option<u32>) {
    if error.says("prepayment credits") {
        return (RefusalKind::Billing, None);
    }
    let quotas = error.quotas();
    if quotas.iter().any(|(_, value)| *value == Some(0)) || error.limits_in_message().contains(&0) {
        return (RefusalKind::NoQuota, None);
    }
    // Several quotas may be listed; the one that lasts longest counts.
    let find = |wanted: RefusalKind| {
        quotas.iter().find(|(id, _)| kind_of_quota(id) == Some(wanted)).map(|(_, value)| *value)
    };
    for kind in
        [RefusalKind::Day, RefusalKind::TokensOfDay, RefusalKind::Minute, RefusalKind::Tokens]
    {
        if let Some(value) = find(kind) {
            let written = error.limits_in_message();
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

fn forbidden(error: &GoogleError<'_>) -> RefusalKind {
    match error.reason() {
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
    if error.says("leaked") {
        RefusalKind::Leaked
    } else if error.says("has been suspended") {
        RefusalKind::Suspended
    } else if error.says("has not been used in") && error.says("is disabled") {
        RefusalKind::ServiceDisabled
    } else if error.says("ip address restriction") {
        RefusalKind::Address
    } else if error.says("requests from referer") {
        RefusalKind::Restricted
    } else if error.says("restricted from your") || error.says("location is not supported") {
        RefusalKind::Location
    } else if error.says("unregistered callers") {
        RefusalKind::NotAccepted
    } else {
        RefusalKind::Denied
    }
}

/// A 400 because of the key or its project; `None` if the request itself was wrong.
fn about_the_key(error: &GoogleError<'_>) -> Option<RefusalKind> {
    let key = error.reason() == "API_KEY_INVALID" || error.says("api key");
    if key && error.says("expired") {
        Some(RefusalKind::Expired)
    } else if key {
        Some(RefusalKind::Invalid)
    } else if error.says("location is not supported") {
        Some(RefusalKind::Location)
    } else if error.status == "FAILED_PRECONDITION" {
        Some(RefusalKind::Precondition)
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
