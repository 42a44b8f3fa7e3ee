//! Discord as the tests meet it: a local server with one server ("guild") in it, which knows roles, channels, commands
//! and messages, counts like the real one, and refuses in its words. It records every request with the time at which it
//! arrived. What the real one would let pass and Muster must not do stands in [`TestDiscord::complaints`], and fails the
//! test when the server is dropped.
#![allow(dead_code, reason = "each program that takes this in uses a part of it")]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use muster::config::Config;
use muster::model::{Clock, Millis, Secret};
use serde_json::{Value, json};

/// The numbers of what is there from the beginning.
pub const APPLICATION: &str = "1100000000000000001";
pub const GUILD: &str = "1100000000000000002";
pub const OWNER: &str = "1100000000000000003";
pub const BOT_USER: &str = "1100000000000000004";
pub const BOT_ROLE: &str = "1100000000000000005";
/// Made up, and known to this server only.
pub const TOKEN: &str = "MTEwMDAw.test-token.of-a-bot-that-nobody-has";
/// The key of the first test vector of RFC 8032.
pub const PUBLIC_KEY: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
pub const PUBLIC_URL: &str = "https://muster.example";

pub const ADMINISTRATOR: u64 = 1 << 3;
pub const MANAGE_CHANNELS: u64 = 1 << 4;
pub const VIEW_CHANNEL: u64 = 1 << 10;
pub const SEND_MESSAGES: u64 = 1 << 11;
pub const EMBED_LINKS: u64 = 1 << 14;
pub const READ_MESSAGE_HISTORY: u64 = 1 << 16;
pub const MANAGE_ROLES: u64 = 1 << 28;
pub const USE_APPLICATION_COMMANDS: u64 = 1 << 31;

/// So long an interaction can be answered.
const INTERACTION: Duration = Duration::from_mins(15);

/// What can be made to go wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// 429: seconds to wait, and whether all routes are meant. The server holds to it: who comes earlier is refused
    /// again, and is complained of.
    TooMany { retry_after: f64, everything: bool },
    /// 429 from what stands before the API: no JSON.
    Barred { retry_after: u64 },
    /// 401
    Unauthorised,
    /// 403, code 50013
    MissingPermissions,
    /// 404, code 10015
    UnknownWebhook,
    /// Any other status, with a body that is none of Discord's.
    Status(u16),
    /// No answer ever.
    Hang,
    /// The connection breaks before the answer.
    Cut,
    /// It is done, and the connection breaks before the answer.
    CutAfter,
    /// 200 and a body that is not what is documented.
    Garbage,
}

/// One request, as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    pub at: Millis,
    /// `PUT /guilds/1/members/2/roles/3`
    pub line: String,
    /// What it was answered with; 0 where there was no answer.
    pub status: u16,
    pub body: Value,
}

/// The server. Dropped, it stops.
pub struct TestDiscord {
    /// As `DISCORD_BASE_URL` has it.
    pub url: String,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

struct Shared {
    clock: Clock,
    state: Mutex<Inner>,
}

struct Inner {
    next_id: u64,
    roles: Vec<Value>,
    channels: Vec<Value>,
    commands: Vec<Value>,
    messages: Vec<Value>,
    /// The roles of members, the bot's among them.
    members: BTreeMap<String, BTreeSet<String>>,
    /// Interactions by token: when they began, and their messages, the first of which is the original.
    interactions: BTreeMap<String, (Millis, Vec<Value>)>,
    bot_is_member: bool,
    endpoint_url: Option<String>,
    public_key: String,
    seen: Vec<Seen>,
    complaints: Vec<String>,
    /// What goes wrong next, with a part of the lines that it is for.
    faults: VecDeque<(String, Fault)>,
    /// So many requests a window for one bucket.
    limit: u32,
    window: Duration,
    /// Bucket → remaining and the window's end.
    buckets: BTreeMap<(String, String), (u32, Millis)>,
    /// Who asks before this comes too early: by bucket, and everybody.
    rests: BTreeMap<(String, String), Millis>,
    everything_rests: Option<Millis>,
}

/// What is answered: a status and a body.
type Said = (u16, Value);

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

    /// Settings under which this server is the Discord that is asked.
    pub fn set(&self, config: &mut Config) {
        config.public_url = Some(PUBLIC_URL.into());
        config.discord.application_id = Some(APPLICATION.into());
        config.discord.public_key = Some(PUBLIC_KEY.into());
        config.discord.token = Some(Secret::new(TOKEN));
        config.discord.guild_id = Some(GUILD.into());
        config.discord.base_url.clone_from(&self.url);
    }

