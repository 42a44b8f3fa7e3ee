//! Asks Discord over HTTP, within its limits. The token stands in the `Authorization` header and nowhere else.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::objects::{Application, Channel, Command, Guild, Member, Message, Role, User};
use crate::config::Bot;
use crate::model::{Clock, Secret};

mod limits;
mod trouble;

use limits::{Headers, Limits, Place, TooMany};
pub use trouble::Trouble;
use trouble::{Told, redact};

/// To connect, TLS included. Divided by `TIME_SCALE`.
const CONNECT: Duration = Duration::from_secs(5);

/// For a whole request. Divided by `TIME_SCALE`.
const WHOLE: Duration = Duration::from_secs(15);

/// A wait for Discord's limits up to this is slept through; a longer one is the caller's.
const SHORT: Duration = Duration::from_secs(2);

/// So often one request is tried that Discord answers with 429 and a short wait.
const TRIES: u32 = 4;

/// Where a 429 does not say how long to wait.
const UNTOLD: Duration = Duration::from_secs(5);

/// An answer longer than this is not read: a server has at most some hundred roles and channels.
const LARGEST_ANSWER: usize = 4 << 20;

/// One for the whole process: it keeps connections open, and remembers the limits. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Rest(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    http: reqwest::Client,
    bot: Bot,
    clock: Clock,
    /// Never held over an await.
    limits: Mutex<Limits>,
    /// The token was not accepted: asking on would only help to get the address barred.
    set_aside: AtomicBool,
}

