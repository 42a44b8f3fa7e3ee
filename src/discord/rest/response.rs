//! Sends a request and reads what the response means.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderValue};

use super::call::Call;
use super::error::{ErrorBody, RestError, redact};
use super::limits::{Headers, TooMany};
use crate::model::Secret;

/// The wait after a 429 that does not say how long to wait.
const DEFAULT_WAIT: Duration = Duration::from_secs(5);

/// A longer response is not read: a server has at most a few hundred roles and channels.
const LARGEST_RESPONSE: usize = 4 << 20;

pub fn authorization(token: &Secret) -> Result<HeaderValue, RestError> {
    let mut value = HeaderValue::from_str(&format!("Bot {}", token.expose()))
        .map_err(|_| RestError::Unauthorised)?;
    value.set_sensitive(true);
    Ok(value)
}

pub async fn send(request: reqwest::RequestBuilder) -> reqwest::Result<(u16, HeaderMap, Vec<u8>)> {
    let mut response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let mut bytes = Vec::new();
    // A longer body is cut off and then fails to parse.
    while let Some(chunk) = response.chunk().await?
        && bytes.len() < LARGEST_RESPONSE
    {
        bytes.extend_from_slice(&chunk);
    }
    Ok((status, headers, bytes))
}

pub fn unreachable(error: &reqwest::Error, secrets: &[&Secret]) -> RestError {
    if error.is_timeout() {
        return RestError::Unreachable { reason: "no answer in time".into() };
    }
    // reqwest's own message contains the whole URL; its causes say what happened.
    let mut reason =
        if error.is_connect() { "no connection".into() } else { "the connection broke".to_owned() };
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        reason = inner.to_string();
        cause = inner.source();
    }
    RestError::Unreachable { reason: redact(&reason, secrets) }
}

pub enum Refusal {
    TooMany(TooMany),
    Error(RestError),
}

/// What a response other than 2xx means.
pub fn classify(
    call: &Call<'_>,
    status: u16,
    headers: &HeaderMap,
    body: Option<ErrorBody>,
    secrets: &[&Secret],
) -> Refusal {
    let what = call.what;
    if status == 429 {
        return Refusal::TooMany(too_many(headers, body.as_ref()));
    }
    let by_discord = body.is_some();
    let body = body.unwrap_or_default();
    let (code, reason) = (body.code, body.reason(secrets));
    Refusal::Error(match status {
        401 if call.interaction.is_some() => RestError::NotFound { what, code, reason },
        401 => RestError::Unauthorised,
        403 => RestError::Forbidden { what, code, reason },
        404 if by_discord => RestError::NotFound { what, code, reason },
        408 | 500.. => {
            RestError::Unreachable { reason: format!("it answered with status {status}") }
        }
        _ => RestError::Refused { what, status, reason },
    })
}

fn too_many(headers: &HeaderMap, body: Option<&ErrorBody>) -> TooMany {
    let waits = [
        body.and_then(|body| body.retry_after).and_then(seconds),
        header(headers, "retry-after").and_then(|text| seconds(text.parse().ok()?)),
    ];
    let scope = header(headers, "x-ratelimit-scope");
    let global = body.is_some_and(|body| body.global)
        || header(headers, "x-ratelimit-global").is_some()
        || scope == Some("global");
    TooMany {
        wait: waits.into_iter().flatten().max().unwrap_or(DEFAULT_WAIT),
        // Without JSON the response comes from Cloudflare in front of the API, which blocks the whole address.
        global: global || body.is_none(),
        shared: scope == Some("shared"),
    }
}

pub fn limit_headers(headers: &HeaderMap) -> Headers {
    Headers {
        bucket: header(headers, "x-ratelimit-bucket").map(str::to_owned),
        remaining: header(headers, "x-ratelimit-remaining").and_then(|text| text.parse().ok()),
        reset_after: header(headers, "x-ratelimit-reset-after")
            .and_then(|text| seconds(text.parse().ok()?)),
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Rounded up to the next millisecond: slightly too late is better than too early.
fn seconds(number: f64) -> Option<Duration> {
    let exact = Duration::try_from_secs_f64(number).ok()?;
    let whole = Duration::from_millis(u64::try_from(exact.as_millis()).ok()?);
    Some(if whole < exact { whole + Duration::from_millis(1) } else { whole })
}
