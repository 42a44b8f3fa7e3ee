//! Interactions as Discord sends and signs them.

use std::ops::Deref;

use axum::http::{Method, Request, StatusCode, header};
use muster::config::Config;
use muster::model::{Clock, EmailAddress, Millis, Secret};
use ring::signature::Ed25519KeyPair;
use serde_json::{Value, json};

use super::app::{Answer, NOON, TestApp};
use super::db::Place;
use super::discord::{APPLICATION, GUILD, PUBLIC_KEY, TestDiscord};

/// Belongs to [`PUBLIC_KEY`]: the first test vector of RFC 8032.
pub const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

pub const PATH: &str = "/discord/interactions";
pub const ADA: &str = "80351110224678912";
pub const BO: &str = "80351110224678913";

pub fn seconds(now: Millis) -> String {
    (now.0 / 1000).to_string()
}

/// The header's value.
pub fn sign(timestamp: &str, body: &str) -> String {
    let seed = hex::decode(SEED).unwrap();
    let public = hex::decode(PUBLIC_KEY).unwrap();
    let pair = Ed25519KeyPair::from_seed_and_public_key(&seed, &public).unwrap();
    hex::encode(pair.sign(format!("{timestamp}{body}").as_bytes()))
}

/// A request with these headers; Discord's requests come through a proxy that terminates TLS.
pub fn request(
    timestamp: Option<&str>,
    signature: Option<&str>,
    body: &str,
) -> Request<axum::body::Body> {
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(PATH)
        .header(header::HOST, "muster.example")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, "Discord-Interactions/1.0 (+https://discord.com)")
        .header("x-forwarded-for", "203.0.113.7")
        .header("x-forwarded-proto", "https");
    if let Some(timestamp) = timestamp {
        request = request.header("x-signature-timestamp", timestamp);
    }
    if let Some(signature) = signature {
        request = request.header("x-signature-ed25519", signature);
    }
    request.body(body.to_owned().into()).unwrap()
}

/// Sends a request as Discord does, and returns any response.
pub async fn send(app: &TestApp, body: &Value) -> Answer {
    let (at, body) = (seconds(app.app.clock.now()), body.to_string());
    app.send(request(Some(&at), Some(&sign(&at, &body)), &body)).await
}

