//! The complete email: the draft and what code adds to it (links, signature, why the recipient gets it, how to
//! unsubscribe, postal address) as text and HTML. Pure; must not know headers or how emails are sent.

use askama::Template;
use sha2::{Digest, Sha256};

use super::unsubscribe::Unsubscribe;
use crate::model::EmailAddress;
use crate::model::email::{Draft, EmailFacts, EventFacts, Purpose};

/// Columns of the text part.
const WIDTH: usize = 72;
/// The line before the signature; RFC 3676 requires the space at its end.
const DASHES: &str = "-- ";
/// The longest preheader, in characters.
const PREHEADER: usize = 110;

/// An email as it will be sent, without the headers, which differ with each delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl Email {
    /// Adds to the draft everything that only code may write.
    pub fn complete(facts: &EmailFacts, draft: &Draft, unsubscribe: &Unsubscribe) -> Self {
        let event = &facts.event;
        let body = draft.body.trim();
        let link = event.link.as_deref();
        let community_link = event.community_link.as_deref().filter(|it| Some(*it) != link);
        let link_label = match facts.purpose {
            Purpose::Invitation => "Read more and register:",
            Purpose::Match(_) => "All about the event:",
        };
        let signature = signature(event);
        let why = why(facts);
        let address = event.address.as_deref().map(one_line).filter(|it| !it.is_empty());
        let text = Text {
            body: wrap(body),
            link_label,
            link,
            community_link,
            signature: signature.clone(),
            dashes: DASHES,
            why: wrap(why),
            unsubscribe: match unsubscribe {
                Unsubscribe::Web { url } => vec![
                    "Unsubscribe with one click; we will not email you again:".to_owned(),
                    url.clone(),
                ],
                Unsubscribe::Mailto { .. } => {
                    vec![wrap(
                        "To unsubscribe, reply with the word STOP; we will not email you again.",
                    )]
                }
            },
            address: address.as_deref().map(wrap),
        };
        let html = Html {
            language: &event.language,
            direction: direction(&event.language),
            subject: &draft.subject,
            preheader: preheader(body),
            blocks: blocks(body),
            link_label: link_label.trim_end_matches(':'),
            link,
            community_link,
            signature,
            why,
            by_web: matches!(unsubscribe, Unsubscribe::Web { .. }),
            unsubscribe_uri: unsubscribe.uri(),
            address,
        };
        Self {
            subject: draft.subject.clone(),
            text: text.render().expect("a template without fallible parts"),
            html: html.render().expect("a template without fallible parts"),
        }
    }

    /// SHA-256 in hex: the email that is sent must be the one that was approved, byte by byte.
    pub fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for part in [&self.subject, &self.text, &self.html] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hex::encode(hash.finalize())
    }
}

/// Counts words as every limit does: a link is one word.
pub fn count_words(text: &str) -> usize {
    text.split_whitespace().count()
}

/// An email with this many words is too long: an invitation is only skimmed, a match email names up to ten people.
pub fn word_limit(purpose: &Purpose) -> usize {
    match purpose {
        Purpose::Invitation => 150,
        Purpose::Match(_) => 300,
    }
}

/// How many words a draft's body may have so that the complete email stays below its limit.
pub fn room_for_words(facts: &EmailFacts) -> usize {
    let longest = Unsubscribe::Mailto { address: unread(), code: String::new() };
    let nothing = Draft { subject: String::new(), body: String::new() };
    let added = count_words(&Email::complete(facts, &nothing, &longest).text);
    (word_limit(&facts.purpose) - 1).saturating_sub(added)
}

/// A placeholder to count words with; example.org belongs to nobody.
fn unread() -> EmailAddress {
    EmailAddress::parse("nobody@example.org").expect("a constant that is an address")
}

#[derive(Template)]
#[template(path = "emails/campaign/body.txt")]
struct Text<'a> {
    body: String,
    link_label: &'a str,
    link: Option<&'a str>,
    community_link: Option<&'a str>,
    signature: Vec<String>,
    dashes: &'a str,
    why: String,
    unsubscribe: Vec<String>,
    address: Option<String>,
}