/// One request.
struct Call<'a> {
    /// What it does: "give a role".
    what: &'static str,
    method: Method,
    place: Place,
    path: Vec<&'a str>,
    body: Option<Value>,
    /// The token of an interaction, which stands in the path.
    interaction: Option<Secret>,
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
            // Plain http goes to this machine only, and there no proxy stands between.
            builder = builder.no_proxy();
        }
        Ok(Self(Arc::new(Parts {
            http: builder.build()?,
            bot,
            clock,
            limits: Mutex::default(),
            set_aside: AtomicBool::new(false),
        })))
    }

    /// What it was made from.
    pub fn bot(&self) -> &Bot {
        &self.0.bot
    }

    /// Whether the token was not accepted, and nothing is asked any more.
    pub fn is_set_aside(&self) -> bool {
        self.0.set_aside.load(Ordering::Relaxed)
    }

    /// Somebody may have mended token or permissions: ask again although Discord said no.
    pub fn try_again(&self) {
        self.0.set_aside.store(false, Ordering::Relaxed);
        self.limits().forget_forbidden();
    }

    // ── answers to interactions, for 15 minutes ──

    /// Puts `message` in the place of the first answer, or of the wait for it. Can be repeated.
    pub async fn edit_original(
        &self,
        token: &str,
        message: &impl Serialize,
    ) -> Result<(), Trouble> {
        let path = vec!["webhooks", self.app(), token, "messages", "@original"];
        let call = Call {
            body: Some(text(message)),
            ..answer("answer a command", Method::PATCH, "PATCH @original", token, path)
        };
        self.ask(call).await.map(drop)
    }

    // ── members and roles ──

    /// Gives a member of the server a role. Can be repeated.
    pub async fn add_role(&self, user: &str, role: &str) -> Result<(), Trouble> {
        let path = self.in_guild(&["members", user, "roles", role]);
        self.ask(self.guild_call("give a role", Method::PUT, "PUT member role", path))
            .await
            .map(drop)
    }

    /// Takes a role from a member of the server. Can be repeated.
    pub async fn remove_role(&self, user: &str, role: &str) -> Result<(), Trouble> {
        let path = self.in_guild(&["members", user, "roles", role]);
        self.ask(self.guild_call("take a role", Method::DELETE, "DELETE member role", path))
            .await
            .map(drop)
    }

    pub async fn roles(&self) -> Result<Vec<Role>, Trouble> {
        let path = self.in_guild(&["roles"]);
        self.read(self.guild_call("list the roles", Method::GET, "GET roles", path)).await
    }

    /// Makes a role without permissions, at the bottom of the list. Repeated, there are two.
    pub async fn create_role(&self, name: &str) -> Result<Role, Trouble> {
        let path = self.in_guild(&["roles"]);
        let body = json!({ "name": name, "permissions": "0", "mentionable": false });
        let call = self.guild_call("make a role", Method::POST, "POST roles", path);
        self.read(Call { body: Some(body), ..call }).await
    }

    /// The bot itself, as the server knows it; [`Trouble::Gone`] or [`Trouble::Forbidden`] where it is no member.
    pub async fn me_as_member(&self) -> Result<Member, Trouble> {
        let what = "look the bot up";
        let path = vec!["users", "@me"];
        let me: User = self.read(plain(what, Method::GET, "GET me", path)).await?;
        let path = self.in_guild(&["members", &me.id]);
        self.read(self.guild_call(what, Method::GET, "GET member", path)).await
    }

    // ── the server and its channels ──

    pub async fn guild(&self) -> Result<Guild, Trouble> {
        let path = self.in_guild(&[]);
        self.read(self.guild_call("look the server up", Method::GET, "GET guild", path)).await
    }

    pub async fn channels(&self) -> Result<Vec<Channel>, Trouble> {
        let path = self.in_guild(&["channels"]);
        self.read(self.guild_call("list the channels", Method::GET, "GET channels", path)).await
    }

    /// Makes a channel for text, last in the list. Repeated, there are two.
    pub async fn create_channel(&self, name: &str, topic: &str) -> Result<Channel, Trouble> {
        let path = self.in_guild(&["channels"]);
        let body = json!({ "name": name, "type": 0, "topic": topic });
        let call = self.guild_call("make a channel", Method::POST, "POST channels", path);
        self.read(Call { body: Some(body), ..call }).await
    }

    /// Writes a message in a channel. Repeated, it stands there twice.
    pub async fn post_message(
        &self,
        channel: &str,
        message: &impl Serialize,
    ) -> Result<Message, Trouble> {
        let path = vec!["channels", channel, "messages"];
        let call = Call {
            body: Some(text(message)),
            ..in_channel("write in a channel", Method::POST, "POST message", channel, path)
        };
        self.read(call).await
    }

    /// Replaces a message of the bot's own. Can be repeated.
    pub async fn edit_message(
        &self,
        channel: &str,
        id: &str,
        message: &impl Serialize,
    ) -> Result<Message, Trouble> {
        let path = vec!["channels", channel, "messages", id];
        let call = Call {
            body: Some(text(message)),
            ..in_channel("change its message", Method::PATCH, "PATCH message", channel, path)
        };
        self.read(call).await
    }

    // ── the application ──

    pub async fn application(&self) -> Result<Application, Trouble> {
        let path = vec!["applications", "@me"];
        self.read(plain("look the application up", Method::GET, "GET application", path)).await
    }

    /// The application's commands in the server.
    pub async fn commands(&self) -> Result<Vec<Command>, Trouble> {
        let path = self.command_path();
        self.read(self.guild_call("list the commands", Method::GET, "GET commands", path)).await
    }

    /// Replaces all of the application's commands in the server. Can be repeated.
    pub async fn register_commands(
        &self,
        commands: &[impl Serialize],
    ) -> Result<Vec<Command>, Trouble> {
        let path = self.command_path();
        let call = self.guild_call("register commands", Method::PUT, "PUT commands", path);
        self.read(Call { body: Some(json!(commands)), ..call }).await
    }

    // ── asking ──

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
        let place = Place { route, major: self.server().to_owned(), counts: true };
        Call { place, ..plain(what, method, route, path) }
    }

    fn limits(&self) -> MutexGuard<'_, Limits> {
        // What it holds is never half written: each change is one assignment or push.
        self.0.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, Trouble> {
        let what = call.what;
        let bytes = self.ask(call).await?;
        serde_json::from_slice(&bytes).map_err(|error| Trouble::Refused {
            what,
            status: 200,
            // Its place and kind, never the text that was read.
            words: format!("the answer is not as documented (line {})", error.line()),
        })
    }

    /// Asks within the limits; waits that are short are slept through.
    async fn ask(&self, call: Call<'_>) -> Result<Vec<u8>, Trouble> {
        let clock = &self.0.clock;
        let mut tries = 0;
        loop {
            if self.is_set_aside() && call.interaction.is_none() {
                return Err(Trouble::Unauthorised);
            }
            let taken = self.limits().take(&call.place, clock.now());
            let at = match taken {
                Ok(()) => {
                    tries += 1;
                    match self.once(&call).await {
                        Err(Trouble::Later { at }) if tries < TRIES => at,
                        other => return other,
                    }
                }
                Err(at) => at,
            };
            if at.since(clock.now()) > SHORT {
                return Err(Trouble::Later { at });
            }
            clock.sleep_until(at).await;
        }
    }

    async fn once(&self, call: &Call<'_>) -> Result<Vec<u8>, Trouble> {
        let token = &self.0.bot.token;
        let mut secrets = vec![token];
        secrets.extend(&call.interaction);
        let mut url = reqwest::Url::parse(&self.0.bot.base_url)
            .map_err(|_| Trouble::Unreachable { words: "DISCORD_BASE_URL is no address".into() })?;
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
        let (status, headers, body) = match answered(request).await {
            Ok(answer) => answer,
            Err(error) => return Err(unreachable(&error, &secrets)),
        };
        tracing::debug!(
            discord.route = call.place.route,
            http.status = status,
            "Discord answered {} with {status}",
            call.place.route
        );
        let now = self.0.clock.now();
        let mut limits = self.limits();
        limits.answered(&call.place, &limit_headers(&headers), now);
        if (200..300).contains(&status) {
            limits.allowed(&call.place);
            return Ok(body);
        }
        let told = Told::read(&body);
        let trouble = judge(call, status, &headers, told, &secrets);
        match &trouble {
            Refusal::TooMany(too_many) => limits.too_many(&call.place, *too_many, now),
            Refusal::Trouble(Trouble::Unauthorised) => {
                limits.unauthorised(now);
                self.0.set_aside.store(true, Ordering::Relaxed);
                tracing::error!("Discord does not accept DISCORD_TOKEN: nothing more is asked");
            }
            Refusal::Trouble(Trouble::Forbidden { .. }) => limits.forbidden(&call.place, now),
            Refusal::Trouble(_) if status == 401 => limits.unauthorised(now),
            Refusal::Trouble(_) => {}
        }
        Err(match trouble {
            Refusal::TooMany(told) => Trouble::Later { at: now.plus(told.wait) },
            Refusal::Trouble(trouble) => trouble,
        })
    }
}

