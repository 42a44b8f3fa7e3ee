//! The matchmaking page and its JSON interface.

use axum::http::{StatusCode, header};
use futures_util::StreamExt as _;
use muster::config::SkillsBy;
use muster::model::EmailAddress;
use muster::people::{self, SuppressionReason};
use muster::store;
use serde_json::json;

use crate::support::app::{NOON, TestApp};
use crate::support::db::Place;

/// A Muster that finds skills with the taxonomy only.
pub async fn with_taxonomy() -> TestApp {
    TestApp::start_with(Place::sqlite(), |config| config.gemini.skills_by = SkillsBy::Taxonomy)
        .await
}

/// Posts a form that must redirect; returns the target.
pub async fn leads_to(app: &TestApp, path: &str, fields: &[(&str, &str)]) -> String {
    let answer = app.form(path, fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}: {}", answer.text());
    answer.location().to_owned()
}

#[tokio::test]
async fn an_empty_page_offers_the_upload_form_and_an_explanation() {
    let app = TestApp::start().await;
    let page = app.page("/matchmaking").await;
    assert!(page.contains("No people yet") && page.contains("data-drop"));
    assert!(!page.contains("<table") && !page.contains("data-live="));
    let to = leads_to(&app, "/people/sample", &[("back", "matchmaking")]).await;
    assert_eq!(to, "/matchmaking?notice=sample-to-match");
}

#[tokio::test]
async fn matching_shows_matches_with_reasons_and_emails_nobody() {
    let app = TestApp::start().await;
    leads_to(&app, "/people/sample", &[("back", "matchmaking")]).await;
    let before = app.page("/matchmaking").await;
    assert!(before.contains("12 people with skills") && before.contains("Not matched yet"));
    let to = leads_to(&app, "/matchmaking/run", &[]).await;
    let again = leads_to(&app, "/matchmaking/run", &[]).await;
    assert_eq!(to, again, "matching again finds the same");
    let page = app.page(&to).await;
    assert!(page.contains("Matched everybody: 22 pairs. No emails were sent."));
    assert!(page.contains("C++, ROS, Python"), "what Chen and Gorō share");
    assert!(page.contains("Closest matches of Asha Menon") && page.contains("Show as a table"));
    assert!(page.contains("People per skill: Python 6"));
    assert!(page.contains("Write 12 match emails"));
    assert_eq!(app.count("SELECT COUNT(*) FROM matches").await, 22);
    assert_eq!(app.count("SELECT COUNT(*) FROM messages").await, 0);

    let lukas = app.page("/matchmaking?around=12").await;
    assert!(lukas.contains("Closest matches of Lukas Brandt"));
    assert!(app.page("/matchmaking?around=999").await.contains("People and their matches"));
}

#[tokio::test]
async fn the_list_is_searched_by_name_and_skills_and_shows_who_has_no_match() {
    let app = TestApp::start().await;
    leads_to(&app, "/people/sample", &[]).await;
    app.person("Zara Alone").address("zara@example.org").skills(["Falconry"]).insert().await;
    leads_to(&app, "/matchmaking/run", &[]).await;
    let rows = async |path: &str| app.page(path).await.matches("class=\"nm\"").count();
    assert_eq!(rows("/matchmaking").await, 13);
    assert_eq!(rows("/matchmaking?q=chen").await, 1);
    assert_eq!(rows("/matchmaking?q=rust").await, 3);
    assert_eq!(rows("/matchmaking?q=rust+%2B+python").await, 2);
    assert_eq!(rows("/matchmaking?q=rust+%2B+python+%2B+ROS").await, 1);
    assert_eq!(rows("/matchmaking?q=100%25").await, 0, "a percent sign is a percent sign");
    assert_eq!(rows("/matchmaking?show=none").await, 1);
    let page = app.page("/matchmaking?show=none").await;
    assert!(page.contains("Nobody else has Falconry.") && page.contains("No match 1"));
}

#[tokio::test]
async fn a_long_list_has_pages() {
    let app = TestApp::start().await;
    for n in 0..30 {
        app.person(&format!("Person {n:02}"))
            .address(&format!("p{n}@example.org"))
            .skills(["Rust"])
            .insert()
            .await;
    }
    let page = app.page("/matchmaking?q=rust").await;
    assert!(page.contains("1–25 of 30") && page.contains("/matchmaking?q=rust&#38;page=2"));
    assert!(app.page("/matchmaking?q=rust&page=2").await.contains("26–30 of 30"));
}

