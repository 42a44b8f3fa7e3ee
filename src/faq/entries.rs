//! The entries of the FAQ: checking, order, import, and who may read them.

use crate::model::text::one_line;
use crate::model::{EntryId, EventId, Millis, QuestionId};
use crate::store::faq::{self as rows, Entry, EntryText};
use crate::store::{self, Conn};

pub const LONGEST_SECTION: usize = 80;
pub const LONGEST_QUESTION: usize = 300;
pub const LONGEST_ANSWER: usize = 10_000;
const LONGEST_SOURCE: usize = 500;

/// The name of the setting that opens the participants' page to everybody.
const PUBLIC: &str = "faq_public";

/// The entry as it is stored, or the problems by field.
pub fn check(typed: &EntryText) -> Result<EntryText, Vec<(&'static str, String)>> {
    let mut problems = Vec::new();
    let mut line = |field: &'static str, what: &str, typed: &str, most: usize, needed: bool| {
        let text = one_line(typed);
        if text.is_empty() && needed {
            problems.push((field, format!("{what} is missing")));
        } else if text.chars().count() > most {
            problems.push((field, format!("{what} has at most {most} characters")));
        }
        text
    };
    let section = line("section", "the section", &typed.section, LONGEST_SECTION, false);
    let question = line("question", "the question", &typed.question, LONGEST_QUESTION, true);
    let source = line("source", "the link", &typed.source, LONGEST_SOURCE, false);
    let answer = typed.answer.replace("\r\n", "\n").replace('\r', "\n");
    let answer: String = answer
        .chars()
        .map(|c| if c == '\t' { ' ' } else { c })
        .filter(|c| !c.is_control() || *c == '\n')
        .collect();
    // Remove invisible spaces at the ends of lines.
    let answer: Vec<&str> = answer.lines().map(str::trim_end).collect();
    let answer = answer.join("\n");
    let answer = answer.trim_start_matches('\n').trim_end();
    // Four spaces would turn the first line into code.
    let answer = if answer.starts_with("    ") { answer } else { answer.trim_start() }.to_owned();
    if answer.is_empty() {
        problems.push(("answer", "the answer is missing".into()));
    } else if answer.chars().count() > LONGEST_ANSWER {
        problems.push(("answer", format!("the answer has at most {LONGEST_ANSWER} characters")));
    }
    if !source.is_empty() && !is_web_link(&source) {
        problems.push(("source", "the link begins with https:// or http://".into()));
    }
    if problems.is_empty() {
        Ok(EntryText { section, question, answer, source })
    } else {
        Err(problems)
    }
}

fn is_web_link(link: &str) -> bool {
    let scheme = link.starts_with("https://") || link.starts_with("http://");
    scheme && !link.contains(char::is_whitespace) && url::Url::parse(link).is_ok()
}

/// Entries whose questions have the same words are the same entry.
pub fn same_question(question: &str) -> String {
    let words = question.to_lowercase();
    let words = words.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// Groups entries by section. Sections are in the order of their first entries.
pub fn by_section(entries: Vec<Entry>) -> Vec<(String, Vec<Entry>)> {
    let mut sections: Vec<(String, Vec<Entry>)> = Vec::new();
    for entry in entries {
        match sections.iter_mut().find(|(name, _)| *name == entry.section) {
            Some((_, list)) => list.push(entry),
            None => sections.push((entry.section.clone(), vec![entry])),
        }
    }
    sections
}

/// All entries, section by section.
pub async fn in_order(conn: &mut Conn, event: EventId) -> sqlx::Result<Vec<Entry>> {
    let sections = by_section(rows::entries(conn, event).await?);
    Ok(sections.into_iter().flat_map(|(_, entries)| entries).collect())
}

/// Where an entry goes within its section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Up,
    Down,
}

/// Moves an entry past its neighbour, if it has one in its section.
pub async fn shift(
    tx: &mut Conn,
    event: EventId,
    id: EntryId,
    direction: Direction,
) -> sqlx::Result<()> {
    let mut all = in_order(tx, event).await?;
    let Some(at) = all.iter().position(|entry| entry.id == id) else { return Ok(()) };
    let other = match direction {
        Direction::Up => at.checked_sub(1),
        Direction::Down => Some(at + 1),
    };
    let neighbour = other.filter(|other| {
        all.get(*other).is_some_and(|neighbour| neighbour.section == all[at].section)
    });
    let Some(other) = neighbour else { return Ok(()) };
    all.swap(at, other);
    for (position, entry) in (1..).zip(&all) {
        if entry.position != position {
            rows::place_entry(tx, entry.id, position).await?;
        }
    }
    Ok(())
}

/// What an import would do, or did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub new: usize,
    pub changed: usize,
    pub same: usize,
}

/// What an import does with one entry of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    New,
    Changes(EntryId),
    Same,
}

/// What importing these would do: entries with the same question are updated, others are added, none is deleted.
pub fn plan(known: &[Entry], texts: &[EntryText]) -> Vec<Change> {
    let change = |text: &EntryText| {
        let same = same_question(&text.question);
        match known.iter().find(|entry| same_question(&entry.question) == same) {
            None => Change::New,
            Some(entry)
                if (&entry.section, &entry.question, &entry.answer, &entry.source)
                    == (&text.section, &text.question, &text.answer, &text.source) =>
            {
                Change::Same
            }
            Some(entry) => Change::Changes(entry.id),
        }
    };
    texts.iter().map(change).collect()
}

pub fn tally(changes: &[Change]) -> Tally {
    let mut tally = Tally::default();
    for change in changes {
        match change {
            Change::New => tally.new += 1,
            Change::Changes(_) => tally.changed += 1,
            Change::Same => tally.same += 1,
        }
    }
    tally
}

pub async fn import(
    tx: &mut Conn,
    event: EventId,
    texts: &[EntryText],
    now: Millis,
) -> sqlx::Result<Tally> {
    let known = rows::entries(tx, event).await?;
    let changes = plan(&known, texts);
    for (text, change) in texts.iter().zip(&changes) {
        match change {
            Change::New => {
                rows::insert_entry(tx, event, text, now).await?;
            }
            Change::Changes(id) => {
                rows::update_entry(tx, *id, text, now).await?;
            }
            Change::Same => {}
        }
    }
    Ok(tally(&changes))
}

/// Adds an entry and settles the unanswered question that it answers, if any.
pub async fn add(
    tx: &mut Conn,
    event: EventId,
    text: &EntryText,
    answers: Option<QuestionId>,
    now: Millis,
) -> sqlx::Result<EntryId> {
    if let Some(question) = answers {
        rows::settle(tx, question).await?;
    }
    rows::insert_entry(tx, event, text, now).await
}

/// Whether everybody may read the FAQ and ask questions without logging in.
pub async fn is_public(conn: &mut Conn, event: EventId) -> sqlx::Result<bool> {
    Ok(store::events::setting(conn, event, PUBLIC).await?.as_deref() == Some("1"))
}

pub async fn set_public(tx: &mut Conn, event: EventId, public: bool) -> sqlx::Result<()> {
    store::events::set(tx, event, PUBLIC, if public { "1" } else { "0" }).await
}
