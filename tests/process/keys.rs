//! Keys in the real binary: entered by form while it runs, read again from `.env`, checked from the command line.

use std::path::Path;

use serde_json::Value;

use super::{rules, with_keys};
use crate::support::gemini::{self, Fault, TestGemini};
use crate::support::process::{Desk, Muster};
use muster::model::Clock;

/// A key that the test's Gemini knows, with nothing of it elsewhere.
const NUMBER: i64 = 8_315_070_046_221;

async fn enter(muster: &Muster, key: &str) -> reqwest::StatusCode {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    let body = body.append_pair("key", key).append_pair("project", "").finish();
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let request = http
        .post(format!("{}/keys", muster.url()))
        .header("content-type", "application/x-www-form-urlencoded");
    request.body(body).send().await.unwrap().status()
}

/// Every file below a folder that has these bytes.
fn files_with(folder: &Path, bytes: &[u8]) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, bytes));
        } else if std::fs::read(&path).is_ok_and(|file| contains(&file, bytes)) {
            found.push(path);
        }
    }
    found
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn an_entered_key_is_used_and_is_not_in_the_database_or_log_in_clear() {
    let gemini = TestGemini::start(Clock::machine(), rules()).await;
    let desk = with_keys(Desk::new(), &gemini, &[]).set("RUST_LOG", "trace").set("PACING", "full");
    let muster = desk.start().await;
    let neighbour = desk.start().await;
    let material = gemini::key(NUMBER);
    assert_eq!(enter(&muster, &material).await, reqwest::StatusCode::SEE_OTHER);
    assert_eq!(enter(&muster, &material).await, reqwest::StatusCode::UNPROCESSABLE_ENTITY);
    neighbour.wait_for_log("Initialized Gemini API Manager with 1 API key").await;
    neighbour.add_people(2).await;
    let campaign = neighbour.start_campaign("test").await;
    let progress: Value = neighbour.wait_until_done(&campaign).await;
    assert_eq!(progress["total_users"], 2, "{progress}");
    assert_eq!(gemini.keys_used(), [NUMBER, NUMBER], "{progress}");

    let secret = std::fs::metadata(desk.data_dir().join("secret")).unwrap();
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&secret.permissions()) & 0o777, 0o600);
    let number = NUMBER.to_string();
    for part in [&material[..], &number[..], &number[..8], &hex::encode(&material)] {
        assert_eq!(files_with(&desk.data_dir(), part.as_bytes()), Vec::<std::path::PathBuf>::new());
        for process in [&muster, &neighbour] {
            assert!(!process.log().contains(part), "{part} is in the log");
        }
    }
    assert!(!files_with(&desk.data_dir(), b"page_keys").is_empty(), "the database is searched");
}

#[tokio::test]
async fn the_file_is_read_again_by_every_process() {
    let gemini = TestGemini::start(Clock::machine(), rules()).await;
    let desk = with_keys(Desk::new(), &gemini, &[]);
    let file = desk.folder().join(".env");
    let (first, second) = (gemini::key(1), gemini::key(2));
    std::fs::write(&file, format!("GEMINI_API_KEY1={first}\n")).unwrap();
    let (muster, neighbour) = (desk.start().await, desk.start().await);
    std::fs::write(&file, format!("GEMINI_API_KEY1={first}\nGEMINI_API_KEY2={second}\n")).unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let page = http.post(format!("{}/keys/reload-env", muster.url())).send().await.unwrap();
    let page = page.text().await.unwrap();
    assert!(page.contains(".env was read again: added #2."), "{page}");
    for process in [&muster, &neighbour] {
        process.wait_for_log("Initialized Gemini API Manager with 2 API keys").await;
        assert!(!process.log().contains("test-key"), "{}", process.log());
    }
}

#[tokio::test]
async fn the_command_line_says_whether_each_key_is_fine() {
    let gemini = TestGemini::start(Clock::machine(), rules()).await;
    let desk = with_keys(Desk::new(), &gemini, &[0, 1, 4]);
    let fine = desk.run(&["keys", "check"]).await;
    let models = "gemini-3.5-flash-lite, gemini-3.1-flash-lite";
    assert_eq!(
        (fine.code, fine.output, fine.errors.as_str()),
        (
            Some(0),
            format!(
                "Key 1 (GEMINI_API_KEY1): fine; offers {models}\nKey 4 (GEMINI_API_KEY4): fine; offers {models}\n\
                 Reserve (GEMINI_API_KEY): fine; offers {models}\n"
            ),
            ""
        )
    );
    let mut listed = gemini.listed();
    listed.sort_unstable();
    assert_eq!(listed, [0, 1, 4], "each is asked once");

    gemini.fault_key(4, Some(Fault::Invalid));
    gemini.change(|rules| drop(rules.models.remove(0)));
    let bad = desk.set("GEMINI_API_KEY5", gemini::key(1));
    let bad = bad.run(&["keys", "check"]).await;
    assert_eq!(bad.code, Some(1));
    for line in [
        "Key 1 (GEMINI_API_KEY1): offers gemini-3.1-flash-lite, but not gemini-3.5-flash-lite\n",
        "Key 4 (GEMINI_API_KEY4): refused: Google does not know this key (\"API key not valid. Please pass a valid API key.\")\n",
        "Key 5: the same key as Key 1; it counts once\n",
    ] {
        assert!(bad.output.contains(line), "{}", bad.output);
    }
    assert_eq!(bad.errors, "muster: 3 of 3 keys cannot be used as they are set\n");
    assert!(gemini.requests().is_empty(), "it uses no quota");

    let none = with_keys(Desk::new(), &gemini, &[]).run(&["keys", "check"]).await;
    assert_eq!((none.code, none.errors.as_str()), (Some(1), "muster: no Gemini key is set\n"));
    let lost = Desk::new()
        .set("GEMINI_BASE_URL", "http://127.0.0.1:1")
        .set("GEMINI_API_KEY1", "nobody-asks-it");
    let lost = lost.run(&["keys", "check"]).await;
    assert_eq!(lost.code, Some(1));
    assert!(lost.output.starts_with("Key 1 (GEMINI_API_KEY1): not answered:"), "{}", lost.output);
}
