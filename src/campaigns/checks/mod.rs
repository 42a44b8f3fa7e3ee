//! Checks that every draft passes before it may be sent, whoever wrote it.
//!
//! Deterministic and pure: facts, draft and complete email in; findings out. The rules are in [`rule`].

mod dates;
mod greeting;
mod known;
mod language;
mod promises;
pub mod rule;
mod skills;
mod style;
mod text;

use known::{Known, teammates};
use rule::{Finding, Rule};
use skills::FindSkills;
use text::{addresses, count_link, strip_links_and_addresses, urls, without};

use super::template::SUBJECT_LIMIT;
use crate::mail::message::{Email, count_words, one_line, word_limit};
use crate::model::email::{Draft, EmailFacts};

/// Everything that is wrong with a draft, in the order of the rules; empty when it may be sent.
///
/// What a draft may not say is checked in `draft`; what an email must contain is checked in `email`.
pub fn check(
    facts: &EmailFacts,
    draft: &Draft,
    email: &Email,
    find_skills: FindSkills,
) -> Vec<Finding> {
    // Text after a line break in the subject is only reported as an injection.
    let text = format!("{}\n{}", draft.subject.lines().next().unwrap_or_default(), draft.body);
    let plain = strip_links_and_addresses(&text);
    let checked = Checked { facts, draft, email, known: Known::new(facts), text, plain };
    let mut findings = Findings::default();
    checked.form(&mut findings);
    checked.required_parts(&mut findings);
    checked.invented_contacts(&mut findings, find_skills);
    checked.missing_matches(&mut findings);
    checked.invented_facts(&mut findings, find_skills);
    checked.style(&mut findings, find_skills);
    findings.0
}

struct Checked<'a> {
    facts: &'a EmailFacts,
    draft: &'a Draft,
    email: &'a Email,
    known: Known<'a>,
    /// The first line of the subject, and the body.
    text: String,
    /// The same without links and addresses.
    plain: String,
}

impl Checked<'_> {
    fn form(&self, findings: &mut Findings) {
        let Self { draft, email, .. } = self;
        let forbidden = draft
            .subject
            .chars()
            .chain(email.subject.chars())
            .find(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'));
        if let Some(c) = forbidden {
            findings.add(Rule::HeaderInjection, format!("{}", c.escape_default()));
        }
        for (part, text) in [("the subject", &draft.subject), ("the text", &draft.body)] {
            if text.trim().is_empty() {
                findings.add(Rule::Empty, part);
            }
        }
        let length = draft.subject.chars().count();
        if length > SUBJECT_LIMIT {
            findings.add(Rule::SubjectLong, format!("{length} characters"));
        }
        findings.extend(Rule::SubjectInBody, style::subject_in_body(draft));
        let words = count_words(&email.text);
        if words >= word_limit(&self.facts.purpose) {
            findings.add(Rule::TooLong, format!("{words} words"));
        }
    }

    fn required_parts(&self, findings: &mut Findings) {
        let name = &self.facts.to.name;
        if !greeting::is_addressed(name, &self.draft.body) {
            findings.add(Rule::NameMissing, one_line(name));
        }
        let event = one_line(&self.facts.event.name);
        if !one_line(&self.text).contains(&event) {
            findings.add(Rule::EventMissing, event);
        }
        for link in &self.known.links {
            if !self.email.text.contains(link) {
                findings.add(Rule::LinkMissing, *link);
            }
        }
    }

    fn invented_contacts(&self, findings: &mut Findings, find_skills: FindSkills) {
        for url in urls(&self.text, &self.known.links) {
            if !self.known.may_look_like_an_address(&url) && find_skills(&url).is_empty() {
                findings.add(Rule::UrlInvented, url);
            }
        }
        for address in addresses(&self.text) {
            if !self.known.all_lower.contains(&address.to_lowercase()) {
                findings.add(Rule::PersonInvented, address);
            }
        }
    }

    fn missing_matches(&self, findings: &mut Findings) {
        for mate in teammates(self.facts) {
            let name = one_line(&mate.name);
            if !one_line(&self.draft.body).to_lowercase().contains(&name.to_lowercase()) {
                findings.add(Rule::MatchMissing, name);
            }
        }
    }

    fn invented_facts(&self, findings: &mut Findings, find_skills: FindSkills) {
        let Self { known, plain, .. } = self;
        let skills = skills::invented(known, &without(plain, &known.names), find_skills);
        findings.extend(Rule::SkillInvented, skills);
        findings.extend(Rule::DateInvented, dates::invented(plain, &known.all));
        findings.extend(Rule::PrizeInvented, promises::prizes(plain, &known.promises));
        findings.extend(Rule::SensitiveRequest, promises::sensitive(plain, &known.promises));
    }

    fn style(&self, findings: &mut Findings, find_skills: FindSkills) {
        let Self { draft, known, text, plain, .. } = self;
        findings.extend(Rule::Placeholder, style::placeholder(text, &known.all));
        findings.extend(Rule::AiResidue, style::ai_residue(text));
        findings.extend(Rule::Markdown, style::markdown(text, &known.all));
        for link in &known.links {
            if count_link(&self.email.text, link) > 1 {
                findings.add(Rule::ManyCalls, *link);
            }
        }
        findings.extend(Rule::ManyCalls, style::many_calls(&draft.body));
        findings.extend(Rule::SpamStyle, style::spam(draft, &known.all_lower, find_skills));
        let asked = &self.facts.event.language;
        let language = language::other_than(asked, &without(plain, &known.names));
        findings.extend(Rule::Language, language);
        findings.extend(Rule::NameUnknown, style::unknown_name(&draft.body, &known.all_lower));
    }
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, rule: Rule, place: impl Into<String>) {
        let finding = Finding { rule, place: place.into() };
        if !self.0.contains(&finding) {
            self.0.push(finding);
        }
    }

    fn extend(&mut self, rule: Rule, places: impl IntoIterator<Item = String>) {
        for place in places {
            self.add(rule, place);
        }
    }
}

#[cfg(test)]
mod tests;
