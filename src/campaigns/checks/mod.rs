//! Checks that every draft passes before it may go out: the model may not invent, and neither may anybody in a hurry.
//! Deterministic and pure: facts, draft and finished letter in; findings out.

mod dates;
mod language;
mod promises;
mod style;
mod text;

use text::{addresses, normal, spread_links, strip_links_and_addresses, urls, without};

use super::template::{SUBJECT_LIMIT, first_name};
use crate::mail::message::{Whole, count_words, one_line, word_limit};
use crate::model::email::{Draft, EmailFacts, Finding, Purpose, Teammate};

/// The rules in the order in which they are looked at, each with its words for the page.
const RULES: &[(&str, &str)] = &[
    ("header_injection", "The subject holds a line break or another character no header may hold."),
    ("empty", "The subject or the text is empty."),
    ("subject_long", "The subject has more than 78 characters and would be cut off."),
    ("subject_in_body", "The text repeats the subject in its first lines."),
    (
        "too_long",
        "The letter as it goes out is too long (an invitation has under 150 words, a match e-mail under 300).",
    ),
    ("name_missing", "The person is not addressed by name."),
    ("event_missing", "The event is not named exactly as in the settings."),
    (
        "link_missing",
        "The registration link or the community link is not in the letter exactly as given.",
    ),
    ("url_invented", "A web address stands in the text that is not one of the event's links."),
    ("person_invented", "An e-mail address stands in the text that is nobody's in the facts."),
    ("match_missing", "A match is not named."),
    ("skill_invented", "A skill is named that neither this person has nor both share."),
    ("date_invented", "A date, weekday or time is named that is not in the facts."),
    ("prize_invented", "Money, a prize or an internship is promised that is not in the facts."),
    ("sensitive_request", "The text asks for money, a password or personal numbers."),
    ("placeholder", "A gap in the text was never filled in."),
    ("ai_residue", "The text talks as a language model or about being a draft."),
    ("markdown", "The text has markup that a mail would show as it stands."),
    ("many_cta", "The letter asks for too many things, or has a link twice."),
    ("spam_style", "Exclamation marks in a row, shouted words or a false RE: look like spam."),
    ("language", "The text is not in the language that the settings ask for."),
    ("name_unknown", "Two words look like a name that is not in the facts. Please look."),
];

/// Whether a finding keeps a draft from being approved on its own; the others only warn.
pub fn blocks(rule: &str) -> bool {
    rule != "name_unknown"
}

/// Whether nobody may answer for a finding: such a letter cannot be a mail at all.
pub fn is_final(rule: &str) -> bool {
    matches!(rule, "header_injection" | "empty")
}

/// What a rule is about, for the organiser.
pub fn explain(rule: &str) -> &'static str {
    RULES.iter().find(|(name, _)| *name == rule).map_or("A check failed.", |(_, words)| words)
}

/// Canonical names of the skills that a text names, as the taxonomy finds them.
pub type FindSkills<'a> = &'a dyn Fn(&str) -> Vec<String>;