enum Refusal {
    TooMany(TooMany),
    Trouble(Trouble),
}

/// What an answer other than 2xx means.
fn judge(
    call: &Call<'_>,
    status: u16,
    headers: &HeaderMap,
    told: Option<Told>,
    secrets: &[&Secret],
) -> Refusal {
    let what = call.what;
    if status == 429 {
        return Refusal::TooMany(too_many(headers, told.as_ref()));
    }
    let by_discord = told.is_some();
    let told = told.unwrap_or_default();
    let words = told.words(secrets);
    let code = told.code;
    Refusal::Trouble(match status {
        401 if call.interaction.is_some() => Trouble::Gone { what, code, words },
        401 => Trouble::Unauthorised,
        403 => Trouble::Forbidden { what, code, words },
        404 if by_discord => Trouble::Gone { what, code, words },
        408 | 500.. => Trouble::Unreachable { words: format!("it answered with status {status}") },
        _ => Trouble::Refused { what, status, words },
    })
}

fn too_many(headers: &HeaderMap, told: Option<&Told>) -> TooMany {
    let waits = [
        told.and_then(|told| told.retry_after).and_then(seconds),
        header(headers, "retry-after").and_then(|text| seconds(text.parse().ok()?)),
    ];
    let scope = header(headers, "x-ratelimit-scope");
    let global = told.is_some_and(|told| told.global)
        || header(headers, "x-ratelimit-global").is_some()
        || scope == Some("global");
    TooMany {
        wait: waits.into_iter().flatten().max().unwrap_or(UNTOLD),
        // Without JSON it is not the API that speaks but what stands before it, and that bars the address.
        everything: global || told.is_none(),
        shared: scope == Some("shared"),
    }
}

