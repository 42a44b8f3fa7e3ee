//! What the server knows: roles, channels, members, messages, and how requests are counted.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use muster::model::Millis;
use serde_json::{Value, json};

use super::constants::{
    ADMINISTRATOR, BOT_ROLE, BOT_USER, EMBED_LINKS, GUILD, MANAGE_CHANNELS, MANAGE_ROLES, OWNER,
    PUBLIC_KEY, READ_MESSAGE_HISTORY, SEND_MESSAGES, USE_APPLICATION_COMMANDS, VIEW_CHANNEL,
};
use super::{Fault, Seen};

pub struct Inner {
    pub next_id: u64,
    pub roles: Vec<Value>,
    pub channels: Vec<Value>,
    pub commands: Vec<Value>,
    pub messages: Vec<Value>,
    /// The roles of all members, including the bot.
    pub members: BTreeMap<String, BTreeSet<String>>,
    /// Interactions by token: when they began, and their messages, the original first.
    pub interactions: BTreeMap<String, (Millis, Vec<Value>)>,
    pub bot_is_member: bool,
    pub endpoint_url: Option<String>,
    pub public_key: String,
    pub seen: Vec<Seen>,
    pub complaints: Vec<String>,
    /// The next faults, each with a part of the line that it applies to.
    pub faults: VecDeque<(String, Fault)>,
    /// How many requests one bucket allows in a window.
    pub limit: u32,
    pub window: Duration,
    /// Bucket → remaining and the window's end.
    pub buckets: BTreeMap<(String, String), (u32, Millis)>,
    /// Until when requests are too early: by bucket, and for all routes.
    pub blocked_until: BTreeMap<(String, String), Millis>,
    pub all_blocked_until: Option<Millis>,
}

pub fn role(id: &str, name: &str, permissions: u64, position: i64, managed: bool) -> Value {
    json!({
        "id": id, "name": name, "permissions": permissions.to_string(), "position": position,
        "managed": managed, "mentionable": false, "color": 0, "hoist": false,
    })
}

impl Inner {
    pub fn new() -> Self {
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
            blocked_until: BTreeMap::new(),
            all_blocked_until: None,
        }
    }

    pub fn id(&mut self) -> String {
        self.next_id += 1;
        self.next_id.to_string()
    }

    pub fn change_role(&mut self, id: &str, field: &str, value: Value) {
        let role = self.roles.iter_mut().find(|role| role["id"] == id).expect("it is there");
        role[field] = value;
    }

    pub fn complain(&mut self, line: &str, what: &str) {
        self.complaints.push(format!("{line}: {what}"));
    }

    /// What the bot may do in the whole server.
    pub fn bot_permissions(&self) -> u64 {
        let roles = &self.members[BOT_USER];
        let of = |role: &Value| role["permissions"].as_str().unwrap().parse::<u64>().unwrap();
        let has =
            |role: &&Value| role["id"] == GUILD || roles.contains(role["id"].as_str().unwrap());
        self.roles.iter().filter(has).fold(0, |all, role| all | of(role))
    }

    pub fn bot_may(&self, permission: u64) -> bool {
        self.bot_permissions() & (permission | ADMINISTRATOR) != 0
    }

    /// The rank of a role; of two at one position the older one is higher.
    pub fn rank(&self, id: &str) -> Option<(i64, i64)> {
        let role = self.roles.iter().find(|role| role["id"] == id)?;
        Some((role["position"].as_i64()?, -id.parse::<i64>().ok()?))
    }

    pub fn bot_is_above(&self, id: &str) -> bool {
        let highest = self.members[BOT_USER].iter().filter_map(|role| self.rank(role)).max();
        highest > self.rank(id)
    }
}
