//! One person's page: skills, resumes, matches, letters, consent, export and erasure.

use axum::http::StatusCode;
use serde_json::json;

use super::rig::Rig;

#[tokio::test]
async fn a_persons_page_holds_all_that_is_known_and_done() {
    let rig = Rig::with_taxonomy().await;
    let ada = rig.person("Ada", "ada@example.org", &["Bread"]).await;
    rig.person("Bo", "bo@example.org", &["Rust", "Docker"]).await;
    let file: [(&str, &str, &[u8]); 1] =
        [("files", "cv.txt", b"Ada\nada@example.org\nSkills: Rust, Docker, Go")];
    rig.upload("/matchmaking/upload", &[], &file).await;
    rig.run_jobs().await;
    let path = format!("/people/{ada}");
    assert!(rig.page(&path).await.contains("Nobody was matched yet."));
    let to = rig.leads_to(&format!("/matchmaking/people/{ada}/run"), &[]).await;
    assert_eq!(to, format!("/people/{ada}?said=matched#h-matches"));
    rig.leads_to("/matchmaking/mails", &[]).await;
    rig.run_jobs().await;
    let page = rig.page(&path).await;
    for part in [
        "ada@example.org",
        "Tester",
        "cv.txt",
        "3 skills",
        "SKILLS_BY=taxonomy keeps resumes in the house",
        "Skills: Rust, Docker, Go",
        "/people/2\">Bo</a>",
        "Match e-mail",
        "To review",
        "/outreach/1?state=drafted",
        "Added by form",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[tokio::test]
async fn a_skill_is_removed_by_its_button_and_only_from_its_person() {
    let rig = Rig::start().await;
    let ada = rig.person("Ada", "ada@example.org", &["C++", "Rust"]).await;
    rig.person("Bo", "bo@example.org", &["Rust"]).await;
    let path = format!("/people/{ada}/skills/remove");
    let to = rig.leads_to(&path, &[("skill", "rust")]).await;
    assert_eq!(to, format!("/people/{ada}?said=skill-removed"));
    assert_eq!(rig.post(&path, &[("skill", "rust")]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(rig.count("SELECT COUNT(*) FROM person_skills").await, 2);
}

#[tokio::test]
async fn an_export_holds_everything_about_the_person_and_nothing_about_others() {
    let rig = Rig::with_taxonomy().await;
    let ada = rig.person("Ada", "ada@example.org", &["Rust"]).await;
    let bo = rig.person("Bo Secret", "bo@example.org", &["Rust"]).await;
    let whose = ada.to_string();
    let file: [(&str, &str, &[u8]); 1] = [("files", "cv.txt", b"Skills: Rust, Docker")];
    rig.upload("/matchmaking/upload", &[("person_id", &whose)], &file).await;
    rig.run_jobs().await;
    for person in [ada, bo] {
        let switches = format!("/people/{person}/switches");
        rig.leads_to(&switches, &[("shares_address", "yes")]).await;
    }
    rig.leads_to("/matchmaking/run", &[]).await;
    let answer = rig.get(&format!("/people/{ada}/person.json")).await;
    let all = answer.json();
    assert_eq!(all["resumes"][0]["file_name"], "cv.txt");
    assert_eq!(all["resumes"][0]["text"], "Skills: Rust, Docker");
    assert_eq!(all["resumes"][0]["skills"], json!(["Rust", "Docker"]));
    assert_eq!(all["matches"][0]["shared"], json!(["Rust"]));
    assert!(all["matches"][0]["score"].as_f64().unwrap() > 0.0);
    assert_eq!(all["messages"], json!([]));
    assert!(!answer.text().contains("Secret") && !answer.text().contains("bo@example.org"));

    rig.leads_to("/matchmaking/mails", &[]).await;
    rig.run_jobs().await;
    let all = rig.get(&format!("/people/{ada}/person.json")).await.json();
    assert_eq!(all["messages"][0]["kind"], "match");
    assert_eq!(all["messages"][0]["made_by"]["by"], "template");
}

#[tokio::test]
async fn erasing_takes_resumes_and_matches_with_it() {
    let rig = Rig::with_taxonomy().await;
    let ada = rig.person("Ada", "ada@example.org", &["Rust"]).await;
    rig.person("Bo", "bo@example.org", &["Rust"]).await;
    let whose = ada.to_string();
    rig.upload("/matchmaking/upload", &[("person_id", &whose)], &[("files", "a.txt", b"Go")]).await;
    rig.leads_to("/matchmaking/run", &[]).await;
    let path = format!("/people/{ada}/erase");
    let wrong = rig.post(&path, &[("name", "Eda")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    rig.leads_to(&path, &[("name", "Ada")]).await;
    rig.run_jobs().await;
    assert_eq!(rig.count("SELECT COUNT(*) FROM resumes").await, 0);
    assert_eq!(rig.count("SELECT COUNT(*) FROM matches").await, 0);
    assert_eq!(rig.count("SELECT COUNT(*) FROM jobs").await, 0, "the job found nothing to do");
}
