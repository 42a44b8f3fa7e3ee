//! The gateway for other programs: tokens, order of requests, Google's answers unchanged.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use futures_util::future::join_all;
use muster::model::job::{Class, Task};
use muster::model::{Job, MessageId};
use muster::{gateway, store};
use serde_json::{Value, json};

use crate::support::app::{Answer, TestApp, request};
use crate::support::db::{Place, on_both_places};
use crate::support::faq::{patient_gemini, with_keys};
use crate::support::gemini::Fault;

const MODEL: &str = "gemini-3.5-flash-lite";

async fn token(app: &TestApp) -> String {
    let mut tx = app.write().await;
    let token = gateway::tokens::create(&mut tx, "website", app.app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    token.expose().to_owned()
}

fn body(text: &str) -> Value {
    json!({ "contents": [{ "role": "user", "parts": [{ "text": text }] }] })
}

fn call(token: &str, call: &str, headers: &[(&str, &str)]) -> axum::http::Request<Body> {
    let path = format!("/gemini/v1beta/models/{call}");
    let mut builder = request(Method::POST, &path)
        .header("x-goog-api-key", token)
        .header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(body("Say hello.").to_string().into()).unwrap()
}

/// Sends a request while the workers work, and waits for its answer.
async fn ask(app: &TestApp, asked: axum::http::Request<Body>) -> Answer {
    while_working(app, app.send(asked)).await
}

async fn while_working<T>(app: &TestApp, done: impl Future<Output = T>) -> T {
    let work = async {
        loop {
            let next = app.run_jobs().await;
            tokio::time::sleep(Duration::from_millis(5)).await;
            if let Some(next) = next {
                app.app.clock.advance_to(next);
            }
        }
    };
    tokio::select! {
        done = done => done,
        () = work => unreachable!(),
    }
}

fn words(answer: &Answer) -> (u16, String, String) {
    let error = &answer.json()["error"];
    assert_eq!(error["code"], answer.status.as_u16());
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    (answer.status.as_u16(), text("status"), text("message"))
}

#[tokio::test]
async fn a_program_asks_through_the_pool_and_gets_googles_own_answer() {
    on_both_places(async |place| {
        let gemini = patient_gemini().await;
        let app = with_keys(&gemini, place, &[1, 2]).await;
        let token = token(&app).await;
        let asked = call(&token, &format!("{MODEL}:generateContent"), &[("x-task", "summaries")]);
        let answer = ask(&app, asked).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let text = &answer.json()["candidates"][0]["content"]["parts"][0]["text"];
        assert_eq!(text, "You said: Say hello.");
        let seen = gemini.requests();
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0].body, body("Say hello."), "as it came");
        assert_eq!((seen[0].key, seen[0].model.as_str()), (1, MODEL));

        let booked = "SELECT COUNT(*) FROM bookings WHERE task = 'door' AND label = 'summaries'
                          AND outcome = 'ok' AND tokens_in IS NOT NULL";
        assert_eq!(app.count(booked).await, 1);
        assert_eq!(app.count("SELECT COUNT(*) FROM jobs").await, 0);
        let tokens = gateway::tokens::list(&mut app.app.db.read().await.unwrap()).await.unwrap();
        assert_eq!((tokens[0].requests, tokens[0].last_used_at.is_some()), (1, true));
    })
    .await;
}

#[tokio::test]
async fn a_stream_comes_event_by_event_and_its_tokens_are_booked() {
    let gemini = patient_gemini().await;
    let app = with_keys(&gemini, Place::sqlite(), &[1]).await;
    let token = token(&app).await;
    let streaming = format!("{MODEL}:streamGenerateContent?alt=sse");
    let answer = ask(&app, call(&token, &streaming, &[])).await;
    assert_eq!(answer.header(header::CONTENT_TYPE), "text/event-stream");
    let text = answer.text();
    let events: Vec<Value> = text
        .split("\r\n\r\n")
        .filter_map(|event| serde_json::from_str(event.strip_prefix("data: ")?).ok())
        .collect();
    let said: String = events
        .iter()
        .map(|event| event["candidates"][0]["content"]["parts"][0]["text"].as_str().unwrap())
        .collect();
    assert_eq!((events.len(), said.as_str()), (4, "You said: Say hello."));
    app.run_jobs().await;
    let booked =
        "SELECT COUNT(*) FROM bookings WHERE outcome = 'ok' AND tokens_in > 0 AND tokens_out > 0";
    assert_eq!(app.count(booked).await, 1);

    // An answer that breaks off in the middle is not restarted: the program sees the break.
    gemini.fault_next([Fault::CutInside]);
    let read = async {
        let response = app.respond(call(&token, &streaming, &[])).await;
        assert_eq!(response.status(), StatusCode::OK);
        axum::body::to_bytes(response.into_body(), usize::MAX).await
    };
    assert!(while_working(&app, read).await.is_err());
    app.run_jobs().await;
    assert_eq!(gemini.requests().len(), 2);
    assert_eq!(app.count("SELECT COUNT(*) FROM jobs").await, 0);
}

