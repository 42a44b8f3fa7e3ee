//! Checks the wire format with other libraries: `PyNaCl` signs requests, discord-interactions verifies them, and
//! TypeScript's compiler checks what is sent against discord-api-types.

use std::path::Path;
use std::process::Stdio;

use axum::http::StatusCode;
use muster::discord::{Message, commands};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::support::app::{NOON, TestApp};
use crate::support::db::Place;
use crate::support::discord::PUBLIC_KEY;
use crate::support::faq::fill;
use crate::support::interactions::{
    ADA, BO, SEED, Scene, ask, button, command, modal, ping, request, seconds, sign,
};
use crate::support::node::{self, Tools};
use crate::support::python::python;

/// What another program prints for this input.
pub async fn answer_of(command: &mut Command, input: &Value) -> Value {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("it runs");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.to_string().as_bytes()).await.unwrap();
    drop(stdin);
    let output = child.wait_with_output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

pub async fn packages() -> Option<Tools> {
    let what = "tests of Discord's wire in JavaScript";
    tokio::task::spawn_blocking(move || node::packages("discord", what)).await.unwrap()
}

/// Whether Muster accepts a request.
async fn accepts(app: &TestApp, case: &Value) -> bool {
    let [timestamp, signature] = ["timestamp", "signature"].map(|name| case[name].as_str());
    let body = case["body"].as_str().unwrap();
    let answer = app.send(request(timestamp, signature, body)).await;
    match answer.status {
        StatusCode::OK => true,
        StatusCode::UNAUTHORIZED => false,
        other => panic!("{other}: {case}"),
    }
}

#[tokio::test]
async fn a_request_signed_by_pynacl_is_accepted() {
    let Some(python) = python("signatures by PyNaCl").await else { return };
    let app = Scene::new().await.muster(Place::sqlite()).await;
    let at = seconds(NOON);
    let bodies = [
        ping(),
        command(ADA, "ask", &[("question", "Ist das „Wi-Fi“ frei? 🦀 \u{0} \\ \"")]),
        button(ADA, "verify"),
        modal(ADA, "verify:code", "code", "123 456"),
    ];
    let mut cases: Vec<Value> =
        bodies.iter().map(|body| json!({ "timestamp": at, "body": body.to_string() })).collect();
    let script = crate::support::repository().join("tests/discord/sign.py");
    let input = json!({ "seed": SEED, "requests": cases });
    let signed = answer_of(Command::new(python).arg(script), &input).await;
    assert_eq!(signed["key"], PUBLIC_KEY);
    for (case, signature) in cases.iter_mut().zip(signed["signatures"].as_array().unwrap()) {
        case["signature"] = signature.clone();
        assert!(accepts(&app, case).await, "{case}");
        case["timestamp"] = json!((NOON.0 / 1000 + 1).to_string());
        assert!(!accepts(&app, case).await, "{case}");
    }
}

#[tokio::test]
async fn discord_interactions_accepts_the_same_requests() {
    let Some(tools) = packages().await else { return };
    let app = Scene::new().await.muster(Place::sqlite()).await;
    let at = seconds(NOON);
    let body = command(ADA, "ask", &[("question", "Is „Wi-Fi“ free? 🦀")]).to_string();
    let good = sign(&at, &body);
    let case = |timestamp: Option<&str>, signature: Option<&str>, body: &str| json!({ "timestamp": timestamp, "signature": signature, "body": body });
    let mut cases = vec![
        case(Some(&at), Some(&good), &body),
        case(Some(&at), Some(&sign(&at, &ping().to_string())), &ping().to_string()),
        // Changed: the body, the timestamp, the signature.
        case(Some(&at), Some(&good), &body.replace("free", "there")),
        case(Some(&at), Some(&good), &body.replace(',', ", ")),
        case(Some("1795521601"), Some(&good), &body),
        case(Some(&at), Some(&good.replacen(|c| c != '0', "0", 1)), &body),
        // Unsigned.
        case(None, None, &body),
        case(Some(&at), None, &body),
        case(None, Some(&good), &body),
        case(Some(&at), Some(""), &body),
        // Odd, no hex, too short, too long.
        case(Some(&at), Some(&good[1..]), &body),
        case(Some(&at), Some(&format!("{good}0")), &body),
        case(Some(&at), Some(&"z".repeat(128)), &body),
        case(Some(&at), Some(&good[2..]), &body),
        case(Some(&at), Some(&format!("{good}00")), &body),
    ];
    let agreed = cases.len();
    // Where Muster is stricter: hex in another form, and a request that is sent once more later.
    let old = (NOON.0 / 1000 - 3600).to_string();
    cases.push(case(Some(&at), Some(&good.to_uppercase()), &body));
    cases.push(case(Some(&old), Some(&sign(&old, &body)), &body));

    let script = crate::support::repository().join("tests/discord/verify.mjs");
    let mut node = Command::new(&tools.node);
    node.arg(script).env("PACKAGES", &tools.packages);
    let verdicts = answer_of(&mut node, &json!({ "key": PUBLIC_KEY, "requests": cases })).await;
    let verdicts: Vec<bool> = serde_json::from_value(verdicts).unwrap();
    assert_eq!(verdicts.len(), cases.len());
    for (place, (case, theirs)) in cases.iter().zip(verdicts).enumerate() {
        let ours = accepts(&app, case).await;
        if place < agreed {
            assert_eq!(ours, theirs, "{case}");
            assert_eq!(ours, place < 2, "{case}");
        } else {
            assert!(theirs && !ours, "{case}");
        }
    }
}

