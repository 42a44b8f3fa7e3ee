//! Cleans a resume's text before it is split into words. Knows no words.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// Replaces ligatures and wide letters by plain ones, and removes invisible characters, comments, links and addresses.
pub(super) fn clean(raw: &str) -> String {
    let mut plain = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}'
            | '\u{feff}' => {}
            '’' | '‘' | '`' | '´' | 'ʼ' => plain.push('\''),
            '“' | '”' | '„' | '‟' => plain.push('"'),
            '…' => plain.push_str(" … "),
            '‐' | '‑' => plain.push('-'),
            '⁄' | '∕' => plain.push('/'),
            c if c.is_control() && !c.is_whitespace() => plain.push(' '),
            c => plain.push(c),
        }
    }
    if is_nfkc_quick(plain.chars()) != IsNormalized::Yes {
        plain = plain.nfkc().collect();
    }
    without_links(&without_comments(&plain))
}

fn without_comments(text: &str) -> String {
    let mut rest = text;
    let mut kept = String::with_capacity(text.len());
    while let Some((before, after)) = rest.split_once("<!--") {
        kept.push_str(before);
        let Some((_, after)) = after.split_once("-->") else {
            // a comment that is never closed hides the rest of its line
            rest = after.split_once('\n').map_or("", |(_, rest)| rest);
            kept.push('\n');
            continue;
        };
        kept.push('\n');
        rest = after;
    }
    kept.push_str(rest);
    kept
}

fn without_links(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for chunk in text.split_inclusive(char::is_whitespace) {
        let word = chunk.trim_end();
        if is_link(word) {
            kept.push('|');
            kept.push_str(&chunk[word.len()..]);
        } else {
            kept.push_str(chunk);
        }
    }
    kept
}

/// Web and email addresses, but not "Socket.IO/Redis" or "ASP.NET/C#".
fn is_link(word: &str) -> bool {
    const ENDINGS: [&str; 17] = [
        "com", "org", "edu", "gov", "me", "fr", "es", "dev", "app", "ch", "at", "uk", "br", "in",
        "eu", "de", "it",
    ];
    if word.contains("://") || word.starts_with("www.") {
        return true;
    }
    if let Some((name, host)) = word.split_once('@') {
        return !name.is_empty() && host.contains('.');
    }
    let host = word.split(['/', '?', '#']).next().unwrap_or(word);
    if host.len() == word.len() {
        return false;
    }
    host.contains(".github.io")
        || host.rsplit_once('.').is_some_and(|(name, end)| {
            !name.is_empty() && ENDINGS.contains(&end.to_ascii_lowercase().as_str())
        })
}