#[tokio::test]
async fn the_pool_handles_refusals_and_failures_and_the_program_does_not_see_them() {
    let gemini = patient_gemini().await;
    let app = with_keys(&gemini, Place::sqlite(), &[1, 2]).await;
    let token = token(&app).await;
    let generate = format!("{MODEL}:generateContent");
    gemini.fault_next([Fault::Minute, Fault::Overloaded]);
    let answer = ask(&app, call(&token, &generate, &[])).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(gemini.requests().len(), 3);

    // An error of the program is passed on to it, without a retry.
    gemini.fault_next([Fault::BadRequest]);
    let (code, status, message) = words(&ask(&app, call(&token, &generate, &[])).await);
    assert_eq!((code, status.as_str()), (400, "INVALID_ARGUMENT"));
    assert!(!message.is_empty());
    assert_eq!(gemini.requests().len(), 4);

    // An unknown model is turned off for each project, then the program is told.
    let unknown = call(&token, "gemini-0-nobody:generateContent", &[]);
    let (code, status, message) = words(&ask(&app, unknown).await);
    assert_eq!((code, status.as_str()), (404, "NOT_FOUND"), "{message}");
    assert_eq!(gemini.requests().len(), 6);
}

#[tokio::test]
async fn a_request_that_cannot_be_served_in_time_is_told_when_to_retry() {
    let gemini = patient_gemini().await;
    let app = {
        let app = with_keys(&gemini, Place::sqlite(), &[1]).await;
        app.another(|config| {
            config.gemini.limits.requests_per_minute = Some(2);
            config.gemini.pacing = muster::config::Pacing::Full;
        })
        .await
    };
    let token = token(&app).await;
    let generate = format!("{MODEL}:generateContent");
    for _ in 0..2 {
        assert_eq!(ask(&app, call(&token, &generate, &[])).await.status, StatusCode::OK);
    }
    let hasty = ask(&app, call(&token, &generate, &[("x-deadline-seconds", "5")])).await;
    let (code, status, message) = words(&hasty);
    assert_eq!((code, status.as_str()), (429, "RESOURCE_EXHAUSTED"));
    assert!(message.contains("next slot in"), "{message}");
    let retry = &hasty.json()["error"]["details"][0];
    assert_eq!(retry["@type"], "type.googleapis.com/google.rpc.RetryInfo");
    let seconds = retry["retryDelay"].as_str().unwrap().trim_end_matches('s');
    assert!((50.0..65.0).contains(&seconds.parse::<f64>().unwrap()), "{seconds}");
    assert!(hasty.header(header::RETRY_AFTER).parse::<u64>().unwrap() >= 50);
    assert_eq!(gemini.requests().len(), 2, "nobody was asked");

    let patient = ask(&app, call(&token, &generate, &[("x-deadline-seconds", "90")])).await;
    assert_eq!(patient.status, StatusCode::OK, "{}", patient.text());
    assert_eq!(gemini.refusals(), 0);
}

#[tokio::test]
async fn people_go_first_and_a_program_that_hangs_up_costs_no_request() {
    let gemini = patient_gemini().await;
    let app = with_keys(&gemini, Place::sqlite(), &[1]).await;
    let token = token(&app).await;
    let generate = format!("{MODEL}:generateContent");
    {
        let mut asked = std::pin::pin!(app.send(call(&token, &generate, &[])));
        // Long enough to be queued; nobody works.
        let waits = tokio::time::timeout(Duration::from_millis(200), &mut asked).await;
        assert!(waits.is_err(), "nothing answers without a worker");
        let mut tx = app.write().await;
        let now = app.app.clock.now();
        let job = Job::DraftOutreach(MessageId(1));
        store::jobs::enqueue(&mut tx, job, Class::Person, now, now, None).await.unwrap();
        let waiting = store::jobs::next_waiting(&mut tx, &app.app.instance, now).await.unwrap();
        let classes: Vec<_> = waiting.iter().map(|it| (it.task, it.class)).collect();
        assert_eq!(classes, [(Task::Outreach, Class::Person), (Task::Gateway, Class::Bulk)]);
        let elsewhere = store::jobs::next_waiting(&mut tx, "elsewhere", now).await.unwrap();
        assert_eq!(elsewhere.len(), 1, "only the process with the connection can answer");
        drop(tx);
    }
    // It hung up.
    app.run_jobs().await;
    assert!(gemini.requests().is_empty());
    assert_eq!(app.count("SELECT COUNT(*) FROM jobs").await, 0);
    assert_eq!(app.count("SELECT COUNT(*) FROM bookings WHERE outcome <> 'given_back'").await, 0);
}

