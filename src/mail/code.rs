//! The email with a code that proves who owns an address. Pure.
//!
//! It has no link: a scanner can open nothing, and nobody gets used to a link that an attacker could imitate.

use askama::Template;

use super::message::{Email, one_line, signature};
use crate::model::email::EventFacts;

#[derive(Template)]
#[template(path = "emails/code/body.txt")]
struct Text<'a> {
    name: &'a str,
    event: &'a str,
    code: &'a str,
    minutes: u64,
    signature: &'a [String],
}

#[derive(Template)]
#[template(path = "emails/code/body.html")]
struct Html<'a> {
    subject: &'a str,
    name: &'a str,
    event: &'a str,
    code: &'a str,
    minutes: u64,
    signature: &'a [String],
}

/// `minutes`: how long the code works.
pub fn code(facts: &EventFacts, name: &str, code: &str, minutes: u64) -> Email {
    let (name, event) = (&one_line(name), &one_line(&facts.name));
    // Without the code: subjects are shown in lists and notifications.
    let subject = format!("Your code for {event} on Discord");
    let signature = &signature(facts);
    let html = Html { subject: &subject, name, event, code, minutes, signature };
    let text = Text { name, event, code, minutes, signature };
    Email {
        text: text.render().expect("a template without fallible parts"),
        html: html.render().expect("a template without fallible parts"),
        subject,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_html_have_the_code_and_no_link() {
        let facts = EventFacts {
            name: "Hack <the> Harbour".into(),
            link: Some("http://localhost:5000".into()),
            organiser: Some("The Harbour team".into()),
            ..EventFacts::default()
        };
        let email = code(&facts, "Ada <b>\r\nBcc: x", "012345", 10);
        assert_eq!(email.subject, "Your code for Hack <the> Harbour on Discord");
        assert!(email.text.contains("    012345\n") && email.text.contains("for 10 minutes"));
        assert!(
            email.text.contains("Hello Ada <b> Bcc: x,")
                && email.text.ends_with("The Harbour team\n")
        );
        assert!(email.html.contains(">012345<") && !email.html.contains("<the>"), "{}", email.html);
        for part in [&email.text, &email.html] {
            assert!(!part.contains("href") && !part.contains("localhost"), "{part}");
        }
        assert!(email.text.lines().all(|line| line.chars().count() <= 72));
    }
}
