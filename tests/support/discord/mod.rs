//! A local Discord for the tests: one server ("guild") with roles, channels, commands and messages. It counts requests
//! and refuses them as the real one does, and records each with its time. What the real one would accept but Muster
//! must not do is listed in [`TestDiscord::complaints`], and fails the test when the server is dropped.
#![allow(dead_code, reason = "each program that includes this uses a part of it")]

mod api;
mod constants;
mod serve;
mod state;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use muster::config::Config;
use muster::model::{Clock, Millis, Secret};
use serde_json::{Value, json};

use self::serve::serve;
use self::state::{Inner, role};
pub use constants::*;

/// What a test can make go wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// 429: seconds to wait, and whether this applies to all routes. A request that comes earlier is refused again and
    /// reported as a complaint.
    TooMany { retry_after: f64, global: bool },
    /// 429 from Cloudflare in front of the API: no JSON.
    Barred { retry_after: u64 },
    /// 401
    Unauthorised,
    /// 403, code 50013
    MissingPermissions,
    /// 404, code 10015
    UnknownWebhook,
    /// Any other status, with a body that is not Discord's.
    Status(u16),
    /// No response ever.
    Hang,
    /// The connection breaks before the response.
    Cut,
    /// The request is carried out, and the connection breaks before the response.
    CutAfter,
    /// 200 with a body other than documented.
    Garbage,
}

/// One request, as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    pub at: Millis,
    /// `PUT /guilds/1/members/2/roles/3`
    pub line: String,
    /// The status of the response; 0 if there was none.
    pub status: u16,
    pub body: Value,
}

/// The server. Dropped, it stops.
pub struct TestDiscord {
    /// For `DISCORD_BASE_URL`.
    pub url: String,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

pub struct Shared {
    pub clock: Clock,
    pub state: Mutex<Inner>,
}

impl TestDiscord {
    pub async fn start(clock: Clock) -> Self {
        Self::start_on(SocketAddr::from(([127, 0, 0, 1], 0)), clock).await
    }

    pub async fn start_on(address: SocketAddr, clock: Clock) -> Self {
        let shared = Arc::new(Shared { clock, state: Mutex::new(Inner::new()) });
        let routes = Router::new().fallback(serve).with_state(shared.clone());
        let listener = tokio::net::TcpListener::bind(address).await.expect("a free port");
        let url = format!("http://{}/api/v10", listener.local_addr().expect("it is bound"));
        let task = tokio::spawn(async move {
            axum::serve(listener, routes).await.expect("a server runs until it is dropped");
        });
        Self { url, shared, task }
    }

    /// Changes settings so that Muster uses this server.
    pub fn set(&self, config: &mut Config) {
        config.public_url = Some(PUBLIC_URL.into());
        config.discord.application_id = Some(APPLICATION.into());
        config.discord.public_key = Some(PUBLIC_KEY.into());
        config.discord.token = Some(Secret::new(TOKEN));
        config.discord.guild_id = Some(GUILD.into());
        config.discord.base_url.clone_from(&self.url);
    }

