//! Starting: what is printed and created, and one clear line when it fails.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use muster::model::Clock;
use muster::store::Db;
use serde_json::Value;

use crate::support::discord::TestDiscord;
use crate::support::process::{Desk, Ended, Muster};
use crate::support::repository;
use crate::support::smtp::{Options, SmtpServer};

fn resume(name: &str) -> PathBuf {
    repository().join("tests/data/resumes").join(name)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_creates_the_data_folder_and_prints_where_to_browse() {
    let desk = Desk::new();
    let muster = desk.start().await;
    let log = muster.log();
    for words in [
        format!("http://localhost:{}/outreach", muster.port()),
        format!("http://localhost:{}/matchmaking", muster.port()),
        "No Gemini key is set".into(),
        "emails are kept in the outbox".into(),
    ] {
        assert!(log.contains(&words), "{words} is missing:\n{log}");
    }
    assert!(!log.contains('\u{1b}'), "no colours in a file");
    assert!(desk.data_dir().join("muster.db").is_file());
    let secret = desk.data_dir().join("secret");
    assert_eq!(std::fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    let known = std::fs::read_to_string(&secret).unwrap();
    assert!(known.len() >= 32 && !log.contains(known.trim()));

    muster.terminate();
    assert_eq!(muster.ended().await.0.code(), Some(0));
    desk.start().await;
    assert_eq!(std::fs::read_to_string(&secret).unwrap(), known, "the secret stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_logged() {
    let (user, password) = ("postmaster", "a very dear password");
    let server = SmtpServer::start(Options {
        account: Some((user.into(), password.into())),
        ..Options::default()
    });
    let url = format!("smtp://{user}:a%20very%20dear%20password@127.0.0.1:{}", server.port());
    let secrets = [
        ("GEMINI_API_KEY1", "AIzaFirstKeyThatNobodyMaySee"),
        ("GEMINI_API_KEY2", "AIzaSecondKeyThatNobodyMaySee"),
        ("GEMINI_API_KEY", "AIzaReserveKeyThatNobodyMaySee"),
        ("ADMIN_PASSWORD", "the harbour is deep"),
        ("MUSTER_SECRET", "nobody guesses this one"),
        ("SMTP_URL", &url),
        ("DISCORD_TOKEN", "MTE4.the-token.of-a-bot"),
    ];
    let desk = secrets.iter().fold(Desk::new(), |desk, (name, value)| desk.set(name, *value));
    // It has another token: ours is refused, which is logged.
    let discord = TestDiscord::start(Clock::machine()).await;
    let others = discord.settings().into_iter().filter(|(name, _)| *name != "DISCORD_TOKEN");
    let desk = others.fold(desk, |desk, (name, value)| desk.set(name, value));
    let desk = desk
        .set("SENDER_EMAIL", "hello@example.org")
        // Nothing listens there: the first request fails, which is logged.
        .set("GEMINI_BASE_URL", "http://127.0.0.1:9")
        .set("RUST_LOG", "debug");
    let muster = desk.start().await;
    let log = muster.log();
    assert!(log.contains("Initialized Gemini API Manager with 2 API keys"), "{log}");
    assert!(log.contains("Emails are sent through 127.0.0.1"), "{log}");

    let as_organiser = |path: &str| {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client
            .post(format!("{}{path}", muster.url()))
            .basic_auth("ada", Some("the harbour is deep"))
    };
    let person = serde_json::json!({ "name": "Ada", "email": "ada@example.org" });
    let added = as_organiser("/api/users/add").json(&person).send().await.unwrap();
    assert_eq!(added.status(), 201);
    let started = as_organiser("/api/campaign/send").send().await.unwrap();
    assert_eq!(started.status(), 202);
    muster.wait_for_log("Using API key #1 (of 2)").await;
    press(&muster, "the harbour is deep", "/discord/check").await;
    muster.wait_for_log("Discord does not accept DISCORD_TOKEN").await;
    muster.terminate();
    let (status, log) = muster.ended().await;
    assert_eq!(status.code(), Some(0), "{log}");
    for (name, secret) in secrets.iter().chain(&[("the password of SMTP_URL", password)]) {
        assert!(!log.contains(secret), "{name} is in the log:\n{log}");
    }
    assert!(!log.contains("very%20dear"));
}

/// Logs in and presses a button of a page.
async fn press(muster: &Muster, password: &str, path: &str) {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let form = |path: &str, body: String| {
        let kind = "application/x-www-form-urlencoded";
        client.post(format!("{}{path}", muster.url())).header("content-type", kind).body(body)
    };
    let body = format!("name=Ada&password={}", password.replace(' ', "+"));
    let login = form("/login", body).send().await.unwrap();
    let cookie = login.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap();
    let pressed = form(path, String::new()).header("cookie", cookie).send().await.unwrap();
    assert_eq!(pressed.status(), 303, "{pressed:?}");
    assert_ne!(pressed.headers()["location"], "/login");
}

/// It does not start: an exit code other than 0, and one line on standard error that contains all of this.
fn assert_refused(ended: &Ended, words: &[&str]) {
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let lines: Vec<&str> = ended.errors.lines().collect();
    let [line] = lines[..] else { panic!("one line: {ended:?}") };
    for words in words {
        assert!(line.contains(words), "{words:?} is missing: {line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_value_stops_the_start_and_is_named_with_what_was_expected() {
    for (name, value, expected) in [
        ("PORT", "eighty", "a port from 0 to 65535"),
        ("OUTREACH_DELAY", "five", "a duration such as 5s"),
        ("TIME_SCALE", "0", "a whole number from 1 to 1000"),
        ("SENDER_EMAIL", "nobody", "an email address"),
        ("EVENT_LINK", "harbour", "https://"),
        ("PACING", "fast", "spaced or full"),
    ] {
        let ended = Desk::new().set(name, value).run(&[]).await;
        assert_refused(&ended, &[name, value, expected]);
    }
    let ended = Desk::new().set("BIND", "0.0.0.0").run(&[]).await;
    assert_refused(&ended, &["BIND", "ADMIN_PASSWORD"]);
    let ended = Desk::new().set("MUSTER_SECRET", "short").run(&[]).await;
    assert_refused(&ended, &["MUSTER_SECRET", "16 characters"]);
    assert!(!ended.errors.contains("short"), "a secret is not shown");

    let desk = Desk::new();
    std::fs::write(desk.folder().join(".env"), "EVENT_PLACE=here\nthis is no setting\n").unwrap();
    assert_refused(&desk.run(&[]).await, &[".env", "line 2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_reported_on_one_line_with_what_to_do() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended = Desk::new().set("PORT", port.as_str()).run(&[]).await;
    assert_refused(&ended, &[&port, "another program uses it", "set PORT"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_without_write_access_is_reported_on_one_line_with_what_to_do() {
    // Root may write anywhere, but not inside a file.
    let desk = Desk::new().set("DATA_DIR", "taken");
    std::fs::write(desk.folder().join("taken"), "a file").unwrap();
    assert_refused(&desk.run(&[]).await, &["the folder taken", "set DATA_DIR"]);
    let desk = desk.set("DATA_DIR", "taken/data");
    assert_refused(&desk.run(&[]).await, &["the folder taken/data", "set DATA_DIR"]);

    for name in ["run", "secret"] {
        let desk = Desk::new();
        let path = desk.data_dir().join(name);
        std::fs::create_dir_all(if name == "secret" { &path } else { path.parent().unwrap() })
            .unwrap();
        if name == "run" {
            std::fs::write(&path, "a file").unwrap();
        }
        assert_refused(&desk.run(&[]).await, &[&format!("data/{name}"), "DATA_DIR"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_muster_is_not_touched() {
    let desk = Desk::new();
    let db = Db::open(None, &desk.data_dir()).await.unwrap();
    let mut tx = db.write().await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (999, 'of tomorrow', TRUE, x'00', 1)",
    )
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    db.close().await;
    assert_refused(&desk.run(&[]).await, &["newer Muster", "999"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_a_database_is_reported_on_one_line() {
    let desk = Desk::new();
    std::fs::create_dir(desk.data_dir()).unwrap();
    std::fs::write(desk.data_dir().join("muster.db"), "a letter to Ada\n".repeat(100)).unwrap();
    assert_refused(&desk.run(&[]).await, &["the database cannot be opened"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn extract_prints_only_the_text() {
    let desk = Desk::new();
    for name in ["plain.txt", "plain.pdf", "word.docx", "chromium.pdf", "no-printing.pdf"] {
        let ended = desk.run(&["extract", resume(name).to_str().unwrap()]).await;
        assert_eq!((ended.code, ended.errors.as_str()), (Some(0), ""), "{name}");
        assert!(ended.output.contains("Noor Example"), "{name}: {}", ended.output);
        let ended = desk.run(&["skills", resume(name).to_str().unwrap()]).await;
        assert_eq!((ended.code, ended.errors.as_str()), (Some(0), ""), "{name}");
        let found: Value = serde_json::from_str(&ended.output).unwrap();
        assert!(!found["skills"].as_array().unwrap().is_empty(), "{name}: {found}");
    }
    assert_eq!(std::fs::read_dir(desk.folder()).unwrap().count(), 0, "it leaves nothing behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_file_exits_with_1_and_wrong_usage_with_2() {
    let desk = Desk::new();
    let missing = desk.folder().join("missing.pdf");
    let files = ["locked.pdf", "scan.pdf", "bomb.pdf"].map(resume);
    for file in files.iter().chain([&missing]) {
        for command in ["extract", "skills"] {
            let ended = desk.run(&[command, file.to_str().unwrap()]).await;
            assert_refused(&ended, &["muster: "]);
            assert_eq!(ended.output, "");
        }
    }
    for wrong in [&["extract"][..], &["skills"], &["serve"], &["extract", "a", "b"], &["--fast"]] {
        let ended = desk.run(wrong).await;
        assert_eq!((ended.code, ended.output.as_str()), (Some(2), ""), "{wrong:?}: {ended:?}");
        assert_eq!(ended.errors.lines().count(), 1, "{wrong:?}: {ended:?}");
        assert!(ended.errors.contains("muster --help"), "{ended:?}");
    }
    let help = desk.run(&["--help"]).await;
    assert_eq!((help.code, help.errors.as_str()), (Some(0), ""));
    assert!(help.output.contains("extract"));
}