#[tokio::test]
async fn requests_without_a_token_or_in_another_form_are_refused() {
    let gemini = patient_gemini().await;
    let app = with_keys(&gemini, Place::sqlite(), &[1]).await;
    let token = token(&app).await;
    let generate = format!("{MODEL}:generateContent");
    let code = async |asked| words(&app.send(asked).await).0;
    assert_eq!(code(call("muster_unknown", &generate, &[])).await, 401);
    let path = format!("/gemini/v1beta/models/{generate}");
    let bare = request(Method::POST, &path).body(Body::empty()).unwrap();
    assert_eq!(code(bare).await, 401);
    assert_eq!(code(call(&token, &format!("{MODEL}:countTokens"), &[])).await, 404);
    assert_eq!(code(call(&token, &format!("{MODEL}:streamGenerateContent"), &[])).await, 400);
    assert_eq!(code(call(&token, &generate, &[("x-task", "a b")])).await, 400);
    assert_eq!(code(call(&token, &generate, &[("x-deadline-seconds", "soon")])).await, 400);
    let listed = request(Method::GET, "/gemini/v1beta/models").body(Body::empty()).unwrap();
    assert_eq!(code(listed).await, 404);
    for text in ["", "[]", "{"] {
        let bad = request(Method::POST, &path).header("authorization", format!("Bearer {token}"));
        assert_eq!(code(bad.body(text.into()).unwrap()).await, 400, "{text}");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM jobs").await, 0);
    assert!(gemini.requests().is_empty());
}

#[tokio::test]
async fn tokens_are_created_shown_once_and_removed_on_the_page() {
    let app = TestApp::start().await;
    assert!(app.page("/settings").await.contains("/settings/tokens"));
    assert!(app.page("/settings/tokens").await.contains("There are no tokens yet"));
    let made = app.form("/settings/tokens", &[("name", "The website")]).await;
    assert_eq!(made.status, StatusCode::OK);
    let text = made.text();
    let at = text.find("muster_").expect("the token is shown");
    let token: String =
        text[at..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    assert_eq!(token.len(), "muster_".len() + 64);
    let later = app.page("/settings/tokens").await;
    assert!(later.contains("The website") && !later.contains(&token));
    let stored = "SELECT COUNT(*) FROM door_tokens WHERE hash LIKE '%muster_%'";
    assert_eq!(app.count(stored).await, 0);

    let twice = app.form("/settings/tokens", &[("name", "The website")]).await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(twice.text().contains("There is already a token of this name"));
    let hostile = app.form("/settings/tokens", &[("name", "<script>")]).await;
    assert_eq!(hostile.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!hostile.text().contains("value=\"<script>"));

    assert!(
        app.page("/settings/tokens/remove?name=The%20website").await.contains("will be refused")
    );
    let removed = app.form("/settings/tokens/remove", &[("name", "The website")]).await;
    assert_eq!(removed.location(), "/settings/tokens?notice=token-removed");
    assert!(app.page("/settings/tokens").await.contains("There are no tokens yet"));
    let gone = app.form("/settings/tokens/remove", &[("name", "The website")]).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    let asked = call(&token, &format!("{MODEL}:generateContent"), &[]);
    assert_eq!(words(&app.send(asked).await).0, 401);
}

#[tokio::test]
async fn at_most_two_hundred_requests_wait_at_once() {
    let gemini = patient_gemini().await;
    let app = with_keys(&gemini, Place::sqlite(), &[1]).await;
    let token = token(&app).await;
    let generate = format!("{MODEL}:generateContent");
    // Nobody works.
    let waiting = join_all((0..200).map(|_| app.send(call(&token, &generate, &[]))));
    let one_more = async {
        while app.count("SELECT COUNT(*) FROM jobs").await < 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let answer = tokio::time::timeout(
            Duration::from_secs(5),
            app.send(call(&token, &generate, &[("x-deadline-seconds", "3")])),
        );
        answer.await.expect("it is refused at once")
    };
    let refused = tokio::select! {
        _ = waiting => unreachable!(),
        refused = one_more => refused,
    };
    assert_eq!(words(&refused).0, 429, "{}", refused.text());
    assert!(refused.text().contains("200 requests"), "{}", refused.text());
    assert_eq!(app.count("SELECT COUNT(*) FROM jobs").await, 200);
}
