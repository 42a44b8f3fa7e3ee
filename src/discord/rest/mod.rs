//! Discord's REST API, used within its rate limits. The token is sent in the `Authorization` header and nowhere else.

mod call;
mod error;
mod limits;
mod response;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Method;
use reqwest::header::AUTHORIZATION;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use self::call::{Call, in_channel, plain, reply, without_mentions};
use self::error::ErrorBody;
use self::limits::{Limits, Target};
use self::response::{Refusal, authorization, classify, limit_headers, send, unreachable};
use super::objects::{Application, Channel, Command, Guild, Member, Message, Role, User};
use crate::config::Bot;
use crate::model::Clock;
pub use error::RestError;

/// Timeout for connecting, TLS included. Divided by `TIME_SCALE`.
const CONNECT: Duration = Duration::from_secs(5);

/// Timeout for a whole request. Divided by `TIME_SCALE`.
const WHOLE: Duration = Duration::from_secs(15);

/// The client sleeps through a rate limit up to this long; a longer wait is returned to the caller.
const SHORT: Duration = Duration::from_secs(2);

/// How often a request is tried when Discord responds with 429 and a short wait.
const TRIES: u32 = 4;

/// The client, one per process: it keeps connections open and remembers the rate limits. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Rest(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    http: reqwest::Client,
    bot: Bot,
    clock: Clock,
    /// Never locked across an await.
    limits: Mutex<Limits>,
    /// The token was not accepted: more requests would only get the address banned.
    disabled: AtomicBool,
}

impl Rest {
    /// TLS needs rustls's default provider, which `main` installs.
    pub fn new(bot: Bot, clock: Clock, time_scale: u32) -> reqwest::Result<Self> {
        let agent = format!("DiscordBot ({}, {})", bot.public_url, env!("CARGO_PKG_VERSION"));
        let mut builder = reqwest::Client::builder()
            .connect_timeout(CONNECT / time_scale)
            .timeout(WHOLE / time_scale)
            .redirect(reqwest::redirect::Policy::none())
            .pool_idle_timeout(Duration::from_mins(1))
            .user_agent(agent);
        if bot.base_url.starts_with("http://") {
            // Plain http is only for this machine, where no proxy is involved.
            builder = builder.no_proxy();
        }
        Ok(Self(Arc::new(Parts {
            http: builder.build()?,
            bot,
            clock,
            limits: Mutex::default(),
            disabled: AtomicBool::new(false),
        })))
    }

    /// The settings that it was made from.
    pub fn bot(&self) -> &Bot {
        &self.0.bot
    }

    /// Whether the token was not accepted, so that no more requests are made.
    pub fn is_disabled(&self) -> bool {
        self.0.disabled.load(Ordering::Relaxed)
    }

    /// Forgets refusals, since the token or the permissions may have been fixed.
    pub fn reset_refusals(&self) {
        self.0.disabled.store(false, Ordering::Relaxed);
        self.limits().forget_forbidden();
    }

    // ── replies to interactions, for 15 minutes ──

    /// Replaces the first reply, or its placeholder. Can be repeated.
    pub async fn edit_original(
        &self,
        token: &str,
        message: &impl Serialize,
    ) -> Result<(), RestError> {
        let path = vec!["webhooks", self.app(), token, "messages", "@original"];
        let call = Call {
            body: Some(without_mentions(message)),
            ..reply("answer a command", Method::PATCH, "PATCH @original", token, path)
        };
        self.ask(call).await.map(drop)
    }

    // ── members and roles ──

    /// Gives a role to a member of the server. Can be repeated.
    pub async fn add_role(&self, user: &str, role: &str) -> Result<(), RestError> {
        let path = self.in_guild(&["members", user, "roles", role]);
        self.ask(self.guild_call("give a role", Method::PUT, "PUT member role", path))
            .await
            .map(drop)
    }

