//! The client of Discord's API against a server that counts, refuses and fails. Time moves only when a test moves it.

mod client;
mod wire;

use std::time::Duration;

use muster::config::{Config, Vars};
use muster::discord::{Rest, RestError};
use muster::model::{Clock, Millis};
use serde_json::json;

use crate::support::app::NOON;
use crate::support::discord::{Fault, TOKEN, TestDiscord};

struct Scene {
    clock: Clock,
    discord: TestDiscord,
    rest: Rest,
}

impl Scene {
    async fn new() -> Self {
        Self::scaled(1).await
    }

    /// With timeouts shortened by this factor.
    async fn scaled(time_scale: u32) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = Clock::test(NOON);
        let discord = TestDiscord::start(clock.clone()).await;
        let mut config = Config::read(&Vars::default()).unwrap();
        discord.set(&mut config);
        let rest = Rest::new(config.bot().unwrap(), clock.clone(), time_scale).unwrap();
        Self { clock, discord, rest }
    }

    /// Runs work that waits for the clock, which moves forward whenever the work pauses.
    async fn moving<T>(&self, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = tokio::task::yield_now() => {
                    self.clock.advance(Duration::from_millis(1));
                }
            }
        }
    }
}

fn at(seconds: u64) -> Millis {
    NOON.plus(Duration::from_secs(seconds))
}

#[tokio::test]
async fn every_request_is_understood_and_answered() {
    let Scene { discord, rest, .. } = Scene::new().await;
    assert_eq!(rest.application().await.unwrap().id, "1100000000000000001");
    assert_eq!(rest.guild().await.unwrap().name, "Hack the Harbour");
    assert_eq!(rest.me_as_member().await.unwrap().user.username, "Muster");
    let role = rest.create_role("Verified").await.unwrap();
    assert!(rest.roles().await.unwrap().contains(&role));
    discord.add_member("42");
    rest.add_role("42", &role.id).await.unwrap();
    assert_eq!(discord.roles_of("42"), std::slice::from_ref(&role.id));
    rest.remove_role("42", &role.id).await.unwrap();
    assert_eq!(discord.roles_of("42"), [""; 0]);
    let channel = rest.create_channel("verify", "Say who you are").await.unwrap();
    assert!(rest.channels().await.unwrap().contains(&channel));
    let message = rest.post_message(&channel.id, &json!({ "content": "Hello" })).await.unwrap();
    let changed = json!({ "content": "Hello again" });
    rest.edit_message(&channel.id, &message.id, &changed).await.unwrap();
    assert_eq!(discord.messages()[0]["content"], "Hello again");
    let command = json!({ "name": "help", "description": "What Muster can do" });
    assert_eq!(rest.register_commands(&[command]).await.unwrap()[0].name, "help");
}

#[tokio::test]
async fn an_interaction_is_answered_without_the_token_and_for_fifteen_minutes() {
    let Scene { discord, rest, clock } = Scene::new().await;
    discord.interaction("a.token-of_it");
    rest.edit_original("a.token-of_it", &json!({ "content": "The answer" })).await.unwrap();
    assert_eq!(discord.answers("a.token-of_it")[0]["content"], "The answer");

    clock.advance(Duration::from_mins(15));
    let late =
        rest.edit_original("a.token-of_it", &json!({ "content": "Late" })).await.unwrap_err();
    assert!(matches!(&late, RestError::NotFound { code: 50027, .. }), "{late:?}");
    assert!(!late.to_string().contains("a.token-of_it"));
    assert!(!rest.is_disabled(), "the bot's own token is not to blame");
    let unknown = rest.edit_original("another", &json!({ "content": "Hello" })).await.unwrap_err();
    assert!(matches!(unknown, RestError::NotFound { code: 10015, .. }), "{unknown:?}");
}

#[tokio::test]
async fn no_message_mentions_anybody_whatever_it_says() {
    let Scene { discord, rest, .. } = Scene::new().await;
    let channel = discord.add_channel("ask");
    let message = json!({ "content": "@everyone", "allowed_mentions": { "parse": ["everyone"] } });
    rest.post_message(&channel, &message).await.unwrap();
    assert_eq!(discord.messages()[0]["allowed_mentions"], json!({ "parse": [] }));
}

#[tokio::test]
async fn an_empty_bucket_is_not_used_before_its_reset() {
    let Scene { discord, rest, clock } = Scene::new().await;
    discord.limit(2, Duration::from_secs(30));
    rest.roles().await.unwrap();
    rest.roles().await.unwrap();
    assert_eq!(rest.roles().await, Err(RestError::RateLimited { at: at(30) }));
    rest.channels().await.unwrap();
    clock.advance(Duration::from_secs(30));
    rest.roles().await.unwrap();
    assert_eq!(discord.count("/roles"), 3);
    assert!(discord.seen().iter().all(|seen| seen.status == 200));
}

