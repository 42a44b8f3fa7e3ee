//! Complete emails as their recipients get them, kept as snapshots to be read in a review.

use muster::campaigns::template;
use muster::mail::{Email, Unsubscribe, code, test_email};
use muster::model::email::{EmailFacts, EventFacts, Purpose, Recipient, Teammate};

use super::address;

fn event() -> EventFacts {
    EventFacts {
        name: "Hack the Harbour 2027".into(),
        dates: Some("16–17 January 2027".into()),
        place: Some("Pier 4, Rotterdam".into()),
        link: Some("https://harbour.example/register".into()),
        community_link: Some("https://harbour.example/community".into()),
        organiser: Some("The Harbour Hack team".into()),
        address: Some("Harbour Hack, Pier 4, 3011 Rotterdam, Netherlands".into()),
        language: "en".into(),
        sender_name: Some("Meera Kulkarni".into()),
        ..EventFacts::default()
    }
}

fn email(purpose: Purpose, public_url: Option<&str>) -> Email {
    let skills = vec!["Rust".to_owned(), "PostgreSQL".to_owned()];
    let to = Recipient { name: "Asha Rao".into(), job_title: String::new(), skills };
    let facts = EmailFacts { event: event(), to, purpose, hint: String::new() };
    let unsubscribe = Unsubscribe::new(public_url, &address("hello@harbour.example"), "3vK9");
    Email::complete(&facts, &template::write(&facts), &unsubscribe)
}

fn teammate(name: &str, job_title: &str, shared: &[&str], email: Option<&str>) -> Teammate {
    Teammate {
        name: name.into(),
        job_title: job_title.into(),
        shared: shared.iter().map(|&skill| skill.to_owned()).collect(),
        address: email.map(address),
    }
}

fn assert_email(name: &str, email: &Email) {
    let Email { subject, text, html } = email;
    insta::assert_snapshot!(format!("{name}_text"), format!("Subject: {subject}\n\n{text}"));
    insta::assert_snapshot!(format!("{name}_html"), html);
}

#[test]
fn an_invitation_with_a_link_to_unsubscribe() {
    let email = email(Purpose::Invitation, Some("https://muster.example.org"));
    assert_email("invitation", &email);
}

#[test]
fn a_match_email_that_is_unsubscribed_from_by_a_reply() {
    let teammates = vec![
        teammate(
            "Inês Carvalho",
            "Backend Engineer",
            &["Rust", "PostgreSQL"],
            Some("ines@example.org"),
        ),
        teammate("Chen Wei-Ling", "", &["Rust"], None),
    ];
    assert_email("match", &email(Purpose::Match(teammates), None));
}

#[test]
fn the_email_with_a_code() {
    assert_email("code", &code(&event(), "Asha Rao", "012345", 10));
}

#[test]
fn the_test_email() {
    assert_email("test", &test_email("Hack the Harbour 2027"));
}
