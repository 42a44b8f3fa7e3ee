//! How many questions a visitor may ask, and how visitors are told apart.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use muster::faq::{Requester, limit};
use muster::model::Secret;
use serde_json::json;

use crate::support::app::{NOON, TestApp, request};
use crate::support::db::{Place, on_both_places};
use crate::support::faq::fill;

/// With a password, so that only open pages can be seen without login.
async fn guarded(place: Place) -> TestApp {
    TestApp::start_with(place, |config| {
        config.admin_password = Some(Secret::new("a-long-password"));
    })
    .await
}

/// Opens the participants' page.
async fn open(app: &TestApp) {
    let mut tx = app.write().await;
    muster::faq::entries::set_public(&mut tx, muster::events::CURRENT, true).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn too_many_questions_are_refused_for_a_while() {
    on_both_places(async |place| {
        let app = guarded(place).await;
        fill(&app).await;
        let closed = app.post_json("/api/faq/ask", &json!({ "question": "Is there food?" })).await;
        assert_eq!(closed.status, StatusCode::UNAUTHORIZED, "closed until it is opened");
        assert_eq!(app.get("/faq/public").await.status, StatusCode::SEE_OTHER);
        open(&app).await;

        for number in 0..10 {
            let body = json!({ "question": format!("Is there food {number}?") });
            let answer = app.post_json("/api/faq/ask", &body).await;
            assert_eq!(answer.status, StatusCode::OK);
            assert_eq!(answer.json()["made_by"]["key"], json!(null));
        }
        let body = json!({ "question": "Is there food?" });
        let refused = app.post_json("/api/faq/ask", &body).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(refused.json()["message"].as_str().unwrap().contains("Try again in 60 seconds"));
        let page = app.form("/faq/public", &[("question", "Is there food?")]).await;
        assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(page.text().contains("Try again in"));
        app.app.clock.advance(Duration::from_mins(1));
        assert_eq!(app.post_json("/api/faq/ask", &body).await.status, StatusCode::OK);
        assert_eq!(
            app.get("/faq").await.status,
            StatusCode::SEE_OTHER,
            "the organisers' page stays closed"
        );
        // Nothing leads from a question to who asked it.
        assert_eq!(app.count("SELECT COUNT(*) FROM faq_asks WHERE length(asker) <> 64").await, 0);
    })
    .await;
}

#[tokio::test]
async fn visitors_behind_one_address_are_counted_separately() {
    on_both_places(async |place| {
        let app = guarded(place).await;
        open(&app).await;
        let browser = async || {
            let page = app.get("/faq/public").await;
            page.header(header::SET_COOKIE).split(';').next().unwrap().to_owned()
        };
        let post = async |browser: &str| {
            let mut request = request(Method::POST, "/api/faq/ask")
                .header(header::CONTENT_TYPE, "application/json")
                .header(header::COOKIE, browser)
                .body(Body::from("{\"question\":\"Food?\"}"))
                .unwrap();
            let peer: std::net::SocketAddr = "198.51.100.9:4000".parse().unwrap();
            request.extensions_mut().insert(axum::extract::ConnectInfo(peer));
            app.send(request).await.status
        };
        let (one, other) = (browser().await, browser().await);
        assert!(one.starts_with("muster-browser=") && one != other);
        for _ in 0..10 {
            assert_eq!(post(&one).await, StatusCode::OK);
        }
        assert_eq!(post(&one).await, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(post(&other).await, StatusCode::OK, "somebody else in the same room");
        // What was made up counts as nothing, and even who comes anew each time is counted with the network.
        for _ in 0..10 {
            assert_eq!(post("muster-browser=1").await, StatusCode::OK);
        }
        assert_eq!(post("muster-browser=2").await, StatusCode::TOO_MANY_REQUESTS);
        for _ in 0..39 {
            assert_eq!(post(&browser().await).await, StatusCode::OK);
        }
        assert_eq!(post(&browser().await).await, StatusCode::TOO_MANY_REQUESTS);
    })
    .await;
}

#[tokio::test]
async fn behind_a_proxy_visitors_are_counted_by_their_own_addresses() {
    on_both_places(async |place| {
        let app = guarded(place).await;
        open(&app).await;
        let post = async |from: &str| {
            let mut request = request(Method::POST, "/api/faq/ask")
                .header(header::CONTENT_TYPE, "application/json")
                .header("x-forwarded-for", from)
                .body(Body::from("{\"question\":\"Food?\"}"))
                .unwrap();
            let peer: std::net::SocketAddr = "127.0.0.1:4000".parse().unwrap();
            request.extensions_mut().insert(axum::extract::ConnectInfo(peer));
            app.send(request).await.status
        };
        for _ in 0..10 {
            assert_eq!(post("198.51.100.9, 203.0.113.7").await, StatusCode::OK);
        }
        assert_eq!(post("203.0.113.7").await, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(post("203.0.113.8").await, StatusCode::OK);
    })
    .await;
}

#[tokio::test]
async fn one_person_may_ask_sixty_questions_an_hour() {
    let app = TestApp::start().await;
    let requester = Requester::participant("salt", "somebody");
    let mut tx = app.write().await;
    let at = |number| NOON.plus(Duration::from_secs(10) * number);
    for number in 0..60 {
        limit(&mut tx, &requester, at(number)).await.unwrap();
    }
    let refused = limit(&mut tx, &requester, at(61)).await.unwrap_err().to_string();
    // The first question is an hour old 2,990 seconds later.
    assert!(refused.contains("2990 s"), "{refused}");
    let other = Requester::participant("salt", "somebody else");
    limit(&mut tx, &other, at(61)).await.unwrap();
    limit(&mut tx, &requester, NOON.plus(Duration::from_hours(1))).await.unwrap();
}