#[tokio::test]
async fn one_campaign_drafts_one_match_email_for_each_person() {
    let app = TestApp::start().await;
    app.person("Ada").address("ada@example.org").skills(["Rust", "SQL"]).insert().await;
    app.person("Bo").address("bo@example.org").skills(["Rust"]).insert().await;
    let gone = EmailAddress::parse("gone@example.org").unwrap();
    app.person("Gone").address("gone@example.org").skills(["Rust"]).insert().await;
    let mut tx = app.app.db.write().await.unwrap();
    people::suppress(&mut tx, &gone, SuppressionReason::OptedOut, None, NOON).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(leads_to(&app, "/matchmaking/emails", &[]).await, "/matchmaking?notice=nobody-due");
    leads_to(&app, "/matchmaking/run", &[]).await;
    assert!(app.page("/matchmaking").await.contains("Write 2 match emails"));
    let campaign = leads_to(&app, "/matchmaking/emails", &[]).await;
    assert_eq!(campaign, "/outreach/1");
    assert_eq!(leads_to(&app, "/matchmaking/emails", &[]).await, campaign, "pressed twice");
    app.run_jobs().await;
    assert_eq!(leads_to(&app, "/matchmaking/emails", &[]).await, campaign, "nobody else is due");
    assert_eq!(app.count("SELECT COUNT(*) FROM messages WHERE state = 'drafted'").await, 2);
    assert_eq!(app.count("SELECT COUNT(*) FROM mails").await, 0, "drafts wait for a person");
    let page = app.page("/matchmaking").await;
    assert!(page.contains("Review 2 match emails") && page.contains("Do not email"));
}

#[tokio::test]
async fn whoever_got_a_match_email_gets_no_other_when_emails_are_written_again() {
    let app = TestApp::start().await;
    app.person("Ada").address("ada@example.org").skills(["Rust", "SQL"]).insert().await;
    app.person("Bo").address("bo@example.org").skills(["Rust"]).insert().await;
    leads_to(&app, "/matchmaking/run", &[]).await;
    leads_to(&app, "/matchmaking/emails", &[]).await;
    app.run_jobs().await;
    app.change("UPDATE messages SET state = 'sent'").await;
    app.change("UPDATE campaigns SET state = 'finished'").await;
    app.person("Cy").address("cy@example.org").skills(["SQL"]).insert().await;
    leads_to(&app, "/matchmaking/run", &[]).await;
    assert_eq!(leads_to(&app, "/matchmaking/emails", &[]).await, "/outreach/2");
    assert_eq!(app.count("SELECT COUNT(*) FROM messages WHERE campaign_id = 2").await, 1);
    let to_cy = "SELECT COUNT(*) FROM messages m JOIN people p ON p.id = m.person_id
                 WHERE m.campaign_id = 2 AND p.name = 'Cy'";
    assert_eq!(app.count(to_cy).await, 1);
}

#[tokio::test]
async fn the_stream_sends_what_the_page_shows_and_ends_when_muster_stops() {
    let app = TestApp::start().await;
    app.person("Ada").address("ada@example.org").skills(["Rust"]).insert().await;
    let file: [(&str, &str, &[u8]); 1] = [("files", "cv.txt", b"Ada\nada@example.org\nRust, Go")];
    app.multipart("/matchmaking/upload", &[], &file).await;
    let page = app.page("/matchmaking").await;
    let mut stream = app.stream("/matchmaking/live").await;
    let event = stream.next().await.unwrap().unwrap();
    let event = std::str::from_utf8(&event).unwrap();
    let state: serde_json::Value =
        serde_json::from_str(event.trim().strip_prefix("data: ").unwrap()).unwrap();
    let version = state["version"].as_str().unwrap();
    assert!(page.contains(&format!("data-live-version=\"{version}\"")), "the page is up to date");
    assert_eq!(state["texts"]["rt-1"], "Queued");
    assert!(page.contains("id=\"rt-1\">Queued<") && page.contains("id=\"s-resumes\""));
    assert_eq!(state["attrs"]["rw-1"]["class"], "st none");

    app.app.stopping.cancel();
    assert!(stream.next().await.is_none());
}

// ── JSON ──

#[tokio::test]
async fn a_program_adds_people_and_finds_their_matches() {
    let app = TestApp::start().await;
    let ada = json!({
        "name": "Ada", "email": "ada@example.org", "job_title": "Engineer",
        "skills": ["golang", "Go", "Rust", " "], "auto_match": true,
    });
    let answer = app.post_json("/matchmaking/add-user", &ada).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let added = answer.json();
    assert_eq!((&added["success"], &added["skills_count"]), (&json!(true), &json!(2)));
    assert_eq!(added["matchmaking"]["matches_found"], 0);
    let bo = json!({ "name": "Bo", "email": "bo@example.org", "skills": ["Go", "Rust", "SQL"] });
    let bo = app.post_json("/matchmaking/add-user", &bo).await.json();
    assert_eq!(bo["matchmaking"], json!(null));

    let find = json!({ "user_id": bo["user_id"], "similarity_threshold": 0.5 });
    let found = app.post_json("/matchmaking/find-matches", &find).await;
    assert_eq!(found.status, StatusCode::OK);
    assert_eq!(found.json()["matches_found"], 1);
    let matches = app.get(&format!("/matchmaking/user-matches/{}", added["user_id"])).await.json();
    let one = &matches["matches"][0];
    assert_eq!(one["similarity_score"], 1.0, "both of the smaller set are shared");
    assert_eq!(one["common_skills"].as_array().unwrap().len(), 2);
    assert_eq!(one["other_user"]["name"], "Bo");
    assert_eq!(one["notified"], false);
    assert_eq!(one["match_date"], "2026-11-24T12:00:00Z");
    assert!(one["other_user"].get("email").is_none(), "nobody agreed to it");

    let stats = app.get("/api/matchmaking/stats").await.json();
    assert_eq!(stats["stats"]["total_users"], 2);
    assert_eq!(stats["stats"]["total_matches"], 1);
    assert_eq!(stats["stats"]["similarity_stats"], json!({ "avg": 1.0, "max": 1.0, "min": 1.0 }));
    assert_eq!(stats["stats"]["recent_matches"][0]["user1"]["name"], "Ada");
}

