//! Writes a draft from the facts alone when no model does. Pure, and always available.

use askama::Template;

use crate::mail::message::{count_words, one_line, room_for_words};
use crate::model::email::{Draft, EmailFacts, EventFacts, Purpose, Teammate};

/// The longest subject: what mail clients show and [`checks`](super::checks) accepts, in characters.
pub const SUBJECT_LIMIT: usize = 78;
/// How many skills an invitation names; the rarest ones.
const SKILLS_NAMED: usize = 4;

/// Writes the draft.
///
/// The complete email stays below its word limit unless names are too long: less important parts are left out, the
/// name of a match never.
pub fn write(facts: &EmailFacts) -> Draft {
    match &facts.purpose {
        Purpose::Invitation => invitation(facts),
        Purpose::Match(teammates) => introduction(facts, teammates),
    }
}

#[derive(Template)]
#[template(path = "emails/invitation/subject.txt")]
struct InvitationSubject<'a> {
    first: Option<&'a str>,
    event: &'a str,
}

#[derive(Template)]
#[template(path = "emails/invitation/body.txt")]
struct InvitationBody<'a> {
    greeting: &'a str,
    organiser: Option<String>,
    event: &'a str,
    when_and_where: Option<String>,
    skills: Option<String>,
    /// With the sentences that are not essential.
    full: bool,
}

fn invitation(facts: &EmailFacts) -> Draft {
    let event = event_name(&facts.event);
    let greeting = greeting(&facts.to.name);
    let skills = cleaned(&facts.to.skills);
    let body = |full: bool, named: usize| {
        InvitationBody {
            greeting: &greeting,
            organiser: set(facts.event.organiser.as_deref()),
            event: &event,
            when_and_where: when_and_where(&facts.event),
            skills: (!skills.is_empty()).then(|| enumerate(&skills[..named.min(skills.len())])),
            full,
        }
        .render()
        .expect("a template without fallible parts")
    };
    let attempts = [(true, SKILLS_NAMED), (true, 3), (false, 3), (false, 2), (false, 1)];
    Draft {
        subject: subject(&facts.to.name, &event, "An invitation for you", |first| {
            InvitationSubject { first, event: &event }.render()
        }),
        body: first_that_fits(facts, attempts.map(|(full, named)| body(full, named))),
    }
}

#[derive(Template)]
#[template(path = "emails/match/subject.txt")]
struct MatchSubject<'a> {
    first: Option<&'a str>,
    people: &'a str,
    /// The same at the beginning of a sentence.
    people_first: &'a str,
    event: &'a str,
}

#[derive(Template)]
#[template(path = "emails/match/body.txt")]
struct MatchBody<'a> {
    greeting: &'a str,
    event: &'a str,
    people: &'a str,
    entries: Vec<String>,
    some_addresses: bool,
    full: bool,
}

fn introduction(facts: &EmailFacts, teammates: &[Teammate]) -> Draft {
    let event = event_name(&facts.event);
    let greeting = greeting(&facts.to.name);
    let people = match teammates.len() {
        1 => "somebody".to_owned(),
        count => format!("{} people", in_words(count)),
    };
    let people_first = capitalised(&people);
    let body = |full: bool, titles: bool, named: usize| {
        MatchBody {
            greeting: &greeting,
            event: &event,
            people: &people,
            entries: teammates.iter().map(|mate| entry(mate, titles, named)).collect(),
            some_addresses: teammates.iter().any(|mate| mate.address.is_some()),
            full,
        }
        .render()
        .expect("a template without fallible parts")
    };
    let all = usize::MAX;
    let attempts = [(true, true, all), (true, false, all), (false, false, all)]
        .into_iter()
        .chain((1..=6).rev().map(|named| (false, false, named)));
    Draft {
        subject: subject(&facts.to.name, &event, "People you may want to meet", |first| {
            MatchSubject { first, people: &people, people_first: &people_first, event: &event }
                .render()
        }),
        body: first_that_fits(
            facts,
            attempts.map(|(full, titles, named)| body(full, titles, named)),
        ),
    }
}