    /// The same settings, for a program of its own.
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

    // ── what goes wrong ──

    /// The next request whose line holds `part` meets this.
    pub fn fault(&self, part: &str, fault: Fault) {
        self.faults(part, fault, 1);
    }

    pub fn faults(&self, part: &str, fault: Fault, times: usize) {
        self.inner().faults.extend(std::iter::repeat_n((part.to_owned(), fault), times));
    }

    /// So many requests in such a window for each bucket.
    pub fn limit(&self, requests: u32, window: Duration) {
        let mut inner = self.inner();
        (inner.limit, inner.window) = (requests, window);
    }

    /// Who asks without waiting as told is written down here, and who mentions people.
    pub fn complaints(&self) -> Vec<String> {
        self.inner().complaints.clone()
    }

    // ── what is there ──

    /// An interaction began now, and was answered with "wait".
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

    /// What the bot's own role allows; beside it stands what everybody may.
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

    /// Everything that arrived.
    pub fn seen(&self) -> Vec<Seen> {
        self.inner().seen.clone()
    }

    /// How many requests arrived whose line holds `part`.
    pub fn count(&self, part: &str) -> usize {
        self.inner().seen.iter().filter(|seen| seen.line.contains(part)).count()
    }

    /// Runs until the server ends: for a program of its own.
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
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn role(id: &str, name: &str, permissions: u64, position: i64, managed: bool) -> Value {
    json!({
        "id": id, "name": name, "permissions": permissions.to_string(), "position": position,
        "managed": managed, "mentionable": false, "color": 0, "hoist": false,
    })
}

impl Inner {
    fn new() -> Self {
        let everybody = VIEW_CHANNEL
            | SEND_MESSAGES
            | READ_MESSAGE_HISTORY
            | EMBED_LINKS
            | USE_APPLICATION_COMMANDS;
        let bot = MANAGE_ROLES | MANAGE_CHANNELS;
        Self {
            next_id: 1_100_000_000_000_001_000,
            roles: vec![
                role(GUILD, "@everyone", everybody, 0, false),
                role(BOT_ROLE, "Muster", bot, 5, true),
            ],
            channels: vec![json!({ "id": "1100000000000000009", "name": "general", "type": 0 })],
            commands: Vec::new(),
            messages: Vec::new(),
            members: BTreeMap::from([
                (BOT_USER.into(), BTreeSet::from([BOT_ROLE.to_owned()])),
                (OWNER.into(), BTreeSet::new()),
            ]),
            interactions: BTreeMap::new(),
            bot_is_member: true,
            endpoint_url: None,
            public_key: PUBLIC_KEY.into(),
            seen: Vec::new(),
            complaints: Vec::new(),
            faults: VecDeque::new(),
            limit: 50,
            window: Duration::from_secs(1),
            buckets: BTreeMap::new(),
            rests: BTreeMap::new(),
            everything_rests: None,
        }
    }

    fn id(&mut self) -> String {
        self.next_id += 1;
        self.next_id.to_string()
    }

    fn change_role(&mut self, id: &str, field: &str, value: Value) {
        let role = self.roles.iter_mut().find(|role| role["id"] == id).expect("it is there");
        role[field] = value;
    }

    fn complain(&mut self, line: &str, what: &str) {
        self.complaints.push(format!("{line}: {what}"));
    }

    /// What the bot may do in the whole server.
    fn bot_permissions(&self) -> u64 {
        let roles = &self.members[BOT_USER];
        let of = |role: &Value| role["permissions"].as_str().unwrap().parse::<u64>().unwrap();
        let has =
            |role: &&Value| role["id"] == GUILD || roles.contains(role["id"].as_str().unwrap());
        self.roles.iter().filter(has).fold(0, |all, role| all | of(role))
    }

    fn bot_may(&self, permission: u64) -> bool {
        self.bot_permissions() & (permission | ADMINISTRATOR) != 0
    }

    /// How high a role stands; of two at one position the older one is higher.
    fn rank(&self, id: &str) -> Option<(i64, i64)> {
        let role = self.roles.iter().find(|role| role["id"] == id)?;
        Some((role["position"].as_i64()?, -id.parse::<i64>().ok()?))
    }

