use super::*;
use crate::mail::{Email, Unsubscribe};
use crate::model::EmailAddress;
use crate::model::email::{EventFacts, Purpose, Recipient, Teammate};
use crate::skills;

fn facts() -> EmailFacts {
    EmailFacts {
        event: EventFacts {
            name: "Hack the Harbour 2027".into(),
            dates: Some("16–17 January 2027".into()),
            place: Some("Rotterdam".into()),
            link: Some("https://harbour.example/r?i=7Qx2".into()),
            community_link: None,
            organiser: Some("The Harbour Hack team".into()),
            address: None,
            language: "en".into(),
            sender_name: None,
            guidance: "The best team gets EUR 2,000.".into(),
        },
        to: Recipient {
            name: "Dana Okoro".into(),
            job_title: "Node.js developer".into(),
            skills: vec!["Rust".into(), "PostgreSQL".into()],
        },
        purpose: Purpose::Invitation,
        hint: String::new(),
    }
}

fn matched() -> EmailFacts {
    let mate = |name: &str, shared: &str, address: Option<&str>| Teammate {
        name: name.into(),
        job_title: String::new(),
        shared: vec![shared.into()],
        address: address.map(|it| EmailAddress::parse(it).unwrap()),
    };
    EmailFacts {
        purpose: Purpose::Match(vec![
            mate("Inês Carvalho", "Figma", Some("ines@example.org")),
            mate("Chen Wei-Ling", "Rust", None),
        ]),
        ..facts()
    }
}

fn rules_of(facts: &EmailFacts, subject: &str, body: &str) -> Vec<&'static str> {
    let draft = Draft { subject: subject.into(), body: body.into() };
    let address = EmailAddress::parse("hello@example.org").unwrap();
    let email = Email::complete(facts, &draft, &Unsubscribe::new(None, &address, "3vK9"));
    check(facts, &draft, &email, &skills::find)
        .into_iter()
        .map(|finding| finding.rule.as_str())
        .collect()
}

const SUBJECT: &str = "Dana, join Hack the Harbour 2027";
const NONE: &[&str] = &[];

#[test]
fn good_drafts_pass() {
    for body in [
        "Hi Dana,\n\nwe would love to see you at Hack the Harbour 2027 on 16 and 17 January 2027 in Rotterdam.",
        "Dear Dana Okoro,\n\nHack the Harbour 2027 needs people who know Rust and PostgreSQL. AI projects are fine, and so are hand-soldered ones. 4 people, 2 days, 1 prototype.",
        "Hello Dana,\n\nAs a Node.js developer you would be welcome at Hack the Harbour 2027, and the best team gets 2,000 €. You need no team. There is no registration fee.",
        "Hi Dana,\n\nHack the Harbour 2027 is near. Our AI-assisted matchmaking finds your team. \"Why me?\", you may ask: because of Rust. Yes or no?",
    ] {
        assert_eq!(rules_of(&facts(), SUBJECT, body), NONE, "{body}");
    }
    let body = "Hi Dana,\n\nat Hack the Harbour 2027 you may want to meet:\n\n- Inês Carvalho (ines@example.org): Figma\n- Chen Wei-Ling: Rust\n\nTalk before you say yes.";
    assert_eq!(rules_of(&matched(), SUBJECT, body), NONE);
}

