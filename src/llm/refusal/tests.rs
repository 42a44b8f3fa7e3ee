//! Every body that others captured from the live API.

use super::*;

fn key() -> Secret {
    Secret::new("AIzaMadeUpForThisTest")
}

fn refusal(status: u16, body: &str) -> Refusal {
    read(status, body.as_bytes(), &key()).expect("a refusal")
}

#[expect(clippy::unnecessary_wraps, reason = "what it is compared with is optional")]
fn seconds(n: f64) -> Option<Duration> {
    Some(Duration::from_secs_f64(n))
}

/// A 429 with one violation.
fn quota(metric: &str, id: &str, limit: &str, model: &str, in_words: &str, delay: &str) -> String {
    format!(
        r#"{{"error":{{"code":429,"message":"You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits. To monitor your current usage, head to: https://ai.dev/rate-limit. \n* Quota exceeded for metric: generativelanguage.googleapis.com/{metric}, limit: {limit}, model: {model}\nPlease retry in {in_words}.","status":"RESOURCE_EXHAUSTED","details":[
 {{"@type":"type.googleapis.com/google.rpc.Help","links":[{{"description":"Learn more about Gemini API quotas","url":"https://ai.google.dev/gemini-api/docs/rate-limits"}}]}},
 {{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{{"quotaMetric":"generativelanguage.googleapis.com/{metric}","quotaId":"{id}","quotaDimensions":{{"location":"global","model":"{model}"}},"quotaValue":"{limit}"}}]}},
 {{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"{delay}"}}]}}}}"#
    )
}

const REQUESTS: &str = "generate_content_free_tier_requests";

#[test]
fn requests_a_minute() {
    let id = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier";
    let told =
        refusal(429, &quota(REQUESTS, id, "15", "gemini-3.5-flash-lite", "57.359612648s", "57s"));
    assert_eq!((told.kind, told.limit), (RefusalKind::Minute, Some(15)));
    assert_eq!(told.retry, seconds(57.359_612_648));
    let told = refusal(429, &quota(REQUESTS, id, "5", "gemini-3.5-flash", "30s", "30s"));
    assert_eq!((told.limit, told.retry), (Some(5), seconds(30.0)));
}

#[test]
fn requests_a_day_with_a_short_and_with_a_true_delay() {
    let id = "GenerateRequestsPerDayPerProjectPerModel-FreeTier";
    let told =
        refusal(429, &quota(REQUESTS, id, "500", "gemini-3.5-flash-lite", "21.497994s", "21s"));
    assert_eq!(
        (told.kind, told.limit, told.retry),
        (RefusalKind::Day, Some(500), seconds(21.497_994))
    );
    let told = refusal(
        429,
        &quota(REQUESTS, id, "20", "gemini-3.5-flash", "6h39m37.426631617s", "23977s"),
    );
    assert_eq!((told.kind, told.limit), (RefusalKind::Day, Some(20)));
    assert_eq!(told.retry, seconds(23_977.426_631_617));
}

#[test]
fn tokens_a_minute() {
    let body = quota(
        "generate_content_free_tier_input_token_count",
        "GenerateContentInputTokensPerModelPerMinute-FreeTier",
        "250000",
        "gemini-3.5-flash",
        "46.401471396s",
        "46s",
    );
    let told = refusal(429, &body);
    assert_eq!((told.kind, told.limit), (RefusalKind::Tokens, Some(250_000)));
}

#[test]
fn of_several_quotas_the_day_counts() {
    let body = r#"[{"error":{"code":429,"message":"Quota exceeded","status":"RESOURCE_EXHAUSTED","details":[
        {"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[
            {"quotaId":"GenerateRequestsPerMinutePerProjectPerModel-FreeTier","quotaValue":"15"},
            {"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier","quotaValue":"500"}]},
        {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"41s"}]}}]"#;
    let told = refusal(429, body);
    assert_eq!((told.kind, told.limit, told.retry), (RefusalKind::Day, Some(500), seconds(41.0)));
}