    fn bot_stands_above(&self, id: &str) -> bool {
        let highest = self.members[BOT_USER].iter().filter_map(|role| self.rank(role)).max();
        highest > self.rank(id)
    }
}

// ── serving ──

async fn serve(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let now = shared.clock.now();
    let path = parts.uri.path().strip_prefix("/api/v10").unwrap_or("/elsewhere").to_owned();
    let line = format!("{} {path}", parts.method);
    let bytes = to_bytes(body, 1 << 20).await.unwrap_or_default();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let call = Call {
        method: parts.method.clone(),
        segments: path.trim_matches('/').split('/').map(str::to_owned).collect(),
        authorization: text(header::AUTHORIZATION).map(str::to_owned),
        agent: text(header::USER_AGENT).unwrap_or_default().to_owned(),
        body,
        line,
    };
    let outcome = shared.inner().answer(&call, now);
    let status = match &outcome {
        Outcome::Answer(response) => response.status().as_u16(),
        Outcome::Cut | Outcome::Hang => 0,
    };
    shared.inner().seen.push(Seen { at: now, line: call.line, status, body: call.body });
    match outcome {
        Outcome::Answer(response) => response,
        // Ends the connection's task without a word, as a crash would.
        Outcome::Cut => std::panic::resume_unwind(Box::new("cut")),
        Outcome::Hang => std::future::pending().await,
    }
}

struct Call {
    method: Method,
    segments: Vec<String>,
    authorization: Option<String>,
    agent: String,
    body: Value,
    line: String,
}

enum Outcome {
    Answer(Response),
    Cut,
    Hang,
}

impl Call {
    /// Where limits count it: method and path without what it is about, and the channel, server or interaction.
    fn bucket(&self) -> (String, String) {
        let major = match self.segments[0].as_str() {
            "webhooks" => 2,
            "applications" => 3,
            _ => 1,
        };
        let shape = self.segments.iter().enumerate().map(|(at, segment)| {
            let number = segment.chars().all(|c| c.is_ascii_digit());
            if at == major || number { "_" } else { segment }
        });
        let shape = format!("{} {}", self.method, shape.collect::<Vec<_>>().join("/"));
        (shape, self.segments.get(major).cloned().unwrap_or_default())
    }

