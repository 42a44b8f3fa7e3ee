//! A reader of FAQs that keeps to the rules: it answers with the passage that shares most of the question's words, and
//! says that it does not know where little is shared. It takes a word for another ending or a slip of the same word,
//! knows few that mean the same, and does nothing that a question tells it to.

use serde_json::{Value, json};

use super::Fault;
use super::answers::text_at;
use super::words::stems;

/// From this share of the question's words on a passage is about it.
const ENOUGH: f64 = 0.5;
/// The weight of a word that is in the passage's answer, not in its question.
const IN_ANSWER: f64 = 0.6;

pub fn answer(data: &Value, fault: Option<Fault>) -> Value {
    match fault {
        Some(Fault::InventLink) => {
            return json!({ "answer": "See https://invented.example.org/now.", "citations": [1], "unknown": false });
        }
        Some(Fault::InventFigure) => {
            return json!({ "answer": "It costs 777 euros.", "citations": [1], "unknown": false });
        }
        Some(Fault::NoCitation) => {
            return json!({ "answer": "Yes, surely.", "citations": [], "unknown": false });
        }
        Some(Fault::WrongCitation) => {
            return json!({ "answer": "Yes, surely.", "citations": [0, 99, 1, -4, 1], "unknown": false });
        }
        _ => {}
    }
    let passages = data.get("passages").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    // What is asked may be one sentence of several; the others are words of a stranger.
    let sentences = text_at(data, "/question").split_inclusive(['?', '.', '!']);
    let asked = sentences.map(stems).filter(|words| !words.is_empty());
    let best = asked
        .flat_map(|words| {
            passages
                .iter()
                .map(move |passage| (share(&words, passage), passage))
                .collect::<Vec<_>>()
        })
        // Of equals the first: they come best first.
        .reduce(|best, next| if next.0 > best.0 { next } else { best });
    match best {
        Some((share, passage)) if share >= ENOUGH => {
            json!({ "answer": passage["answer"], "citations": [passage["number"]], "unknown": false })
        }
        _ => json!({ "answer": "", "citations": [], "unknown": true }),
    }
}

fn share(asked: &[String], passage: &Value) -> f64 {
    let (question, answer) =
        (stems(text_at(passage, "/question")), stems(text_at(passage, "/answer")));
    let worth = |word: &String| {
        let stands = |words: &[String]| words.iter().any(|it| same(it, word));
        match (stands(&question), stands(&answer)) {
            (true, _) => 1.0,
            (false, true) => IN_ANSWER,
            (false, false) => 0.0,
        }
    };
    asked.iter().map(worth).sum::<f64>() / asked.len() as f64
}

/// The same word, or a slip of it.
fn same(one: &str, other: &str) -> bool {
    let slips = one.len().min(other.len()) / 4;
    one == other || (one.len() > 5 && strsim::osa_distance(one, other) <= slips.min(2))
}
