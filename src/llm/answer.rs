//! Reads a good answer, or names the reason why it cannot be used.

use serde_json::Value;

use super::refusal::Refusal;

/// What the model wrote.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub text: String,
    /// The text as JSON that fits the schema, if a schema was given.
    pub json: Option<Value>,
    pub usage: Usage,
}

/// Tokens, as Google counted them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub tokens_in: Option<u32>,
    /// Including the tokens of its thoughts.
    pub tokens_out: Option<u32>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    Refused(Refusal),
    Unusable {
        why: Unusable,
        usage: Usage,
    },
    /// 5xx and similar: a fault of Google.
    Server {
        status: u16,
        response: String,
    },
    Timeout,
    /// The connection failed or broke.
    Connection {
        reason: String,
    },
    /// The request was wrong; asking again would not help.
    OurFault {
        status: u16,
        response: String,
    },
    /// Nothing was sent: the booking was outdated.
    GivenBack,
}

/// Why an answer with status 200 cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    #[error("the answer was garbled")]
    Garbled,
    #[error("the answer was far too long")]
    TooLarge,
    #[error("the answer had no candidates")]
    NoCandidates,
    #[error("the prompt was blocked ({0})")]
    PromptBlocked(String),
    #[error("the answer had no parts")]
    PartsMissing,
    #[error("the answer was stopped for safety")]
    Safety,
    #[error("the answer was stopped because it recited a known text")]
    Recitation,
    #[error("the answer ran out of tokens")]
    MaxTokens,
    #[error("the answer was stopped ({0})")]
    Stopped(String),
    #[error("the answer was empty")]
    EmptyText,
    #[error("the answer was not data")]
    NotJson,
    #[error("the answer had another shape than asked for: {0}")]
    NotTheSchema(String),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(refusal) => f.write_str(refusal.kind.meaning()),
            Self::Unusable { why, .. } => why.fmt(f),
            Self::Server { status: 503, .. } => f.write_str("the model is overloaded (503)"),
            Self::Server { status, .. } => write!(f, "Google had trouble of its own ({status})"),
            Self::Timeout => f.write_str("Gemini did not answer in time"),
            Self::Connection { reason } => {
                write!(f, "the connection to Gemini failed: {reason}")
            }
            Self::OurFault { status, response } => {
                write!(f, "Gemini did not understand the request ({status}): {response}")
            }
            Self::GivenBack => f.write_str("the slot had grown too old and was released"),
        }
    }
}

/// Reads the body of a response with status 200. `schema` is what the request asked for.
pub fn read(body: &[u8], schema: Option<&Value>) -> Result<Answer, Failure> {
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return Err(Failure::Unusable { why: Unusable::Garbled, usage: Usage::default() });
    };
    let usage = usage(&body);
    let text = text(&body).map_err(|why| Failure::Unusable { why, usage })?;
    let json = match schema {
        None => None,
        Some(schema) => Some(data(&text, schema).map_err(|why| Failure::Unusable { why, usage })?),
    };
    Ok(Answer { text, json, usage })
}

/// Reads the token counts from a stream of events: each event's count replaces the one before.
#[derive(Default)]
pub(super) struct Events {
    line: Vec<u8>,
    usage: Usage,
}

impl Events {
    /// Longer lines are not read.
    const LONGEST: usize = 1 << 20;

    pub fn read(&mut self, piece: &[u8]) {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            if self.line.len() + part.len() <= Self::LONGEST {
                self.line.extend_from_slice(part);
            }
            if part.ends_with(b"\n") {
                self.take_line();
            }
        }
    }

    pub fn usage(mut self) -> Usage {
        self.take_line();
        self.usage
    }

    fn take_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        if let Some(data) = line.strip_prefix(b"data:")
            && let Ok(body) = serde_json::from_slice::<Value>(data)
        {
            let Usage { tokens_in, tokens_out } = usage(&body);
            self.usage.tokens_in = tokens_in.or(self.usage.tokens_in);
            self.usage.tokens_out = tokens_out.or(self.usage.tokens_out);
        }
    }
}

