//! The gateway for other programs, in the real binary: with Google's own library, and when Muster is killed.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use muster::model::Clock;
use muster::store::Db;
use serde_json::{Value, json};

use super::{SCALE, rules, with_keys};
use crate::support::gemini::{Rules, TestGemini};
use crate::support::process::{Desk, wait_for};
use crate::support::python::python;
use crate::support::repository;

const MODEL: &str = "gemini-3.5-flash-lite";

async fn token(desk: &Desk) -> String {
    let made = desk.run(&["token", "create", "website"]).await;
    assert!(made.code == Some(0), "{}", made.errors);
    made.output.trim().to_owned()
}

async fn count(desk: &Desk, select: &'static str) -> i64 {
    let db = Db::open(None, &desk.data_dir()).await.unwrap();
    let count = sqlx::query_scalar(select).fetch_one(&mut *db.read().await.unwrap()).await.unwrap();
    db.close().await;
    count
}

#[tokio::test]
async fn googles_own_library_works_with_the_gateway() {
    let Some(python) = python("asking with Google's library").await else { return };
    // Two keys with three requests a minute each: six fill it, in real time.
    let rules = Rules { per_minute: 3, ..Rules::default() };
    let gemini = TestGemini::start(Clock::machine(), rules).await;
    let desk = with_keys(Desk::new(), &gemini, &[1, 2])
        .set("TIME_SCALE", "1")
        .set("PACING", "full")
        .set("KEY_REQUESTS_PER_MINUTE", "3");
    let token = token(&desk).await;
    let muster = desk.start().await;
    let asked = json!({
        "url": format!("{}/gemini", muster.url()), "token": token, "model": MODEL, "most": 6,
    });
    let script = repository().join("tests/python/ask_gemini.py");
    let said: Value = tokio::task::spawn_blocking(move || {
        let mut asking = Command::new(python)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        asking.stdin.take().unwrap().write_all(asked.to_string().as_bytes()).unwrap();
        let output = asking.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{errors}");
        serde_json::from_slice(&output.stdout).unwrap()
    })
    .await
    .unwrap();

    assert_eq!(said["text"], "You said: Say hello.");
    assert!(said["tokens"].as_i64().unwrap() > 0, "{said}");
    let pieces: Vec<&str> =
        said["pieces"].as_array().unwrap().iter().map(|piece| piece.as_str().unwrap()).collect();
    assert!(pieces.len() > 1, "{said}");
    assert_eq!(pieces.concat(), "You said: Count to three.");
    assert_eq!(said["later"], "You said: Say hello later.");
    assert_eq!(
        (&said["unknown"]["code"], &said["unknown"]["status"]),
        (&json!(401), &json!("UNAUTHENTICATED"))
    );
    assert_eq!(
        (&said["late"]["code"], &said["late"]["status"]),
        (&json!(429), &json!("RESOURCE_EXHAUSTED"))
    );
    let details = said["late"]["details"].to_string();
    assert!(details.contains("google.rpc.RetryInfo") && details.contains("retryDelay"), "{said}");

    let seen = gemini.requests();
    assert_eq!((seen.len(), gemini.refusals()), (6, 0));
    let turns: Vec<i64> = seen.iter().map(|seen| seen.key).collect();
    assert_eq!(turns, [1, 2, 1, 2, 1, 2]);
    let named = "SELECT COUNT(*) FROM bookings WHERE task = 'door' AND label = 'summaries' AND outcome = 'ok'";
    assert_eq!(count(&desk, named).await, 2);
    let log = muster.log();
    assert!(log.contains("for website (summaries)"), "{log}");
    assert!(!log.contains(&token) && !log.contains("Say hello"), "{log}");
}

#[tokio::test]
async fn pending_requests_of_a_killed_process_are_dropped_and_the_program_can_retry() {
    let gemini = TestGemini::start(Clock::machine(), rules()).await;
    let desk = with_keys(Desk::new(), &gemini, &[1]);
    let token = token(&desk).await;
    let muster = desk.start().await;
    let ask = |url: String, key: i64| {
        let (token, http) = (token.clone(), reqwest::Client::builder().no_proxy().build().unwrap());
        async move {
            let body = json!({ "contents": [{ "parts": [{ "text": "Say hello." }] }] });
            let url = format!("{url}/gemini/v1beta/models/{MODEL}:generateContent");
            let request = http.post(url).header("x-goog-api-key", token);
            let request = request.header("x-deadline-seconds", (10 * key).to_string());
            request.json(&body).send().await
        }
    };
    gemini.change(|rules| rules.latency = Duration::from_mins(10));
    let waits = tokio::spawn(ask(muster.url(), 1));
    wait_for("the request", async || (!gemini.requests().is_empty()).then_some(())).await;
    muster.kill9();
    assert!(waits.await.unwrap().is_err(), "its connection is gone");
    assert_eq!(count(&desk, "SELECT COUNT(*) FROM jobs WHERE kind = 'forward'").await, 1);

    gemini.change(|rules| rules.latency = Duration::ZERO);
    let muster = desk.start().await;
    // The slot of the killed one is held until the server cannot count it any more.
    let answer = ask(muster.url(), i64::from(SCALE) * 12).await.unwrap();
    assert_eq!(answer.status(), 200);
    wait_for("the job of the killed process to be dropped", async || {
        (count(&desk, "SELECT COUNT(*) FROM jobs").await == 0).then_some(())
    })
    .await;
    assert_eq!(gemini.refusals(), 0);
    assert_eq!(gemini.requests().len(), 2, "no request for the program that is gone");
}