#[test]
fn a_model_without_free_quota() {
    let body = r#"{"error":{"code":429,"message":"* Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 0, model: gemini-3.1-pro\nPlease retry in 6h43m47.450277261s.","status":"RESOURCE_EXHAUSTED","details":[
        {"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[
            {"quotaId":"GenerateContentInputTokensPerModelPerDay-FreeTier"},
            {"quotaId":"GenerateContentInputTokensPerModelPerMinute-FreeTier"},
            {"quotaId":"GenerateRequestsPerMinutePerProjectPerModel-FreeTier"},
            {"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},
        {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"24227s"}]}}"#;
    assert_eq!(refusal(429, body).kind, RefusalKind::NoQuota);
    let region = r#"{"error":{"code":429,"message":"Quota exceeded for quota metric 'Generate Content API requests per minute' and limit 'GenerateContent request limit per minute for a region' of service 'generativelanguage.googleapis.com' for consumer '[masked]'.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"RATE_LIMIT_EXCEEDED","domain":"googleapis.com","metadata":{"quota_metric":"generativelanguage.googleapis.com/generate_content_requests","service":"generativelanguage.googleapis.com","quota_limit_value":"0","quota_limit":"GenerateContentRequestsPerMinutePerProjectPerRegion","quota_location":"us-south1","quota_unit":"1/min/{project}/{region}","consumer":"[masked]"}},{"@type":"type.googleapis.com/google.rpc.Help","links":[{"description":"Request a higher quota limit.","url":"https://cloud.google.com/docs/quotas/help/request_increase"}]}]}}"#;
    assert_eq!(refusal(429, region).kind, RefusalKind::NoQuota);
}

#[test]
fn a_short_429_and_used_up_credits() {
    let short = r#"{"error":{"code":429,"message":"Resource has been exhausted (e.g. check quota).","status":"RESOURCE_EXHAUSTED"}}"#;
    assert_eq!(refusal(429, short).kind, RefusalKind::Capacity);
    assert_eq!(refusal(429, "slow down").kind, RefusalKind::Capacity);
    let credits = r#"{"error":{"code":429,"message":"Your prepayment credits are depleted. Please go to AI Studio at https://ai.studio/projects to manage your project and billing.","status":"RESOURCE_EXHAUSTED"}}"#;
    assert_eq!(refusal(429, credits).kind, RefusalKind::Billing);
}

/// An error with an `ErrorInfo` reason, as Google sends it.
fn with_reason(code: u16, status: &str, message: &str, reason: &str) -> String {
    format!(
        r#"{{"error":{{"code":{code},"message":"{message}","status":"{status}","details":[{{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"{reason}","domain":"googleapis.com","metadata":{{"service":"generativelanguage.googleapis.com"}}}},{{"@type":"type.googleapis.com/google.rpc.LocalizedMessage","locale":"en-US","message":"{message}"}}]}}}}"#
    )
}

