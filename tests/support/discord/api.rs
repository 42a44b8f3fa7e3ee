//! The routes of the API: what each does and how it refuses.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::Method;
use muster::model::Millis;
use serde_json::{Value, json};

use super::constants::{
    APPLICATION, BOT_USER, GUILD, MANAGE_CHANNELS, MANAGE_ROLES, OWNER, SEND_MESSAGES, TOKEN,
    VIEW_CHANNEL,
};
use super::serve::Call;
use super::state::{Inner, role};

/// How long an interaction can be answered.
const INTERACTION: Duration = Duration::from_mins(15);

/// A status and a body.
type Reply = (u16, Value);

impl Inner {
    pub fn decide(&mut self, call: &Call, now: Millis) -> Reply {
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

    fn register(&mut self, body: &Value) -> Reply {
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

    fn make_role(&mut self, body: &Value) -> Reply {
        if !self.bot_may(MANAGE_ROLES) {
            return missing_permissions();
        }
        let Some(name) = body["name"].as_str().filter(|name| name.chars().count() <= 100) else {
            return invalid("name", "Must be 100 or fewer in length.");
        };
        let permissions = body["permissions"].as_str().and_then(|it| it.parse().ok()).unwrap_or(0);
        let id = self.id();
        // A new role is just above @everyone; the others move up.
        for other in self.roles.iter_mut().filter(|role| role["id"] != GUILD) {
            other["position"] = json!(other["position"].as_i64().unwrap() + 1);
        }
        let made = role(&id, name, permissions, 1, false);
        self.roles.push(made.clone());
        (200, made)
    }

    fn make_channel(&mut self, body: &Value) -> Reply {
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

    fn give(&mut self, user: &str, role: &str) -> Reply {
        self.may_change(user, role).unwrap_or_else(|| {
            self.members.entry(user.into()).or_default().insert(role.into());
            (204, Value::Null)
        })
    }

    fn take(&mut self, user: &str, role: &str) -> Reply {
        self.may_change(user, role).unwrap_or_else(|| {
            self.members.entry(user.into()).or_default().remove(role);
            (204, Value::Null)
        })
    }

    /// Why the bot may not give or take this role; `None`: it may.
    fn may_change(&self, user: &str, role: &str) -> Option<Reply> {
        if self.rank(role).is_none() {
            return Some(refusal(404, 10011, "Unknown Role"));
        }
        if !self.members.contains_key(user) {
            return Some(refusal(404, 10007, "Unknown Member"));
        }
        let may = self.bot_may(MANAGE_ROLES) && self.bot_is_above(role);
        (!may).then(missing_permissions)
    }

    fn write(&mut self, call: &Call, channel: &str) -> Reply {
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
            Err(refusal) => refusal,
        }
    }

    fn change(&mut self, call: &Call, channel: &str, id: &str) -> Reply {
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
            Err(refusal) => refusal,
        }
    }

    fn webhook(&mut self, call: &Call, token: &str, rest: &[&str], now: Millis) -> Reply {
        let Some((began, _)) = self.interactions.get(token) else {
            return refusal(404, 10015, "Unknown Webhook");
        };
        if now.since(*began) >= INTERACTION {
            return refusal(401, 50027, "Invalid Webhook Token");
        }
        let message = match self.message(call, "1") {
            Ok(message) => message,
            Err(refusal) => return refusal,
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

    /// A message as it is stored: what was sent, with an id.
    fn message(&mut self, call: &Call, channel: &str) -> Result<Value, Reply> {
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

pub fn refusal(status: u16, code: u32, message: &str) -> Reply {
    (status, json!({ "message": message, "code": code }))
}

pub fn unauthorised() -> Reply {
    refusal(401, 0, "401: Unauthorized")
}

pub fn missing_permissions() -> Reply {
    refusal(403, 50013, "Missing Permissions")
}

/// A 400 that names the field, nested as the body is.
fn invalid(field: &str, message: &str) -> Reply {
    let inner = json!({ "_errors": [{ "code": "BASE_TYPE_BAD", "message": message }] });
    let errors = field.rsplit('.').fold(inner, |inner, name| json!({ name: inner }));
    (400, json!({ "message": "Invalid Form Body", "code": 50035, "errors": errors }))
}
