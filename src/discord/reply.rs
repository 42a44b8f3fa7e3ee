//! Replies to participants who typed a command or pressed a button. They never mention anybody.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::markdown;

/// The longest text of a message, as Discord counts it.
pub const LONGEST: usize = 2000;

/// The flag of a message that only the participant sees.
const EPHEMERAL: u32 = 64;

/// The first reply to an interaction, due within 3 seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The reply to Discord's check of the endpoint.
    Pong,
    Message(Message),
    /// "… is thinking": the answer follows.
    Later,
    /// A modal with one field.
    Modal(Modal),
}

/// A message that only the participant sees. It serialises as a replacement of an existing message, whose visibility
/// was fixed by the first reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    text: String,
    buttons: Vec<Button>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Button {
    /// Sent back when it is pressed.
    pub id: &'static str,
    pub label: &'static str,
}

/// A modal with one line of text. Its id and the field's id are sent back with what was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modal {
    pub id: &'static str,
    /// At most 45 characters, as the label.
    pub title: &'static str,
    pub field: &'static str,
    pub label: &'static str,
    /// At most 100 characters.
    pub hint: &'static str,
    pub shortest: u16,
    pub longest: u16,
}

impl Message {
    /// A message in Discord's Markdown, shortened if it is too long.
    pub fn new(text: &str) -> Self {
        Self { text: markdown::cut(text, LONGEST), buttons: Vec::new() }
    }

    /// An answer in the FAQ's Markdown, with `source` (in Discord's Markdown) uncut below it.
    pub fn answer(text: &str, source: &str) -> Self {
        let source = markdown::cut(source, LONGEST / 2);
        let room = LONGEST - markdown::length(&source) - 2;
        let text = markdown::cut(&markdown::translate(text), room);
        Self { text: format!("{text}\n\n{source}").trim_end().to_owned(), buttons: Vec::new() }
    }

    #[must_use]
    pub fn button(mut self, button: Button) -> Self {
        self.buttons.push(button);
        self
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Type 1: a row. Type 2: a button. Style 1: primary.
    fn to_json(&self) -> Value {
        let buttons: Vec<Value> = self
            .buttons
            .iter()
            .map(|it| json!({ "type": 2, "style": 1, "custom_id": it.id, "label": it.label }))
            .collect();
        let rows = if buttons.is_empty() {
            json!([])
        } else {
            json!([{ "type": 1, "components": buttons }])
        };
        json!({
            "content": self.text,
            "components": rows,
            "allowed_mentions": { "parse": [] },
        })
    }
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl Modal {
    /// Type 18: a label with its field. Type 4: a text field. Style 1: one line.
    fn to_json(self) -> Value {
        json!({
            "custom_id": self.id,
            "title": self.title,
            "components": [{
                "type": 18,
                "label": self.label,
                "description": self.hint,
                "component": {
                    "type": 4,
                    "style": 1,
                    "custom_id": self.field,
                    "required": true,
                    "min_length": self.shortest,
                    "max_length": self.longest,
                },
            }],
        })
    }
}

impl Reply {
    pub fn to_json(&self) -> Value {
        match self {
            Self::Pong => json!({ "type": 1 }),
            Self::Message(message) => {
                let mut data = message.to_json();
                data["flags"] = json!(EPHEMERAL);
                json!({ "type": 4, "data": data })
            }
            Self::Later => json!({ "type": 5, "data": { "flags": EPHEMERAL } }),
            Self::Modal(modal) => json!({ "type": 9, "data": modal.to_json() }),
        }
    }
}

impl From<Message> for Reply {
    fn from(message: Message) -> Self {
        Self::Message(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_reply_mentions_anybody_and_only_the_requester_sees_it() {
        let reply = Reply::from(Message::new("@everyone <@1> <@&2>"));
        assert_eq!(
            reply.to_json(),
            json!({
                "type": 4,
                "data": {
                    "content": "@everyone <@1> <@&2>",
                    "components": [],
                    "flags": 64,
                    "allowed_mentions": { "parse": [] },
                },
            })
        );
        let edit = json!(Message::new("x"));
        assert_eq!(edit["allowed_mentions"], json!({ "parse": [] }));
        assert!(edit.get("flags").is_none(), "Discord lets nobody change who sees a message");
    }

    #[test]
    fn a_message_has_at_most_2000_characters() {
        let message = Message::new(&"word ".repeat(1000));
        assert!(message.text().chars().count() <= 2000 && message.text().ends_with("word …"));
        let message = Message::answer(&"word ".repeat(1000), "-# From the FAQ: Lunch");
        assert!(message.text().chars().count() <= 2000);
        assert!(message.text().ends_with("word …\n\n-# From the FAQ: Lunch"));
        let message = Message::answer("Yes.", &"long ".repeat(1000));
        assert!(message.text().chars().count() <= 2000 && message.text().starts_with("Yes."));
        assert_eq!(Message::answer("Yes.", "").text(), "Yes.");
    }

    #[test]
    fn the_other_kinds_have_discords_format() {
        assert_eq!(Reply::Pong.to_json(), json!({ "type": 1 }));
        assert_eq!(Reply::Later.to_json(), json!({ "type": 5, "data": { "flags": 64 } }));
        let button = Button { id: "go", label: "Go" };
        let message = json!(Message::new("x").button(button));
        assert_eq!(message["components"][0]["components"][0]["custom_id"], "go");
        let modal = Modal {
            id: "window",
            title: "Title",
            field: "line",
            label: "Line",
            hint: "Type",
            shortest: 6,
            longest: 9,
        };
        let json = Reply::Modal(modal).to_json();
        assert_eq!((&json["type"], &json["data"]["custom_id"]), (&json!(9), &json!("window")));
        assert_eq!(json["data"]["components"][0]["component"]["custom_id"], "line");
    }
}
