//! Uploading resumes through the JSON interface.

use axum::http::StatusCode;
use muster::resumes::MAX_BYTES;
use serde_json::json;

use super::resumes::{NOOR, fixture};
use crate::support::app::TestApp;

#[tokio::test]
async fn a_program_uploads_a_resume_and_follows_its_progress() {
    let app = TestApp::start().await;
    let noor = app.person("Noor").address(NOOR).skills(["Bread"]).insert().await;
    app.person("Ada").address("ada@example.org").skills(["Rust"]).insert().await;
    let noor_id = noor.to_string();
    let pdf = fixture("plain.pdf");
    let fields = [("user_id", noor_id.as_str()), ("auto_match", "true")];
    let answer =
        app.multipart("/matchmaking/upload-resume", &fields, &[("resume", "cv.pdf", &pdf)]).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let taken = answer.json();
    assert_eq!(taken["success"], true);
    let url = taken["progress_url"].as_str().unwrap();
    let progress = app.get(url).await.json();
    assert_eq!((&progress["state"], &progress["done"]), (&json!("queued"), &json!(false)));
    app.run_jobs().await;
    let progress = app.get(url).await.json();
    assert_eq!((&progress["state"], &progress["done"]), (&json!("done"), &json!(true)));
    assert_eq!(progress["extracted_skills"], json!(["Rust", "PostgreSQL", "Kubernetes", "C++"]));
    assert_eq!(progress["total_skills"], 5);
    assert_eq!(progress["made_by"]["by"], "taxonomy");
    let matches = app.get(&format!("/matchmaking/user-matches/{noor}")).await.json();
    assert_eq!(matches["matches"][0]["common_skills"], json!(["Rust"]), "auto_match matched");
}

/// Field, file name, bytes.
type File<'a> = (&'a str, &'a str, &'a [u8]);

/// Fields, files, and the answer's status.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a [File<'a>], StatusCode);

#[tokio::test]
async fn a_program_gets_an_error_for_a_wrong_upload() {
    let app = TestApp::start().await;
    let noor_id = app.person("Noor").address(NOOR).insert().await.to_string();
    let path = "/matchmaking/upload-resume";
    let ours = [("user_id", noor_id.as_str())];
    let mut large = b"%PDF-1.4 ".to_vec();
    large.resize(MAX_BYTES + 1, b' ');
    let cases: [Case<'_>; 7] = [
        (&ours, &[("resume", "cv.png", b"\x89PNG\r\n")], StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (&ours, &[("resume", "cv.exe", b"MZ\0\0")], StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (&ours, &[("resume", "cv.pdf", &large)], StatusCode::PAYLOAD_TOO_LARGE),
        (&[("user_id", "999")], &[("resume", "cv.txt", b"Rust")], StatusCode::NOT_FOUND),
        (&[("user_id", "me")], &[("resume", "cv.txt", b"Rust")], StatusCode::UNPROCESSABLE_ENTITY),
        (&[], &[("resume", "cv.txt", b"Rust")], StatusCode::UNPROCESSABLE_ENTITY),
        (&ours, &[], StatusCode::UNPROCESSABLE_ENTITY),
    ];
    for (fields, files, status) in cases {
        let answer = app.multipart(path, fields, files).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        let body = answer.json();
        assert_eq!(body["success"], false);
        assert!(!body["message"].as_str().unwrap().is_empty());
    }
    let no_form = app.post_json(path, &json!({ "user_id": 1 })).await;
    assert_eq!(no_form.status, StatusCode::BAD_REQUEST);
    assert_eq!(no_form.json()["success"], false);
    assert_eq!(app.get("/matchmaking/resumes/77").await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.count("SELECT COUNT(*) FROM resumes").await, 0);
}
