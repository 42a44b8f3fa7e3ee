//! One person's page: skills, resumes, matches, emails, consent, export and erasure.

use axum::http::StatusCode;
use serde_json::json;

use super::matchmaking::{leads_to, with_taxonomy};
use crate::support::app::TestApp;

#[tokio::test]
async fn a_persons_page_shows_their_data_and_emails() {
    let app = with_taxonomy().await;
    let ada = app.person("Ada").address("ada@example.org").skills(["Bread"]).insert().await;
    app.person("Bo").address("bo@example.org").skills(["Rust", "Docker"]).insert().await;
    let file: [(&str, &str, &[u8]); 1] =
        [("files", "cv.txt", b"Ada\nada@example.org\nSkills: Rust, Docker, Go")];
    app.multipart("/matchmaking/upload", &[], &file).await;
    app.run_jobs().await;
    let path = format!("/people/{ada}");
    assert!(app.page(&path).await.contains("Matching has not run yet."));
    let to = leads_to(&app, &format!("/matchmaking/people/{ada}/run"), &[]).await;
    assert_eq!(to, format!("/people/{ada}?notice=person-matched#h-matches"));
    leads_to(&app, "/matchmaking/emails", &[]).await;
    app.run_jobs().await;
    let page = app.page(&path).await;
    for part in [
        "ada@example.org",
        "Engineer",
        "cv.txt",
        "3 skills",
        "SKILLS_BY=taxonomy is set",
        "Skills: Rust, Docker, Go",
        "/people/2\">Bo</a>",
        "Match email",
        "To review",
        "/outreach/1?state=drafted",
        "Added by form",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[tokio::test]
async fn the_button_removes_a_skill_and_only_from_its_person() {
    let app = TestApp::start().await;
    let ada = app.person("Ada").address("ada@example.org").skills(["C++", "Rust"]).insert().await;
    app.person("Bo").address("bo@example.org").skills(["Rust"]).insert().await;
    let path = format!("/people/{ada}/skills/remove");
    let to = leads_to(&app, &path, &[("skill", "rust")]).await;
    assert_eq!(to, format!("/people/{ada}?notice=skill-removed"));
    assert_eq!(app.form(&path, &[("skill", "rust")]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.count("SELECT COUNT(*) FROM person_skills").await, 2);
}

#[tokio::test]
async fn an_export_has_everything_about_the_person_and_nothing_about_others() {
    let app = with_taxonomy().await;
    let ada = app.person("Ada").address("ada@example.org").skills(["Rust"]).insert().await;
    let bo = app.person("Bo Secret").address("bo@example.org").skills(["Rust"]).insert().await;
    let owner = ada.to_string();
    let file: [(&str, &str, &[u8]); 1] = [("files", "cv.txt", b"Skills: Rust, Docker")];
    app.multipart("/matchmaking/upload", &[("person_id", &owner)], &file).await;
    app.run_jobs().await;
    for person in [ada, bo] {
        let consent = format!("/people/{person}/consent");
        leads_to(&app, &consent, &[("shares_address", "yes")]).await;
    }
    leads_to(&app, "/matchmaking/run", &[]).await;
    let answer = app.get(&format!("/people/{ada}/person.json")).await;
    let all = answer.json();
    assert_eq!(all["resumes"][0]["file_name"], "cv.txt");
    assert_eq!(all["resumes"][0]["text"], "Skills: Rust, Docker");
    assert_eq!(all["resumes"][0]["skills"], json!(["Rust", "Docker"]));
    assert_eq!(all["matches"][0]["shared"], json!(["Rust"]));
    assert!(all["matches"][0]["score"].as_f64().unwrap() > 0.0);
    assert_eq!(all["messages"], json!([]));
    assert!(!answer.text().contains("Secret") && !answer.text().contains("bo@example.org"));

    leads_to(&app, "/matchmaking/emails", &[]).await;
    app.run_jobs().await;
    let all = app.get(&format!("/people/{ada}/person.json")).await.json();
    assert_eq!(all["messages"][0]["kind"], "match");
    assert_eq!(all["messages"][0]["made_by"]["by"], "template");
}

#[tokio::test]
async fn erasing_deletes_resumes_and_matches() {
    let app = with_taxonomy().await;
    let ada = app.person("Ada").address("ada@example.org").skills(["Rust"]).insert().await;
    app.person("Bo").address("bo@example.org").skills(["Rust"]).insert().await;
    let owner = ada.to_string();
    app.multipart("/matchmaking/upload", &[("person_id", &owner)], &[("files", "a.txt", b"Go")])
        .await;
    leads_to(&app, "/matchmaking/run", &[]).await;
    let path = format!("/people/{ada}/erase");
    let wrong = app.form(&path, &[("name", "Eda")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    leads_to(&app, &path, &[("name", "Ada")]).await;
    app.run_jobs().await;
    assert_eq!(app.count("SELECT COUNT(*) FROM resumes").await, 0);
    assert_eq!(app.count("SELECT COUNT(*) FROM matches").await, 0);
    assert_eq!(app.count("SELECT COUNT(*) FROM jobs").await, 0, "the job found nothing to do");
}

#[tokio::test]
async fn the_old_addresses_of_a_persons_forms_still_work() {
    let app = TestApp::start().await;
    let ada = app.person("Ada").address("ada@example.org").insert().await;
    let to = leads_to(&app, &format!("/people/{ada}/leave"), &[]).await;
    assert_eq!(to, format!("/people/{ada}?notice=unsubscribed"));
    assert!(app.page("/people?show=left").await.contains("ada@example.org"));
    let to = leads_to(&app, &format!("/people/{ada}/return"), &[]).await;
    assert_eq!(to, format!("/people/{ada}?notice=resubscribed"));
    assert!(!app.page("/people?show=left").await.contains("ada@example.org"));
    leads_to(&app, &format!("/people/{ada}/switches"), &[("registered", "yes")]).await;
    assert_eq!(app.count("SELECT COUNT(registered_at) FROM people").await, 1);
}
