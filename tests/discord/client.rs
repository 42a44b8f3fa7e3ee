//! Checks the tests' Discord with discord.js's own client, which must understand it and wait when told to.

use std::time::Duration;

use muster::model::Clock;
use serde_json::{Value, json};
use tokio::process::Command;

use super::wire::{answer_of, packages};
use crate::support::discord::{APPLICATION, GUILD, TOKEN, TestDiscord};
use crate::support::repository;

#[tokio::test]
async fn a_widely_used_client_understands_the_tests_discord() {
    let Some(tools) = packages().await else { return };
    let discord = TestDiscord::start(Clock::machine()).await;
    discord.limit(3, Duration::from_secs(1));
    discord.interaction("an-interaction");
    let mut node = Command::new(&tools.node);
    node.arg(repository().join("tests/discord/rest.mjs")).env("PACKAGES", &tools.packages);
    let input = json!({
        "url": discord.url, "token": TOKEN, "application": APPLICATION, "guild": GUILD,
        "interaction": "an-interaction",
    });
    let mut said: Value = answer_of(&mut node, &input).await;
    assert!(said["waited"].take().as_u64().unwrap() >= 1, "it was told to wait, and did");
    let refusal = json!({
        "status": 400,
        "code": 50035,
        "message": "Invalid Form Body\n0.name[BASE_TYPE_BAD]: Command name is invalid",
    });
    assert_eq!(
        said,
        json!({
            "application": APPLICATION, "roles": 1, "original": "The answer", "commands": ["help"],
            "waited": null, "refusal": refusal,
        })
    );
    assert!(discord.seen().iter().all(|seen| seen.status != 429), "it was never refused");
}
