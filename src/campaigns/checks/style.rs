//! The style of a draft: placeholders, markup, talk of being a model, too many calls to action, spam.

use super::skills::FindSkills;
use super::text::{find_phrase, normal};
use crate::model::email::Draft;

const SUBJECT_PREFIXES: &[&str] = &[
    "subject:",
    "betreff:",
    "objet:",
    "asunto:",
    "assunto:",
    "oggetto:",
    "onderwerp:",
    "re:",
    "fwd:",
];

/// The first line that repeats the subject.
pub fn subject_in_body(draft: &Draft) -> Option<String> {
    let subject = draft.subject.trim();
    draft
        .body
        .lines()
        .map(|line| line.trim().trim_matches('*').trim())
        .filter(|line| !line.is_empty())
        .take(2)
        .find(|line| {
            let lower = line.to_lowercase();
            SUBJECT_PREFIXES.iter().any(|prefix| lower.starts_with(prefix))
                || (!subject.is_empty() && *line == subject)
        })
        .map(shortened)
}

/// `[Name]`, `{{name}}`, `<Name>`, `TBD`. Text from the facts is allowed, even when somebody is called `<script>`.
pub fn placeholder(text: &str, facts: &str) -> Option<String> {
    let bracketed = [('[', ']'), ('{', '}'), ('<', '>')].into_iter().find_map(|(open, close)| {
        text.match_indices(open).find_map(|(at, _)| {
            let rest = &text[at + 1..];
            let inner = &rest[..rest.find(close)?];
            let after = &rest[inner.len() + 1..];
            let filled = inner.trim_start_matches(open).trim();
            let is_gap = filled.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '/')
                && inner.chars().count() <= 40
                && !inner.contains('@')
                && !inner.contains("://")
                && !after.starts_with('(');
            let gap = format!("{open}{inner}{close}");
            (is_gap && !is_tag(inner) && !facts.contains(&gap)).then_some(gap)
        })
    });
    let word = text
        .split(|c: char| !c.is_alphanumeric())
        .find(|word| matches!(*word, "TBD" | "TBA" | "TBC" | "XX" | "XXX" | "XXXX"))
        .filter(|word| !facts.contains(word));
    let phrase = find_phrase(
        text,
        &[
            "lorem ipsum",
            "insert name",
            "insert your",
            "insert the",
            "insert event",
            "insert here",
            "insert link",
            "insert date",
            "your name here",
            "name here",
            "link here",
            "to be announced",
            "to be determined",
        ],
    );
    let blank = text.contains("___").then_some("___");
    let variable = text.split_whitespace().find(|word| is_variable(word) && !facts.contains(word));
    let word = word.or(variable);
    bracketed.or(word.or(phrase).or(blank).map(str::to_owned))
}

/// HTML tags, which are not placeholders: [`markdown`] finds them.
fn is_tag(inner: &str) -> bool {
    const TAGS: &[&str] = &[
        "b", "i", "u", "p", "br", "a", "em", "strong", "ul", "ol", "li", "h1", "h2", "h3", "div",
        "span",
    ];
    let name = inner.trim_matches('/').split_whitespace().next().unwrap_or_default();
    TAGS.contains(&name.to_lowercase().as_str())
}

/// `%NAME%`, `$name`, `$first_name`: variables of programs.
fn is_variable(word: &str) -> bool {
    let word = word.trim_end_matches(|c: char| ".,;:!?".contains(c));
    let is_name =
        |name: &str| name.len() > 1 && name.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
    word.strip_prefix('%').and_then(|rest| rest.strip_suffix('%')).is_some_and(is_name)
        || word.strip_prefix('$').is_some_and(is_name)
}

const RESIDUE: &[&str] = &[
    "language model",
    "im an ai",
    "i am an ai",
    "as an ai i",
    "as an ai assistant",
    "as an ai model",
    "sure here",
    "sure heres",
    "certainly heres",
    "of course heres",
    "just an ai",
    "here is your invitation",
    "here is the mail",
    "here is your mail",
    "heres the mail",
    "heres the draft",
    "heres the invitation",
    "certainly here",
    "of course here",
    "absolutely here",
    "here is the email",
    "here is the e mail",
    "here is your email",
    "here is your e mail",
    "here is an email",
    "here is a draft",
    "here is the draft",
    "heres the email",
    "heres an email",
    "heres a draft",
    "heres your",
    "here is the invitation",
    "i hope this helps",
    "feel free to adjust",
    "let me know if youd like me to",
    "let me know if you want me to",
    "i cannot fulfill",
    "i cant fulfill",
    "i cannot assist",
    "i cant assist",
    "as requested here",
    "word count",
    "als ki",
    "als sprachmodell",
    "modelo de lenguaje",
    "modelo de linguagem",
    "modèle de langage",
    "en tant quia",
    "como una ia",
    "como uma ia",
    "knowledge cutoff",
    "system prompt",
];

/// Text about being a model, or about the draft itself.
pub fn ai_residue(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let bare = lower.match_indices("as an ai").find_map(|(at, phrase)| {
        lower[at + phrase.len()..].trim_start_matches(' ').starts_with(',').then_some("as an AI")
    });
    bare.or_else(|| find_phrase(text, RESIDUE)).map(str::to_owned)
}