/// `Inês Carvalho (ines@example.org), Backend Engineer: Rust and PostgreSQL`
fn entry(teammate: &Teammate, with_title: bool, named: usize) -> String {
    let name = one_line(&teammate.name);
    let address = teammate.address.as_ref().map(|it| format!(" ({it})")).unwrap_or_default();
    let title = set(Some(&teammate.job_title)).filter(|_| with_title);
    let title = title.map(|it| format!(", {it}")).unwrap_or_default();
    let entry = format!("{name}{address}{title}");
    let shared = cleaned(&teammate.shared);
    if shared.is_empty() {
        return entry;
    }
    let skills = if named >= shared.len() {
        enumerate(&shared)
    } else {
        format!("{} and {} more", shared[..named].join(", "), shared.len() - named)
    };
    format!("{entry}: {skills}")
}

/// The first attempt that keeps the complete email below its limit, otherwise the last, which is the shortest.
fn first_that_fits(facts: &EmailFacts, attempts: impl IntoIterator<Item = String>) -> String {
    let room = room_for_words(facts);
    let mut attempt = String::new();
    for next in attempts {
        attempt = next;
        if count_words(&attempt) <= room {
            break;
        }
    }
    attempt.trim().to_owned()
}

fn subject(
    name: &str,
    event: &str,
    without_event: &str,
    with: impl Fn(Option<&str>) -> askama::Result<String>,
) -> String {
    let first = first_name(name);
    let render = |first| with(first).expect("a template without fallible parts").trim().to_owned();
    [render(first.as_deref()), render(None), event.to_owned()]
        .into_iter()
        .find(|subject| subject.chars().count() <= SUBJECT_LIMIT)
        .unwrap_or_else(|| without_event.to_owned())
}

fn greeting(name: &str) -> String {
    match first_name(name) {
        Some(first) => format!("Hi {first},"),
        None => "Hello,".to_owned(),
    }
}

/// The name for a greeting: the first name without a title, or the part after the comma of `Okoro, Dana`.
///
/// The full name when it begins with an initial.
pub fn first_name(name: &str) -> Option<String> {
    let name = one_line(name);
    let given = name.split_once(", ").map_or(name.as_str(), |(_, given)| given);
    let is_title = |word: &str| {
        ["dr", "prof", "mr", "mrs", "ms", "ing", "dipl.-ing"]
            .contains(&word.trim_end_matches('.').to_lowercase().as_str())
    };
    let has_letters = |word: &&str| word.chars().any(char::is_alphanumeric);
    let words: Vec<&str> =
        given.split(' ').filter(has_letters).skip_while(|word| is_title(word)).collect();
    let first = words.first().copied().unwrap_or_default();
    match first.chars().filter(|c| c.is_alphanumeric()).count() {
        0 => Some(name).filter(|name| !name.is_empty()),
        1 if words.len() > 1 => Some(words.join(" ")),
        _ => Some(first.to_owned()),
    }
}

fn event_name(event: &EventFacts) -> String {
    set(Some(&event.name)).unwrap_or_else(|| "our hackathon".to_owned())
}

fn when_and_where(event: &EventFacts) -> Option<String> {
    let known: Vec<String> =
        [event.dates.as_deref(), event.place.as_deref()].into_iter().filter_map(set).collect();
    (!known.is_empty()).then(|| known.join(", "))
}

fn set(text: Option<&str>) -> Option<String> {
    text.map(one_line).filter(|text| !text.is_empty())
}

fn cleaned(names: &[String]) -> Vec<String> {
    names.iter().map(|name| one_line(name)).filter(|name| !name.is_empty()).collect()
}

/// `Rust, PostgreSQL and Figma`
fn enumerate(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

fn in_words(count: usize) -> String {
    const WORDS: [&str; 11] =
        ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    WORDS.get(count).map_or_else(|| count.to_string(), |word| (*word).to_owned())
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests;
