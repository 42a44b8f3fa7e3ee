//! What reading `.env` again changed, as a parameter of an address and as a sentence.

use crate::keys::Changes;

/// The kinds of changes: the word in the address, and the parts of the sentence before and after the numbers.
const KINDS: [(&str, &str, &str); 5] = [
    ("added", "added ", ""),
    ("removed", "removed ", ""),
    ("replaced", "", " is now another key"),
    ("project", "project of ", " changed"),
    ("limits", "limits of ", " changed"),
];

/// The changes as the parameter of an address: `added-3.project-1`.
pub fn write(changes: &Changes) -> String {
    let Changes { added, removed, replaced, projects, limits, common } = changes;
    let mut words: Vec<String> = Vec::new();
    for ((kind, ..), numbers) in KINDS.iter().zip([added, removed, replaced, projects, limits]) {
        words.extend(numbers.iter().map(|number| format!("{kind}-{number}")));
    }
    if *common {
        words.push("common".into());
    }
    words.join(".")
}

/// The sentence about the changes in an address. Only known kinds and numbers are shown, and nothing else of it.
pub fn read(changes: &str) -> String {
    let words: Vec<&str> = changes.split('.').collect();
    let mut parts = Vec::new();
    for (kind, before, after) in KINDS {
        let numbers = words.iter().filter_map(|word| {
            let number = word.strip_prefix(kind)?.strip_prefix('-')?.parse::<u32>().ok()?;
            Some(if number == 0 { "the reserve".into() } else { format!("#{number}") })
        });
        let numbers: Vec<String> = numbers.collect();
        if !numbers.is_empty() {
            parts.push(format!("{before}{}{after}", numbers.join(", ")));
        }
    }
    if words.contains(&"common") {
        parts.push("the limits for all keys changed".into());
    }
    if parts.is_empty() {
        parts.push("nothing changed".into());
    }
    format!(".env was read again: {}.", parts.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::KeyNumber;

    #[test]
    fn changes_are_one_sentence_and_nothing_else_of_the_address_is_shown() {
        let changes = Changes {
            added: vec![KeyNumber(3), KeyNumber(4)],
            removed: vec![KeyNumber::RESERVE],
            projects: vec![KeyNumber(1)],
            common: true,
            ..Changes::default()
        };
        assert_eq!(
            read(&write(&changes)),
            ".env was read again: added #3, #4; removed the reserve; project of #1 changed; \
             the limits for all keys changed."
        );
        assert_eq!(read(&write(&Changes::default())), ".env was read again: nothing changed.");
        assert_eq!(read("added-<b>.hello.removed"), ".env was read again: nothing changed.");
    }
}
