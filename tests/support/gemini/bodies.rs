//! Google's words, as others captured them from the live service.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::quota::{Refused, What};
use super::{Fault, Reply};

/// Whether the request is turned away before it is counted.
pub fn is_refusal(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::Minute
            | Fault::Tokens
            | Fault::Day
            | Fault::DayWithTrueDelay
            | Fault::Capacity
            | Fault::NoQuota
            | Fault::ModelGone
            | Fault::Credits
            | Fault::Invalid
            | Fault::Expired
            | Fault::Leaked
            | Fault::Suspended
            | Fault::Denied
            | Fault::NotAccepted
            | Fault::ServiceDisabled
            | Fault::Address
            | Fault::Referrer
            | Fault::Location
            | Fault::BadRequest
    )
}

/// Whether it is the key itself that Google refuses, whatever is asked.
pub fn is_about_the_key(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::Invalid
            | Fault::Expired
            | Fault::Leaked
            | Fault::Suspended
            | Fault::Denied
            | Fault::NotAccepted
            | Fault::ServiceDisabled
            | Fault::Address
            | Fault::Referrer
            | Fault::Location
    )
}

/// Whether the answer is one of the bodies below.
pub fn is_body(fault: Fault) -> bool {
    is_refusal(fault)
        || matches!(
            fault,
            Fault::InternalError
                | Fault::Overloaded
                | Fault::Garbage
                | Fault::NoCandidates
                | Fault::PartsMissing
                | Fault::PromptBlocked
                | Fault::Safety
                | Fault::Recitation
                | Fault::MaxTokens
                | Fault::EmptyText
        )
}

pub fn refused(refused: &Refused, model: &str) -> Reply {
    let (metric, id) = match refused.what {
        What::Minute => (REQUESTS, "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"),
        What::Day => (REQUESTS, "GenerateRequestsPerDayPerProjectPerModel-FreeTier"),
        What::Tokens => (TOKENS, "GenerateContentInputTokensPerModelPerMinute-FreeTier"),
    };
    let seconds = refused.retry.as_secs_f64();
    let in_words = format!("{seconds}s");
    quota(metric, id, refused.limit, model, &in_words, &format!("{}s", seconds as u64))
}

const REQUESTS: &str = "generate_content_free_tier_requests";
const TOKENS: &str = "generate_content_free_tier_input_token_count";