/// Sends an interaction, which must be answered.
pub async fn ask(app: &TestApp, body: &Value) -> Value {
    let answer = send(app, body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
    answer.json()
}

/// A Discord, and the clock that it shares with Muster.
pub struct Scene {
    pub clock: Clock,
    pub discord: TestDiscord,
}

impl Scene {
    pub async fn new() -> Self {
        let clock = Clock::test(NOON);
        Self { discord: TestDiscord::start(clock.clone()).await, clock }
    }

    /// A Muster with the bot.
    pub async fn muster(&self, place: Place) -> TestApp {
        self.muster_with(place, |_| {}).await
    }

    pub async fn muster_with(&self, place: Place, change: impl FnOnce(&mut Config)) -> TestApp {
        TestApp::start_at(place, self.clock.clone(), |config| {
            self.discord.set(config);
            config.admin_password = Some(Secret::new("a-long-password"));
            config.mail.from = Some(EmailAddress::parse("team@harbour.example").unwrap());
            change(config);
        })
        .await
    }
}

impl Deref for Scene {
    type Target = TestDiscord;

    fn deref(&self) -> &TestDiscord {
        &self.discord
    }
}

/// The text of a message, which must be ephemeral and mention nobody.
pub fn text(reply: &Value) -> &str {
    assert_eq!(reply["type"], 4, "{reply}");
    assert_eq!(reply["data"]["flags"], 64, "only the requester sees it: {reply}");
    assert_eq!(reply["data"]["allowed_mentions"], json!({ "parse": [] }));
    reply["data"]["content"].as_str().unwrap()
}

pub fn ping() -> Value {
    json!({
        "app_permissions": "2251799813685247",
        "application_id": APPLICATION,
        "attachment_size_limit": 10_485_760,
        "authorizing_integration_owners": {},
        "entitlements": [],
        "id": "1290000000000000011",
        "token": "aW50ZXJhY3Rpb24",
        "type": 1,
        "user": {
            "avatar": null, "avatar_decoration_data": null, "bot": true, "discriminator": "0",
            "global_name": "Discord", "id": "643945264868098049", "public_flags": 1, "username": "discord",
        },
        "version": 1,
    })
}

/// `/name option:value …`, typed by this user; the token is derived from the values.
pub fn command(user: &str, name: &str, options: &[(&str, &str)]) -> Value {
    let list: Vec<Value> = options
        .iter()
        .map(|(name, value)| json!({ "name": name, "type": 3, "value": value }))
        .collect();
    let mut data = json!({
        "guild_id": GUILD, "id": "1290000000000000030", "name": name, "type": 1,
    });
    if !list.is_empty() {
        data["options"] = json!(list);
    }
    interaction(2, user, &token(user, name, options), &data)
}

pub fn token(user: &str, name: &str, options: &[(&str, &str)]) -> String {
    let words: String = options.iter().map(|(_, value)| *value).collect();
    format!("interaction-{user}-{name}-{}", hex::encode(words))
}

pub fn button(user: &str, id: &str) -> Value {
    let data = json!({ "component_type": 2, "custom_id": id });
    let mut body = interaction(3, user, "interaction-button", &data);
    body["message"] = json!({
        "attachments": [],
        "author": {
            "avatar": null, "bot": true, "discriminator": "0", "global_name": null, "id": APPLICATION,
            "username": "Muster",
        },
        "channel_id": "1290000000000000003",
        "components": [{ "components": [
            { "custom_id": id, "id": 2, "label": "Verify me", "style": 1, "type": 2 },
        ], "id": 1, "type": 1 }],
        "content": "Welcome!", "edited_timestamp": null, "embeds": [], "flags": 0, "id": "1290000000000000040",
        "mention_everyone": false, "mention_roles": [], "mentions": [], "pinned": false,
        "timestamp": "2026-11-20T10:00:00.000000+00:00", "tts": false, "type": 0,
    });
    body
}

/// A submitted modal with its one field.
pub fn modal(user: &str, id: &str, field: &str, value: &str) -> Value {
    let data = json!({
        "components": [{
            "component": { "custom_id": field, "id": 2, "type": 4, "value": value }, "id": 1, "type": 18,
        }],
        "custom_id": id,
    });
    interaction(5, user, "interaction-modal", &data)
}

fn interaction(kind: u8, user: &str, token: &str, data: &Value) -> Value {
    json!({
        "app_permissions": "562949953601536",
        "application_id": APPLICATION,
        "attachment_size_limit": 10_485_760,
        "authorizing_integration_owners": { "0": GUILD },
        "channel": {
            "flags": 0, "guild_id": GUILD, "id": "1290000000000000003", "name": "welcome", "nsfw": false,
            "parent_id": null, "position": 0, "type": 0,
        },
        "channel_id": "1290000000000000003",
        "context": 0,
        "data": data,
        "entitlements": [],
        "guild": { "features": [], "id": GUILD, "locale": "en-US" },
        "guild_id": GUILD,
        "guild_locale": "en-US",
        "id": "1290000000000000010",
        "locale": "en-GB",
        "member": {
            "avatar": null, "deaf": false, "flags": 0, "joined_at": "2026-11-01T10:00:00.000000+00:00",
            "mute": false, "nick": null, "pending": false, "permissions": "2248473465835073", "roles": [],
            "user": {
                "avatar": null, "discriminator": "0", "global_name": "Somebody", "id": user, "public_flags": 0,
                "username": "somebody",
            },
        },
        "token": token,
        "type": kind,
        "version": 1,
    })
}
