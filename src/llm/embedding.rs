//! Embeddings: the body of `embedContent`, and the numbers in its answer.

use serde_json::{Value, json};

use super::answer::{Failure, Unusable, Usage};

/// How many numbers to ask for. Fewer distinguish texts less well, more take more space.
const DIMENSIONS: usize = 768;

/// What the numbers are for: the model places questions near the texts that answer them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Document,
    Query,
}

/// The body of `embedContent`.
pub fn body(text: &str, purpose: Purpose) -> Value {
    let task = match purpose {
        Purpose::Document => "RETRIEVAL_DOCUMENT",
        Purpose::Query => "RETRIEVAL_QUERY",
    };
    json!({
        "content": { "parts": [{ "text": text }] },
        "taskType": task,
        "outputDimensionality": DIMENSIONS,
    })
}

/// The numbers in an answer.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<f32>, Failure> {
    let unusable = |why| Failure::Unusable { why, usage: Usage::default() };
    let body: Value = serde_json::from_slice(bytes).map_err(|_| unusable(Unusable::Garbled))?;
    let values = body.pointer("/embedding/values").and_then(Value::as_array);
    let numbers = values.and_then(|all| {
        all.iter().map(|it| it.as_f64().map(|it| it as f32)).collect::<Option<Vec<f32>>>()
    });
    numbers
        .filter(|all| all.iter().any(|it| *it != 0.0))
        .ok_or_else(|| unusable(Unusable::NotTheSchema("numbers".into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_numbers_or_cannot_be_used() {
        let answer = br#"{"embedding":{"values":[0.5,-1,2e-3]}}"#;
        assert_eq!(read(answer).unwrap(), [0.5, -1.0, 0.002]);
        for bad in [
            &b"no json"[..],
            b"{}",
            br#"{"embedding":{"values":[]}}"#,
            br#"{"embedding":{"values":[0,0.0]}}"#,
            br#"{"embedding":{"values":["1"]}}"#,
        ] {
            assert!(matches!(read(bad), Err(Failure::Unusable { .. })));
        }
    }

    #[test]
    fn the_body_says_what_the_numbers_are_for() {
        let body = body("Lunch?", Purpose::Query);
        assert_eq!(body["content"]["parts"][0]["text"], "Lunch?");
        assert_eq!(body["taskType"], "RETRIEVAL_QUERY");
        assert_eq!(body["outputDimensionality"], 768);
    }
}