#[tokio::test]
async fn an_address_is_shown_only_if_both_agreed() {
    let app = TestApp::start().await;
    let ada = app.person("Ada").address("ada@example.org").skills(["Rust"]).insert().await;
    let bo = app.person("Bo").address("bo@example.org").skills(["Rust"]).insert().await;
    leads_to(&app, "/matchmaking/run", &[]).await;
    let path = format!("/matchmaking/user-matches/{ada}");
    let email = async || app.get(&path).await.json()["matches"][0]["other_user"]["email"].clone();
    let agrees = [("shares_address", "yes")];
    leads_to(&app, &format!("/people/{bo}/consent"), &agrees).await;
    assert_eq!(email().await, json!(null));
    leads_to(&app, &format!("/people/{ada}/consent"), &agrees).await;
    assert_eq!(email().await, "bo@example.org");
}

#[tokio::test]
async fn bulk_matching_drafts_each_match_email_once() {
    let app = TestApp::start().await;
    leads_to(&app, "/people/sample", &[]).await;
    let answer = app.post_json("/matchmaking/bulk-match", &json!({})).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let first = answer.json();
    assert_eq!(first["processed_users"], 12);
    assert_eq!(first["total_matches"], 22);
    assert_eq!(first["progress_url"], "/api/campaigns/1");
    app.run_jobs().await;
    let second = app.post_json("/matchmaking/bulk-match", &json!({})).await.json();
    assert_eq!(second["progress_url"], "/api/campaigns/1");
    assert_eq!(app.count("SELECT COUNT(*) FROM matches").await, 22);
    assert_eq!(app.count("SELECT COUNT(*) FROM messages").await, 12);
    assert_eq!(app.count("SELECT COUNT(*) FROM mails").await, 0);
}

#[tokio::test]
async fn a_program_gets_an_error_for_a_wrong_request() {
    let app = TestApp::start().await;
    app.person("Ada").address("ada@example.org").skills(["Rust"]).insert().await;
    let add = "/matchmaking/add-user";
    let find = "/matchmaking/find-matches";
    for (path, body, status) in [
        (add, json!({ "name": "A", "email": "ADA@example.org" }), StatusCode::CONFLICT),
        (add, json!({ "name": "A", "email": "nonsense" }), StatusCode::UNPROCESSABLE_ENTITY),
        (add, json!({ "name": " ", "email": "a@example.org" }), StatusCode::UNPROCESSABLE_ENTITY),
        (add, json!({ "email": "a@example.org" }), StatusCode::UNPROCESSABLE_ENTITY),
        (find, json!({ "user_id": 99 }), StatusCode::NOT_FOUND),
        (
            find,
            json!({ "user_id": 1, "similarity_threshold": 1.5 }),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            find,
            json!({ "user_id": 1, "similarity_threshold": -0.1 }),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (find, json!({ "user_id": "one" }), StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let answer = app.post_json(path, &body).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
        assert_eq!(answer.json()["success"], false);
    }
    assert_eq!(app.get("/matchmaking/user-matches/99").await.status, StatusCode::NOT_FOUND);
    let odd = app.get("/matchmaking/user-matches/x").await;
    assert_eq!(odd.status, StatusCode::BAD_REQUEST);
    assert!(odd.header(header::CONTENT_TYPE).starts_with("application/json"));
}

#[tokio::test]
async fn the_page_and_its_stream_are_the_same_on_postgresql() {
    let Some(place) = Place::postgres().await else { return };
    let app = TestApp::start_with(place, |_| {}).await;
    leads_to(&app, "/people/sample", &[]).await;
    leads_to(&app, "/matchmaking/run", &[]).await;
    let page = app.page("/matchmaking?q=rust").await;
    assert!(page.contains("22 pairs") && page.contains("Write 12 match emails"));
    assert_eq!(leads_to(&app, "/matchmaking/emails", &[]).await, "/outreach/1");
    let mut conn = app.app.db.read().await.unwrap();
    let emails =
        store::matchmaking::email_counts(&mut conn, muster::events::CURRENT).await.unwrap();
    assert_eq!((emails.due, emails.in_progress), (0, 12));
    let person = app.page("/people/1").await;
    assert!(person.contains("Match email"));
}
