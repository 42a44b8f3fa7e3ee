//! Objects in Discord's responses, with only the fields that Muster reads. Discord's ids are text.

use serde::Deserialize;

/// `GET /applications/@me`
#[derive(Clone, Debug, Deserialize)]
pub struct Application {
    pub id: String,
    /// The public key that verifies interactions, in hexadecimal.
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
    /// The id of `@everyone` is the server's id.
    pub id: String,
    pub name: String,
    /// A bit set, in decimal.
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
    /// 0: a text channel.
    #[serde(rename = "type")]
    pub kind: i64,
}

/// A member of a server.
#[derive(Clone, Debug, Deserialize)]
pub struct Member {
    pub user: User,
    /// Without `@everyone`, which every member has.
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