/// Everything that is wrong with a draft, in the order of the rules; empty when it may go out. What the draft says is
/// checked in the draft, what the letter must hold in `whole`.
pub fn check(
    facts: &EmailFacts,
    draft: &Draft,
    whole: &Whole,
    find_skills: FindSkills,
) -> Vec<Finding> {
    let known = Known::new(facts);
    // What follows a line break in the subject is told once, as an injection.
    let said = format!("{}\n{}", draft.subject.lines().next().unwrap_or_default(), draft.body);
    let plain = strip_links_and_addresses(&said);
    let mut findings = Findings::default();

    if let Some(c) = draft
        .subject
        .chars()
        .chain(whole.subject.chars())
        .find(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
    {
        findings.add("header_injection", format!("{}", c.escape_default()));
    }
    for (part, text) in [("the subject", &draft.subject), ("the text", &draft.body)] {
        if text.trim().is_empty() {
            findings.add("empty", part);
        }
    }
    let length = draft.subject.chars().count();
    if length > SUBJECT_LIMIT {
        findings.add("subject_long", format!("{length} characters"));
    }
    findings.add_some("subject_in_body", style::subject_in_body(draft));
    let words = count_words(&whole.text);
    if words >= word_limit(&facts.purpose) {
        findings.add("too_long", format!("{words} words"));
    }
    if !is_addressed(&facts.to.name, &draft.body) {
        findings.add("name_missing", one_line(&facts.to.name));
    }
    let event = one_line(&facts.event.name);
    if !one_line(&said).contains(&event) {
        findings.add("event_missing", event);
    }
    let links: Vec<&str> = known.links.clone();
    for link in &links {
        if !whole.text.contains(link) {
            findings.add("link_missing", *link);
        }
    }
    for url in urls(&said, &links) {
        if !known.may_look_like_an_address(&url) && find_skills(&url).is_empty() {
            findings.add("url_invented", url);
        }
    }
    for address in addresses(&said) {
        if !known.all_lower.contains(&address.to_lowercase()) {
            findings.add("person_invented", address);
        }
    }
    for mate in teammates(facts) {
        let name = one_line(&mate.name);
        if !one_line(&draft.body).to_lowercase().contains(&name.to_lowercase()) {
            findings.add("match_missing", name);
        }
    }
    for skill in invented_skills(&known, &without(&plain, &known.names), find_skills) {
        findings.add("skill_invented", skill);
    }
    for date in dates::invented(&plain, &known.all) {
        findings.add("date_invented", date);
    }
    for promise in promises::prizes(&plain, &known.promises) {
        findings.add("prize_invented", promise);
    }
    findings.add_some("sensitive_request", promises::sensitive(&plain, &known.promises));
    findings.add_some("placeholder", style::placeholder(&said, &known.all));
    findings.add_some("ai_residue", style::ai_residue(&said));
    findings.add_some("markdown", style::markdown(&said, &known.all));
    for link in &links {
        if spread_links(&whole.text, link) > 1 {
            findings.add("many_cta", *link);
        }
    }
    findings.add_some("many_cta", style::many_calls(&draft.body));
    findings.add_some("spam_style", style::spam(draft, &known.all_lower, find_skills));
    findings.add_some(
        "language",
        language::other_than(&facts.event.language, &without(&plain, &known.names)),
    );
    findings.add_some("name_unknown", style::unknown_name(&draft.body, &known.all_lower));
    findings.0
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, rule: &str, place: impl Into<String>) {
        let finding = Finding { rule: rule.to_owned(), place: place.into() };
        if !self.0.contains(&finding) {
            self.0.push(finding);
        }
    }

    fn add_some(&mut self, rule: &str, place: Option<String>) {
        if let Some(place) = place {
            self.add(rule, place);
        }
    }
}

/// What may be said, sorted by what it may be said about.
struct Known<'a> {
    links: Vec<&'a str>,
    /// Every word of the facts.
    all: String,
    all_lower: String,
    /// What the organiser said, people's skills and titles; not names, which people give themselves.
    promises: String,
    skills: Vec<&'a str>,
    /// What the event, its place and its people are called; longer names first, as they may hold shorter ones.
    names: Vec<String>,
}