pub(super) fn usage(body: &Value) -> Usage {
    let count = |name: &str| {
        let number = body.get("usageMetadata")?.get(name)?.as_u64()?;
        u32::try_from(number).ok()
    };
    let tokens_out = match (count("candidatesTokenCount"), count("thoughtsTokenCount")) {
        (None, None) => None,
        (written, thought) => Some(written.unwrap_or(0).saturating_add(thought.unwrap_or(0))),
    };
    Usage { tokens_in: count("promptTokenCount"), tokens_out }
}

fn text(body: &Value) -> Result<String, Unusable> {
    let candidates = body.get("candidates").and_then(Value::as_array);
    let Some(candidate) = candidates.and_then(|list| list.first()) else {
        let blocked = body.get("promptFeedback").and_then(|it| it.get("blockReason"));
        return Err(match blocked.and_then(Value::as_str) {
            Some(reason) => Unusable::PromptBlocked(safe_name(reason)),
            None if body.is_object() => Unusable::NoCandidates,
            None => Unusable::Garbled,
        });
    };
    match candidate.get("finishReason").and_then(Value::as_str) {
        None | Some("STOP" | "FINISH_REASON_UNSPECIFIED") => {}
        Some("SAFETY" | "PROHIBITED_CONTENT" | "BLOCKLIST" | "SPII") => {
            return Err(Unusable::Safety);
        }
        Some("RECITATION") => return Err(Unusable::Recitation),
        Some("MAX_TOKENS") => return Err(Unusable::MaxTokens),
        Some(other) => return Err(Unusable::Stopped(safe_name(other))),
    }
    let parts = candidate.get("content").and_then(|it| it.get("parts")).and_then(Value::as_array);
    let Some(parts) = parts.filter(|parts| !parts.is_empty()) else {
        return Err(Unusable::PartsMissing);
    };
    let thought = |part: &&Value| part.get("thought").and_then(Value::as_bool) == Some(true);
    let text: String = parts
        .iter()
        .filter(|part| !thought(part))
        .filter_map(|part| part.get("text").and_then(Value::as_str))
        .collect();
    if text.trim().is_empty() { Err(Unusable::EmptyText) } else { Ok(text) }
}

/// A name in the answer, made safe to show.
fn safe_name(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(40).collect()
}

fn data(text: &str, schema: &Value) -> Result<Value, Unusable> {
    let value: Value = serde_json::from_str(without_fence(text)).map_err(|_| Unusable::NotJson)?;
    match misfit(&value, schema, "") {
        Some(place) => Err(Unusable::NotTheSchema(place)),
        None => Ok(value),
    }
}

