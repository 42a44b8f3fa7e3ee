use proptest::prelude::*;

use super::*;
use crate::campaigns::checks::check;
use crate::mail::message::word_limit;
use crate::mail::{Email, Unsubscribe};
use crate::model::EmailAddress;
use crate::model::email::Recipient;
use crate::skills;

fn event() -> EventFacts {
    EventFacts {
        name: "Hack the Harbour 2027".into(),
        dates: Some("16–17 January 2027".into()),
        place: Some("Pier 4, Rotterdam".into()),
        link: Some("https://harbour.example/register?i=7Qx2&ref=mail".into()),
        community_link: Some("https://harbour.example/community".into()),
        organiser: Some("The Harbour Hack team".into()),
        address: Some("Harbour Hack, Pier 4, 3011 Rotterdam, Netherlands".into()),
        language: "en".into(),
        sender_name: Some("Meera Kulkarni".into()),
        guidance: String::new(),
    }
}

fn facts(name: &str, skills: &[&str], purpose: Purpose) -> EmailFacts {
    EmailFacts {
        event: event(),
        to: Recipient {
            name: name.into(),
            job_title: "Data Engineer".into(),
            skills: skills.iter().map(|it| (*it).into()).collect(),
        },
        purpose,
        hint: String::new(),
    }
}

fn mate(name: &str, title: &str, shared: &[&str]) -> Teammate {
    Teammate {
        name: name.into(),
        job_title: title.into(),
        shared: shared.iter().map(|it| (*it).into()).collect(),
        address: None,
    }
}

fn unsubscribes() -> [Unsubscribe; 2] {
    let address = EmailAddress::parse("hello@example.org").unwrap();
    [
        Unsubscribe::new(None, &address, "3vK9"),
        Unsubscribe::new(Some("https://muster.example.org"), &address, "3vK9"),
    ]
}

/// Skills of the people in these emails.
const KNOWN: &[&str] = &[
    "Rust",
    "PostgreSQL",
    "Python",
    "Docker",
    "Figma",
    "React",
    "Machine Learning",
    "Public Speaking",
    "Amazon Web Services",
    "Intensive Care",
    "Kubernetes",
    "TypeScript",
];

/// What blocks the email, with both ways of unsubscribing.
fn blocking(facts: &EmailFacts) -> Vec<String> {
    let draft = write(facts);
    unsubscribes()
        .iter()
        .flat_map(|leave| {
            check(facts, &draft, &Email::complete(facts, &draft, leave), &skills::find)
        })
        .filter(|finding| finding.rule.blocks())
        .map(|finding| {
            format!("{}: {}\n{}\n{}", finding.rule, finding.place, draft.subject, draft.body)
        })
        .collect()
}

#[test]
fn an_invitation_reads_as_if_a_person_wrote_it() {
    let facts = facts(
        "Asha Rao",
        &["Rust", "PostgreSQL", "Figma", "Docker", "Python"],
        Purpose::Invitation,
    );
    let draft = write(&facts);
    assert_eq!(draft.subject, "Asha, will you join us at Hack the Harbour 2027?");
    assert_eq!(
        draft.body,
        "Hi Asha,\n\n\
         On behalf of The Harbour Hack team, we would like to invite you to Hack the Harbour 2027 (16–17 January 2027, \
         Pier 4, Rotterdam), a hackathon where small teams turn an idea into something that works.\n\n\
         We thought of you because of your skills in Rust, PostgreSQL, Figma and Docker: a good team needs them.\n\n\
         You need neither a team nor an idea: our AI-assisted team matchmaking suggests people whose skills go well with \
         yours, and you decide.\n\n\
         Questions? Just reply to this email. We would be very glad to see you there."
    );
    assert_eq!(blocking(&facts), Vec::<String>::new());
}

