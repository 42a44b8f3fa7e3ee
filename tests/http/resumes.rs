//! Uploading resumes by form, and files that are not resumes.

use axum::http::{StatusCode, header};
use muster::config::{Key, Limits};
use muster::extract;
use muster::model::made_by::MadeBy;
use muster::model::resume::Format;
use muster::model::{Clock, KeyNumber, ResumeId, Secret};
use muster::resumes::{self, MAX_BYTES, MAX_TEXT, Upload, UploadError};
use serde_json::json;

use super::matchmaking::{leads_to, with_taxonomy};
use crate::support::app::{NOON, TestApp};
use crate::support::db::Place;
use crate::support::gemini::{self, Fault, Rules, TestGemini};
use crate::support::repository;

pub fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(repository().join("tests/data/resumes").join(name)).unwrap()
}

pub const NOOR: &str = "noor.example@example.org";

/// A text that could be markup, as the page escapes it.
fn escaped(text: &str) -> String {
    text.replace('&', "&#38;").replace('<', "&#60;").replace('>', "&#62;").replace('"', "&#34;")
}

#[test]
fn the_form_accepts_files_up_to_the_size_that_the_reader_reads() {
    assert_eq!(MAX_BYTES, extract::MAX_BYTES);
}

#[tokio::test]
async fn many_files_are_assigned_by_the_address_in_them_and_the_rest_wait_for_the_organiser() {
    let app = with_taxonomy().await;
    let noor = app.person("Noor").address(NOOR).skills(["Bread"]).insert().await;
    let stranger = b"Pat Stranger\npat@example.net\nI write Kotlin and Swift for phones.";
    let (pdf, docx) = (fixture("plain.pdf"), fixture("word.docx"));
    let files: [(&str, &str, &[u8]); 4] = [
        ("files", "noor.pdf", &pdf),
        ("files", "noor.docx", &docx),
        ("files", "pat.txt", stranger),
        ("files", "scan.pdf", &fixture("scan.pdf")),
    ];
    let answer = app.multipart("/matchmaking/upload", &[("email", "")], &files).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.header(header::LOCATION), "/matchmaking?notice=uploaded");
    app.run_jobs().await;

    let page = app.page("/matchmaking").await;
    assert!(page.contains("4 skills") && page.contains("Not assigned"));
    assert!(page.contains("This PDF is a picture"), "the reason is shown beside the file");
    assert!(page.contains("2 need a look"));
    let person = app.page(&format!("/people/{noor}")).await;
    for known in ["Rust", "PostgreSQL", "Kubernetes", "C++", "Bread"] {
        assert!(person.contains(known), "{known}");
    }
    assert!(person.contains("from the resume, by the word list") && person.contains("typed"));
    assert_eq!(
        app.count("SELECT COUNT(*) FROM person_skills WHERE skill = 'Rust'").await,
        1,
        "two resumes with the same skills add them once"
    );
    assert_eq!(app.count("SELECT COUNT(*) FROM mails").await, 0, "uploading emails nobody");
}

#[tokio::test]
async fn old_addresses_and_notices_still_work() {
    let app = with_taxonomy().await;
    let ada = app.person("Ada").address("ada@example.org").insert().await.to_string();
    let files: [(&str, &str, &[u8]); 1] = [("files", "cv.txt", b"Skills: Rust, Docker")];
    app.multipart("/matchmaking/upload", &[], &files).await;
    app.run_jobs().await;

    let old = app.page("/matchmaking/resumes/1/whose").await;
    assert_eq!(old, app.page("/matchmaking/resumes/1/owner").await);
    let bad = app.form("/matchmaking/resumes/1/whose", &[("name", ""), ("email", "no")]).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    leads_to(&app, "/matchmaking/resumes/1/claim", &[("person", &ada)]).await;
    leads_to(&app, "/matchmaking/resumes/1/again", &[]).await;
    let to = leads_to(&app, "/matchmaking/mails", &[]).await;
    assert_eq!(to, "/matchmaking?notice=nobody-due");
    for (old, new) in
        [("claimed", "assigned"), ("again", "resume-retried"), ("deleted", "resume-deleted")]
    {
        let page = app.page(&format!("/matchmaking/resumes?said={old}")).await;
        assert!(page.contains("role=\"status\""), "{old}");
        assert_eq!(page, app.page(&format!("/matchmaking/resumes?notice={new}")).await);
    }
}

