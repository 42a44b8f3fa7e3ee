//! The browser's view: the tests' own judges first, then the style sheet and the scripts on a page that holds every
//! part once, then the whole application as an organiser uses it, judged by the same scripts.

use std::convert::Infallible;
use std::path::Path;

use axum::Router;
use axum::extract::Path as UrlPath;
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, Sse};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use futures_util::stream::{self, Stream, StreamExt as _};
use muster::model::Clock;

use crate::support::browser::{run, try_run};
use crate::support::discord::TestDiscord;
use crate::support::process::Desk;
use crate::support::repository;

/// As strict as the application's own.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    frame-src 'self'; form-action 'self'; base-uri 'none'";

#[tokio::test]
async fn the_parts_of_the_pages_look_right_and_their_scripts_work() {
    run("parts", &serve().await, &[]).await;
}

#[tokio::test]
async fn planted_faults_are_found() {
    run("planted", &serve().await, &[]).await;
}

#[tokio::test]
async fn a_script_that_finds_something_fails_the_test_and_says_what() {
    if let Some(ran) = try_run("every", &serve().await, &[("PATHS", "/planted")]).await {
        assert!(!ran.success);
        assert!(ran.output.contains("overflows sideways"), "{}", ran.output);
    }
}

#[tokio::test]
async fn people_are_invited_from_the_first_name_to_the_last_email_in_the_outbox() {
    muster("outreach", desk()).await;
}

#[tokio::test]
async fn resumes_become_skills_matches_and_emails() {
    muster("matchmaking", desk()).await;
}

#[tokio::test]
async fn whoever_unsubscribes_gets_no_more_emails() {
    muster("leaving", desk()).await;
}

#[tokio::test]
async fn without_the_password_nothing_is_seen() {
    let password = "correct horse battery";
    let desk = desk().set("ADMIN_PASSWORD", password);
    let muster = desk.start().await;
    run("login", &muster.url(), &[("PASSWORD", password)]).await;
}

#[tokio::test]
async fn the_faq_is_written_by_organisers_and_asked_by_participants() {
    faq("on").await;
}

#[tokio::test]
async fn the_faq_is_written_and_asked_without_script() {
    faq("off").await;
}

async fn faq(script: &str) {
    let password = "correct horse battery";
    let desk = desk().set("ADMIN_PASSWORD", password);
    let muster = desk.start().await;
    run("faq", &muster.url(), &[("PASSWORD", password), ("SCRIPT", script)]).await;
}

#[tokio::test]
async fn the_main_ways_work_without_script() {
    muster("forms", desk()).await;
}

#[tokio::test]
async fn every_page_is_for_everybody_and_shows_hostile_text_as_text() {
    muster("pages", desk()).await;
}

#[tokio::test]
async fn keys_come_and_go_while_the_page_is_open() {
    muster("keys", desk().set("GEMINI_BASE_URL", "http://127.0.0.1:1")).await;
}

#[tokio::test]
async fn a_discord_server_is_set_up_from_one_page() {
    let discord = TestDiscord::start(Clock::machine()).await;
    let password = "correct horse battery";
    let settings = discord.settings().into_iter();
    let desk = settings.fold(desk(), |desk, (name, value)| desk.set(name, value));
    let desk = desk.set("ADMIN_PASSWORD", password);
    let muster = desk.start().await;
    run("discord", &muster.url(), &[("PASSWORD", password)]).await;
}

#[tokio::test]
async fn everything_is_done_by_keyboard_alone() {
    muster("keyboard", desk()).await;
}

/// Without a key and a mail server, under a sender's name.
fn desk() -> Desk {
    Desk::new().set("SENDER_NAME", "Lena Vogt").set("SENDER_EMAIL", "lena@example.org")
}

/// Runs a script against the real program.
async fn muster(script: &str, desk: Desk) {
    let muster = desk.start().await;
    let resumes = repository().join("tests/data/resumes");
    run(script, &muster.url(), &[("RESUMES", resumes.to_str().unwrap())]).await;
}

/// A server for the pages in `tests/browser/pages` and the assets; returns its address.
async fn serve() -> String {
    let app = Router::new()
        .route("/assets/{*path}", get(async |UrlPath(path): UrlPath<String>| file("static", &path)))
        .route(
            "/page/{name}",
            get(async |UrlPath(name): UrlPath<String>| file("tests/browser/pages", &name)),
        )
        .route(
            "/{name}",
            get(async |UrlPath(name): UrlPath<String>| {
                file("tests/browser/pages", &format!("{name}.html"))
            }),
        )
        .route(
            "/confirm",
            get(async || Html("<!doctype html><link rel=icon href=data:,><title>Confirm</title>")),
        )
        .route("/live", get(live))
        .route("/sent", post(async || Redirect::to("/parts?sent")));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, app).into_future());
    format!("http://{address}")
}

fn file(folder: &str, name: &str) -> Response {
    let path = repository().join(folder).join(name);
    let Ok(bytes) = std::fs::read(&path) else { return StatusCode::NOT_FOUND.into_response() };
    let kind = match Path::new(name).extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css",
        Some("js") => "text/javascript",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    ([(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, POLICY)], bytes)
        .into_response()
}

/// Twenty states at once, then silence.
async fn live() -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let states = (1..=20).map(|number| {
        let data = serde_json::json!({
            "texts": { "count": number.to_string() },
            "attrs": { "progress": { "value": (number * 5).to_string(), "title": null } },
        });
        Ok(Event::default().data(data.to_string()))
    });
    Sse::new(stream::iter(states).chain(stream::pending()))
}