#[test]
fn an_invitation_needs_nothing_but_a_name() {
    let mut facts = facts("Zoë", &[], Purpose::Invitation);
    facts.event =
        EventFacts { name: "MedHack".into(), language: "en".into(), ..EventFacts::default() };
    let draft = write(&facts);
    assert_eq!(draft.subject, "Zoë, will you join us at MedHack?");
    assert!(draft.body.starts_with(
        "Hi Zoë,\n\nWe would like to invite you to MedHack, a hackathon where small teams turn an idea into something \
         that works.\n\nYou need not be an expert:"
    ));
    assert_eq!(blocking(&facts), Vec::<String>::new());
}

#[test]
fn a_match_email_names_everybody_with_what_both_know() {
    let mut facts = facts(
        "Asha Rao",
        &["Rust", "PostgreSQL"],
        Purpose::Match(vec![
            mate("Inês Carvalho", "Backend Engineer", &["Rust", "PostgreSQL"]),
            mate("Chen Wei-Ling", "", &["Rust"]),
            mate("Sam Sample", "Designer", &[]),
        ]),
    );
    let draft = write(&facts);
    assert_eq!(draft.subject, "Asha, three people to meet at Hack the Harbour 2027");
    assert_eq!(
        draft.body,
        "Hi Asha,\n\n\
         We compared the skills of everybody at Hack the Harbour 2027. These three people have the most in common with \
         you; after each name you see what you share:\n\n\
         - Inês Carvalho, Backend Engineer: Rust and PostgreSQL\n\
         - Chen Wei-Ling: Rust\n\
         - Sam Sample, Designer\n\n\
         Next step: reply to this email and tell us whom you would like to meet. We ask them and introduce you when they \
         agree; nobody's address is shown unless both agreed.\n\n\
         Choosing teammates: what you share helps you understand each other, what differs gets the work done. Before \
         you say yes, talk about the idea, the hours each of you has, and who likes doing what.\n\n\
         We wish you a good team."
    );
    assert_eq!(blocking(&facts), Vec::<String>::new());

    let Purpose::Match(mates) = &mut facts.purpose else { unreachable!() };
    mates.truncate(1);
    mates[0].address = Some(EmailAddress::parse("ines@example.org").unwrap());
    let draft = write(&facts);
    assert_eq!(draft.subject, "Asha, somebody to meet at Hack the Harbour 2027");
    assert!(draft.body.contains("This person has the most in common with you;"));
    assert!(
        draft.body.contains(
            "\n- Inês Carvalho (ines@example.org), Backend Engineer: Rust and PostgreSQL\n"
        )
    );
    assert!(draft.body.contains("If an address is shown, you both already agreed: just write."));
    assert_eq!(blocking(&facts), Vec::<String>::new());
}

#[test]
fn ten_matches_of_eight_skills_fit_and_everybody_is_named() {
    let skills = [
        "Machine Learning",
        "Public Speaking",
        "Amazon Web Services",
        "Rust",
        "Python",
        "Docker",
        "Figma",
        "React",
    ];
    let names: Vec<String> =
        (0..10).map(|at| format!("Maria da Conceição Silva Santos{at}")).collect();
    let mates = names.iter().map(|name| mate(name, "Principal Data Platform Engineer", &skills));
    let facts = facts("Asha Rao", &skills, Purpose::Match(mates.collect()));
    let draft = write(&facts);
    for name in &names {
        let line = draft.body.lines().find(|line| line.contains(name.as_str())).unwrap();
        assert!(line.contains(": Machine Learning"), "{line}");
    }
    assert!(draft.body.contains("Next step: reply to this email"));
    assert!(draft.body.contains(" more\n"));
    assert_eq!(blocking(&facts), Vec::<String>::new());
}

#[test]
fn an_event_name_too_long_for_a_subject_is_not_cut() {
    let mut facts = facts("Asha Rao", &[], Purpose::Invitation);
    facts.event.name =
        "The Forty-Second International Hackathon of the Harbour Cities of the World 2027".into();
    let draft = write(&facts);
    assert_eq!(draft.subject, "An invitation for you");
    assert_eq!(blocking(&facts), Vec::<String>::new());
}