fn limit_headers(headers: &HeaderMap) -> Headers {
    Headers {
        bucket: header(headers, "x-ratelimit-bucket").map(str::to_owned),
        remaining: header(headers, "x-ratelimit-remaining").and_then(|text| text.parse().ok()),
        reset_after: header(headers, "x-ratelimit-reset-after")
            .and_then(|text| seconds(text.parse().ok()?)),
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Rounded up to the next millisecond: too late by that is better than too early.
fn seconds(number: f64) -> Option<Duration> {
    let exact = Duration::try_from_secs_f64(number).ok()?;
    let whole = Duration::from_millis(u64::try_from(exact.as_millis()).ok()?);
    Some(if whole < exact { whole + Duration::from_millis(1) } else { whole })
}

fn plain<'a>(
    what: &'static str,
    method: Method,
    route: &'static str,
    path: Vec<&'a str>,
) -> Call<'a> {
    let place = Place { route, major: String::new(), counts: true };
    Call { what, method, place, path, body: None, interaction: None }
}

fn in_channel<'a>(
    what: &'static str,
    method: Method,
    route: &'static str,
    channel: &str,
    path: Vec<&'a str>,
) -> Call<'a> {
    let place = Place { route, major: channel.to_owned(), counts: true };
    Call { place, ..plain(what, method, route, path) }
}

fn answer<'a>(
    what: &'static str,
    method: Method,
    route: &'static str,
    token: &str,
    path: Vec<&'a str>,
) -> Call<'a> {
    let place = Place { route, major: token.to_owned(), counts: false };
    Call { place, interaction: Some(Secret::new(token)), ..plain(what, method, route, path) }
}

/// A message that calls nobody, whatever its text says.
fn text(message: &impl Serialize) -> Value {
    let mut body = serde_json::to_value(message).unwrap_or_default();
    if let Some(fields) = body.as_object_mut() {
        fields.insert("allowed_mentions".into(), json!({ "parse": [] }));
    }
    body
}

fn authorization(token: &Secret) -> Result<HeaderValue, Trouble> {
    let mut value = HeaderValue::from_str(&format!("Bot {}", token.expose()))
        .map_err(|_| Trouble::Unauthorised)?;
    value.set_sensitive(true);
    Ok(value)
}

async fn answered(request: reqwest::RequestBuilder) -> reqwest::Result<(u16, HeaderMap, Vec<u8>)> {
    let mut response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let mut bytes = Vec::new();
    // What is longer is cut, and then it is no JSON.
    while let Some(chunk) = response.chunk().await?
        && bytes.len() < LARGEST_ANSWER
    {
        bytes.extend_from_slice(&chunk);
    }
    Ok((status, headers, bytes))
}

fn unreachable(error: &reqwest::Error, secrets: &[&Secret]) -> Trouble {
    if error.is_timeout() {
        return Trouble::Unreachable { words: "no answer in time".into() };
    }
    // reqwest's own words name the whole address; the cause below it says what happened.
    let mut words =
        if error.is_connect() { "no connection".into() } else { "the connection broke".to_owned() };
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        words = inner.to_string();
        cause = inner.source();
    }
    Trouble::Unreachable { words: redact(&words, secrets) }
}
