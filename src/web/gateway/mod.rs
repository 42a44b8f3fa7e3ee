//! The Gemini-compatible gateway: Google's own libraries work with it, given its base URL. Errors have the form of
//! Google's, so that those libraries can read them.

pub mod tokens;

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::App;
use crate::gateway::{self, Piece, Refused, Reply};

/// The most bytes of a request: Google's limit with files in it.
const LARGEST: usize = 20 * 1024 * 1024;
/// The deadline without `X-Deadline-Seconds`.
const USUAL_DEADLINE: u64 = 120;
const LONGEST_DEADLINE: u64 = 3_600;
/// The task without `X-Task`.
const USUAL_TASK: &str = "unnamed";

#[derive(Deserialize)]
pub struct How {
    alt: Option<String>,
}

/// `POST /gemini/v1beta/models/{model}:generateContent` and `…:streamGenerateContent?alt=sse`.
pub async fn ask(
    State(app): State<App>,
    Path(call): Path<String>,
    Query(how): Query<How>,
    request: Request,
) -> Response {
    answer(&app, &call, &how, request).await.unwrap_or_else(refuse)
}

/// For every other address below `/gemini/`.
pub async fn nothing_here() -> Response {
    refuse(refused(
        404,
        "unknown address: use models/{model}:generateContent or models/{model}:streamGenerateContent?alt=sse",
    ))
}

async fn answer(app: &App, call: &str, how: &How, request: Request) -> Result<Response, Refused> {
    let now = app.clock.now();
    let token = token(request.headers()).ok_or_else(|| {
        refused(
            401,
            "the token is missing; send it in the header x-goog-api-key, or as Authorization: Bearer TOKEN",
        )
    })?;
    let who = token_owner(app, token).await.map_err(|error| fault(&error))?;
    let who = who.ok_or_else(|| {
        refused(
            401,
            "unknown token; create one on the settings page, or with muster token create NAME",
        )
    })?;
    let (model, stream) = model_of(call, how)?;
    let label = task(request.headers())?;
    let patience = deadline(request.headers())? / app.config.time_scale;
    let body = axum::body::to_bytes(request.into_body(), LARGEST)
        .await
        .map_err(|_| refused(413, "the request is larger than 20 MiB, or incomplete"))?;
    let tokens = serde_json::from_slice::<Value>(&body).ok().filter(Value::is_object);
    let tokens = tokens
        .map(|body| gateway::estimated_tokens(&body))
        .ok_or_else(|| refused(400, "the body is not a JSON object"))?;
    let request = gateway::Request { model, stream, body: body.into(), tokens, token: who, label };
    let deadline = now.plus(patience);
    let ticket = gateway::queue(&app.db, &app.pending, &app.instance, request, now, deadline)
        .await
        .map_err(|error| fault(&error))?
        .map_err(|full| Refused {
            code: 429,
            message: full.to_string(),
            retry: Some(Duration::from_secs(10)),
        })?;
    let reply = tokio::select! {
        reply = gateway::wait(&app.db, &app.pool, &app.clock, ticket, deadline) => {
            reply.map_err(|error| fault(&error))?
        }
        () = app.stopping.cancelled() => {
            return Err(Refused {
                code: 503,
                message: "Muster is stopping".into(),
                retry: Some(Duration::from_secs(10)),
            });
        }
    };
    match reply {
        Reply::Refused(refused) => Err(refused),
        Reply::Answer(pieces) => {
            let kind = if stream { "text/event-stream" } else { "application/json; charset=UTF-8" };
            let pieces = tokio_stream::wrappers::ReceiverStream::<Piece>::new(pieces);
            Ok(([(CONTENT_TYPE, kind)], Body::from_stream(pieces)).into_response())
        }
    }
}

/// Only reads: a request without a valid token must not make others wait for the write lock.
async fn token_owner(app: &App, token: &str) -> sqlx::Result<Option<String>> {
    gateway::tokens::owner(&mut *app.db.read().await?, token).await
}

fn token(headers: &HeaderMap) -> Option<&str> {
    let key = headers.get("x-goog-api-key").and_then(|value| value.to_str().ok());
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token)
    });
    key.or(bearer).map(str::trim).filter(|token| !token.is_empty())
}

/// The model, and whether a stream is wanted.
fn model_of(call: &str, how: &How) -> Result<(String, bool), Refused> {
    let (model, method) = call.split_once(':').unwrap_or((call, ""));
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if model.is_empty() || model.len() > 80 || !model.chars().all(fits) {
        return Err(refused(
            404,
            "the model's name may have only letters, digits, dots, hyphens and underscores",
        ));
    }
    let stream = match (method, how.alt.as_deref()) {
        ("generateContent", None | Some("json")) => false,
        ("streamGenerateContent", Some("sse")) => true,
        ("streamGenerateContent", _) => {
            return Err(refused(400, "streams are sent as server-sent events only: add ?alt=sse"));
        }
        _ => {
            let reason = "unknown method: use generateContent or streamGenerateContent";
            return Err(refused(404, reason));
        }
    };
    Ok((model.to_owned(), stream))
}