#[tokio::test]
async fn files_that_are_not_resumes_get_a_clear_reason_and_can_be_retried_or_deleted() {
    let app = with_taxonomy().await;
    let noor = app.person("Noor").address(NOOR).insert().await;
    let bomb = fixture("bomb.pdf");
    let files: [(&str, &str, &[u8]); 4] = [
        ("files", "photo.pdf", b"\x89PNG\r\n\x1a\n"),
        ("files", "program.docx", b"MZ\x90\0\x03\0"),
        ("files", "archive.docx", b"PK\x03\x04 and nothing that a ZIP has"),
        ("files", "bomb.pdf", &bomb),
    ];
    let noor_id = noor.to_string();
    app.multipart("/matchmaking/upload", &[("person_id", &noor_id), ("back", &noor_id)], &files)
        .await;
    app.run_jobs().await;
    let person = app.page(&format!("/people/{noor}")).await;
    for reason in [
        "This is a picture",
        "not a PDF, a Word document",
        "is damaged and could not be read",
        "This PDF",
    ] {
        assert!(person.contains(reason), "{reason}: {person}");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM resumes WHERE state = 'failed'").await, 4);

    let to = leads_to(&app, "/matchmaking/resumes/1/retry", &[("back", "resumes")]).await;
    assert_eq!(to, "/matchmaking/resumes?notice=resume-retried");
    app.run_jobs().await;
    assert_eq!(app.count("SELECT COUNT(*) FROM resumes WHERE state = 'failed'").await, 4);
    leads_to(&app, "/matchmaking/resumes/1/delete", &[]).await;
    assert_eq!(app.form("/matchmaking/resumes/1/delete", &[]).await.status, StatusCode::NOT_FOUND);
    assert!(app.page("/matchmaking/resumes?show=look").await.contains("Need a look 3"));
}

#[tokio::test]
async fn a_file_that_is_too_large_is_named_and_the_others_are_accepted() {
    let app = with_taxonomy().await;
    let mut large = b"%PDF-1.4 ".to_vec();
    large.resize(MAX_BYTES + 1, b' ');
    let files: [(&str, &str, &[u8]); 3] = [
        ("files", "small.txt", b"Ada, Rust"),
        ("files", "large <b>.pdf", &large),
        ("files", "empty.txt", b""),
    ];
    let answer = app.multipart("/matchmaking/upload", &[], &files).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    let page = answer.text();
    assert!(page.contains("1 file was uploaded.") && page.contains(&escaped("large <b>.pdf")));
    assert!(page.contains("larger than 16 MiB") && page.contains("This file is empty."));
    assert_eq!(app.count("SELECT COUNT(*) FROM resumes").await, 1);

    let nothing = app.multipart("/matchmaking/upload", &[], &[("files", "", b"")]).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    let nobody = [("email", "nobody@example.org")];
    let answer =
        app.multipart("/matchmaking/upload", &nobody, &[("files", "a.txt", b"Rust")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(app.count("SELECT COUNT(*) FROM resumes").await, 1);
}

#[tokio::test]
async fn no_way_of_uploading_accepts_a_file_that_is_too_large() {
    let app = with_taxonomy().await;
    let bytes = vec![b' '; MAX_BYTES + 1];
    let upload = |bytes| Upload { person: None, file_name: "cv.txt", bytes, auto_match: false };
    let mut tx = app.write().await;
    let large = resumes::upload(&mut tx, &app.app.config, &upload(&bytes), NOON).await;
    assert!(matches!(large, Err(UploadError::TooLarge)), "{large:?}");
    resumes::upload(&mut tx, &app.app.config, &upload(&bytes[1..]), NOON).await.unwrap();
}

#[tokio::test]
async fn at_most_fifty_files_are_accepted_at_once() {
    let app = with_taxonomy().await;
    let texts: Vec<(String, Vec<u8>)> =
        (0..51).map(|n| (format!("{n}.txt"), format!("Person {n}").into_bytes())).collect();
    let files: Vec<(&str, &str, &[u8])> =
        texts.iter().map(|(name, text)| ("files", name.as_str(), text.as_slice())).collect();
    let answer = app.multipart("/matchmaking/upload", &[], &files).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(
        answer.text().contains("at most 50 files") || answer.text().contains("At most 50 files")
    );
    assert_eq!(app.count("SELECT COUNT(*) FROM resumes").await, 50);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM jobs WHERE class = 'person'").await,
        8,
        "the organiser watches the first few; the others are bulk"
    );
}

#[tokio::test]
async fn hostile_names_are_shown_as_text_and_a_download_is_always_saved() {
    let app = with_taxonomy().await;
    let name = "<img src=x onerror=alert(1)> & \"Zoë\" 🦀";
    let noor = app
        .person(name)
        .address(NOOR)
        .skills(["<script>alert(2)</script>", "O'Reilly & \"Sons\""])
        .insert()
        .await;
    let html = b"<b>Noor</b> writes Rust. <script>alert(3)</script>";
    let file_name = "../<svg onload=alert(4)>.html.txt";
    let noor_id = noor.to_string();
    app.multipart("/matchmaking/upload", &[("person_id", &noor_id)], &[("files", file_name, html)])
        .await;
    app.run_jobs().await;
    leads_to(&app, "/matchmaking/run", &[]).await;
    for path in
        ["/matchmaking", "/matchmaking/resumes", "/matchmaking/skills", &format!("/people/{noor}")]
    {
        let page = app.page(path).await;
        for raw in ["<img src=x", "<script>alert", "<svg onload", "<b>Noor"] {
            assert!(!page.contains(raw), "{path} has {raw}");
        }
    }
    let person = app.page(&format!("/people/{noor}")).await;
    assert!(person.contains(&escaped("<b>Noor</b> writes Rust.")) && person.contains("🦀"));

    let file = app.get("/matchmaking/resumes/1/file").await;
    assert_eq!(file.bytes, html);
    assert_eq!(file.header(header::CONTENT_TYPE), "application/octet-stream");
    assert_eq!(file.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert_eq!(file.header(header::CONTENT_SECURITY_POLICY), "default-src 'none'; sandbox");
    let disposition = file.header(header::CONTENT_DISPOSITION);
    assert!(disposition.starts_with("attachment; filename=\"_svg onload_alert(4)_.html.txt\""));
}

#[tokio::test]
async fn a_long_resume_is_cut_and_the_page_says_so() {
    let app = with_taxonomy().await;
    let noor = app.person("Noor").address(NOOR).insert().await;
    let mut text = "Skills: Rust, Docker.\n".to_owned();
    text.push_str(&"nothing of note happened that day. ".repeat(MAX_TEXT / 20));
    text.push_str("\nSkills: Haskell, Kotlin.");
    let noor_id = noor.to_string();
    let files: [(&str, &str, &[u8]); 1] = [("files", "long.txt", text.as_bytes())];
    app.multipart("/matchmaking/upload", &[("person_id", &noor_id)], &files).await;
    app.run_jobs().await;
    let person = app.page(&format!("/people/{noor}")).await;
    assert!(person.contains("only the first 20,000 characters were searched for skills"));
    assert!(person.contains("Docker") && !person.contains("Haskell"));
}

#[tokio::test]
async fn a_models_answer_is_checked_and_merged_and_a_useless_one_is_replaced_by_the_taxonomy() {
    let app = TestApp::start().await;
    let noor = app.person("Noor").address(NOOR).skills(["Rust"]).insert().await;
    let noor_id = noor.to_string();
    let text = b"Noor. I write golang and rust, and bake on an Ovenmaster 9.";
    let files: [(&str, &str, &[u8]); 1] = [("files", "cv.txt", text)];
    app.multipart("/matchmaking/upload", &[("person_id", &noor_id)], &files).await;
    let config = &app.app.config;
    let id = ResumeId(1);

    let mut tx = app.app.db.write().await.unwrap();
    assert!(resumes::start_reading(&mut tx, id).await.unwrap().is_some());
    let text = std::str::from_utf8(text).unwrap();
    let reading = resumes::Reading::Text { format: Format::Txt, text };
    let class = muster::model::job::Class::Person;
    assert!(resumes::store_reading(&mut tx, config, id, reading, class, NOON).await.unwrap());
    assert!(
        !resumes::store_reading(&mut tx, config, id, reading, class, NOON).await.unwrap(),
        "a second run changes nothing"
    );
    assert_eq!(resumes::start_finding(&mut tx, id).await.unwrap().as_deref(), Some(text));
    let named =
        ["golang", "Go", "RUST", "ovenmaster 9", "Mind reading"].map(str::to_owned).to_vec();
    let made_by = MadeBy::model("gemini-3.5-flash-lite", KeyNumber(2));
    assert!(resumes::store_skills(&mut tx, id, &named, &made_by, NOON).await.unwrap());
    assert!(!resumes::store_skills(&mut tx, id, &named, &made_by, NOON).await.unwrap());
    tx.commit().await.unwrap();
    let person = app.page(&format!("/people/{noor}")).await;
    assert!(
        person.contains("from the resume, by Gemini")
            && person.contains("gemini-3.5-flash-lite, key 2")
    );
    assert!(!person.contains("Mind reading"), "it is neither in the resume nor in the taxonomy");
    assert_eq!(app.count("SELECT COUNT(*) FROM person_skills").await, 3);

    leads_to(&app, "/matchmaking/resumes/1/retry", &[]).await;
    let mut tx = app.app.db.write().await.unwrap();
    assert!(resumes::start_finding(&mut tx, id).await.unwrap().is_some());
    let useless = ["Mind reading".to_owned()];
    assert!(resumes::store_skills(&mut tx, id, &useless, &made_by, NOON).await.unwrap());
    tx.commit().await.unwrap();
    let progress = app.get("/matchmaking/resumes/1").await.json();
    assert_eq!(progress["made_by"]["by"], "taxonomy");
    assert_eq!(progress["made_by"]["why"], "the model named no usable skill");
}

#[tokio::test]
async fn gemini_finds_skills_and_after_three_useless_answers_the_taxonomy_does() {
    let gemini = TestGemini::start(Clock::test(NOON), Rules::default()).await;
    let app = TestApp::start_with(Place::sqlite(), |config| {
        gemini.url.clone_into(&mut config.gemini.base_url);
        config.gemini.keys = vec![Key {
            number: KeyNumber(1),
            key: Secret::new(gemini::key(1)),
            project: None,
            limits: Limits::default(),
        }];
    })
    .await;
    let noor = app.person("Noor").address(NOOR).insert().await.to_string();
    let ours = [("person_id", noor.as_str())];
    let made_by = async |id: i64| {
        app.get(&format!("/matchmaking/resumes/{id}")).await.json()["made_by"].clone()
    };
    let text = fixture("plain.txt");
    app.multipart("/matchmaking/upload", &ours, &[("files", "cv.txt", &text)]).await;
    app.run_jobs().await;
    let by = made_by(1).await;
    assert_eq!((&by["by"], &by["key"]), (&json!("model"), &json!(1)));
    let seen = gemini.requests().len();
    assert_eq!(seen, 1);

    gemini.fault_next([Fault::NotJson, Fault::NotTheSchema, Fault::NotJson]);
    let docx = fixture("word.docx");
    app.multipart("/matchmaking/upload", &ours, &[("files", "cv.docx", &docx)]).await;
    let mut next = app.run_jobs().await;
    while let Some(at) = next {
        app.app.clock.advance_to(at);
        next = app.run_jobs().await;
    }
    let by = made_by(2).await;
    assert_eq!(by["by"], "taxonomy");
    assert!(by["why"].as_str().unwrap().contains("3 times"), "{by}");
    assert_eq!(gemini.requests().len(), seen + 3);
}

#[tokio::test]
async fn resumes_are_read_on_postgresql_too() {
    let Some(place) = Place::postgres().await else { return };
    let app = TestApp::start_with(place, |_| {}).await;
    let noor = app.person("Noor").address(NOOR).insert().await;
    app.person("Ada").address("ada@example.org").skills(["rust", "Bread"]).insert().await;
    let docx = fixture("word.docx");
    let stranger = b"Pat Stranger\npat@example.net\nSkills: Kotlin, Swift";
    let files: [(&str, &str, &[u8]); 2] =
        [("files", "cv.docx", &docx), ("files", "pat.txt", stranger)];
    app.multipart("/matchmaking/upload", &[("auto_match", "yes")], &files).await;
    app.multipart("/matchmaking/upload", &[], &files).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM resumes").await, 2);
    app.run_jobs().await;
    leads_to(&app, "/matchmaking/resumes/2/assign", &[("person", &noor.to_string())]).await;
    app.run_jobs().await;
    let page = app.page("/matchmaking?q=noor+%2B+kotlin&show=").await;
    assert!(page.contains("Noor") && page.contains("Swift"));
    assert!(app.page("/matchmaking?show=none").await.contains("People and their matches"));
    assert!(app.page("/matchmaking/skills").await.contains("Kubernetes"));
    assert_eq!(app.get("/api/matchmaking/stats").await.json()["stats"]["total_users"], 2);
}