    fn is_interaction(&self) -> bool {
        self.segments[0] == "webhooks"
    }
}

impl Inner {
    fn answer(&mut self, call: &Call, now: Millis) -> Outcome {
        let bucket = call.bucket();
        let rests = [
            self.rests.get(&bucket).copied(),
            self.everything_rests.filter(|_| !call.is_interaction()),
        ];
        if let Some(until) = rests.into_iter().flatten().filter(|until| *until > now).max() {
            self.complain(&call.line, "asked before the time that a 429 gave");
            return Outcome::Answer(too_many(until.since(now).as_secs_f64(), false, &bucket.0));
        }
        let at = self.faults.iter().position(|(part, _)| call.line.contains(part.as_str()));
        let fault = at.and_then(|at| self.faults.remove(at)).map(|(_, fault)| fault);
        if fault == Some(Fault::CutAfter) {
            self.decide(call, now);
            return Outcome::Cut;
        }
        if let Some(fault) = fault {
            return self.go_wrong(&fault, &bucket, now);
        }
        let window = self.window;
        let (limit, counter) = (self.limit, self.buckets.entry(bucket.clone()));
        let counter = counter.or_insert((limit, now.plus(window)));
        if counter.1 <= now {
            *counter = (limit, now.plus(window));
        }
        if counter.0 == 0 {
            let wait = counter.1.since(now).as_secs_f64();
            return Outcome::Answer(too_many(wait, false, &bucket.0));
        }
        counter.0 -= 1;
        let (remaining, reset) = *counter;
        let (status, body) = self.decide(call, now);
        let mut response = match body {
            Value::Null => StatusCode::from_u16(status).unwrap().into_response(),
            body => (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response(),
        };
        let headers = response.headers_mut();
        for (name, value) in [
            ("x-ratelimit-limit", limit.to_string()),
            ("x-ratelimit-remaining", remaining.to_string()),
            ("x-ratelimit-reset-after", format!("{:.3}", reset.since(now).as_secs_f64())),
            ("x-ratelimit-bucket", hash(&bucket.0)),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        Outcome::Answer(response)
    }

    fn go_wrong(&mut self, fault: &Fault, bucket: &(String, String), now: Millis) -> Outcome {
        let said = match *fault {
            Fault::TooMany { retry_after, everything } => {
                let until = now.plus(Duration::from_secs_f64(retry_after));
                if everything {
                    self.everything_rests = Some(until);
                } else {
                    self.rests.insert(bucket.clone(), until);
                }
                return Outcome::Answer(too_many(retry_after, everything, &bucket.0));
            }
            Fault::Barred { retry_after } => {
                self.everything_rests = Some(now.plus(Duration::from_secs(retry_after)));
                let mut response = (StatusCode::TOO_MANY_REQUESTS, "<html>error code: 1015</html>")
                    .into_response();
                response.headers_mut().insert("retry-after", retry_after.into());
                return Outcome::Answer(response);
            }
            Fault::Hang => return Outcome::Hang,
            Fault::Cut | Fault::CutAfter => return Outcome::Cut,
            Fault::Status(status) => {
                let status = StatusCode::from_u16(status).unwrap();
                return Outcome::Answer((status, "<html>upstream error</html>").into_response());
            }
            Fault::Garbage => (200, json!({ "surprise": true })),
            Fault::Unauthorised => unauthorised(),
            Fault::MissingPermissions => missing_permissions(),
            Fault::UnknownWebhook => refusal(404, 10015, "Unknown Webhook"),
        };
        let status = StatusCode::from_u16(said.0).unwrap();
        Outcome::Answer((status, axum::Json(said.1)).into_response())
    }

    fn decide(&mut self, call: &Call, now: Millis) -> Said {
        if !is_agent(&call.agent) {
            self.complain(&call.line, &format!("User-Agent is {:?}", call.agent));
        }
        let path: Vec<&str> = call.segments.iter().map(String::as_str).collect();
        if let ["webhooks", app, token, rest @ ..] = &path[..] {
            if call.authorization.is_some() {
                self.complain(&call.line, "the token of the bot is not for webhooks");
            }
            if *app != APPLICATION {
                return refusal(404, 10015, "Unknown Webhook");
            }
            return self.webhook(call, token, rest, now);
        }
        if call.authorization.as_deref() != Some(&format!("Bot {TOKEN}")) {
            return unauthorised();
        }
        match (call.method.as_str(), &path[..]) {
            ("GET", ["applications", "@me"]) => (200, self.application()),
            ("GET", ["users", "@me"]) => (200, bot_user()),
            (_, ["guilds" | "channels", ..] | ["applications", _, "guilds", ..])
                if !self.bot_is_member =>
            {
                if path[0] == "channels" {
                    refusal(403, 50001, "Missing Access")
                } else if call.method == Method::GET && path.len() == 2 {
                    refusal(404, 10004, "Unknown Guild")
                } else {
                    refusal(403, 50001, "Missing Access")
                }
            }
            ("PUT", ["applications", APPLICATION, "guilds", GUILD, "commands"]) => {
                self.register(&call.body)
            }
            ("GET", ["applications", APPLICATION, "guilds", GUILD, "commands"]) => {
                (200, json!(self.commands))
            }
            ("GET", ["guilds", GUILD]) => (
                200,
                json!({ "id": GUILD, "name": "Hack the Harbour", "owner_id": OWNER, "roles": self.roles }),
            ),
            ("GET", ["guilds", GUILD, "roles"]) => (200, json!(self.roles)),
            ("POST", ["guilds", GUILD, "roles"]) => self.make_role(&call.body),
            ("GET", ["guilds", GUILD, "channels"]) => (200, json!(self.channels)),
            ("POST", ["guilds", GUILD, "channels"]) => self.make_channel(&call.body),
            ("GET", ["guilds", GUILD, "members", user]) => match self.members.get(*user) {
                Some(roles) => {
                    let user = if *user == BOT_USER {
                        bot_user()
                    } else {
                        json!({ "id": user, "username": format!("user-{user}") })
                    };
                    (200, json!({ "user": user, "roles": roles, "nick": null }))
                }
                None => refusal(404, 10007, "Unknown Member"),
            },
            ("PUT", ["guilds", GUILD, "members", user, "roles", role]) => self.give(user, role),
            ("DELETE", ["guilds", GUILD, "members", user, "roles", role]) => self.take(user, role),
            ("POST", ["channels", channel, "messages"]) => self.write(call, channel),
            ("PATCH", ["channels", channel, "messages", id]) => self.change(call, channel, id),
            _ => refusal(404, 0, "404: Not Found"),
        }
    }

    fn application(&self) -> Value {
        json!({
            "id": APPLICATION, "name": "Muster", "verify_key": self.public_key,
            "interactions_endpoint_url": self.endpoint_url, "bot_public": false,
        })
    }

    fn register(&mut self, body: &Value) -> Said {
        let Some(list) = body.as_array() else { return invalid("_", "Only arrays are allowed") };
        if list.len() > 100 {
            return refusal(400, 30032, "Maximum number of application commands reached (100)");
        }
        let mut names = BTreeSet::new();
        for (at, command) in list.iter().enumerate() {
            let name = command["name"].as_str().unwrap_or_default();
            let slash = command.get("type").is_none_or(|kind| *kind == 1);
            let fits = (1..=32).contains(&name.chars().count())
                && name.chars().all(|c| c.is_alphanumeric() || "-_'".contains(c))
                && name.to_lowercase() == name;
            if slash && !fits {
                return invalid(&format!("{at}.name"), "Command name is invalid");
            }
            let length = command["description"].as_str().unwrap_or_default().chars().count();
            if slash && !(1..=100).contains(&length) {
                return invalid(
                    &format!("{at}.description"),
                    "Must be between 1 and 100 in length.",
                );
            }
            if !names.insert((name, command["type"].as_u64().unwrap_or(1))) {
                return invalid(&format!("{at}"), "Application command names must be unique");
            }
        }
        let mut commands = list.clone();
        for command in &mut commands {
            command["id"] = json!(self.id());
            command["application_id"] = json!(APPLICATION);
            command["guild_id"] = json!(GUILD);
        }
        self.commands = commands;
        (200, json!(self.commands))
    }

    fn make_role(&mut self, body: &Value) -> Said {
        if !self.bot_may(MANAGE_ROLES) {
            return missing_permissions();
        }
        let Some(name) = body["name"].as_str().filter(|name| name.chars().count() <= 100) else {
            return invalid("name", "Must be 100 or fewer in length.");
        };
        let permissions = body["permissions"].as_str().and_then(|it| it.parse().ok()).unwrap_or(0);
        let id = self.id();
        // A new role stands just above @everyone; the others move up.
        for other in self.roles.iter_mut().filter(|role| role["id"] != GUILD) {
            other["position"] = json!(other["position"].as_i64().unwrap() + 1);
        }
        let made = role(&id, name, permissions, 1, false);
        self.roles.push(made.clone());
        (200, made)
    }

    fn make_channel(&mut self, body: &Value) -> Said {
        if !self.bot_may(MANAGE_CHANNELS) {
            return missing_permissions();
        }
        let name = body["name"].as_str().unwrap_or_default().to_lowercase().replace(' ', "-");
        if !(1..=100).contains(&name.chars().count()) {
            return invalid("name", "Must be between 1 and 100 in length.");
        }
        let id = self.id();
        let made = json!({
            "id": id, "name": name, "type": body["type"].as_i64().unwrap_or(0),
            "topic": body["topic"], "guild_id": GUILD,
        });
        self.channels.push(made.clone());
        (201, made)
    }

    fn give(&mut self, user: &str, role: &str) -> Said {
        self.may_change(user, role).unwrap_or_else(|| {
            self.members.entry(user.into()).or_default().insert(role.into());
            (204, Value::Null)
        })
    }

    fn take(&mut self, user: &str, role: &str) -> Said {
        self.may_change(user, role).unwrap_or_else(|| {
            self.members.entry(user.into()).or_default().remove(role);
            (204, Value::Null)
        })
    }

    /// Why the bot may not give or take this role; `None`: it may.
    fn may_change(&self, user: &str, role: &str) -> Option<Said> {
        if self.rank(role).is_none() {
            return Some(refusal(404, 10011, "Unknown Role"));
        }
        if !self.members.contains_key(user) {
            return Some(refusal(404, 10007, "Unknown Member"));
        }
        let may = self.bot_may(MANAGE_ROLES) && self.bot_stands_above(role);
        (!may).then(missing_permissions)
    }

    fn write(&mut self, call: &Call, channel: &str) -> Said {
        if !self.channels.iter().any(|known| known["id"] == channel) {
            return refusal(404, 10003, "Unknown Channel");
        }
        if !self.bot_may(VIEW_CHANNEL) {
            return refusal(403, 50001, "Missing Access");
        }
        if !self.bot_may(SEND_MESSAGES) {
            return missing_permissions();
        }
        if call.body["enforce_nonce"] == true {
            let same = |message: &&Value| message["nonce"] == call.body["nonce"];
            if let Some(message) = self.messages.iter().find(same) {
                return (200, message.clone());
            }
        }
        match self.message(call, channel) {
            Ok(message) => {
                self.messages.push(message.clone());
                (200, message)
            }
            Err(said) => said,
        }
    }

    fn change(&mut self, call: &Call, channel: &str, id: &str) -> Said {
        let is = |message: &Value| message["id"] == id && message["channel_id"] == channel;
        let Some(at) = self.messages.iter().position(is) else {
            return refusal(404, 10008, "Unknown Message");
        };
        match self.message(call, channel) {
            Ok(mut message) => {
                message["id"] = json!(id);
                self.messages[at] = message.clone();
                (200, message)
            }
            Err(said) => said,
        }
    }

    fn webhook(&mut self, call: &Call, token: &str, rest: &[&str], now: Millis) -> Said {
        let Some((began, _)) = self.interactions.get(token) else {
            return refusal(404, 10015, "Unknown Webhook");
        };
        if now.since(*began) >= INTERACTION {
            return refusal(401, 50027, "Invalid Webhook Token");
        }
        let message = match self.message(call, "1") {
            Ok(message) => message,
            Err(said) => return said,
        };
        let (_, messages) = self.interactions.get_mut(token).expect("it was there just now");
        match (call.method.as_str(), rest) {
            ("PATCH", ["messages", "@original"]) => {
                let id = messages[0]["id"].clone();
                messages[0] = message;
                messages[0]["id"] = id;
                (200, messages[0].clone())
            }
            ("POST", []) => {
                messages.push(message.clone());
                (200, message)
            }
            _ => refusal(404, 0, "404: Not Found"),
        }
    }

    /// A message as it is kept: what was sent, with a number.
    fn message(&mut self, call: &Call, channel: &str) -> Result<Value, Said> {
        let mut message = call.body.clone();
        if !message.is_object() {
            return Err(refusal(400, 50109, "The request body contains invalid JSON."));
        }
        let text = message["content"].as_str().unwrap_or_default().chars().count();
        if text > 2000 {
            return Err(invalid("content", "Must be 2000 or fewer in length."));
        }
        let filled = |field: &str| message[field].as_array().is_some_and(|list| !list.is_empty());
        if text == 0 && !filled("embeds") && !filled("components") {
            return Err(refusal(400, 50006, "Cannot send an empty message"));
        }
        if call.body["allowed_mentions"] != json!({ "parse": [] }) {
            self.complain(&call.line, "allowed_mentions is not {\"parse\": []}");
        }
        message["id"] = json!(self.id());
        message["channel_id"] = json!(channel);
        Ok(message)
    }
}

/// `DiscordBot (url, version)`
fn is_agent(agent: &str) -> bool {
    let inner = agent.strip_prefix("DiscordBot (").and_then(|rest| rest.split_once(')'));
    inner.is_some_and(|(inner, _)| inner.starts_with("http") && inner.contains(", "))
}

fn bot_user() -> Value {
    json!({ "id": BOT_USER, "username": "Muster", "bot": true })
}

fn refusal(status: u16, code: u32, message: &str) -> Said {
    (status, json!({ "message": message, "code": code }))
}

fn unauthorised() -> Said {
    refusal(401, 0, "401: Unauthorized")
}

fn missing_permissions() -> Said {
    refusal(403, 50013, "Missing Permissions")
}

/// A 400 that names the field, nested as the body is.
fn invalid(field: &str, message: &str) -> Said {
    let inner = json!({ "_errors": [{ "code": "BASE_TYPE_BAD", "message": message }] });
    let errors = field.rsplit('.').fold(inner, |inner, name| json!({ name: inner }));
    (400, json!({ "message": "Invalid Form Body", "code": 50035, "errors": errors }))
}

fn too_many(retry_after: f64, everything: bool, bucket: &str) -> Response {
    let body = json!({
        "message": "You are being rate limited.", "retry_after": retry_after, "global": everything,
    });
    let mut response = (StatusCode::TOO_MANY_REQUESTS, axum::Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert("retry-after", format!("{}", retry_after.ceil()).parse().unwrap());
    if everything {
        headers.insert("x-ratelimit-global", "true".parse().unwrap());
        headers.insert("x-ratelimit-scope", "global".parse().unwrap());
    } else {
        headers.insert("x-ratelimit-scope", "user".parse().unwrap());
        headers.insert("x-ratelimit-bucket", hash(bucket).parse().unwrap());
        headers.insert("x-ratelimit-remaining", "0".parse().unwrap());
        let reset = format!("{retry_after:.3}");
        headers.insert("x-ratelimit-reset-after", reset.parse().unwrap());
    }
    response
}

/// The real one does not show what it counts by, either.
fn hash(shape: &str) -> String {
    let sum = shape.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{sum:016x}")
}