    /// Takes a role from a member of the server. Can be repeated.
    pub async fn remove_role(&self, user: &str, role: &str) -> Result<(), RestError> {
        let path = self.in_guild(&["members", user, "roles", role]);
        self.ask(self.guild_call("take a role", Method::DELETE, "DELETE member role", path))
            .await
            .map(drop)
    }

    pub async fn roles(&self) -> Result<Vec<Role>, RestError> {
        let path = self.in_guild(&["roles"]);
        self.read(self.guild_call("list the roles", Method::GET, "GET roles", path)).await
    }

    /// Creates a role without permissions, at the bottom of the list. Repeating it creates another one.
    pub async fn create_role(&self, name: &str) -> Result<Role, RestError> {
        let path = self.in_guild(&["roles"]);
        let body = json!({ "name": name, "permissions": "0", "mentionable": false });
        let call = self.guild_call("make a role", Method::POST, "POST roles", path);
        self.read(Call { body: Some(body), ..call }).await
    }

    /// The bot as a member of the server; [`RestError::NotFound`] or [`RestError::Forbidden`] if it is none.
    pub async fn me_as_member(&self) -> Result<Member, RestError> {
        let what = "look the bot up";
        let path = vec!["users", "@me"];
        let me: User = self.read(plain(what, Method::GET, "GET me", path)).await?;
        let path = self.in_guild(&["members", &me.id]);
        self.read(self.guild_call(what, Method::GET, "GET member", path)).await
    }

    // ── the server and its channels ──

    pub async fn guild(&self) -> Result<Guild, RestError> {
        let path = self.in_guild(&[]);
        self.read(self.guild_call("look the server up", Method::GET, "GET guild", path)).await
    }

    pub async fn channels(&self) -> Result<Vec<Channel>, RestError> {
        let path = self.in_guild(&["channels"]);
        self.read(self.guild_call("list the channels", Method::GET, "GET channels", path)).await
    }

    /// Creates a text channel, last in the list. Repeating it creates another one.
    pub async fn create_channel(&self, name: &str, topic: &str) -> Result<Channel, RestError> {
        let path = self.in_guild(&["channels"]);
        let body = json!({ "name": name, "type": 0, "topic": topic });
        let call = self.guild_call("make a channel", Method::POST, "POST channels", path);
        self.read(Call { body: Some(body), ..call }).await
    }

    /// Posts a message in a channel. Repeating it posts it twice.
    pub async fn post_message(
        &self,
        channel: &str,
        message: &impl Serialize,
    ) -> Result<Message, RestError> {
        let path = vec!["channels", channel, "messages"];
        let call = Call {
            body: Some(without_mentions(message)),
            ..in_channel("write in a channel", Method::POST, "POST message", channel, path)
        };
        self.read(call).await
    }

    /// Replaces one of the bot's own messages. Can be repeated.
    pub async fn edit_message(
        &self,
        channel: &str,
        id: &str,
        message: &impl Serialize,
    ) -> Result<Message, RestError> {
        let path = vec!["channels", channel, "messages", id];
        let call = Call {
            body: Some(without_mentions(message)),
            ..in_channel("change its message", Method::PATCH, "PATCH message", channel, path)
        };
        self.read(call).await
    }

    // ── the application ──

    pub async fn application(&self) -> Result<Application, RestError> {
        let path = vec!["applications", "@me"];
        self.read(plain("look the application up", Method::GET, "GET application", path)).await
    }

    /// The application's commands in the server.
    pub async fn commands(&self) -> Result<Vec<Command>, RestError> {
        let path = self.command_path();
        self.read(self.guild_call("list the commands", Method::GET, "GET commands", path)).await
    }

    /// Replaces all of the application's commands in the server. Can be repeated.
    pub async fn register_commands(
        &self,
        commands: &[impl Serialize],
    ) -> Result<Vec<Command>, RestError> {
        let path = self.command_path();
        let call = self.guild_call("register commands", Method::PUT, "PUT commands", path);
        self.read(Call { body: Some(json!(commands)), ..call }).await
    }

    // ── sending requests ──

