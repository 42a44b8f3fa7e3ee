//! A request to Gemini, the same for every model.

use serde_json::{Value, json};

/// One request to Gemini.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The instructions for the model.
    pub system: String,
    /// The data it works on.
    pub prompt: String,
    /// The shape of the answer; `None`: plain text.
    pub schema: Option<Value>,
    /// The most output tokens, including thinking.
    pub max_tokens: u32,
}

impl Request {
    /// The body of `generateContent` for `model`.
    pub fn body(&self, model: &str) -> Value {
        let mut generation = json!({ "maxOutputTokens": self.max_tokens });
        if let Some(schema) = &self.schema {
            generation["responseMimeType"] = "application/json".into();
            generation["responseSchema"] = schema.clone();
        }
        if let Some(thinking) = least_thinking(model) {
            generation["thinkingConfig"] = thinking;
        }
        json!({
            "systemInstruction": { "parts": [{ "text": self.system }] },
            "contents": [{ "role": "user", "parts": [{ "text": self.prompt }] }],
            "generationConfig": generation,
        })
    }
}

/// The setting for the least thinking of this model; `None` if the model has no such setting. Thinking uses output
/// tokens and helps none of Muster's tasks.
fn least_thinking(model: &str) -> Option<Value> {
    let (major, minor) = version(model)?;
    match (major, minor) {
        (..2, _) | (2, ..5) => None,
        // These models have only a budget, and the large one always thinks.
        (2, _) if model.contains("pro") => Some(json!({ "thinkingBudget": 128 })),
        (2, _) => Some(json!({ "thinkingBudget": 0 })),
        (3, ..8) if model.contains("flash") => Some(json!({ "thinkingLevel": "minimal" })),
        // All later models accept `low`; some refuse `minimal`.
        _ => Some(json!({ "thinkingLevel": "low" })),
    }
}

/// `gemini-3.5-flash-lite` is (3, 5).
fn version(model: &str) -> Option<(u32, u32)> {
    let number = model.strip_prefix("gemini-")?.split('-').next()?;
    let (major, minor) = number.split_once('.').unwrap_or((number, "0"));
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Request {
        Request {
            system: "Write.".into(),
            prompt: "Data".into(),
            schema: Some(json!({ "type": "object" })),
            max_tokens: 2048,
        }
    }

    #[test]
    fn the_body_says_all_that_is_needed_and_nothing_that_is_deprecated() {
        assert_eq!(
            request().body("gemini-3.5-flash-lite"),
            json!({
                "systemInstruction": { "parts": [{ "text": "Write." }] },
                "contents": [{ "role": "user", "parts": [{ "text": "Data" }] }],
                "generationConfig": {
                    "maxOutputTokens": 2048,
                    "responseMimeType": "application/json",
                    "responseSchema": { "type": "object" },
                    "thinkingConfig": { "thinkingLevel": "minimal" },
                },
            })
        );
    }

    #[test]
    fn each_model_thinks_as_little_as_it_can() {
        for (model, expected) in [
            ("gemini-3.5-flash-lite", Some(json!({ "thinkingLevel": "minimal" }))),
            ("gemini-3.1-flash-lite", Some(json!({ "thinkingLevel": "minimal" }))),
            ("gemini-3.8-flash", Some(json!({ "thinkingLevel": "low" }))),
            ("gemini-4-flash", Some(json!({ "thinkingLevel": "low" }))),
            ("gemini-3.1-pro", Some(json!({ "thinkingLevel": "low" }))),
            ("gemini-2.5-flash", Some(json!({ "thinkingBudget": 0 }))),
            ("gemini-2.5-pro", Some(json!({ "thinkingBudget": 128 }))),
            ("gemini-2.0-flash", None),
            ("gemma-4", None),
        ] {
            assert_eq!(least_thinking(model), expected, "{model}");
        }
    }
}
