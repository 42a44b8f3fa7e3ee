//! The JSON interface of people and campaigns.

use axum::http::StatusCode;
use muster::model::CampaignId;
use serde_json::json;

use crate::support::app::{Answer, TestApp};
use crate::support::db::on_both_places;

/// An error as the interface promises it.
fn refused(answer: &Answer, status: StatusCode) {
    assert_eq!(answer.status, status, "{}", answer.text());
    let body = answer.json();
    assert_eq!(body["success"], false);
    assert!(body["message"].as_str().is_some_and(|words| !words.is_empty()), "{body}");
}

#[tokio::test]
async fn people_are_added_once_and_judged() {
    let app = TestApp::start().await;
    let ada = json!({ "name": "Ada <i>", "email": "ada@example.org", "job_title": "Engineer",
                      "keywords": ["golang", "Rust; SQL", "Go"] });
    let added = app.post_json("/api/users/add", &ada).await;
    assert_eq!(added.status, StatusCode::CREATED);
    assert_eq!(added.json(), json!({ "success": true, "user_id": 1 }));
    assert_eq!(app.count("SELECT COUNT(*) FROM person_skills").await, 3);
    refused(&app.post_json("/api/users/add", &ada).await, StatusCode::CONFLICT);

    let bad = json!({ "name": "Bo", "email": "nobody", "job_title": "", "keywords": [] });
    refused(&app.post_json("/api/users/add", &bad).await, StatusCode::UNPROCESSABLE_ENTITY);
    let nameless = json!({ "name": " ", "email": "bo@example.org" });
    refused(&app.post_json("/api/users/add", &nameless).await, StatusCode::UNPROCESSABLE_ENTITY);
    let wrong_type = json!({ "name": 7, "email": "bo@example.org" });
    refused(&app.post_json("/api/users/add", &wrong_type).await, StatusCode::UNPROCESSABLE_ENTITY);
    let path = "/api/users/add";
    refused(&app.post_text(path, "application/json", "{\"name\":").await, StatusCode::BAD_REQUEST);
    refused(&app.post_text(path, "text/plain", "{}").await, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let huge = format!("{{\"name\": \"{}\"}}", "x".repeat(3 << 20));
    refused(&app.post_text(path, "application/json", &huge).await, StatusCode::PAYLOAD_TOO_LARGE);
    refused(&app.get("/api/users/add").await, StatusCode::METHOD_NOT_ALLOWED);
    refused(&app.get("/api/nothing").await, StatusCode::NOT_FOUND);
    assert_eq!(app.count("SELECT COUNT(*) FROM people").await, 1);
}

#[tokio::test]
async fn a_campaign_is_started_once_and_looked_at_until_it_is_done() {
    on_both_places(async |place| {
        let app = TestApp::start_with(place, |_| {}).await;
        refused(&app.post("/api/campaign/test").await, StatusCode::CONFLICT);
        app.person("Ada \"Byron\"").address("ada@example.org").insert().await;
        app.person("Bo Lind").insert().await;
        let started = app.post("/api/campaign/test").await;
        assert_eq!(started.status, StatusCode::ACCEPTED);
        let body = started.json();
        // PostgreSQL does not give a number out again when nothing was started under it.
        let id = body["campaign_id"].as_i64().unwrap();
        let path = format!("/api/campaigns/{id}");
        assert_eq!(
            body,
            json!({ "success": true, "campaign_id": id, "total_users": 2, "progress_url": path })
        );
        refused(&app.post("/api/campaign/test").await, StatusCode::CONFLICT);

        let ids = app.messages(CampaignId(id)).await;
        app.draft(ids[0], None).await;
        let seen = app.get(&path).await.json();
        assert_eq!((&seen["kind"], &seen["state"]), (&json!("test"), &json!("running")));
        assert_eq!((&seen["total_users"], &seen["done"]), (&json!(2), &json!(false)));
        assert_eq!((&seen["waits_for_you"], &seen["eta"]), (&json!(1), &json!(null)));
        let counts = seen["counts"].as_object().unwrap();
        assert_eq!(counts.len(), 9);
        assert_eq!((&counts["drafted"], &counts["queued"]), (&json!(1), &json!(1)));
        let email = &seen["emails"][0];
        assert_eq!(
            (&email["name"], &email["email"]),
            (&json!("Ada \"Byron\""), &json!("ada@example.org"))
        );
        assert_eq!(email["made_by"]["by"], "template");
        assert_eq!(email["made_by"]["why"], "no key is set");
        let content = email["content"].as_str().unwrap();
        assert!(content.contains("https://harbour.example/register"), "{content}");
        assert!(content.contains("reply with the word STOP"), "the whole text: {content}");
        assert_eq!(seen["emails"][1]["content"], "");
        assert_eq!(seen["emails"][1]["made_by"], json!(null));

        app.draft(ids[1], None).await;
        assert_eq!(app.get(&path).await.json()["done"], true);
        let reset = app.post("/api/users/reset").await;
        assert_eq!(reset.json(), json!({ "success": true, "modified": 2 }));
        assert_eq!(app.post("/api/campaign/send").await.status, StatusCode::ACCEPTED);
        refused(&app.get("/api/campaigns/99").await, StatusCode::NOT_FOUND);
        refused(&app.get("/api/campaigns/x").await, StatusCode::NOT_FOUND);
        refused(&app.get("/api/campaign/test").await, StatusCode::METHOD_NOT_ALLOWED);
    })
    .await;
}
