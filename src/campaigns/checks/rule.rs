//! The rules that drafts are checked against, and a draft's findings.
//!
//! A new check is a variant of [`Rule`], its word, and its entry in [`Rule::entry`].

use serde::{Deserialize, Deserializer, Serialize};

use crate::model::words;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    HeaderInjection,
    Empty,
    SubjectLong,
    SubjectInBody,
    TooLong,
    NameMissing,
    EventMissing,
    LinkMissing,
    UrlInvented,
    PersonInvented,
    MatchMissing,
    SkillInvented,
    DateInvented,
    PrizeInvented,
    SensitiveRequest,
    Placeholder,
    AiResidue,
    Markdown,
    ManyCalls,
    SpamStyle,
    Language,
    NameUnknown,
    /// A rule of another version of Muster, found in a stored draft. No check reports it.
    Unknown,
}

words!(Rule, "rule for drafts", {
    HeaderInjection => "header_injection",
    Empty => "empty",
    SubjectLong => "subject_long",
    SubjectInBody => "subject_in_body",
    TooLong => "too_long",
    NameMissing => "name_missing",
    EventMissing => "event_missing",
    LinkMissing => "link_missing",
    UrlInvented => "url_invented",
    PersonInvented => "person_invented",
    MatchMissing => "match_missing",
    SkillInvented => "skill_invented",
    DateInvented => "date_invented",
    PrizeInvented => "prize_invented",
    SensitiveRequest => "sensitive_request",
    Placeholder => "placeholder",
    AiResidue => "ai_residue",
    Markdown => "markdown",
    ManyCalls => "many_cta",
    SpamStyle => "spam_style",
    Language => "language",
    NameUnknown => "name_unknown",
    Unknown => "unknown",
});

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Severity {
    /// Only warns: the draft may still be approved without a person.
    Warns,
    /// A person who has read the finding may approve the draft anyway.
    Blocks,
    /// Nobody may approve the draft: it cannot be a valid email.
    Final,
}

use Severity::{Blocks, Final, Warns};

/// What pages say about a rule.
struct Entry {
    /// Two or three words that fit into a line of the list.
    label: &'static str,
    sentence: &'static str,
    severity: Severity,
}

impl Rule {
    /// The sentence about this rule, for the organiser and for the next attempt's prompt.
    pub fn sentence(self) -> &'static str {
        self.entry().sentence
    }

    /// This rule in two or three words.
    pub fn label(self) -> &'static str {
        self.entry().label
    }

    /// Whether a finding keeps a draft from being approved without a person.
    pub fn blocks(self) -> bool {
        self.entry().severity != Warns
    }

    /// Whether a finding keeps a draft from being approved at all.
    pub fn is_final(self) -> bool {
        self.entry().severity == Final
    }

    #[rustfmt::skip]
    fn entry(self) -> Entry {
        let entry = |severity, label, sentence| Entry { label, sentence, severity };
        match self {
            Self::HeaderInjection => entry(Final, "Bad subject",
                "The subject contains a line break or another character that is not allowed in an email header."),
            Self::Empty => entry(Final, "Empty",
                "The subject or the text is empty."),
            Self::SubjectLong => entry(Blocks, "Long subject",
                "The subject is longer than 78 characters and would be cut off."),
            Self::SubjectInBody => entry(Blocks, "Subject repeated",
                "The text repeats the subject in its first lines."),
            Self::TooLong => entry(Blocks, "Too long",
                "The complete email is too long (an invitation must have fewer than 150 words, a match email fewer \
                 than 300)."),
            Self::NameMissing => entry(Blocks, "Name missing",
                "The person is not addressed by name."),
            Self::EventMissing => entry(Blocks, "Event missing",
                "The event is not named exactly as in the settings."),
            Self::LinkMissing => entry(Blocks, "Link missing",
                "The registration link or the community link is missing, or is not exactly as given."),
            Self::UrlInvented => entry(Blocks, "Unknown link",
                "The text contains a web address that is not one of the event's links."),
            Self::PersonInvented => entry(Blocks, "Unknown address",
                "The text contains an email address that is not in the facts."),
            Self::MatchMissing => entry(Blocks, "Match missing",
                "A match is not named."),
            Self::SkillInvented => entry(Blocks, "Invented skill",
                "The text names a skill that this person does not have and does not share with a match."),
            Self::DateInvented => entry(Blocks, "Invented date",
                "The text names a date, weekday or time that is not in the facts."),
            Self::PrizeInvented => entry(Blocks, "Invented prize",
                "The text promises money, a prize or an internship that is not in the facts."),
            Self::SensitiveRequest => entry(Blocks, "Asks for secrets",
                "The text asks for money, a password or personal numbers."),
            Self::Placeholder => entry(Blocks, "Placeholder",
                "A placeholder in the text was not filled in."),
            Self::AiResidue => entry(Blocks, "Mentions AI",
                "The text speaks as a language model, or about being a draft."),
            Self::Markdown => entry(Blocks, "Markup",
                "The text contains markup that an email would show literally."),
            Self::ManyCalls => entry(Blocks, "Asks too much",
                "The email asks for too many things, or contains a link twice."),
            Self::SpamStyle => entry(Blocks, "Looks like spam",
                "Repeated exclamation marks, words in capitals or a false RE: look like spam."),
            Self::Language => entry(Blocks, "Wrong language",
                "The text is not in the language chosen in the settings."),
            Self::NameUnknown => entry(Warns, "Unknown name",
                "Two words look like a name that is not in the facts. Please check."),
            Self::Unknown => entry(Blocks, "Check failed",
                "A check failed."),
        }
    }
}

