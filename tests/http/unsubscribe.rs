//! Unsubscribing by the link in an email.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use muster::model::campaign::CampaignKind;
use muster::model::message::MessageState;
use muster::model::{PersonId, Secret};
use muster::store;

use crate::support::app::{TestApp, request};
use crate::support::db::Place;

async fn code(app: &TestApp, id: PersonId) -> String {
    let mut conn = app.app.db.read().await.unwrap();
    store::people::find(&mut conn, id).await.unwrap().unwrap().code
}

#[tokio::test]
async fn opening_the_page_changes_nothing_and_the_button_unsubscribes() {
    let app = TestApp::start().await;
    let ada = app.person("Ada Byron").insert().await;
    let campaign = app.campaign(CampaignKind::Live).await;
    let id = app.messages(campaign).await[0];
    app.draft(id, None).await;
    assert_eq!(app.state(id).await, MessageState::Approved, "it is about to be sent");
    let path = format!("/u/{}", code(&app, ada).await);

    let page = app.page(&path).await;
    assert!(page.contains("Unsubscribe?") && page.contains("Hack the Harbour"));
    assert!(!page.contains("Ada"), "the page does not reveal who it is");
    assert_eq!(app.count("SELECT COUNT(*) FROM suppressions").await, 0);

    for _ in 0..2 {
        let done = app.post(&path).await;
        assert_eq!(done.status, StatusCode::OK);
        assert!(done.text().contains("You are unsubscribed"));
    }
    assert_eq!(app.state(id).await, MessageState::Skipped);
    assert_eq!(app.count("SELECT COUNT(*) FROM suppressions").await, 1);
    let page = app.page(&path).await;
    assert!(page.contains("You are unsubscribed") && !page.contains("<form"));
}

#[tokio::test]
async fn a_mail_client_unsubscribes_by_one_click_without_password_or_cookie() {
    let app = TestApp::start_with(Place::sqlite(), |config| {
        config.admin_password = Some(Secret::new("harbour"));
        config.public_url = Some("https://muster.example.org".into());
    })
    .await;
    let ada = app.person("Ada").insert().await;
    let path = format!("/u/{}", code(&app, ada).await);
    let one_click = |path: &str| {
        request(Method::POST, path)
            .header("origin", "https://mail.example.com")
            .header("sec-fetch-site", "cross-site")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from("List-Unsubscribe=One-Click"))
            .unwrap()
    };
    assert_eq!(app.send(one_click(&path)).await.status, StatusCode::OK);
    assert_eq!(app.count("SELECT COUNT(*) FROM suppressions").await, 1);
    assert_eq!(app.send(one_click("/people")).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_wrong_code_gets_a_clear_page_that_reveals_nothing() {
    let app = TestApp::start().await;
    app.person("Ada").insert().await;
    for path in ["/u/wrong", "/u/%3Cscript%3E"] {
        for answer in [app.get(path).await, app.post(path).await] {
            assert_eq!(answer.status, StatusCode::NOT_FOUND);
            let text = answer.text();
            assert!(text.contains("This link is unknown") && !text.contains("Ada"));
            assert!(!text.contains("script>"), "{text}");
        }
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM suppressions").await, 0);
}
