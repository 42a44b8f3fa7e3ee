//! Replaces links and addresses by marks in what the model reads, so that its answer can contain the organisers' links
//! but no invented ones. Pure.

use std::fmt::Write as _;

const MARK: &str = "link-";

/// Replaces each link and address by a mark, and adds it to `links`.
pub fn take_out(text: &str, links: &mut Vec<String>) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(is_border) {
        let end = piece.trim_end_matches(is_border);
        let link = end.trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '_']);
        if is_link(link) {
            let at = links.iter().position(|known| known == link).unwrap_or_else(|| {
                links.push(link.to_owned());
                links.len() - 1
            });
            let _ = write!(out, "{MARK}{}", at + 1);
            out.push_str(&piece[link.len()..]);
        } else {
            out.push_str(piece);
        }
    }
    out
}

/// Replaces the marks by their links; `None` if the text contains a link of its own or an unknown mark.
pub fn put_back(text: &str, links: &[String]) -> Option<String> {
    let mut own = Vec::new();
    take_out(text, &mut own);
    if !own.is_empty() {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(MARK) {
        let (before, after) = rest.split_at(at);
        let digits: String = after[MARK.len()..].chars().take_while(char::is_ascii_digit).collect();
        out.push_str(before);
        rest = &after[MARK.len() + digits.len()..];
        if digits.is_empty() {
            out.push_str(MARK);
            continue;
        }
        let number: usize = digits.parse().ok()?;
        out.push_str(links.get(number.checked_sub(1)?)?);
    }
    out.push_str(rest);
    Some(out)
}

fn is_border(c: char) -> bool {
    c.is_whitespace() || "()<>[]{}\"'“”„|`".contains(c)
}

fn is_link(word: &str) -> bool {
    let lower = word.to_lowercase();
    let email = word.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty()
            && host.contains('.')
            && host.chars().all(|c| c.is_alphanumeric() || "-._".contains(c))
    });
    lower.contains("://")
        || lower.starts_with("www.")
        || lower.starts_with("mailto:")
        || email
        || is_bare_address(&lower)
}

/// `host.example/path`: chat programs turn some of these into invitations, and people follow the others.
fn is_bare_address(word: &str) -> bool {
    word.split_once('/').is_some_and(|(host, path)| {
        host.rsplit_once('.').is_some_and(|(name, end)| {
            let is_end = end.len() > 1 && end.chars().all(char::is_alphabetic);
            is_end && !name.is_empty() && !path.is_empty()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_restored_and_none_is_invented() {
        let text = "Join [our chat](https://chat.example.org/x?a=1) or write to team@example.org. See https://chat.example.org/x?a=1!";
        let mut links = Vec::new();
        let marked = take_out(text, &mut links);
        assert_eq!(marked, "Join [our chat](link-1) or write to link-2. See link-1!");
        assert_eq!(put_back(&marked, &links).as_deref(), Some(text));
        assert_eq!(put_back("See link-3", &links), None);
        assert_eq!(put_back("See https://evil.example", &links), None);
        assert_eq!(put_back("Join discord.gg/free", &links), None);
        assert_eq!(
            put_back("At 9.30/10 and/or 11 a.m./noon", &links).as_deref(),
            Some("At 9.30/10 and/or 11 a.m./noon")
        );
        assert_eq!(put_back("A link-up at noon", &links).as_deref(), Some("A link-up at noon"));
    }
}