#[test]
fn people_are_greeted_by_the_name_they_go_by() {
    for (name, greeted) in [
        ("Asha Rao", "Asha"),
        ("Madonna", "Madonna"),
        ("Maria da Conceição Silva Santos", "Maria"),
        ("Dr. Ada Example", "Ada"),
        ("Prof. Dr. Ada Example", "Ada"),
        ("J. R. Example", "J. R. Example"),
        ("Okoro, Dana", "Dana"),
        ("  Zoë \t \"Z\"\r\nRao ", "Zoë"),
        ("李雷", "李雷"),
        ("Dr.", "Dr."),
    ] {
        assert_eq!(first_name(name).as_deref(), Some(greeted), "{name}");
    }
    assert_eq!(first_name(" "), None);
}

fn name() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "Asha",
        "Zoë",
        "O'Brien",
        "Wei-Ling",
        "da",
        "Conceição",
        "<script>",
        "\"Q\"",
        "🦀",
        "Nuñez",
        "李雷",
        "April",
        "Rust",
        "[Ada]",
        "J.",
        "ANNA",
        "Müller",
    ]);
    prop::collection::vec(word, 1..6)
        .prop_filter("a name has letters", |words| words.join("").chars().any(char::is_alphabetic))
        .prop_map(|words| words.join(" "))
}

fn skills(most: usize) -> impl Strategy<Value = Vec<String>> {
    prop::sample::subsequence(KNOWN, 0..=most)
        .prop_map(|it| it.into_iter().map(Into::into).collect())
}

fn some(values: &[&str]) -> impl Strategy<Value = Option<String>> + use<> {
    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
    prop::option::of(prop::sample::select(values))
}

fn any_event() -> impl Strategy<Value = EventFacts> {
    let names = vec![
        "Hack the Harbour 2027",
        "MedHack Lisboa",
        "HACK!",
        "Node.js & Friends: the 2nd edition",
        "36h of AI",
    ];
    (
        prop::sample::select(names),
        some(&["16–17 January 2027", "2027-01-16", "next May"]),
        some(&["Pier 4, Rotterdam", "online"]),
        some(&["https://harbour.example/register?i=7Qx2&ref=a%20b", "https://harbour.example/"]),
        some(&["https://harbour.example/community"]),
        some(&["The Harbour Hack team", "MedHack crew & friends"]),
        some(&["Harbour Hack, Pier 4, 3011 Rotterdam, Netherlands"]),
        some(&["Meera Kulkarni"]),
    )
        .prop_map(
            |(name, dates, place, link, community_link, organiser, address, sender_name)| {
                EventFacts {
                    name: name.into(),
                    dates,
                    place,
                    link,
                    community_link,
                    organiser,
                    address,
                    language: "en".into(),
                    sender_name,
                    guidance: String::new(),
                }
            },
        )
}

fn any_mate() -> impl Strategy<Value = Teammate> {
    let titles = prop::sample::select(vec![
        "",
        "Designer",
        "Head of \"Everything\" <b>",
        "Principal Data Platform Engineer",
    ]);
    (name(), titles, skills(8), any::<bool>()).prop_map(|(name, title, shared, agreed)| Teammate {
        name,
        job_title: title.into(),
        shared,
        address: agreed.then(|| EmailAddress::parse("somebody@example.org").unwrap()),
    })
}

fn any_purpose() -> impl Strategy<Value = Purpose> {
    prop_oneof![
        Just(Purpose::Invitation),
        prop::collection::vec(any_mate(), 1..=10).prop_map(Purpose::Match),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_facts_are_the_email_passes_every_check(
        event in any_event(), name in name(), skills in skills(12), purpose in any_purpose(),
    ) {
        let to = Recipient { name, job_title: String::new(), skills };
        let facts = EmailFacts { event, to, purpose, hint: String::new() };
        prop_assert_eq!(blocking(&facts), Vec::<String>::new());
        let draft = write(&facts);
        for leave in unsubscribes() {
            let email = Email::complete(&facts, &draft, &leave);
            prop_assert!(email.text.split_whitespace().count() < word_limit(&facts.purpose));
            for line in email.text.lines() {
                prop_assert!(line.chars().count() <= 72 || line.contains("://"), "{}", line);
            }
        }
    }
}
