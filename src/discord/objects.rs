//! What Discord answers with: the fields that Muster reads, and no other. Numbers of Discord's are text.

use serde::Deserialize;

/// `GET /applications/@me`
#[derive(Clone, Debug, Deserialize)]
pub struct Application {
    pub id: String,
    /// Hexadecimal: the other half of what interactions are signed with.
    #[serde(default)]
    pub verify_key: String,
    #[serde(default)]
    pub interactions_endpoint_url: Option<String>,
}

/// A server.
#[derive(Clone, Debug, Deserialize)]
pub struct Guild {
    pub id: String,
    pub name: String,
    pub owner_id: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Role {
    /// That of `@everyone` is the server's.
    pub id: String,
    pub name: String,
    /// A bit set, written in decimal.
    pub permissions: String,
    pub position: i64,
    /// Belongs to a bot or an integration: nobody can give it.
    #[serde(default)]
    pub managed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Channel {
    pub id: String,
    #[serde(default)]
    pub name: String,
    /// 0: for text.
    #[serde(rename = "type")]
    pub kind: i64,
}

/// Somebody as one server knows them.
#[derive(Clone, Debug, Deserialize)]
pub struct Member {
    pub user: User,
    /// Without `@everyone`, which everybody has.
    pub roles: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct User {
    pub id: String,
    pub username: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Message {
    pub id: String,
    pub channel_id: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Command {
    pub id: String,
    pub name: String,
}
