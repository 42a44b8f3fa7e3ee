//! Assigning resumes to people, and the same file twice.

use axum::http::StatusCode;

use super::matchmaking::{leads_to, with_taxonomy};
use super::resumes::{NOOR, fixture};

#[tokio::test]
async fn an_unassigned_resume_is_assigned_to_an_existing_or_a_new_person() {
    let app = with_taxonomy().await;
    let ada = app.person("Ada Known").address("ada@example.org").insert().await;
    let one = b"Ada Known\nprivate@example.net\nProgrammer. Skills: Rust, Docker";
    let two = b"Grace New\ngrace@example.net\nSkills: COBOL, Fortran";
    let files: [(&str, &str, &[u8]); 2] = [("files", "one.txt", one), ("files", "two.txt", two)];
    app.multipart("/matchmaking/upload", &[], &files).await;
    app.run_jobs().await;

    let owner = app.page("/matchmaking/resumes/1/owner").await;
    assert!(owner.contains("Ada Known") && owner.contains("ada@example.org"), "suggested by name");
    let owner = app.page("/matchmaking/resumes/2/owner").await;
    assert!(owner.contains("value=\"Grace New\"") && owner.contains("value=\"grace@example.net\""));

    let to = leads_to(&app, "/matchmaking/resumes/1/assign", &[("person", &ada.to_string())]).await;
    assert_eq!(to, "/matchmaking?notice=assigned");
    let again = app.form("/matchmaking/resumes/1/assign", &[("person", &ada.to_string())]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);

    let bad = app.form("/matchmaking/resumes/2/owner", &[("name", ""), ("email", "no")]).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bad.text().contains("The name is missing."));
    let known = [("name", "Grace"), ("email", "ADA@example.org")];
    let taken = app.form("/matchmaking/resumes/2/owner", &known).await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    let new = [("name", "Grace New"), ("email", "grace@example.net")];
    leads_to(&app, "/matchmaking/resumes/2/owner", &new).await;
    app.run_jobs().await;

    assert!(app.page(&format!("/people/{ada}")).await.contains("Docker"));
    let page = app.page("/matchmaking?q=cobol").await;
    assert!(page.contains("Grace New") && !page.contains("need a look"));
}

#[tokio::test]
async fn the_same_file_for_the_same_person_is_one_resume_and_one_reading() {
    let app = with_taxonomy().await;
    let noor = app.person("Noor").address(NOOR).insert().await;
    let text = fixture("plain.txt");
    let files: [(&str, &str, &[u8]); 1] = [("files", "cv.txt", &text)];
    app.multipart("/matchmaking/upload", &[], &files).await;
    app.multipart("/matchmaking/upload", &[("email", NOOR)], &files).await;
    app.multipart("/matchmaking/upload", &[("person_id", &noor.to_string())], &files).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM resumes").await, 1);
    assert_eq!(app.count("SELECT COUNT(*) FROM jobs").await, 1);
    app.run_jobs().await;
    app.multipart("/matchmaking/upload", &[], &files).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM jobs").await, 0, "it has been read already");

    let other = app.person("Somebody else").address("else@example.org").insert().await;
    app.multipart("/matchmaking/upload", &[("person_id", &other.to_string())], &files).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM resumes").await, 2, "another person's is another");
}

#[tokio::test]
async fn assigning_a_file_that_the_person_has_already_keeps_one_and_its_wish_to_match() {
    let app = with_taxonomy().await;
    let ada = app.person("Ada").address("ada@example.org").insert().await.to_string();
    let files: [(&str, &str, &[u8]); 1] = [("files", "cv.txt", b"Skills: Rust, Docker")];
    app.multipart("/matchmaking/upload", &[("person_id", &ada)], &files).await;
    app.run_jobs().await;
    // Two processes can store the same file at the same time: no upload leads here.
    app.change(
        "INSERT INTO resumes (person_id, state, file_name, size, sha256, bytes, auto_match, created_at)
         SELECT NULL, 'unclaimed', file_name, size, sha256, bytes, 1, created_at FROM resumes",
    )
    .await;
    leads_to(&app, "/matchmaking/resumes/2/assign", &[("person", &ada)]).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM resumes").await, 1);
    let wishes = "SELECT COUNT(*) FROM resumes WHERE id = 1 AND auto_match = 1";
    assert_eq!(app.count(wishes).await, 1);
}
