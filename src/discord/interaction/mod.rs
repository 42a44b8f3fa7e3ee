//! Incoming interactions. Fields that Muster does not read are ignored, since Discord adds new ones now and then.

use serde::Deserialize;
use serde_json::Value;

use crate::model::{DiscordUser, Secret};

/// A request from Discord.
#[derive(Clone, Debug)]
pub enum Incoming {
    /// Discord checks that the endpoint works.
    Ping,
    From(Interaction),
}

/// A participant typed a command, pressed a button or submitted a modal.
#[derive(Clone, Debug)]
pub struct Interaction {
    pub user: DiscordUser,
    /// Whoever has it can change the reply for 15 minutes.
    pub token: Secret,
    pub asked: Asked,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A slash command with its options.
    Command { name: String, options: Vec<Field> },
    /// A button, by its id.
    Button { id: String },
    /// A modal, by its id, with its fields.
    Modal { id: String, fields: Vec<Field> },
    /// A kind that Muster does not offer.
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not an interaction as Discord describes it")]
pub struct NotAnInteraction;

impl Asked {
    /// The text of the field with this name; empty if there is none.
    pub fn typed(&self, name: &str) -> &str {
        let (Self::Command { options: fields, .. } | Self::Modal { fields, .. }) = self else {
            return "";
        };
        fields.iter().find(|it| it.name == name).map_or("", |it| it.value.trim())
    }
}

#[derive(Deserialize)]
struct Wire {
    #[serde(rename = "type")]
    kind: u8,
    #[serde(default)]
    token: String,
    /// The sender, in a server.
    member: Option<Member>,
    /// The sender, in a direct message.
    user: Option<User>,
    #[serde(default)]
    data: Value,
}

#[derive(Deserialize)]
struct Member {
    user: User,
}

#[derive(Deserialize)]
struct User {
    id: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    #[serde(rename = "type")]
    kind: Option<u8>,
    name: String,
    options: Vec<WireOption>,
    custom_id: String,
    component_type: Option<u8>,
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct WireOption {
    name: String,
    #[serde(default)]
    value: Value,
}

/// A field of a modal, or what contains it: a row with `components`, or a label with `component`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Component {
    custom_id: String,
    value: Option<String>,
    components: Vec<Component>,
    #[serde(rename = "component")]
    inner: Option<Box<Component>>,
}

impl Incoming {
    pub fn parse(body: &[u8]) -> Result<Self, NotAnInteraction> {
        let wire: Wire = serde_json::from_slice(body).map_err(|_| NotAnInteraction)?;
        if wire.kind == 1 {
            return Ok(Self::Ping);
        }
        let user = wire.member.map(|it| it.user).or(wire.user).ok_or(NotAnInteraction)?;
        let data = || Data::deserialize(&wire.data).map_err(|_| NotAnInteraction);
        let asked = match wire.kind {
            2 => command(data()?),
            3 => button(data()?),
            5 => modal(&data()?),
            _ => Asked::Other,
        };
        Ok(Self::From(Interaction {
            user: DiscordUser::parse(&user.id).ok_or(NotAnInteraction)?,
            token: Secret::new(wire.token),
            asked,
        }))
    }
}

fn command(data: Data) -> Asked {
    // 1: a slash command. The others are in menus.
    if data.kind.is_some_and(|kind| kind != 1) {
        return Asked::Other;
    }
    let options = data.options.into_iter().map(|it| Field { name: it.name, value: text(it.value) });
    Asked::Command { name: data.name, options: options.collect() }
}

fn button(data: Data) -> Asked {
    // 2: a button. The others are select menus.
    if data.component_type.is_some_and(|kind| kind != 2) {
        return Asked::Other;
    }
    Asked::Button { id: data.custom_id }
}

fn modal(data: &Data) -> Asked {
    let mut fields = Vec::new();
    collect(&data.components, &mut fields);
    Asked::Modal { id: data.custom_id.clone(), fields }
}

fn collect(components: &[Component], fields: &mut Vec<Field>) {
    for component in components {
        if let Some(value) = &component.value {
            fields.push(Field { name: component.custom_id.clone(), value: value.clone() });
        }
        collect(&component.components, fields);
        if let Some(inner) = &component.inner {
            collect(std::slice::from_ref(&**inner), fields);
        }
    }
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
