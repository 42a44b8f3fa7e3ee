use mail_parser::{MessageParser, MimeHeaders};

use super::*;
use crate::mail::compose::{ComposeError, Envelope, compose};
use crate::model::Millis;
use crate::model::email::{Recipient, Teammate};

const NAME: &str = "Zoë \"Z\" <script> 🦀";
const LINK: &str = "https://harbour.example/register?i=7Qx2&ref=a%20b#top";
const COMMUNITY: &str = "https://harbour.example/community";

fn facts() -> EmailFacts {
    EmailFacts {
        event: EventFacts {
            name: "Hack & Harbour 2027".into(),
            link: Some(LINK.into()),
            community_link: Some(COMMUNITY.into()),
            organiser: Some("The Harbour Hack team".into()),
            address: Some("Harbour Hack, Pier 4, 3011 Rotterdam, Netherlands".into()),
            language: "en".into(),
            sender_name: Some("Meera Kulkarni".into()),
            ..EventFacts::default()
        },
        to: Recipient { name: NAME.into(), job_title: String::new(), skills: vec![] },
        purpose: Purpose::Invitation,
        hint: String::new(),
    }
}

fn draft() -> Draft {
    Draft {
        subject: "Zoë, will you join us at Hack & Harbour 2027? 🦀".into(),
        body: "Hi Zoë,\n\nWe would like to see you, <b>really</b>, among people who build things together for two days.\n\n- Ada Example, Engineer: Rust\n- Sam Sample\n\nSee you there.".into(),
    }
}

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

fn web() -> Unsubscribe {
    Unsubscribe::new(Some("https://muster.example.org/"), &address("hello@example.org"), "3vK9")
}

fn by_mail() -> Unsubscribe {
    Unsubscribe::new(None, &address("hello@example.org"), "3vK9")
}

fn envelope(unsubscribe: Unsubscribe) -> Envelope {
    Envelope {
        from: address("hello@example.org"),
        from_name: Some("Meera, for \"Harbour\" Hack".into()),
        reply_to: Some(address("answers@example.org")),
        to: address("zoe@exämple.org"),
        to_name: NAME.into(),
        unsubscribe: Some(unsubscribe),
        header_id: "<7f0a@example.org>".into(),
        date: Millis(1_800_000_000_000),
    }
}

#[test]
fn a_composed_email_is_parsed_correctly_by_another_program() {
    let email = Email::complete(&facts(), &draft(), &web());
    let bytes = compose(&envelope(web()), &email).unwrap();

    assert!(bytes.is_ascii());
    assert!(bytes.split(|b| *b == b'\n').all(|line| line.len() <= 998));
    let message = MessageParser::default().parse(&bytes).unwrap();
    let from = message.from().unwrap().first().unwrap();
    assert_eq!(from.name(), Some("Meera, for \"Harbour\" Hack"));
    assert_eq!(from.address(), Some("hello@example.org"));
    let to: Vec<_> = message.to().unwrap().iter().collect();
    assert_eq!(to.len(), 1);
    assert_eq!((to[0].name(), to[0].address()), (Some(NAME), Some("zoe@xn--exmple-cua.org")));
    assert_eq!(message.reply_to().unwrap().first().unwrap().address(), Some("answers@example.org"));
    assert_eq!(message.subject(), Some(email.subject.as_str()));
    assert_eq!(message.message_id(), Some("7f0a@example.org"));
    assert_eq!(message.date().unwrap().to_timestamp(), 1_800_000_000);
    assert!(message.cc().is_none() && message.bcc().is_none());
    let kind = message.content_type().unwrap();
    assert_eq!((kind.ctype(), kind.subtype()), ("multipart", Some("alternative")));
    assert_eq!((message.text_body_count(), message.html_body_count()), (1, 1));
    assert_eq!(message.body_text(0).unwrap().replace("\r\n", "\n"), email.text);
    assert_eq!(message.body_html(0).unwrap().replace("\r\n", "\n"), email.html);
}