/// Every kind of answer that Muster gives, from the door.
async fn all_answers() -> Vec<Value> {
    let app = Scene::new().await.muster(Place::sqlite()).await;
    fill(&app).await;
    app.person("Ada").address("ada@example.org").skills(["Rust"]).insert().await;
    let mut answers = Vec::new();
    for body in [
        ping(),
        command(ADA, "help", &[]),
        command(ADA, "team", &[]),
        command(ADA, "match", &[]),
        command(ADA, "ask", &[("question", "Is there Wi-Fi?")]),
        command(ADA, "ask", &[("question", "?")]),
        command(ADA, "verify", &[]),
        command(ADA, "verify", &[("email", "ada@example.org")]),
        command(ADA, "verify", &[("code", "x")]),
        command(BO, "verify", &[("code", "x")]),
        button(ADA, "verify"),
        button(ADA, "verify:code"),
    ] {
        answers.push(ask(&app, &body).await);
    }
    answers.push(muster::discord::Reply::Later.to_json());
    answers
}

#[tokio::test]
async fn what_is_sent_is_as_discords_types_have_it() {
    let Some(tools) = packages().await else { return };
    let answers = all_answers().await;
    for kind in [1, 4, 5, 9] {
        assert!(answers.iter().any(|it| it["type"] == kind), "no answer of type {kind}");
    }
    let edits = [json!(Message::new("x")), json!(Message::answer("x", "-# y"))];
    let commands = json!(commands::definitions());
    assert_eq!(complaints(&tools, "sent", &lines(&answers, &edits, &commands)).await, "");

    // The compiler would have noticed.
    let mut wrong = answers.clone();
    wrong[1]["data"]["allowed_mentions"] = json!({ "parse": ["all"] });
    let said = complaints(&tools, "wrong", &lines(&wrong, &edits, &commands)).await;
    assert!(said.contains("error TS"), "{said}");
    let mut wrong = commands.clone();
    wrong[0].as_object_mut().unwrap().remove("description");
    let said = complaints(&tools, "wrong", &lines(&answers, &edits, &wrong)).await;
    assert!(said.contains("error TS"), "{said}");
}

/// What the tests send as Discord is what Discord sends. In JSON an enum's value is a plain text or number.
#[tokio::test]
async fn what_the_tests_send_is_as_discords_types_have_it() {
    const HEAD: &str = "import type * as api from \"discord-api-types/v10\";
type Plain<T> = T extends string ? `${T}` : T extends number ? number : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
";
    let Some(tools) = packages().await else { return };
    let sent = [
        ("APIPingInteraction", ping()),
        ("APIChatInputApplicationCommandInteraction", command(ADA, "help", &[])),
        ("APIChatInputApplicationCommandInteraction", command(ADA, "ask", &[("question", "?")])),
        ("APIMessageComponentButtonInteraction", button(ADA, "verify")),
        ("APIModalSubmitInteraction", modal(ADA, "verify:code", "code", "1")),
    ];
    let lines = sent.iter().map(|(kind, body)| (format!("Plain<api.{kind}>"), body));
    assert_eq!(complaints(&tools, "incoming", &typed(HEAD, lines)).await, "");
}

fn lines(answers: &[Value], edits: &[Value], commands: &Value) -> String {
    const HEAD: &str = "import type * as api from \"discord-api-types/v10\";\n";
    let all = answers
        .iter()
        .map(|it| ("APIInteractionResponse", it))
        .chain(edits.iter().map(|it| ("RESTPatchAPIInteractionOriginalResponseJSONBody", it)))
        .chain([("RESTPutAPIApplicationGuildCommandsJSONBody", commands)]);
    typed(HEAD, all.map(|(kind, value)| (format!("api.{kind}"), value)))
}

/// A program that says of each value what it is.
fn typed<'a>(head: &str, values: impl Iterator<Item = (String, &'a Value)>) -> String {
    let lines = values
        .enumerate()
        .map(|(number, (kind, value))| format!("export const sent{number}: {kind} = {value};\n"));
    lines.fold(head.to_owned(), |text, line| text + &line)
}

/// What the compiler has against a file; empty: nothing.
async fn complaints(tools: &Tools, name: &str, text: &str) -> String {
    let file = tools.packages.join(format!("{name}.ts"));
    std::fs::write(&file, text).unwrap();
    let output = Command::new(&tools.node)
        .arg(Path::new("node_modules/typescript/bin/tsc"))
        .args(["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--skipLibCheck"])
        .args(["--target", "es2022", "--module", "node16", "--moduleResolution", "node16"])
        .arg(&file)
        .current_dir(&tools.packages)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("Node runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.success(), said.is_empty(), "{said}");
    said
}