    fn app(&self) -> &str {
        &self.0.bot.application_id
    }

    fn server(&self) -> &str {
        &self.0.bot.guild_id
    }

    fn command_path(&self) -> Vec<&str> {
        vec!["applications", self.app(), "guilds", self.server(), "commands"]
    }

    fn in_guild<'a>(&'a self, rest: &[&'a str]) -> Vec<&'a str> {
        [&["guilds", self.server()], rest].concat()
    }

    fn guild_call<'a>(
        &self,
        what: &'static str,
        method: Method,
        route: &'static str,
        path: Vec<&'a str>,
    ) -> Call<'a> {
        let target = Target { route, major: self.server().to_owned(), counts_globally: true };
        Call { target, ..plain(what, method, route, path) }
    }

    fn limits(&self) -> MutexGuard<'_, Limits> {
        // Its contents are never half written: each change is one assignment or push.
        self.0.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, RestError> {
        let what = call.what;
        let bytes = self.ask(call).await?;
        serde_json::from_slice(&bytes).map_err(|error| RestError::Refused {
            what,
            status: 200,
            // Where parsing failed, never the text itself.
            reason: format!("the answer is not as documented (line {})", error.line()),
        })
    }

    /// Sends a request within the limits, sleeping through short waits.
    async fn ask(&self, call: Call<'_>) -> Result<Vec<u8>, RestError> {
        let clock = &self.0.clock;
        let mut tries = 0;
        loop {
            if self.is_disabled() && call.interaction.is_none() {
                return Err(RestError::Unauthorised);
            }
            let taken = self.limits().take(&call.target, clock.now());
            let at = match taken {
                Ok(()) => {
                    tries += 1;
                    match self.once(&call).await {
                        Err(RestError::RateLimited { at }) if tries < TRIES => at,
                        other => return other,
                    }
                }
                Err(at) => at,
            };
            if at.since(clock.now()) > SHORT {
                return Err(RestError::RateLimited { at });
            }
            clock.sleep_until(at).await;
        }
    }

    async fn once(&self, call: &Call<'_>) -> Result<Vec<u8>, RestError> {
        let token = &self.0.bot.token;
        let mut secrets = vec![token];
        secrets.extend(&call.interaction);
        let mut url = reqwest::Url::parse(&self.0.bot.base_url).map_err(|_| {
            RestError::Unreachable { reason: "DISCORD_BASE_URL is no address".into() }
        })?;
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(&call.path);
        }
        let mut request = self.0.http.request(call.method.clone(), url);
        if call.interaction.is_none() {
            request = request.header(AUTHORIZATION, authorization(token)?);
        }
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        let (status, headers, body) = match send(request).await {
            Ok(response) => response,
            Err(error) => return Err(unreachable(&error, &secrets)),
        };
        tracing::debug!(
            discord.route = call.target.route,
            http.status = status,
            "Discord responded to {} with {status}",
            call.target.route
        );
        let now = self.0.clock.now();
        let mut limits = self.limits();
        limits.answered(&call.target, &limit_headers(&headers), now);
        if (200..300).contains(&status) {
            limits.allowed(&call.target);
            return Ok(body);
        }
        let refusal = classify(call, status, &headers, ErrorBody::read(&body), &secrets);
        match &refusal {
            Refusal::TooMany(too_many) => limits.too_many(&call.target, *too_many, now),
            Refusal::Error(RestError::Unauthorised) => {
                limits.unauthorised(now);
                self.0.disabled.store(true, Ordering::Relaxed);
                tracing::error!("Discord does not accept DISCORD_TOKEN; no more requests are made");
            }
            Refusal::Error(RestError::Forbidden { .. }) => limits.forbidden(&call.target, now),
            Refusal::Error(_) if status == 401 => limits.unauthorised(now),
            Refusal::Error(_) => {}
        }
        Err(match refusal {
            Refusal::TooMany(too_many) => RestError::RateLimited { at: now.plus(too_many.wait) },
            Refusal::Error(error) => error,
        })
    }
}