#[derive(Template)]
#[template(path = "emails/campaign/body.html")]
struct Html<'a> {
    language: &'a str,
    direction: &'static str,
    subject: &'a str,
    preheader: String,
    blocks: Vec<Block>,
    link_label: &'a str,
    link: Option<&'a str>,
    community_link: Option<&'a str>,
    signature: Vec<String>,
    why: &'a str,
    by_web: bool,
    unsubscribe_uri: String,
    address: Option<String>,
}

/// A row of the HTML part.
enum Block {
    Paragraph(Vec<String>),
    /// An entry of a list: the text before the colon and the text after it.
    Entry {
        head: String,
        rest: Option<String>,
    },
}

/// Who signs: the person, then the organisers.
pub(super) fn signature(event: &EventFacts) -> Vec<String> {
    let mut lines: Vec<String> = [&event.sender_name, &event.organiser]
        .into_iter()
        .flatten()
        .map(|name| one_line(name))
        .filter(|name| !name.is_empty())
        .collect();
    lines.dedup();
    if lines.is_empty() {
        lines.push(match one_line(&event.name) {
            name if name.is_empty() => "The organisers".to_owned(),
            name => format!("The organisers of {name}"),
        });
    }
    lines
}

/// Why the recipient gets this email: the first line below the signature.
fn why(facts: &EmailFacts) -> &'static str {
    match facts.purpose {
        Purpose::Invitation => {
            "You get this one invitation because you are on the organisers' list."
        }
        Purpose::Match(_) => "You get this one message because you take part in our matchmaking.",
    }
}

/// Text on one line, without control characters and without those that change the reading direction.
pub fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().filter(|c| !changes_direction(*c)).collect::<String>())
        .collect::<Vec<_>>()
        .join(" ")
}

fn changes_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn direction(language: &str) -> &'static str {
    match language.split('-').next().unwrap_or_default() {
        "ar" | "fa" | "he" | "ur" => "rtl",
        _ => "ltr",
    }
}

/// Wraps lines at 72 columns, never inside a word or a link; list entries are indented.
fn wrap(text: &str) -> String {
    let mut out = String::new();
    for (number, line) in text.lines().enumerate() {
        if number > 0 {
            out.push('\n');
        }
        let indent = if list_marker(line).is_some() { "  " } else { "" };
        let mut column = 0;
        for word in line.split_whitespace() {
            let width = word.chars().count();
            if column > 0 && column + 1 + width > WIDTH {
                out.push('\n');
                out.push_str(indent);
                column = indent.len();
            } else if column > 0 {
                out.push(' ');
                column += 1;
            }
            out.push_str(word);
            column += width;
        }
    }
    out
}

/// The length of the `- ` or `1. ` at the start of a list entry.
fn list_marker(line: &str) -> Option<usize> {
    let line = line.trim_end();
    if line.starts_with("- ") || line.starts_with("* ") {
        return Some(2);
    }
    let digits = line.chars().take_while(char::is_ascii_digit).count();
    let marked = (1..=2).contains(&digits)
        && (line[digits..].starts_with(". ") || line[digits..].starts_with(") "));
    marked.then_some(digits + 2)
}

fn blocks(body: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    for line in body.lines().map(str::trim).chain([""]) {
        let marker = list_marker(line);
        if (line.is_empty() || marker.is_some()) && !lines.is_empty() {
            blocks.push(Block::Paragraph(std::mem::take(&mut lines)));
        }
        match marker {
            Some(length) => blocks.push(entry(&line[length..])),
            None if line.is_empty() => {}
            None => lines.push(line.to_owned()),
        }
    }
    blocks
}

fn entry(text: &str) -> Block {
    match text.split_once(": ") {
        Some((head, rest)) => {
            Block::Entry { head: head.to_owned(), rest: Some(rest.trim().to_owned()) }
        }
        None => Block::Entry { head: text.to_owned(), rest: None },
    }
}

/// What mail clients show beside the subject in a list: the first words after the greeting.
fn preheader(body: &str) -> String {
    let after_greeting = body.split_once("\n\n").map_or(body, |(_, rest)| rest);
    let mut shown = String::new();
    for word in after_greeting.split_whitespace() {
        if shown.chars().count() + 1 + word.chars().count() > PREHEADER {
            shown.push('…');
            break;
        }
        if !shown.is_empty() {
            shown.push(' ');
        }
        shown.push_str(word);
    }
    shown
}

#[cfg(test)]
mod tests;
