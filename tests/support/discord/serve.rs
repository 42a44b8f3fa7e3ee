//! Serves requests: counts them, refuses those that come too early, and makes them fail when a test wants that.

use std::sync::Arc;
use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use muster::model::Millis;
use serde_json::{Value, json};

use super::api::{missing_permissions, refusal, unauthorised};
use super::state::Inner;
use super::{Fault, Seen, Shared};

pub async fn serve(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let now = shared.clock.now();
    let path = parts.uri.path().strip_prefix("/api/v10").unwrap_or("/elsewhere").to_owned();
    let line = format!("{} {path}", parts.method);
    let bytes = to_bytes(body, 1 << 20).await.unwrap_or_default();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let call = Call {
        method: parts.method.clone(),
        segments: path.trim_matches('/').split('/').map(str::to_owned).collect(),
        authorization: text(header::AUTHORIZATION).map(str::to_owned),
        agent: text(header::USER_AGENT).unwrap_or_default().to_owned(),
        body,
        line,
    };
    let outcome = shared.inner().answer(&call, now);
    let status = match &outcome {
        Outcome::Answer(response) => response.status().as_u16(),
        Outcome::Cut | Outcome::Hang => 0,
    };
    shared.inner().seen.push(Seen { at: now, line: call.line, status, body: call.body });
    match outcome {
        Outcome::Answer(response) => response,
        // Ends the connection's task without a response, as a crash would.
        Outcome::Cut => std::panic::resume_unwind(Box::new("cut")),
        Outcome::Hang => std::future::pending().await,
    }
}

pub struct Call {
    pub method: Method,
    pub segments: Vec<String>,
    pub authorization: Option<String>,
    pub agent: String,
    pub body: Value,
    pub line: String,
}

enum Outcome {
    Answer(Response),
    Cut,
    Hang,
}

impl Call {
    /// How the limits count it: method and path without ids, and the channel, server or interaction.
    fn bucket(&self) -> (String, String) {
        let major = match self.segments[0].as_str() {
            "webhooks" => 2,
            "applications" => 3,
            _ => 1,
        };
        let shape = self.segments.iter().enumerate().map(|(at, segment)| {
            let number = segment.chars().all(|c| c.is_ascii_digit());
            if at == major || number { "_" } else { segment }
        });
        let shape = format!("{} {}", self.method, shape.collect::<Vec<_>>().join("/"));
        (shape, self.segments.get(major).cloned().unwrap_or_default())
    }

    fn is_interaction(&self) -> bool {
        self.segments[0] == "webhooks"
    }
}

impl Inner {
    fn answer(&mut self, call: &Call, now: Millis) -> Outcome {
        let bucket = call.bucket();
        let blocked = [
            self.blocked_until.get(&bucket).copied(),
            self.all_blocked_until.filter(|_| !call.is_interaction()),
        ];
        if let Some(until) = blocked.into_iter().flatten().filter(|until| *until > now).max() {
            self.complain(&call.line, "sent before the time that a 429 gave");
            return Outcome::Answer(too_many(until.since(now).as_secs_f64(), false, &bucket.0));
        }
        let at = self.faults.iter().position(|(part, _)| call.line.contains(part.as_str()));
        let fault = at.and_then(|at| self.faults.remove(at)).map(|(_, fault)| fault);
        if fault == Some(Fault::CutAfter) {
            self.decide(call, now);
            return Outcome::Cut;
        }
        if let Some(fault) = fault {
            return self.fail(&fault, &bucket, now);
        }
        let window = self.window;
        let (limit, counter) = (self.limit, self.buckets.entry(bucket.clone()));
        let counter = counter.or_insert((limit, now.plus(window)));
        if counter.1 <= now {
            *counter = (limit, now.plus(window));
        }
        if counter.0 == 0 {
            let wait = counter.1.since(now).as_secs_f64();
            return Outcome::Answer(too_many(wait, false, &bucket.0));
        }
        counter.0 -= 1;
        let (remaining, reset) = *counter;
        let (status, body) = self.decide(call, now);
        let mut response = match body {
            Value::Null => StatusCode::from_u16(status).unwrap().into_response(),
            body => (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response(),
        };
        let headers = response.headers_mut();
        for (name, value) in [
            ("x-ratelimit-limit", limit.to_string()),
            ("x-ratelimit-remaining", remaining.to_string()),
            ("x-ratelimit-reset-after", format!("{:.3}", reset.since(now).as_secs_f64())),
            ("x-ratelimit-bucket", hash(&bucket.0)),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        Outcome::Answer(response)
    }

    fn fail(&mut self, fault: &Fault, bucket: &(String, String), now: Millis) -> Outcome {
        let (status, body) = match *fault {
            Fault::TooMany { retry_after, global } => {
                let until = now.plus(Duration::from_secs_f64(retry_after));
                if global {
                    self.all_blocked_until = Some(until);
                } else {
                    self.blocked_until.insert(bucket.clone(), until);
                }
                return Outcome::Answer(too_many(retry_after, global, &bucket.0));
            }
            Fault::Barred { retry_after } => {
                self.all_blocked_until = Some(now.plus(Duration::from_secs(retry_after)));
                let mut response = (StatusCode::TOO_MANY_REQUESTS, "<html>error code: 1015</html>")
                    .into_response();
                response.headers_mut().insert("retry-after", retry_after.into());
                return Outcome::Answer(response);
            }
            Fault::Hang => return Outcome::Hang,
            Fault::Cut | Fault::CutAfter => return Outcome::Cut,
            Fault::Status(status) => {
                let status = StatusCode::from_u16(status).unwrap();
                return Outcome::Answer((status, "<html>upstream error</html>").into_response());
            }
            Fault::Garbage => (200, json!({ "surprise": true })),
            Fault::Unauthorised => unauthorised(),
            Fault::MissingPermissions => missing_permissions(),
            Fault::UnknownWebhook => refusal(404, 10015, "Unknown Webhook"),
        };
        let status = StatusCode::from_u16(status).unwrap();
        Outcome::Answer((status, axum::Json(body)).into_response())
    }
}

fn too_many(retry_after: f64, global: bool, bucket: &str) -> Response {
    let body = json!({
        "message": "You are being rate limited.", "retry_after": retry_after, "global": global,
    });
    let mut response = (StatusCode::TOO_MANY_REQUESTS, axum::Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert("retry-after", format!("{}", retry_after.ceil()).parse().unwrap());
    if global {
        headers.insert("x-ratelimit-global", "true".parse().unwrap());
        headers.insert("x-ratelimit-scope", "global".parse().unwrap());
    } else {
        headers.insert("x-ratelimit-scope", "user".parse().unwrap());
        headers.insert("x-ratelimit-bucket", hash(bucket).parse().unwrap());
        headers.insert("x-ratelimit-remaining", "0".parse().unwrap());
        let reset = format!("{retry_after:.3}");
        headers.insert("x-ratelimit-reset-after", reset.parse().unwrap());
    }
    response
}

/// The real server does not reveal how it counts, either.
fn hash(shape: &str) -> String {
    let sum = shape.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{sum:016x}")
}