fn plain(code: u16, status: &str, message: &str) -> String {
    format!(r#"{{"error":{{"code":{code},"message":"{message}","status":"{status}"}}}}"#)
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table: one line for each message of Google's")]
fn everything_that_is_said_about_a_key() {
    use RefusalKind::*;
    let invalid = |message| with_reason(400, "INVALID_ARGUMENT", message, "API_KEY_INVALID");
    let denied = |message, reason| with_reason(403, "PERMISSION_DENIED", message, reason);
    let bare = |message| plain(403, "PERMISSION_DENIED", message);
    for (kind, status, body) in [
        (Invalid, 400, invalid("API key not valid. Please pass a valid API key.")),
        (Invalid, 400, invalid("API Key not found. Please pass a valid API key.")),
        (Expired, 400, invalid("API key expired. Please renew the API key.")),
        (Leaked, 403, bare("Your API key was reported as leaked. Please use another API key.")),
        (
            Address,
            403,
            denied(
                "The provided API key has an IP address restriction. The originating IP address of the call ([masked]) violates this restriction.",
                "API_KEY_IP_ADDRESS_BLOCKED",
            ),
        ),
        (
            Restricted,
            403,
            denied(
                "Requests to this API generativelanguage.googleapis.com method google.ai.generativelanguage.v1beta.ModelService.ListModels are blocked.",
                "API_KEY_SERVICE_BLOCKED",
            ),
        ),
        (
            Restricted,
            403,
            denied("Requests from referer <empty> are blocked.", "API_KEY_HTTP_REFERRER_BLOCKED"),
        ),
        (
            Location,
            403,
            bare(
                "Access to generativelanguage.googleapis.com is restricted from your billing country and was denied for [masked].",
            ),
        ),
        (
            ServiceDisabled,
            403,
            denied(
                "Gemini API has not been used in [masked] before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/generativelanguage.googleapis.com/overview?project=[masked] then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.",
                "SERVICE_DISABLED",
            ),
        ),
        (Denied, 403, bare("Your project has been denied access. Please contact support.")),
        (
            NotAccepted,
            403,
            bare(
                "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
            ),
        ),
        (
            NotAccepted,
            401,
            with_reason(
                401,
                "UNAUTHENTICATED",
                "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
                "ACCESS_TOKEN_TYPE_UNSUPPORTED",
            ),
        ),
        (
            NotAccepted,
            401,
            with_reason(
                401,
                "UNAUTHENTICATED",
                "API keys are not supported by this API. Expected OAuth2 access token or other authentication credentials that assert a principal.",
                "CREDENTIALS_MISSING",
            ),
        ),
        (Precondition, 400, plain(400, "FAILED_PRECONDITION", "Precondition check failed.")),
        (
            Location,
            400,
            plain(400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
        ),
        (Barred, 403, "<html>Blocked by the company's proxy</html>".to_owned()),
    ] {
        let told = refusal(status, &body);
        assert_eq!(told.kind, kind, "{body}");
        assert!(!told.text.is_empty());
    }
}

#[test]
fn a_suspended_key_is_not_repeated() {
    for quoted in ["AIzaMadeUpForThisTest", "AIzaSomebodyElses_key-9", "AQ.Ab8RN6-made_up"] {
        let body = with_reason(
            403,
            "PERMISSION_DENIED",
            &format!("Permission denied: Consumer 'api_key:{quoted}' has been suspended."),
            "CONSUMER_SUSPENDED",
        );
        let told = refusal(403, &body);
        assert_eq!(told.kind, RefusalKind::Suspended);
        assert_eq!(told.text, "Permission denied: Consumer 'api_key:[key]' has been suspended.");
    }
    let plain = Secret::new("a key that looks like none");
    assert_eq!(redact("it was a key that looks like none!", &plain), "it was [key]!");
}

#[test]
fn retired_and_unknown_models() {
    for message in [
        "This model models/gemini-2.5-flash is no longer available to new users. Please update your code to use models/gemini-3.8-flash for the latest features and improvements. We recommend you to use the Interactions API (https://ai.google.dev/gemini-api/docs/get-started).",
        "models/gemini-999-nonexistent is not found for API version v1main, or is not supported for generateContent. Call ModelService.ListModels to see the list of available models and their supported methods.",
    ] {
        assert_eq!(refusal(404, &plain(404, "NOT_FOUND", message)).kind, RefusalKind::ModelGone);
    }
    assert_eq!(read(404, b"<html>nginx</html>", &key()), None);
}

#[test]
fn a_400_without_a_word_about_the_key_is_our_fault() {
    let body = plain(400, "INVALID_ARGUMENT", "Invalid JSON payload received. Unknown name");
    assert_eq!(read(400, body.as_bytes(), &key()), None);
}

#[test]
fn delays_in_all_their_forms() {
    assert_eq!(read_delay("57s"), seconds(57.0));
    assert_eq!(read_delay("23977s"), seconds(23_977.0));
    assert_eq!(read_delay("6h39m37.4s"), seconds(23_977.4));
    assert_eq!(read_delay("350.5ms"), seconds(0.350_5));
    for bad in ["", "s", "5", "5 s", "-1s", "1e99h", "soon"] {
        assert_eq!(read_delay(bad), None, "{bad}");
    }
}

#[test]
fn words_are_one_line_and_short() {
    let words = redact(&format!("a\n\tb\u{1b}[31m {}", "x".repeat(500)), &key());
    assert!(words.starts_with("a b [31m x") && words.chars().count() == 301, "{words}");
}