fn quota(metric: &str, id: &str, limit: u32, model: &str, in_words: &str, delay: &str) -> Reply {
    let metric = format!("generativelanguage.googleapis.com/{metric}");
    let message = format!(
        "You exceeded your current quota, please check your plan and billing details. For more information on this \
         error, head to: https://ai.google.dev/gemini-api/docs/rate-limits. To monitor your current usage, head to: \
         https://ai.dev/rate-limit. \n* Quota exceeded for metric: {metric}, limit: {limit}, model: {model}\nPlease \
         retry in {in_words}."
    );
    let mut violation = json!({
        "quotaMetric": metric,
        "quotaId": id,
        "quotaDimensions": { "location": "global", "model": model },
    });
    if limit > 0 {
        violation["quotaValue"] = limit.to_string().into();
    }
    let details = json!([
        { "@type": "type.googleapis.com/google.rpc.Help", "links": [{ "description": "Learn more about Gemini API quotas", "url": "https://ai.google.dev/gemini-api/docs/rate-limits" }] },
        { "@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation] },
        { "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay },
    ]);
    error(429, "RESOURCE_EXHAUSTED", &message, Some(details))
}

fn error(code: u16, status: &str, message: &str, details: Option<Value>) -> Reply {
    let mut body = json!({ "error": { "code": code, "message": message, "status": status } });
    if let Some(details) = details {
        body["error"]["details"] = details;
    }
    let code = StatusCode::from_u16(code).expect("codes below are codes");
    Reply::Json(code, body.to_string())
}

fn with_reason(code: u16, status: &str, message: &str, reason: &str) -> Reply {
    let details = json!([
        { "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com", "metadata": { "service": "generativelanguage.googleapis.com" } },
        { "@type": "type.googleapis.com/google.rpc.LocalizedMessage", "locale": "en-US", "message": message },
    ]);
    error(code, status, message, Some(details))
}

fn denied(message: &str) -> Reply {
    error(403, "PERMISSION_DENIED", message, None)
}

fn ok(body: &Value) -> Reply {
    Reply::Json(StatusCode::OK, body.to_string())
}

fn stopped(reason: &str) -> Reply {
    ok(&json!({ "candidates": [{ "content": { "role": "model" }, "finishReason": reason }] }))
}

/// The body of a fault; those that are no body are answered as overload.
#[expect(clippy::too_many_lines, reason = "a table: one arm for each fault")]
pub fn of(fault: Fault, model: &str) -> Reply {
    let minute = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier";
    let day = "GenerateRequestsPerDayPerProjectPerModel-FreeTier";
    match fault {
        Fault::Minute => quota(REQUESTS, minute, 15, model, "57.359612648s", "57s"),
        Fault::Tokens => quota(
            TOKENS,
            "GenerateContentInputTokensPerModelPerMinute-FreeTier",
            250_000,
            model,
            "46.401471396s",
            "46s",
        ),
        Fault::Day => quota(REQUESTS, day, 500, model, "21.497994s", "21s"),
        Fault::DayWithTrueDelay => quota(REQUESTS, day, 20, model, "6h39m37.426631617s", "23977s"),
        Fault::NoQuota => quota(REQUESTS, day, 0, model, "6h43m47.450277261s", "24227s"),
        Fault::Capacity => error(
            429,
            "RESOURCE_EXHAUSTED",
            "Resource has been exhausted (e.g. check quota).",
            None,
        ),
        Fault::Credits => error(
            429,
            "RESOURCE_EXHAUSTED",
            "Your prepayment credits are depleted. Please go to AI Studio at https://ai.studio/projects to manage your project and billing.",
            None,
        ),
        Fault::ModelGone => error(
            404,
            "NOT_FOUND",
            &format!(
                "models/{model} is not found for API version v1main, or is not supported for generateContent. Call ModelService.ListModels to see the list of available models and their supported methods."
            ),
            None,
        ),
        Fault::Invalid => with_reason(
            400,
            "INVALID_ARGUMENT",
            "API key not valid. Please pass a valid API key.",
            "API_KEY_INVALID",
        ),
        Fault::Expired => with_reason(
            400,
            "INVALID_ARGUMENT",
            "API key expired. Please renew the API key.",
            "API_KEY_INVALID",
        ),
        Fault::Leaked => denied("Your API key was reported as leaked. Please use another API key."),
        Fault::Suspended => with_reason(
            403,
            "PERMISSION_DENIED",
            "Permission denied: Consumer 'api_key:AIzaMadeUpForTheTests' has been suspended.",
            "CONSUMER_SUSPENDED",
        ),
        Fault::Denied => denied("Your project has been denied access. Please contact support."),
        Fault::NotAccepted => with_reason(
            401,
            "UNAUTHENTICATED",
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
            "ACCESS_TOKEN_TYPE_UNSUPPORTED",
        ),
        Fault::ServiceDisabled => with_reason(
            403,
            "PERMISSION_DENIED",
            "Gemini API has not been used in [masked] before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/generativelanguage.googleapis.com/overview?project=[masked] then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.",
            "SERVICE_DISABLED",
        ),
        Fault::Address => with_reason(
            403,
            "PERMISSION_DENIED",
            "The provided API key has an IP address restriction. The originating IP address of the call ([masked]) violates this restriction.",
            "API_KEY_IP_ADDRESS_BLOCKED",
        ),
        Fault::Referrer => with_reason(
            403,
            "PERMISSION_DENIED",
            "Requests from referer <empty> are blocked.",
            "API_KEY_HTTP_REFERRER_BLOCKED",
        ),
        Fault::Location => error(
            400,
            "FAILED_PRECONDITION",
            "User location is not supported for the API use.",
            None,
        ),
        Fault::BadRequest => error(
            400,
            "INVALID_ARGUMENT",
            "Invalid JSON payload received. Unknown name \"contentz\": Cannot find field.",
            None,
        ),
        Fault::InternalError => error(500, "INTERNAL", "An internal error has occurred.", None),
        Fault::Garbage => Reply::Json(StatusCode::OK, "<html>not what was asked".into()),
        Fault::NoCandidates => ok(&json!({ "usageMetadata": { "promptTokenCount": 9 } })),
        Fault::PromptBlocked => ok(&json!({ "promptFeedback": { "blockReason": "SAFETY" } })),
        Fault::PartsMissing => stopped("STOP"),
        Fault::Safety => stopped("SAFETY"),
        Fault::Recitation => stopped("RECITATION"),
        Fault::MaxTokens => stopped("MAX_TOKENS"),
        Fault::EmptyText => ok(
            &json!({ "candidates": [{ "content": { "role": "model", "parts": [{ "text": "" }] }, "finishReason": "STOP" }] }),
        ),
        _ => error(
            503,
            "UNAVAILABLE",
            "This model is currently experiencing high demand. Spikes in demand are usually temporary. Please try again later.",
            None,
        ),
    }
}