/// Drafts are stored with their findings, and may be read by a version that has dropped or renamed a rule.
impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Ok(word.parse().unwrap_or(Self::Unknown))
    }
}

/// A check that a draft failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub rule: Rule,
    /// The part of the draft that failed; may be empty.
    pub place: String,
}

impl Finding {
    /// The rule's sentence, with the part of the draft that failed.
    pub fn explained(&self) -> String {
        let sentence = self.rule.sentence();
        match self.place.as_str() {
            "" => sentence.to_owned(),
            place => format!("{sentence} ({place})"),
        }
    }
}

/// The findings stored with a draft; none when they cannot be read.
pub fn stored(json: &str) -> Vec<Finding> {
    serde_json::from_str(json).unwrap_or_default()
}

/// Whether a draft with these findings may be approved without a person.
pub fn is_flawless(findings: &[Finding]) -> bool {
    !findings.iter().any(|finding| finding.rule.blocks())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_unknown_name_is_let_through_and_only_a_broken_header_is_final() {
        assert_eq!(Rule::ALL.len(), 22 + 1, "22 rules, and one for those of other versions");
        for &rule in Rule::ALL {
            assert_eq!(rule.blocks(), rule != Rule::NameUnknown, "{rule}");
            assert_eq!(
                rule.is_final(),
                matches!(rule, Rule::HeaderInjection | Rule::Empty),
                "{rule}"
            );
            assert!(!rule.label().is_empty() && rule.sentence().ends_with(['.']), "{rule}");
        }
    }

    #[test]
    fn labels_and_sentences_are_not_shared() {
        for &rule in Rule::ALL {
            let same = Rule::ALL.iter().filter(|it| it.label() == rule.label());
            assert_eq!(same.count(), 1, "{rule}");
            let same = Rule::ALL.iter().filter(|it| it.sentence() == rule.sentence());
            assert_eq!(same.count(), 1, "{rule}");
        }
    }

    #[test]
    fn findings_of_another_version_are_still_read() {
        let findings =
            stored(r#"[{"rule":"too_long","place":"151 words"},{"rule":"old_name","place":""}]"#);
        let rules: Vec<Rule> = findings.iter().map(|finding| finding.rule).collect();
        assert_eq!(rules, [Rule::TooLong, Rule::Unknown]);
        assert!(findings[1].rule.blocks());
        assert_eq!(findings[0].explained(), format!("{} (151 words)", Rule::TooLong.sentence()));
    }
}
