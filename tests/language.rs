//! Plain English: words that Muster used to have for its own ideas do not come back in pages, documents and comments.

use std::fmt::Write as _;
use std::path::Path;

use crate::support::repository;
use crate::support::source::{Token, files, tokens};

/// Words and phrases that are not used, and what is used instead.
const WORDS: &[(&str, &str)] = &[
    ("e-mail", "email"),
    ("e-mails", "emails"),
    ("letter", "message, email"),
    ("letters", "messages, emails"),
    ("door", "gateway"),
    ("desk", "pending requests"),
    ("deed", "action"),
    ("deeds", "actions"),
    ("resort", "fallback"),
    ("lane", "queue"),
    ("lanes", "queues"),
    ("twin", "duplicate"),
    ("twins", "duplicates"),
    ("asker", "requester"),
    ("set aside", "disabled"),
    ("rests until", "cools down until"),
    ("taken up", "started"),
    ("take up", "start"),
    ("given back", "released"),
    ("let go", "resumed"),
    ("mend", "fix"),
    ("mended", "fixed"),
    ("judge", "check, classify"),
    ("judges", "checks, classifies"),
    ("pane", "review panel"),
    ("rail", "overview"),
    ("stand in", "are in"),
    ("stands in", "is in"),
    ("whose it is", "the owner"),
    ("what came of it", "the result"),
    ("comes of it", "the result"),
    ("look again", "retry"),
    ("nobody is written to", "no email is sent"),
];

/// Where a word has its ordinary meaning: the beginning of the path, the phrase, why.
const ALLOWED: &[(&str, &str, &str)] = &[
    ("", "40 letters, digits", "characters of the alphabet"),
    ("", "letters and digits", "characters of the alphabet"),
    ("", "letters, digits", "characters of the alphabet"),
    ("", "Latin letters", "characters of the alphabet"),
    ("", "English letters", "characters of the alphabet"),
    ("", "name has letters", "characters of the alphabet"),
    ("src/campaigns/checks/", "letters", "characters of the alphabet"),
    ("src/discord/markdown", "letters", "characters of the alphabet"),
    ("src/extract/", "letter", "a character of a text"),
    ("src/extract/", "letters", "characters of a text"),
    ("src/faq/search/", "letter", "a character of a word"),
    ("src/model/address.rs", "letters", "characters of an address"),
    ("src/skills/", "letter", "a character of a name"),
    ("src/skills/", "letters", "characters of a name"),
    ("src/discord/", "stand in for", "one value replaces another"),
    ("src/campaigns/checks/", "e-mail", "a spelling that drafts use"),
    ("src/faq/search/words.rs", "e-mail", "a spelling that questions use"),
    ("src/people/import/table.rs", "e-mail", "a heading of imported tables"),
    ("src/resumes/clues.rs", "e-mail", "a label in resumes"),
    ("src/faq/", "rail", "travel by train"),
    ("src/faq/search/", "desk", "a place at a venue"),
    ("src/faq/search/", "judge", "who rates a project"),
    ("src/faq/search/", "judges", "who rate a project"),
    ("src/llm/prompts/", "e-mail", "the prompts are as the model was tried with"),
    ("src/llm/prompts/", "e-mails", "the prompts are as the model was tried with"),
    ("src/llm/prompts/", "letter", "the prompts are as the model was tried with"),
    ("src/llm/prompts/", "letters", "the prompts are as the model was tried with"),
    ("src/llm/prompts/", "stand in", "the prompts are as the model was tried with"),
    ("src/model/job.rs", "door", "a word in the database"),
    ("src/store/", "door", "a word in the database"),
    ("src/store/", "resort", "a column"),
    ("src/store/", "asker", "a column"),
    ("src/store/", "deed", "a column"),
    ("src/web/aliases.rs", "letter", "the old address of a page"),
];

#[test]
fn pages_and_documents_use_the_words_of_the_field() {
    let mut texts = Vec::new();
    for path in ["README.md", "ARCHITECTURE.md", ".env.example"] {
        texts.push((path.to_owned(), read(&repository().join(path))));
    }
    for folder in ["docs", "templates"] {
        below(&repository().join(folder), &mut |path| {
            let name = name(path);
            let is_text = ["md", "txt", "html"].iter().any(|it| name.ends_with(&format!(".{it}")));
            if is_text {
                let text = read(path);
                texts.push((name, if folder == "templates" { visible(&text) } else { text }));
            }
        });
    }
    complain(&texts);
}

#[test]
fn comments_and_strings_use_the_words_of_the_field() {
    let mut texts = Vec::new();
    for path in files(&repository().join("src")) {
        let parts = tokens(&read(&path)).into_iter().filter_map(|at| match at.token {
            Token::Text(text) | Token::Remark(text) => Some(text),
            Token::Word(_) | Token::Sign(_) => None,
        });
        texts.push((name(&path), parts.collect::<Vec<_>>().join("\n")));
    }
    complain(&texts);
}

#[test]
fn an_old_word_is_found_and_an_ordinary_one_is_not() {
    let found = |text: &str| old_words("README.md", text);
    assert_eq!(found("A letter.").len(), 1);
    assert_eq!(found("It was set\naside.").len(), 1);
    assert_eq!(found("newsletter, `letter_box`, at most 40 letters, digits"), [""; 0]);
    assert_eq!(old_words("x", &visible("<p class=\"letter\">{{ letter }}</p>")), [""; 0]);
    assert_eq!(old_words("x", &visible("<a aria-label=\"The letter\">x</a>")).len(), 1);
}

fn complain(texts: &[(String, String)]) {
    assert!(texts.len() > 5, "the texts were found");
    let mut report = String::new();
    for (file, text) in texts {
        for word in old_words(file, text) {
            let (_, better) = WORDS.iter().find(|(old, _)| *old == word).unwrap();
            let _ = writeln!(report, "{file}: {word:?}; write {better}");
        }
    }
    assert!(report.is_empty(), "old words:\n{report}");
}

/// The old words in a text, each once.
fn old_words(file: &str, text: &str) -> Vec<&'static str> {
    let mut text = plain(text);
    for (start, phrase, _) in ALLOWED {
        if file.starts_with(start) {
            text = text.replace(&plain(phrase), " ");
        }
    }
    WORDS.iter().map(|(word, _)| *word).filter(|word| text.contains(&plain(word))).collect()
}

/// Lower-case words with one space around each.
fn plain(text: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || "-_".contains(c);
    let words: String =
        text.to_lowercase().chars().map(|c| if is_part(c) { c } else { ' ' }).collect();
    format!(" {} ", words.split_whitespace().collect::<Vec<_>>().join("  "))
}

/// What a template shows: its text and its labels, without expressions, tags and comments.
fn visible(template: &str) -> String {
    let mut text = without(template, "{%", "%}");
    text = without(&without(&text, "{{", "}}"), "{#", "#}");
    let labels: Vec<&str> = ["aria-label=\"", "placeholder=\"", "title=\"", "alt=\""]
        .iter()
        .flat_map(|name| text.split(name).skip(1).filter_map(|rest| rest.split('"').next()))
        .collect();
    format!("{} {}", without(&text, "<", ">"), labels.join(" "))
}

/// The text without what is between two marks.
fn without(text: &str, start: &str, end: &str) -> String {
    let mut parts = text.split(start);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + " " + part.split_once(end).map_or("", |(_, after)| after))
}

fn below(folder: &Path, work: &mut impl FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { below(&path, work) } else { work(&path) }
    }
}

fn name(path: &Path) -> String {
    path.strip_prefix(repository()).unwrap().to_str().unwrap().to_owned()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}