#[test]
fn each_fault_is_found_and_nothing_else() {
    let long = format!("Hi Dana,\n\nHack the Harbour 2027 {}.", "is good ".repeat(70));
    let ok = "Hi Dana,\n\nHack the Harbour 2027 would be glad to have you.";
    let with = |more: &str| format!("{ok} {more}");
    let cases: Vec<(&str, String, &[&str])> = vec![
        ("Join us\nBcc: all@example.org", ok.into(), &["header_injection"]),
        ("", ok.into(), &["empty"]),
        (SUBJECT, String::new(), &["empty", "name_missing"]),
        (
            "Dana, spend an unforgettable weekend with hundreds of wonderful makers from everywhere",
            ok.into(),
            &["subject_long"],
        ),
        (SUBJECT, format!("Subject: {SUBJECT}\n\n{ok}"), &["subject_in_body"]),
        (SUBJECT, long, &["too_long"]),
        (SUBJECT, "Hi there,\n\nHack the Harbour 2027 would be glad.".into(), &["name_missing"]),
        // A short name is not found in a longer word.
        (SUBJECT, "Hi Danatella,\n\nHack the Harbour 2027 would be glad.".into(), &["name_missing"]),
        ("Join us", "Hi Dana,\n\nour hackathon would be glad to have you.".into(), &["event_missing"]),
        (SUBJECT, with("Read https://harbour.example/other first."), &["url_invented"]),
        (SUBJECT, with("Read www.harbour.example first."), &["url_invented"]),
        (SUBJECT, with("Find us at harbour-hack.com/register."), &["url_invented"]),
        (SUBJECT, with("The page is https://harbour.example/r?i=7Qx2&utm=1"), &["url_invented"]),
        (SUBJECT, with("Write to carlos@example.org."), &["person_invented"]),
        (SUBJECT, with("Your Docker would help."), &["skill_invented"]),
        (SUBJECT, with("It begins on Friday."), &["date_invented"]),
        (SUBJECT, with("It takes place on 17 April 2027."), &["date_invented"]),
        (SUBJECT, with("Doors open at 18:30."), &["date_invented"]),
        (SUBJECT, with("You can earn $10,000."), &["prize_invented"]),
        (SUBJECT, with("There is an internship to have."), &["prize_invented"]),
        (SUBJECT, with("Send us your passport number."), &["sensitive_request"]),
        (SUBJECT, with("Bring [Topic] along."), &["placeholder"]),
        (SUBJECT, with("It is in {{city}}."), &["placeholder"]),
        (SUBJECT, with("Dear <Name>, come."), &["placeholder"]),
        (SUBJECT, with("The room is TBD."), &["placeholder"]),
        (SUBJECT, with("Dear $first_name, come."), &["placeholder"]),
        (SUBJECT, with("Dear %NAME%, come."), &["placeholder"]),
        (SUBJECT, with("(Insert your link here.)"), &["placeholder"]),
        (SUBJECT, with("Sure, here's your e-mail."), &["ai_residue"]),
        (SUBJECT, with("It is <b>great</b>."), &["markdown"]),
        (SUBJECT, with("You can win a laptop."), &["prize_invented"]),
        (SUBJECT, with("Please transfer 20 coins."), &["sensitive_request"]),
        (
            SUBJECT,
            "Hallo Dana,\n\nkomm zu Hack the Harbour 2027! Hier findest du ein Team.".into(),
            &["language"],
        ),
        (SUBJECT, with("As an AI, I like it."), &["ai_residue"]),
        (SUBJECT, format!("Hi Dana,\n\nSure! Here is the text. {ok}"), &["ai_residue"]),
        (SUBJECT, with("It is **great**."), &["markdown"]),
        (SUBJECT, with("\n## Why you\nBecause."), &["markdown"]),
        (SUBJECT, with("Register at https://harbour.example/r?i=7Qx2 now."), &["many_cta"]),
        (
            SUBJECT,
            with("Sign up, reply to this mail, fill in the survey and book a call."),
            &["many_cta"],
        ),
        (SUBJECT, with("Do come!!"), &["spam_style"]),
        (SUBJECT, with("LAST CHANCE"), &["spam_style"]),
        ("Re: Hack the Harbour 2027", ok.into(), &["spam_style"]),
        (
            SUBJECT,
            "Bonjour Dana,\n\nnous serions ravis de vous accueillir à Hack the Harbour 2027 avec votre équipe.".into(),
            &["language"],
        ),
        (SUBJECT, with("Ask for Carlos Mendez there."), &["name_unknown"]),
    ];
    for (subject, body, expected) in cases {
        assert_eq!(rules_of(&facts(), subject, &body), expected, "{subject}\n{body}");
    }
}

#[test]
fn a_match_email_names_every_match_and_nobody_else() {
    let body = "Hi Dana,\n\nat Hack the Harbour 2027 meet Inês Carvalho, who knows Docker, or write to wei@example.org.";
    assert_eq!(
        rules_of(&matched(), SUBJECT, body),
        ["person_invented", "match_missing", "skill_invented"]
    );
}

#[test]
fn the_email_must_contain_the_links_exactly_as_given() {
    let facts = facts();
    let body = "Hi Dana,\n\nHack the Harbour 2027: https://harbour.example/r";
    let draft = Draft { subject: SUBJECT.into(), body: body.into() };
    let email = Email { subject: SUBJECT.into(), text: body.into(), html: String::new() };
    let rules: Vec<&str> = check(&facts, &draft, &email, &skills::find)
        .into_iter()
        .map(|finding| finding.rule.as_str())
        .collect();
    assert_eq!(rules, ["link_missing", "url_invented"]);
}

#[test]
fn the_guidance_may_be_repeated() {
    let mut facts = facts();
    facts.event.guidance =
        "Doors open on Friday at 18:30. There are internships. Docker helps.".into();
    let body = "Hi Dana,\n\nHack the Harbour 2027 opens on Friday at 6.30 pm; an internship may come of it, and Docker helps.";
    assert_eq!(rules_of(&facts, SUBJECT, body), NONE);
}

#[test]
fn a_person_cannot_advertise_through_their_name() {
    let mut facts = matched();
    let Purpose::Match(mates) = &mut facts.purpose else { unreachable!() };
    mates[1].name = "Win $1000 at evil.com".into();
    let body = "Hi Dana,\n\nat Hack the Harbour 2027 meet:\n- Inês Carvalho: Figma\n- Win $1000 at evil.com: Rust";
    assert_eq!(rules_of(&facts, SUBJECT, body), ["url_invented", "prize_invented"]);
}