/// Some models put JSON between Markdown fences even if the request asks for JSON alone.
fn without_fence(text: &str) -> &str {
    let text = text.trim();
    let Some(inner) = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```")) else {
        return text;
    };
    inner.strip_prefix("json").unwrap_or(inner).trim()
}

/// The path at which `value` does not fit `schema`; `None` if it fits. Supports what Muster's schemas use: objects,
/// arrays, strings, numbers, `required`, `minItems` and `maxItems`.
fn misfit(value: &Value, schema: &Value, place: &str) -> Option<String> {
    let here = || if place.is_empty() { "the whole".to_owned() } else { place.to_owned() };
    let fits = match schema.get("type").and_then(Value::as_str).unwrap_or_default() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        _ => true,
    };
    if !fits {
        return Some(here());
    }
    if let Some(object) = value.as_object() {
        let required = schema.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            if !object.contains_key(name) {
                return Some(format!("{place}/{name} is missing"));
            }
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, schema) in properties.into_iter().flatten() {
            if let Some(value) = object.get(name)
                && let Some(place) = misfit(value, schema, &format!("{place}/{name}"))
            {
                return Some(place);
            }
        }
    }
    if let Some(items) = value.as_array() {
        let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
        let count = items.len() as u64;
        if bound("minItems").is_some_and(|least| count < least)
            || bound("maxItems").is_some_and(|most| count > most)
        {
            return Some(here());
        }
        if let Some(schema) = schema.get("items") {
            let mut misfits = items.iter().enumerate();
            return misfits.find_map(|(at, item)| misfit(item, schema, &format!("{place}/{at}")));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Value {
        json!({
            "type": "object",
            "properties": { "skills": { "type": "array", "items": { "type": "string" } } },
            "required": ["skills"],
        })
    }

    fn candidate(candidate: &Value) -> Vec<u8> {
        let usage =
            json!({ "promptTokenCount": 90, "candidatesTokenCount": 20, "thoughtsTokenCount": 5 });
        json!({ "candidates": [candidate], "usageMetadata": usage }).to_string().into_bytes()
    }

    fn wrote(text: &str) -> Vec<u8> {
        candidate(
            &json!({ "content": { "role": "model", "parts": [{ "text": text }] }, "finishReason": "STOP" }),
        )
    }

    fn why(body: &[u8]) -> Unusable {
        match read(body, Some(&schema())) {
            Err(Failure::Unusable { why, .. }) => why,
            other => panic!("usable: {other:?}"),
        }
    }

    #[test]
    fn a_good_answer_is_read_with_its_tokens() {
        let answer = read(&wrote(r#"{"skills":["Rust"]}"#), Some(&schema())).unwrap();
        assert_eq!(answer.json, Some(json!({ "skills": ["Rust"] })));
        assert_eq!(answer.usage, Usage { tokens_in: Some(90), tokens_out: Some(25) });
        assert_eq!(read(&wrote("Hello"), None).unwrap().text, "Hello");
    }

    #[test]
    fn fences_and_thoughts_are_left_out() {
        let fenced = wrote("```json\n{\"skills\":[]}\n```");
        assert_eq!(read(&fenced, Some(&schema())).unwrap().json, Some(json!({ "skills": [] })));
        let parts = json!([{ "text": "hm", "thought": true }, { "text": "Hel" }, { "text": "lo" }]);
        let thinking = candidate(&json!({ "content": { "parts": parts } }));
        assert_eq!(read(&thinking, None).unwrap().text, "Hello");
    }

    #[test]
    fn every_way_to_be_of_no_use_has_its_name() {
        use Unusable::*;
        let stopped = |reason: &str| {
            candidate(
                &json!({ "content": { "parts": [{ "text": "Hel" }] }, "finishReason": reason }),
            )
        };
        assert_eq!(why(b"<html>"), Garbled);
        assert_eq!(why(b"[]"), Garbled);
        assert_eq!(why(b"{}"), NoCandidates);
        assert_eq!(why(br#"{"candidates":[]}"#), NoCandidates);
        assert_eq!(
            why(br#"{"promptFeedback":{"blockReason":"SAFETY"}}"#),
            PromptBlocked("SAFETY".into())
        );
        assert_eq!(
            why(br#"{"candidates":[{"content":{"role":"model"},"finishReason":"MAX_TOKENS"}]}"#),
            MaxTokens
        );
        assert_eq!(
            why(br#"{"candidates":[{"content":{"role":"model"},"finishReason":"STOP"}]}"#),
            PartsMissing
        );
        assert_eq!(why(br#"{"candidates":[{"content":{"parts":[]}}]}"#), PartsMissing);
        assert_eq!(why(br#"{"candidates":[{"finishReason":"STOP"}]}"#), PartsMissing);
        assert_eq!(why(&stopped("SAFETY")), Safety);
        assert_eq!(why(&stopped("RECITATION")), Recitation);
        assert_eq!(why(&stopped("MAX_TOKENS")), MaxTokens);
        assert_eq!(why(&stopped("LANGUAGE")), Stopped("LANGUAGE".into()));
        assert_eq!(why(&wrote(" \n")), EmptyText);
        assert_eq!(why(&wrote("Sure! Here is")), NotJson);
        assert_eq!(why(&wrote("{}")), NotTheSchema("/skills is missing".into()));
        assert_eq!(why(&wrote(r#"{"skills":["Go",7]}"#)), NotTheSchema("/skills/1".into()));
        assert_eq!(why(&wrote("[]")), NotTheSchema("the whole".into()));
    }
}
