//! What a text is about, as numbers: a toy. Each word falls on a few of the numbers, and words that mean the same on
//! the same ones, so texts are near as far as they share words that this server knows. Enough to see that nearness in
//! meaning joins the search by words; nothing is said by it of how well a real model does.

use serde_json::{Value, json};

use super::answers::text_at;
use super::words::stems;

/// What all texts have in common: no two of a real model are at right angles.
const COMMON: f64 = 1.0;
/// On how many numbers a word falls.
const SPREAD: u64 = 8;

/// The body of a 200.
pub fn of(body: &Value) -> String {
    let size = body.get("outputDimensionality").and_then(Value::as_u64).unwrap_or(3_072);
    let mut values = vec![0.0; size as usize];
    values[0] = COMMON;
    for stem in stems(text_at(body, "/content/parts/0/text")) {
        for nth in 0..SPREAD {
            let hash = hash(&stem, nth);
            let sign = if hash & 1 == 0 { 1.0 } else { -1.0 };
            values[(hash >> 1) as usize % size as usize] += sign / (SPREAD as f64).sqrt();
        }
    }
    let length = values.iter().map(|it| it * it).sum::<f64>().sqrt();
    let values: Vec<f64> = values.iter().map(|it| it / length).collect();
    json!({ "embedding": { "values": values } }).to_string()
}

/// FNV-1a: the same on every machine.
fn hash(word: &str, nth: u64) -> u64 {
    let bytes = word.bytes().chain(nth.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
