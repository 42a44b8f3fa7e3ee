//! Maps what people type into a field, and what a model answers, to the names of the taxonomy.

use super::taxonomy::{Category, Found, Skill, Taxonomy};
use super::text::Text;
use super::words::{Marks, Section};

/// Longer names are cut.
const LONGEST_NAME: usize = 60;
/// Vendors that may precede a name: "Amazon Redshift" is recognised because "Redshift" is.
const MAKERS: [&str; 14] = [
    "adobe",
    "amazon",
    "apache",
    "atlassian",
    "autodesk",
    "aws",
    "azure",
    "google",
    "hashicorp",
    "ibm",
    "microsoft",
    "ms",
    "oracle",
    "sap",
];

pub(super) fn canonical(typed: &str) -> Option<String> {
    let tidy = tidied(typed)?;
    Some(known(&tidy).map_or(tidy, |skill| skill.name.to_owned()))
}

pub(super) fn is_known(name: &str) -> bool {
    tidied(name).is_some_and(|name| known(&name).is_some())
}

pub(super) fn category(name: &str) -> Option<Category> {
    known(&tidied(name)?).map(|skill| skill.category)
}

pub(super) fn key(name: &str) -> String {
    let name = canonical(name).unwrap_or_default();
    name.chars().flat_map(char::to_lowercase).collect()
}

pub(super) fn split(typed: &str) -> Vec<String> {
    let mut names = Vec::new();
    let plain: String = typed
        .chars()
        .map(|c| if matches!(c, '[' | ']' | '{' | '}' | '"' | '“' | '”') { ' ' } else { c })
        .collect();
    for item in outside_brackets(&plain) {
        split_item(item, &mut names);
    }
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.to_lowercase()));
    names
}

/// Splits at line ends, semicolons, commas, bars and bullets, but not within brackets.
fn outside_brackets(typed: &str) -> Vec<&str> {
    let mut items = Vec::new();
    let last_closing = typed.rfind(')').unwrap_or(0);
    let (mut start, mut depth) = (0, 0_usize);
    for (at, c) in typed.char_indices() {
        match c {
            '(' if at < last_closing => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '\n' | '\r' | '\t' | ';' | '|' | '•' | '·' | '、' => depth = 0,
            ',' | '，' if depth == 0 => {}
            _ => continue,
        }
        if !matches!(c, '(' | ')') {
            items.push(&typed[start..at]);
            start = at + c.len_utf8();
        }
    }
    items.push(&typed[start..]);
    items
}

fn split_item(item: &str, names: &mut Vec<String>) {
    let item = folded(without_bullet(item));
    if let Some(skill) = known(&item) {
        names.push(skill.name.to_owned());
        return;
    }
    if let Some((outer, inner)) = item.split_once('(') {
        let inner = inner.trim_end_matches(')');
        let parts: Vec<&str> = std::iter::once(outer).chain(inner.split([',', '/', ';'])).collect();
        if parts.iter().any(|part| is_known(part)) {
            // an unknown name in brackets is a remark
            names.extend(
                parts
                    .iter()
                    .enumerate()
                    .filter(|(n, part)| *n == 0 || is_known(part))
                    .filter_map(|(_, part)| canonical(part)),
            );
            return;
        }
    }
    for separator in [" / ", " & ", " + ", " and ", " und ", " y ", " et "] {
        let parts: Vec<&str> = item.split(separator).collect();
        if parts.len() > 1 && parts.iter().all(|part| is_known(part)) {
            names.extend(parts.iter().filter_map(|part| canonical(part)));
            return;
        }
    }
    if !item.contains("://") && split_at_slashes(&item, names) {
        return;
    }
    names.extend(canonical(&item));
}

/// "C/C++" is two, "CI/CD" one, "CI/CD/Docker" two. Returns false and adds nothing when no part is known.
fn split_at_slashes(item: &str, names: &mut Vec<String>) -> bool {
    let parts: Vec<&str> = item.split('/').collect();
    let before = names.len();
    let mut any_known = false;
    let mut from = 0;
    while from < parts.len() {
        // the longest name first, of up to three parts
        let known_end = (from + 1..=parts.len().min(from + 3))
            .rev()
            .find(|&to| is_known(&parts[from..to].join("/")));
        any_known |= known_end.is_some();
        let to = known_end.unwrap_or(from + 1);
        names.extend(canonical(&parts[from..to].join("/")));
        from = to;
    }
    if !any_known {
        names.truncate(before);
    }
    any_known
}

fn without_bullet(item: &str) -> &str {
    let item = item.trim();
    let item = ["- ", "* ", "– ", "▪ ", "● "]
        .iter()
        .find_map(|bullet| item.strip_prefix(bullet))
        .unwrap_or(item);
    let number = item.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered = number.len() < item.len();
    number
        .strip_prefix(". ")
        .or_else(|| number.strip_prefix(") "))
        .filter(|_| numbered)
        .unwrap_or(item)
        .trim_matches('\'')
        .trim()
}

fn tidied(typed: &str) -> Option<String> {
    let cut: String = folded(typed).chars().take(LONGEST_NAME).collect();
    let cut = cut.trim_end();
    (!cut.is_empty()).then(|| cut.to_owned())
}

/// White space and control characters become single spaces.
fn folded(typed: &str) -> String {
    let plain: String = typed.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The skill that is meant, if the text has only its name, a version and a level.
fn known(name: &str) -> Option<&'static Skill> {
    let taxonomy = Taxonomy::get();
    let text = Text::new(name);
    let marks = Marks::new(&text, |_| false);
    let empty = |i: usize| {
        let level = marks.is(i, Section::Filler) && !MAKERS.contains(&text.folded(i));
        level
            || text.is_number(i)
            || matches!(text.first_char(i), '(' | ')' | '.' | '+' | '*' | ':' | '-' | '"')
            || (text.first_char(i).is_ascii_digit() && text.original(i).ends_with('x'))
    };
    let whole = |found: &Found| (found.end..text.len()).all(empty);
    let mut start = 0;
    while start < text.len() {
        if let Some(found) = longest_whole(taxonomy, &text, start, whole) {
            return Some(&taxonomy.skills[taxonomy.aliases[found.alias].skill]);
        }
        let maker = start == 0 && text.len() > 1 && MAKERS.contains(&text.folded(0));
        if !(maker || empty(start)) {
            return None;
        }
        start += 1;
    }
    None
}

fn longest_whole(
    taxonomy: &Taxonomy,
    text: &Text,
    start: usize,
    whole: impl Fn(&Found) -> bool,
) -> Option<Found> {
    taxonomy.longest(text, start, |_| true).filter(whole)
}