#[tokio::test]
async fn the_client_sleeps_through_a_short_wait_and_returns_a_long_one() {
    let scene = Scene::new().await;
    let Scene { discord, rest, clock } = &scene;
    discord.fault("/roles", Fault::TooMany { retry_after: 1.337, global: false });
    scene.moving(rest.roles()).await.unwrap();
    let seen = discord.seen();
    assert!(seen[1].at >= NOON.plus(Duration::from_millis(1_337)), "{seen:?}");

    let now = clock.now();
    discord.fault("/roles", Fault::TooMany { retry_after: 64.57, global: false });
    let then = now.plus(Duration::from_secs(65));
    assert_eq!(rest.roles().await, Err(RestError::RateLimited { at: then }));
    clock.advance_to(Millis(then.0 - 2_001));
    assert_eq!(rest.roles().await, Err(RestError::RateLimited { at: then }));
    assert_eq!(discord.count("/roles"), 3, "nothing was asked meanwhile");
    clock.advance_to(then);
    rest.roles().await.unwrap();
}

#[tokio::test]
async fn a_global_429_stops_every_route_of_every_clone() {
    let Scene { discord, rest, clock } = Scene::new().await;
    discord.fault("/roles", Fault::TooMany { retry_after: 20.0, global: true });
    assert_eq!(rest.roles().await, Err(RestError::RateLimited { at: at(20) }));
    assert_eq!(rest.clone().channels().await, Err(RestError::RateLimited { at: at(20) }));
    assert_eq!(discord.seen().len(), 1);
    clock.advance(Duration::from_secs(20));
    rest.channels().await.unwrap();
}

#[tokio::test]
async fn a_blocked_address_sends_no_request_until_the_block_ends() {
    let Scene { discord, rest, .. } = Scene::new().await;
    discord.fault("/roles", Fault::Barred { retry_after: 600 });
    assert_eq!(rest.roles().await, Err(RestError::RateLimited { at: at(600) }));
    assert_eq!(rest.channels().await, Err(RestError::RateLimited { at: at(600) }));
    assert_eq!(discord.seen().len(), 1);
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_used_only_once() {
    let Scene { discord, rest, .. } = Scene::new().await;
    discord.fault("", Fault::Unauthorised);
    assert_eq!(rest.roles().await, Err(RestError::Unauthorised));
    assert_eq!(rest.channels().await, Err(RestError::Unauthorised));
    assert!(rest.is_disabled());
    assert_eq!(discord.seen().len(), 1);
    rest.reset_refusals();
    rest.channels().await.unwrap();
}

#[tokio::test]
async fn a_route_that_is_forbidden_repeatedly_is_not_used_any_more() {
    let Scene { discord, rest, clock } = Scene::new().await;
    let role = discord.add_role("Verified", 9);
    discord.add_member("42");
    let forbidden = rest.add_role("42", &role).await.unwrap_err();
    assert_eq!(
        forbidden.to_string(),
        "Discord does not let the bot give a role: Missing Permissions"
    );
    for _ in 1..20 {
        clock.advance(Duration::from_secs(1));
        rest.add_role("42", &role).await.unwrap_err();
    }
    assert_eq!(rest.add_role("42", &role).await, Err(RestError::RateLimited { at: at(600) }));
    assert_eq!(discord.count("PUT"), 20);
    // Other routes are asked as before.
    rest.roles().await.unwrap();

    discord.bot_stands_at(10);
    rest.reset_refusals();
    rest.add_role("42", &role).await.unwrap();
}

#[tokio::test]
async fn errors_of_discord_can_be_retried_and_wrong_requests_cannot() {
    let Scene { discord, rest, .. } = Scene::new().await;
    for fault in [Fault::Status(500), Fault::Status(502), Fault::Cut] {
        discord.fault("/roles", fault.clone());
        let error = rest.roles().await.unwrap_err();
        assert!(matches!(error, RestError::Unreachable { .. }), "{fault:?}");
    }
    discord.fault("/roles", Fault::Garbage);
    let garbage = rest.roles().await.unwrap_err();
    assert!(matches!(&garbage, RestError::Refused { status: 200, .. }));
    let wrong = rest.register_commands(&[json!({ "name": "Help me" })]).await.unwrap_err();
    assert_eq!(
        wrong.to_string(),
        "Discord refused to register commands (status 400): Invalid Form Body; 0.name: Command name is invalid"
    );
    let nowhere = rest.post_message("77", &json!({ "content": "Hello" })).await.unwrap_err();
    assert!(matches!(nowhere, RestError::NotFound { code: 10003, .. }), "{nowhere:?}");
}

#[tokio::test]
async fn a_request_without_a_response_times_out() {
    let Scene { discord, rest, .. } = Scene::scaled(100).await;
    discord.fault("/roles", Fault::Hang);
    let error = rest.roles().await.unwrap_err();
    assert_eq!(error.to_string(), "Discord cannot be reached: no answer in time");
    drop(discord);
    let error = rest.roles().await.unwrap_err();
    assert!(matches!(&error, RestError::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn the_token_is_not_shown() {
    let Scene { rest, .. } = Scene::new().await;
    assert!(!format!("{rest:?}").contains(TOKEN));
}