/// The name that the program gives to its work.
fn task(headers: &HeaderMap) -> Result<String, Refused> {
    let Some(value) = headers.get("x-task") else { return Ok(USUAL_TASK.into()) };
    let text = value.to_str().unwrap_or_default().trim();
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if text.is_empty() || text.len() > 40 || !text.chars().all(fits) {
        return Err(refused(
            400,
            "X-Task must have 1 to 40 letters, digits, dots, hyphens or underscores",
        ));
    }
    Ok(text.to_owned())
}

/// How long the request may wait.
fn deadline(headers: &HeaderMap) -> Result<Duration, Refused> {
    let Some(value) = headers.get("x-deadline-seconds") else {
        return Ok(Duration::from_secs(USUAL_DEADLINE));
    };
    let seconds = value.to_str().ok().and_then(|text| text.trim().parse::<u64>().ok());
    match seconds {
        Some(seconds @ 1..=LONGEST_DEADLINE) => Ok(Duration::from_secs(seconds)),
        _ => Err(refused(400, "X-Deadline-Seconds must be a whole number from 1 to 3600")),
    }
}

fn refused(code: u16, message: &str) -> Refused {
    Refused { code, message: message.into(), retry: None }
}

fn fault(error: &sqlx::Error) -> Refused {
    tracing::error!(error = format!("{error:#}"), "a gateway request failed");
    refused(500, "something went wrong on Muster's side; please retry")
}

/// An error in the form of Google's.
fn refuse(refused: Refused) -> Response {
    let Refused { code, message, retry } = refused;
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut error = json!({ "code": status.as_u16(), "message": message, "status": word(code) });
    if let Some(retry) = retry {
        error["details"] = json!([{
            "@type": "type.googleapis.com/google.rpc.RetryInfo",
            "retryDelay": format!("{:.3}s", retry.as_secs_f64()),
        }]);
    }
    let mut response = (status, Json(json!({ "error": error }))).into_response();
    if let Some(retry) = retry {
        let seconds = HeaderValue::from(retry.as_millis().div_ceil(1_000) as u64);
        response.headers_mut().insert(RETRY_AFTER, seconds);
    }
    response
}

/// Google's word for the status.
fn word(code: u16) -> &'static str {
    match code {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        500 => "INTERNAL",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "INVALID_ARGUMENT",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(call: &str, alt: Option<&str>) -> Result<(String, bool), u16> {
        model_of(call, &How { alt: alt.map(str::to_owned) }).map_err(|refused| refused.code)
    }

    #[test]
    fn a_call_is_a_model_and_one_of_two_methods() {
        let flash = "gemini-3.5-flash-lite";
        let generate = format!("{flash}:generateContent");
        let stream = format!("{flash}:streamGenerateContent");
        assert_eq!(call(&generate, None), Ok((flash.into(), false)));
        assert_eq!(call(&stream, Some("sse")), Ok((flash.into(), true)));
        assert_eq!(call(&stream, None), Err(400));
        assert_eq!(call(&format!("{flash}:countTokens"), None), Err(404));
        assert_eq!(call(flash, None), Err(404));
        assert_eq!(call("../secret:generateContent", None), Err(404));
        assert_eq!(call(":generateContent", None), Err(404));
    }

    #[test]
    fn a_token_is_read_from_either_header() {
        let headers = |name: &'static str, value: &'static str| {
            HeaderMap::from_iter([(
                axum::http::HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )])
        };
        assert_eq!(token(&headers("x-goog-api-key", "muster_1")), Some("muster_1"));
        assert_eq!(token(&headers("authorization", "Bearer muster_1")), Some("muster_1"));
        assert_eq!(token(&headers("authorization", "bearer  muster_1 ")), Some("muster_1"));
        assert_eq!(token(&headers("authorization", "Basic muster_1")), None);
        assert_eq!(token(&headers("x-goog-api-key", " ")), None);
        assert_eq!(token(&HeaderMap::new()), None);
    }

    #[test]
    fn a_deadline_is_a_whole_number_of_seconds() {
        let of = |value: &'static str| {
            let headers = HeaderMap::from_iter([(
                axum::http::HeaderName::from_static("x-deadline-seconds"),
                HeaderValue::from_static(value),
            )]);
            deadline(&headers).map_err(|refused| refused.code)
        };
        assert_eq!(deadline(&HeaderMap::new()), Ok(Duration::from_mins(2)));
        assert_eq!(of("5"), Ok(Duration::from_secs(5)));
        for bad in ["0", "3601", "1.5", "soon", "-1"] {
            assert_eq!(of(bad), Err(400), "{bad}");
        }
    }
}
