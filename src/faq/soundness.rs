//! Checks the model's answer: its numbers must come from the passages or from the question. Pure.

use std::collections::BTreeSet;

use super::work::Passage;

/// Longer than any answer to a participant's question.
const LONGEST: usize = 2_000;

/// Why the answer must not be shown; `None` if nothing is wrong with it.
pub fn doubt(answer: &str, question: &str, passages: &[Passage]) -> Option<&'static str> {
    if answer.trim().is_empty() {
        return Some("the answer was empty");
    }
    if answer.chars().count() > LONGEST {
        return Some("the answer was far too long");
    }
    let mut known = numbers(question);
    for passage in passages {
        known.extend(numbers(&passage.question));
        known.extend(numbers(&passage.answer));
    }
    if numbers(answer).is_subset(&known) {
        None
    } else {
        Some("the answer has a number that is not in the FAQ")
    }
}

/// Runs of digits. `10:30` has two, so that the same time may be written differently.
fn numbers(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_numeric())
        .map(|run| run.trim_start_matches('0'))
        .filter(|run| !run.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invented_number_is_not_accepted() {
        let passages = [Passage { question: "When?".into(), answer: "At 09:30 on day 1.".into() }];
        assert_eq!(doubt("It starts at 9.30.", "when", &passages), None);
        assert!(doubt("It starts at 10:30.", "when", &passages).is_some());
        assert_eq!(doubt("Yes, 10 is fine.", "Can 10 come?", &passages), None);
        assert!(doubt(" ", "when", &passages).is_some());
        assert!(doubt(&"x".repeat(2_001), "when", &passages).is_some());
    }
}