#[test]
fn one_click_unsubscribing_is_offered_only_if_muster_can_be_reached() {
    let email = Email::complete(&facts(), &draft(), &web());
    let bytes = compose(&envelope(web()), &email).unwrap();
    let raw = String::from_utf8(bytes).unwrap();
    assert!(raw.contains("\r\nList-Unsubscribe: <https://muster.example.org/u/3vK9>\r\n"));
    assert!(raw.contains("\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
    assert!(email.text.contains("\nhttps://muster.example.org/u/3vK9\n"));
    assert!(email.html.contains("href=\"https://muster.example.org/u/3vK9\""));

    for base in [
        None,
        Some("http://muster.example.org"),
        Some("https://localhost:5000"),
        Some("https://127.0.0.1"),
    ] {
        let unsubscribe = Unsubscribe::new(base, &address("hello@example.org"), "3vK9");
        let email = Email::complete(&facts(), &draft(), &unsubscribe);
        let bytes = compose(&envelope(unsubscribe), &email).unwrap();
        let raw = String::from_utf8(bytes).unwrap();
        assert!(
            raw.contains(
                "\r\nList-Unsubscribe: <mailto:hello@example.org?subject=STOP%203vK9>\r\n"
            ),
            "{base:?}"
        );
        assert!(!raw.contains("List-Unsubscribe-Post"));
        assert!(email.text.contains("reply with the word STOP"));
        for part in [&raw, &email.text, &email.html] {
            assert!(
                !part.contains("/u/") && !part.contains("localhost") && !part.contains("127.0.0.1")
            );
        }
    }
}

#[test]
fn links_appear_unchanged_and_once() {
    let email = Email::complete(&facts(), &draft(), &by_mail());
    for link in [LINK, COMMUNITY] {
        assert_eq!(email.text.lines().filter(|line| *line == link).count(), 1);
        let escaped = link.replace('&', "&#38;");
        assert_eq!(email.html.matches(&format!("href=\"{escaped}\"")).count(), 1, "{}", email.html);
    }
    let mut same = facts();
    same.event.community_link = same.event.link.clone();
    assert_eq!(Email::complete(&same, &draft(), &by_mail()).text.matches(LINK).count(), 1);
    same.event.link = None;
    same.event.community_link = None;
    assert!(!Email::complete(&same, &draft(), &by_mail()).text.contains("://"));
}

#[test]
fn the_text_part_is_complete_and_wrapped_at_72_columns() {
    let email = Email::complete(&facts(), &draft(), &by_mail());
    let expected = "Hi Zoë,

We would like to see you, <b>really</b>, among people who build things
together for two days.

- Ada Example, Engineer: Rust
- Sam Sample

See you there.

Read more and register:
https://harbour.example/register?i=7Qx2&ref=a%20b#top

Meet the community:
https://harbour.example/community

Warm regards,
Meera Kulkarni
The Harbour Hack team

--\u{20}
You get this one invitation because you are on the organisers' list.
To unsubscribe, reply with the word STOP; we will not email you again.
Harbour Hack, Pier 4, 3011 Rotterdam, Netherlands
";
    assert_eq!(email.text, expected);
}

#[test]
fn user_input_is_escaped_in_the_html_part() {
    let mut facts = facts();
    facts.event.organiser = Some("<img src=x onerror=alert(1)> & \"co\"".into());
    let email = Email::complete(&facts, &draft(), &by_mail());
    assert!(!email.html.contains("<b>really") && !email.html.contains("<img"));
    assert!(email.html.contains("&#60;b&#62;really"));
    assert!(
        email.html.contains("width=\"560\"") && email.html.contains("prefers-color-scheme:dark")
    );
    assert!(!email.html.contains("<img ") && !email.html.contains("url("));
}

#[test]
fn user_input_never_becomes_a_header() {
    let mut envelope = envelope(web());
    envelope.to_name = "Ada\r\nBcc: all@example.org".into();
    envelope.from_name = Some("Eve\nX-Evil: 1".into());
    let email = Email::complete(&facts(), &draft(), &web());
    let bytes = compose(&envelope, &email).unwrap();
    let message = MessageParser::default().parse(&bytes).unwrap();
    assert!(message.bcc().is_none() && message.header("X-Evil").is_none());

    let bad = |subject: &str| Email { subject: subject.into(), ..email.clone() };
    for subject in ["Hi\nBcc: all@example.org", "Hi\r\n\r\nbody", "Hi\0"] {
        assert!(matches!(compose(&envelope, &bad(subject)), Err(ComposeError::Subject)));
    }
    for id in ["7f", "<a b@c>", "<a@b>\r\nBcc: c", "<a@b@c>"] {
        let envelope = Envelope { header_id: id.into(), ..envelope.clone() };
        assert!(matches!(compose(&envelope, &email), Err(ComposeError::HeaderId)), "{id}");
    }
    let unsubscribe = Unsubscribe::Web { url: "http://localhost:5000/u/3vK9".into() };
    let envelope = Envelope { unsubscribe: Some(unsubscribe), ..envelope };
    assert!(matches!(compose(&envelope, &email), Err(ComposeError::UnsubscribeLink)));
}

#[test]
fn the_hash_changes_with_every_part_and_the_same_input_makes_the_same_bytes() {
    let email = Email::complete(&facts(), &draft(), &web());
    assert_eq!(email.hash(), Email::complete(&facts(), &draft(), &web()).hash());
    assert_eq!(email.hash().len(), 64);
    let mut other = email.clone();
    other.text.push(' ');
    assert_ne!(email.hash(), other.hash());
    let shifted = Email {
        subject: format!("{}x", email.subject),
        text: email.text.clone(),
        html: email.html.clone(),
    };
    assert_ne!(email.hash(), shifted.hash());
    assert_eq!(
        compose(&envelope(web()), &email).unwrap(),
        compose(&envelope(web()), &email).unwrap()
    );
}

#[test]
fn a_draft_that_uses_all_its_words_keeps_the_email_below_its_limit() {
    let mut facts = facts();
    for purpose in [
        Purpose::Invitation,
        Purpose::Match(vec![Teammate {
            name: "Ada Example".into(),
            job_title: String::new(),
            shared: vec!["Rust".into()],
            address: None,
        }]),
    ] {
        facts.purpose = purpose;
        let room = room_for_words(&facts);
        for unsubscribe in [web(), by_mail()] {
            let full = Draft { subject: "x".into(), body: vec!["word"; room].join(" ") };
            let words = count_words(&Email::complete(&facts, &full, &unsubscribe).text);
            assert!(
                words < word_limit(&facts.purpose) && words + 5 >= word_limit(&facts.purpose),
                "{words}"
            );
        }
    }
}