/// `**bold**`, `## heading`, `[text](link)`, code, tags.
pub fn markdown(text: &str, facts: &str) -> Option<String> {
    let marks = ["**", "](", "```", "~~", "__"];
    let mark = marks.into_iter().find(|mark| text.contains(mark) && !facts.contains(mark));
    // A row of underscores is a placeholder, not emphasis.
    let mark = mark.filter(|mark| *mark != "__" || !text.contains("___"));
    let line = text.lines().map(str::trim_start).find(|line| {
        let hashes = line.chars().take_while(|c| *c == '#').count();
        ((1..=6).contains(&hashes) && line[hashes..].starts_with(' '))
            || line.starts_with("|--")
            || line.starts_with("| --")
            || matches!(line.trim_end(), "---" | "***" | "===")
    });
    let emphasis = || {
        text.split_whitespace().find(|word| {
            let word = word.trim_end_matches(|c: char| ".,;:!?".contains(c));
            word.len() > 2
                && ["*", "`"].iter().any(|mark| word.starts_with(mark) && word.ends_with(mark))
                && !facts.contains(word)
        })
    };
    let tag = || {
        text.match_indices('<').find_map(|(at, _)| {
            let inner = &text[at + 1..][..text[at + 1..].find('>')?];
            let tag = &text[at..at + inner.len() + 2];
            (is_tag(inner) && !facts.contains(tag)).then_some(tag)
        })
    };
    mark.or(line).or_else(emphasis).or_else(tag).map(shortened)
}

/// Calls to action; the phrases of one line mean the same.
const CALLS: &[&[&str]] = &[
    &["register", "sign up", "signup", "enrol", "enroll", "apply", "rsvp", "anmelden"],
    &[
        "reply",
        "answer this mail",
        "answer this e mail",
        "write back",
        "respond to this",
        "let us know",
        "tell us",
    ],
    &["fill in", "fill out", "survey", "questionnaire"],
    &["book a call", "schedule a call", "call us", "phone us", "book a slot", "book a meeting"],
    &["follow us", "like us", "subscribe"],
    &[
        "share this",
        "forward this",
        "spread the word",
        "tell your friends",
        "invite your friends",
        "bring your friends",
    ],
    &["upload", "submit", "send us your", "attach your"],
    &["download", "install our", "install the"],
    &["donate", "sponsor us"],
    &["visit our", "check out our", "watch our"],
    &[
        "join our discord",
        "join our slack",
        "join our community",
        "join our channel",
        "join the community",
    ],
    &["vote", "nominate"],
];
/// An email with this many different calls asks too much.
const TOO_MANY_CALLS: usize = 4;

pub fn many_calls(body: &str) -> Option<String> {
    let calls: Vec<&str> = CALLS.iter().filter_map(|call| find_phrase(body, call)).collect();
    (calls.len() >= TOO_MANY_CALLS).then(|| calls.join(", "))
}

/// One of these words in capitals is enough.
const SHOUTS: &[&str] = &[
    "URGENT",
    "FREE",
    "NOW",
    "WIN",
    "ACT",
    "HURRY",
    "LIMITED",
    "CHANCE",
    "LAST",
    "GUARANTEED",
    "AMAZING",
    "FINAL",
    "DEADLINE",
    "IMPORTANT",
    "ATTENTION",
    "WARNING",
    "CLICK",
];
/// Acronyms, which are always in capitals.
const ACRONYMS: &[&str] =
    &["NASA", "UNESCO", "UNICEF", "HTML", "HTTP", "JSON", "GDPR", "STEM", "CEST", "ASAP"];

/// `!!`, words in capitals, a false `RE:`.
pub fn spam(draft: &Draft, facts_lower: &str, find_skills: FindSkills) -> Option<String> {
    let lower = draft.subject.trim_start().to_lowercase();
    let false_reply =
        ["re:", "re :", "fw:", "fwd:", "aw:", "wg:"].into_iter().find(|it| lower.starts_with(it));
    let marks = [&draft.subject, &draft.body].into_iter().find_map(|text| {
        let squeezed: String = text.chars().filter(|c| *c != ' ').collect();
        ["!!", "?!", "$$$"].into_iter().find(|mark| squeezed.contains(mark))
    });
    let capitals: Vec<&str> = draft
        .subject
        .split_whitespace()
        .chain(draft.body.split_whitespace())
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|word| {
            word.chars().count() >= 3
                && word.chars().all(|c| c.is_uppercase() || c == '\'' || c == '’' || c == '-')
                && !facts_lower.contains(&word.to_lowercase())
                && !ACRONYMS.contains(word)
        })
        .collect();
    let worst = capitals.iter().copied().find(|word| SHOUTS.contains(word));
    let several: Vec<&str> = capitals
        .iter()
        .copied()
        .filter(|word| word.chars().count() >= 4 && find_skills(word).is_empty())
        .collect();
    let several = (several.len() >= 2).then(|| several.join(" "));
    false_reply.or(marks).or(worst).map(str::to_owned).or(several)
}

/// Two or more capitalised words in a row, not at the beginning of a sentence, of which one is not in the facts.
pub fn unknown_name(body: &str, facts_lower: &str) -> Option<String> {
    let facts = normal(facts_lower);
    let is_known = |word: &str| {
        normal(word).split_whitespace().all(|part| facts.contains(&format!(" {part} ")))
    };
    for line in body.lines() {
        let mut starts_sentence = true;
        let mut names: Vec<&str> = Vec::new();
        for word in line.split_whitespace().chain(["."]) {
            let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
            let capitalised = bare.chars().next().is_some_and(char::is_uppercase)
                && bare.chars().nth(1).is_some_and(char::is_lowercase);
            if capitalised && !starts_sentence {
                names.push(bare);
            }
            let ends = word.ends_with(['.', ',', ':', '!', '?', ';', ')', '-']) || !capitalised;
            if ends {
                if names.len() >= 2 && names.iter().any(|name| !is_known(name)) {
                    return Some(names.join(" "));
                }
                names.clear();
            }
            starts_sentence = word.ends_with(['.', ':', '!', '?']) || word == "-";
        }
    }
    None
}

/// The beginning of a line, short enough to be shown on a page.
fn shortened(line: &str) -> String {
    line.chars().take(60).collect()
}
