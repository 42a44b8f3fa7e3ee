//! Phrases, links and addresses in a text.

use crate::model::EmailAddress;

/// Top-level domains that people write without `https://`. Lower case only: `us.In` is a missing space.
const ENDINGS: &[&str] = &[
    "com", "org", "net", "io", "dev", "app", "gg", "co", "ai", "eu", "de", "uk", "fr", "es", "pt",
    "nl", "it", "pl", "ch", "at", "us", "ca", "in", "info", "xyz", "site", "online", "club",
    "tech", "cloud", "page", "link", "ly", "me", "tv", "events", "example",
];

/// The words of a text in lower case, with one space before, between and after them.
///
/// A phrase can then be found with `contains(" sign up ")`.
pub fn normal(text: &str) -> String {
    let mut out = String::from(" ");
    for c in text.chars() {
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        } else if !matches!(c, '\'' | '’') && !out.ends_with(' ') {
            out.push(' ');
        }
    }
    if !out.ends_with(' ') {
        out.push(' ');
    }
    out
}

/// The first of the phrases (lower case, without punctuation) that the text contains.
pub fn find_phrase<'p>(text: &str, phrases: &[&'p str]) -> Option<&'p str> {
    let text = normal(text);
    phrases.iter().copied().find(|phrase| text.contains(&format!(" {phrase} ")))
}

/// The pieces between white space, brackets and quotes, without punctuation at their ends.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || "<>()[]{}\"“”«»|*`".contains(c))
        .map(|piece| piece.trim_matches(|c: char| ".,;:!?'’…".contains(c)))
        .filter(|piece| !piece.is_empty())
}

/// Web addresses in the text, except exact occurrences of `links`.
pub fn urls(text: &str, links: &[&str]) -> Vec<String> {
    let mut text = text.to_owned();
    for link in links {
        for at in occurrences(&text, link).into_iter().rev() {
            text.replace_range(at..at + link.len(), " ");
        }
    }
    pieces(&text).filter(|piece| is_url(piece)).map(str::to_owned).collect()
}

/// How often the text contains the link itself, not as the beginning of a longer one.
pub fn count_link(text: &str, link: &str) -> usize {
    occurrences(text, link).len()
}

fn occurrences(text: &str, link: &str) -> Vec<usize> {
    text.match_indices(link)
        .map(|(at, _)| at)
        .filter(|at| {
            let mut rest = text[at + link.len()..].chars();
            match rest.next() {
                None => true,
                Some(c) if ".,;:!?)>]'\"".contains(c) => {
                    rest.next().is_none_or(|c| !c.is_alphanumeric() && c != '/')
                }
                Some(c) => c.is_whitespace(),
            }
        })
        .collect()
}

fn is_url(piece: &str) -> bool {
    let lower = piece.to_lowercase();
    lower.contains("://") || lower.starts_with("www.") || (!piece.contains('@') && is_domain(piece))
}

fn is_domain(piece: &str) -> bool {
    let host = piece.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let labels: Vec<&str> = host.split('.').collect();
    labels.len() >= 2
        && labels.iter().all(|label| {
            !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        })
        && labels[0].chars().any(char::is_alphabetic)
        && labels.last().is_some_and(|ending| ENDINGS.contains(ending))
}

/// Email addresses in the text.
pub fn addresses(text: &str) -> Vec<String> {
    pieces(text)
        .map(|piece| piece.strip_prefix("mailto:").unwrap_or(piece))
        .filter(|piece| EmailAddress::parse(piece).is_ok())
        .map(str::to_owned)
        .collect()
}

/// The text without these names where they are words of their own.
pub fn without(text: &str, names: &[String]) -> String {
    let mut text = text.to_owned();
    for name in names.iter().filter(|name| !name.is_empty()) {
        let found: Vec<usize> = text
            .match_indices(name.as_str())
            .map(|(at, _)| at)
            .filter(|at| {
                let before = text[..*at].chars().next_back();
                let after = text[at + name.len()..].chars().next();
                [before, after].into_iter().flatten().all(|c| !c.is_alphanumeric())
            })
            .collect();
        for at in found.into_iter().rev() {
            text.replace_range(at..at + name.len(), " ");
        }
    }
    text
}

/// The text without links and addresses, whose numbers and words mean nothing.
pub fn strip_links_and_addresses(text: &str) -> String {
    let mut out = text.to_owned();
    let removed: Vec<String> = pieces(text)
        .filter(|piece| piece.contains("://") || piece.contains('@'))
        .map(str::to_owned)
        .collect();
    for piece in removed {
        out = out.replace(&piece, " ");
    }
    out
}