impl<'a> Known<'a> {
    fn new(facts: &'a EmailFacts) -> Self {
        let event = &facts.event;
        let mut links: Vec<&str> = [&event.link, &event.community_link]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        links.dedup();
        let mut skills: Vec<&str> = facts.to.skills.iter().map(String::as_str).collect();
        let mut names: Vec<&str> = vec![&facts.to.name];
        let mut promises: Vec<&str> =
            vec![&event.name, &event.guidance, &facts.hint, &facts.to.job_title];
        promises.extend(
            [&event.dates, &event.place, &event.organiser, &event.address, &event.sender_name]
                .into_iter()
                .flatten()
                .map(String::as_str),
        );
        for mate in teammates(facts) {
            names.push(&mate.name);
            names.extend(mate.address.iter().map(crate::model::EmailAddress::as_str));
            promises.push(&mate.job_title);
            skills.extend(mate.shared.iter().map(String::as_str));
        }
        promises.extend(&skills);
        let called: Vec<&str> = [&event.place, &event.organiser, &event.sender_name]
            .into_iter()
            .flatten()
            .chain([&event.name])
            .map(String::as_str)
            .chain(names.iter().copied())
            .collect();
        let first_names = names.iter().filter_map(|name| first_name(name));
        let mut called: Vec<String> =
            called.iter().map(|name| one_line(name)).chain(first_names).collect();
        called.sort_by_key(|name| std::cmp::Reverse(name.len()));
        let all = format!("{}\n{}", promises.join("\n"), names.join("\n"));
        Self {
            links,
            all_lower: all.to_lowercase(),
            all,
            promises: promises.join("\n"),
            skills,
            names: called,
        }
    }

    /// `Node.js`, `Booking.com`: what the organiser or a skill is called is no link. Names that people give
    /// themselves do not count.
    fn may_look_like_an_address(&self, url: &str) -> bool {
        !url.contains("://") && self.promises.to_lowercase().contains(&url.to_lowercase())
    }
}

fn teammates(facts: &EmailFacts) -> &[Teammate] {
    match &facts.purpose {
        Purpose::Invitation => &[],
        Purpose::Match(teammates) => teammates,
    }
}

/// Whether the first lines name the person by any part of the name, or the text by the whole of it.
fn is_addressed(name: &str, body: &str) -> bool {
    let name = one_line(name);
    if name.is_empty() {
        return true;
    }
    let first_lines: Vec<&str> =
        body.lines().filter(|line| !line.trim().is_empty()).take(3).collect();
    let greeting = first_lines.join(" ");
    let by_part = name
        .split(' ')
        .map(normal)
        .filter(|part| part.trim().chars().count() > 1)
        .any(|part| normal(&greeting).contains(&part));
    by_part
        || first_name(&name).is_some_and(|first| stands_in(&greeting, &first))
        || stands_in(&one_line(body), &name)
}

/// Whether a name stands in a text: as words of its own, since `Bo` is not meant by `Harbour`. Scripts that know no
/// capital letters may know no spaces either.
fn stands_in(text: &str, name: &str) -> bool {
    let has_case = name.chars().any(|c| c.is_lowercase() || c.is_uppercase());
    if has_case { normal(text).contains(&normal(name)) } else { text.contains(name) }
}

/// Everyday words of such a letter that a taxonomy may know as skills.
const EVERYDAY: &[&str] = &[
    "ai",
    "artificial intelligence",
    "design",
    "testing",
    "research",
    "writing",
    "communication",
    "teamwork",
    "leadership",
    "collaboration",
    "mentoring",
    "networking",
    "prototyping",
    "coding",
    "programming",
    "software development",
    "teaching",
    "organisation",
    "planning",
    "presentation",
    "matchmaking",
    "hackathons",
    "problem solving",
    "e-mail",
    "email",
];

fn invented_skills(known: &Known, text: &str, find_skills: FindSkills) -> Vec<String> {
    let named = find_skills(text);
    if named.is_empty() {
        return named;
    }
    let mut allowed: Vec<String> = known.skills.iter().map(|skill| skill.to_lowercase()).collect();
    allowed.extend(find_skills(&known.all).iter().map(|skill| skill.to_lowercase()));
    named
        .into_iter()
        .filter(|skill| {
            let skill = skill.to_lowercase();
            !allowed.contains(&skill) && !EVERYDAY.contains(&skill.as_str())
        })
        .collect()
}

#[cfg(test)]
mod tests;
