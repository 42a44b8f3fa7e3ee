//! A question on Discord, and `kill -9` while Gemini answers it.

use muster::model::Clock;
use reqwest::StatusCode;

use super::{rules, with_keys};
use crate::support::discord::{APPLICATION, GUILD, PUBLIC_KEY, PUBLIC_URL, TOKEN, TestDiscord};
use crate::support::gemini::{Fault, TestGemini};
use crate::support::interactions::{ADA, PATH, command, seconds, sign, token};
use crate::support::process::{Desk, wait_for};
use crate::support::repository;

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_question_and_answer_it_answers_after_the_next_start() {
    let discord = TestDiscord::start(Clock::machine()).await;
    let gemini = TestGemini::start(Clock::machine(), rules()).await;
    let desk = with_keys(Desk::new(), &gemini, &[1])
        .set("ADMIN_PASSWORD", "a-long-password")
        .set("PUBLIC_URL", PUBLIC_URL)
        .set("DISCORD_APPLICATION_ID", APPLICATION)
        .set("DISCORD_PUBLIC_KEY", PUBLIC_KEY)
        .set("DISCORD_TOKEN", TOKEN)
        .set("DISCORD_GUILD_ID", GUILD)
        .set("DISCORD_BASE_URL", discord.url.clone());
    let file = repository().join("tests/data/faq/harbour.txt");
    let ended = desk.run(&["faq", "import", file.to_str().unwrap()]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.errors);
    gemini.fault_next([Fault::Hang]);

    let muster = desk.start().await;
    let options = [("question", "Do I get a certificate afterwards?")];
    let (body, token) = (command(ADA, "ask", &options).to_string(), token(ADA, "ask", &options));
    discord.interaction(&token);
    let at = seconds(Clock::machine().now());
    let signature = sign(&at, &body);
    let headers = [
        ("content-type", "application/json"),
        ("x-signature-timestamp", at.as_str()),
        ("x-signature-ed25519", signature.as_str()),
    ];
    let (status, reply) = muster.post_text(PATH, &headers, body).await;
    assert_eq!((status, &reply["type"]), (StatusCode::OK, &serde_json::json!(5)));
    wait_for("the request to Gemini", async || (!gemini.requests().is_empty()).then_some(())).await;
    let first_log = muster.log();
    muster.kill9();

    let muster = desk.start().await;
    let said = wait_for("the answer on Discord", async || {
        let said = discord.answers(&token)[0]["content"].as_str().unwrap().to_owned();
        (!said.is_empty()).then_some(said)
    })
    .await;
    assert!(said.contains("Do I get a certificate?"), "{said}");
    muster.terminate();
    let (_, log) = muster.ended().await;
    assert_eq!(discord.count("PATCH "), 1);
    for secret in [TOKEN, &token] {
        assert!(!first_log.contains(secret) && !log.contains(secret), "{first_log}{log}");
    }
}