    /// The same settings as environment variables.
    pub fn settings(&self) -> [(&'static str, String); 6] {
        [
            ("PUBLIC_URL", PUBLIC_URL.into()),
            ("DISCORD_APPLICATION_ID", APPLICATION.into()),
            ("DISCORD_PUBLIC_KEY", PUBLIC_KEY.into()),
            ("DISCORD_TOKEN", TOKEN.into()),
            ("DISCORD_GUILD_ID", GUILD.into()),
            ("DISCORD_BASE_URL", self.url.clone()),
        ]
    }

    // ── faults ──

    /// The next request whose line contains `part` meets this fault.
    pub fn fault(&self, part: &str, fault: Fault) {
        self.faults(part, fault, 1);
    }

    pub fn faults(&self, part: &str, fault: Fault, times: usize) {
        self.inner().faults.extend(std::iter::repeat_n((part.to_owned(), fault), times));
    }

    /// How many requests each bucket allows in a window.
    pub fn limit(&self, requests: u32, window: Duration) {
        let mut inner = self.inner();
        (inner.limit, inner.window) = (requests, window);
    }

    /// Requests that did not wait as told, or that mention people.
    pub fn complaints(&self) -> Vec<String> {
        self.inner().complaints.clone()
    }

    // ── contents ──

    /// An interaction that began now and was answered with "wait".
    pub fn interaction(&self, token: &str) {
        let now = self.shared.clock.now();
        let original = json!({ "id": self.inner().id(), "content": "", "channel_id": "1" });
        self.inner().interactions.insert(token.into(), (now, vec![original]));
    }

    /// The messages that answer an interaction, the original first.
    pub fn answers(&self, token: &str) -> Vec<Value> {
        self.inner().interactions.get(token).map_or_else(Vec::new, |(_, messages)| messages.clone())
    }

    pub fn add_member(&self, user: &str) {
        self.inner().members.insert(user.into(), BTreeSet::new());
    }

    pub fn roles_of(&self, user: &str) -> Vec<String> {
        self.inner()
            .members
            .get(user)
            .map_or_else(Vec::new, |roles| roles.iter().cloned().collect())
    }

    /// A role below the bot's, unless its position says otherwise.
    pub fn add_role(&self, name: &str, position: i64) -> String {
        let mut inner = self.inner();
        let id = inner.id();
        inner.roles.push(role(&id, name, 0, position, false));
        id
    }

    pub fn add_channel(&self, name: &str) -> String {
        let mut inner = self.inner();
        let id = inner.id();
        inner.channels.push(json!({ "id": id, "name": name, "type": 0, "topic": null }));
        id
    }

    /// Sets the permissions of the bot's own role; those of everybody add to them.
    pub fn bot_may(&self, permissions: u64) {
        self.inner().change_role(BOT_ROLE, "permissions", json!(permissions.to_string()));
    }

    pub fn bot_stands_at(&self, position: i64) {
        self.inner().change_role(BOT_ROLE, "position", json!(position));
    }

    pub fn everybody_may(&self, permissions: u64) {
        self.inner().change_role(GUILD, "permissions", json!(permissions.to_string()));
    }

    pub fn bot_leaves(&self) {
        self.inner().bot_is_member = false;
    }

    pub fn endpoint(&self, url: Option<&str>) {
        self.inner().endpoint_url = url.map(str::to_owned);
    }

    pub fn verify_key(&self, key: &str) {
        self.inner().public_key = key.into();
    }

    pub fn roles(&self) -> Vec<Value> {
        self.inner().roles.clone()
    }

    pub fn channels(&self) -> Vec<Value> {
        self.inner().channels.clone()
    }

    pub fn commands(&self) -> Vec<Value> {
        self.inner().commands.clone()
    }

    pub fn messages(&self) -> Vec<Value> {
        self.inner().messages.clone()
    }

    /// Somebody deletes a message.
    pub fn delete_message(&self, id: &str) {
        self.inner().messages.retain(|message| message["id"] != id);
    }

    /// All requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.inner().seen.clone()
    }

    /// How many requests arrived whose line contains `part`.
    pub fn count(&self, part: &str) -> usize {
        self.inner().seen.iter().filter(|seen| seen.line.contains(part)).count()
    }

    /// Runs until the server ends.
    pub async fn run(mut self) {
        let _ = (&mut self.task).await;
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.shared.inner()
    }
}

impl Drop for TestDiscord {
    fn drop(&mut self) {
        self.task.abort();
        let complaints = self.complaints();
        if !std::thread::panicking() {
            assert!(complaints.is_empty(), "{}", complaints.join("\n"));
        }
    }
}

impl Shared {
    pub fn inner(&self) -> MutexGuard<'_, Inner> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
