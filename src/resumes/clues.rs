//! Clues in a resume's text about its owner. Pure. The text is untrusted: what is found here is looked up or shown to
//! the organiser, never taken as a fact.

use crate::model::EmailAddress;

/// Addresses that are collected at most.
const MAX_ADDRESSES: usize = 20;

/// Lines at the beginning that may contain the name.
const FIRST_LINES: usize = 8;

/// In characters.
const MAX_NAME: usize = 60;

/// Lines with one of these words are headings, occupations or addresses.
const NOT_IN_NAMES: &[&str] = &[
    "resume",
    "résumé",
    "curriculum",
    "vitae",
    "cv",
    "profile",
    "summary",
    "contact",
    "skills",
    "experience",
    "education",
    "about",
    "developer",
    "engineer",
    "designer",
    "manager",
    "scientist",
    "analyst",
    "student",
    "consultant",
    "objective",
    "university",
    "software",
    "senior",
    "junior",
    "street",
    "phone",
    "email",
    "address",
    "page",
    "personal",
    "details",
];

/// The email addresses in a text, in order and without duplicates. In most resumes the first is the person's own;
/// others may be a referee's.
pub fn addresses(text: &str) -> Vec<EmailAddress> {
    let mut found: Vec<EmailAddress> = Vec::new();
    for (at, _) in text.match_indices('@') {
        let left = text[..at]
            .rfind(|c: char| !is_local(c))
            .map_or(0, |end| end + text[end..].chars().next().map_or(1, char::len_utf8));
        let right =
            text[at + 1..].find(|c: char| !is_domain(c)).map_or(text.len(), |end| at + 1 + end);
        let local = text[left..at].trim_start_matches(['.', '-', '\'', '+', '%']);
        let domain = text[at + 1..right].trim_end_matches(['.', '-']);
        let Ok(address) = EmailAddress::parse(&format!("{local}@{domain}")) else { continue };
        if !found.iter().any(|known| known.key() == address.key()) {
            found.push(address);
            if found.len() == MAX_ADDRESSES {
                break;
            }
        }
    }
    found
}

fn is_local(c: char) -> bool {
    c.is_alphanumeric() || "._%+-'".contains(c)
}

fn is_domain(c: char) -> bool {
    c.is_alphanumeric() || c == '.' || c == '-'
}

/// The name at the top of a resume, for the organiser to check: the first of the first lines that looks like a name.
pub fn name(text: &str) -> Option<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(FIRST_LINES);
    lines.map(|line| line.strip_prefix("Name:").unwrap_or(line).trim()).find_map(person_name)
}

fn person_name(line: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_word = |word: &&str| {
        word.chars().all(|c| c.is_alphabetic() || "'’.-".contains(c))
            && word.chars().any(char::is_alphabetic)
            && !NOT_IN_NAMES.contains(&word.to_lowercase().trim_matches('.'))
    };
    let is_capitalised = |word: &&str| word.chars().next().is_some_and(|c| !c.is_lowercase());
    let fits = (2..=5).contains(&words.len())
        && line.chars().count() <= MAX_NAME
        && words.iter().all(is_word)
        && words.first().is_some_and(is_capitalised)
        && words.last().is_some_and(is_capitalised);
    fits.then(|| words.iter().map(|word| without_capitals(word)).collect::<Vec<_>>().join(" "))
}

/// `LOVELACE` becomes `Lovelace`; initials stay.
fn without_capitals(word: &str) -> String {
    let is_in_capitals =
        word.chars().count() > 2 && !word.contains('.') && !word.chars().any(char::is_lowercase);
    if !is_in_capitals {
        return word.to_owned();
    }
    let mut start = true;
    word.chars()
        .flat_map(|c| {
            let letters: Vec<char> = if start { vec![c] } else { c.to_lowercase().collect() };
            start = !c.is_alphabetic();
            letters
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        addresses(text).iter().map(|address| address.as_str().to_owned()).collect()
    }

    #[test]
    fn addresses_are_found_in_all_usual_forms() {
        assert_eq!(found("Ada\nE-mail:ada@example.org|+44 1"), ["ada@example.org"]);
        assert_eq!(
            found("<Ada.L+cv@Example.ORG>, ref: bob@example.com."),
            ["Ada.L+cv@Example.ORG", "bob@example.com"]
        );
        assert_eq!(found("mailto:jörg@exämple.de…"), ["jörg@exämple.de"]);
        assert_eq!(found("ada@example.org and ADA@example.org"), ["ada@example.org"]);
        assert!(found("@ada on the site, a@b, 5 @ 3, @@, x@").is_empty());
        assert_eq!(found(&"a@example.org b@example.org ".repeat(1000)).len(), 2);
    }

    #[test]
    fn the_name_at_the_top_is_found_and_headings_are_not() {
        for (text, expected) in [
            ("Ada Lovelace\nada@example.org", Some("Ada Lovelace")),
            ("CURRICULUM VITAE\n\nGRACE B. HOPPER\nRear Admiral", Some("Grace B. Hopper")),
            ("Name: Inês de Castro", Some("Inês de Castro")),
            ("Senior Software Engineer\nChen Wei-Ling", Some("Chen Wei-Ling")),
            ("JEAN-PIERRE O'NEIL", Some("Jean-Pierre O'Neil")),
            ("ada@example.org\n+44 20 1234", None),
            ("I write programs for a living", None),
        ] {
            assert_eq!(name(text).as_deref(), expected, "{text}");
        }
    }
}
