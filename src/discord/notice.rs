//! Messages that the bot posts in a channel, for everybody.

use serde_json::{Value, json};

use super::reply::Button;

/// A message with a button below it.
pub fn with_button(text: &str, button: Button) -> Value {
    json!({
        "content": text,
        // Type 1: a row. Type 2: a button. Style 1: primary.
        "components": [{ "type": 1, "components": [
            { "type": 2, "style": 1, "custom_id": button.id, "label": button.label }
        ] }],
    })
}
