//! The FAQ as a text file: blocks of `Q:` and `A:`, or Markdown whose headings are the questions; and back again. Pure.
//!
//! Both ways know `Section:` (or a heading above the questions) and `Source:`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::entries::{self, same_question};
use super::lines::{self, Line};
use crate::store::faq::{Entry, EntryText};

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    pub entries: Vec<EntryText>,
    pub bad: Vec<BadBlock>,
}

/// A part of the file that cannot become an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadBlock {
    /// Counted from 1.
    pub line: usize,
    pub problem: String,
}

/// Reads a file: as blocks where it has a `Q:` line, else as Markdown.
pub fn read(text: &str) -> Parsed {
    let text =
        text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    let lines = lines::classify(&text);
    let blocks = lines.iter().any(|line| matches!(line, Line::Question(_)));
    let depth = if blocks { None } else { question_depth(&lines) };
    let mut reader = Reader { depth, ..Reader::default() };
    if !blocks && depth.is_none() && lines.iter().any(|line| !line.is_blank()) {
        let problem = "there is neither a line that begins with Q: nor a Markdown heading".into();
        reader.parsed.bad.push(BadBlock { line: 1, problem });
        return reader.parsed;
    }
    for (at, line) in lines.into_iter().enumerate() {
        reader.take(at + 1, line);
    }
    reader.finish();
    reader.parsed
}

/// The depth of headings that have text under them, most of the time: these are the questions.
fn question_depth(lines: &[Line<'_>]) -> Option<usize> {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    let mut open = None;
    let mut deepest = None;
    for line in lines {
        match line {
            Line::Heading(depth, _) => {
                open = Some(*depth);
                deepest = deepest.max(Some(*depth));
            }
            line if line.is_blank() => {}
            _ => {
                if let Some(depth) = open.take() {
                    *counts.entry(depth).or_default() += 1;
                }
            }
        }
    }
    let most = counts.iter().max_by_key(|(depth, count)| (**count, **depth));
    most.map(|(depth, _)| *depth).or(deepest)
}

#[derive(Default)]
struct Reader {
    /// Of the headings that are questions; `None` where lines with `Q:` are.
    depth: Option<usize>,
    section: String,
    open: Option<Open>,
    parsed: Parsed,
    /// The line of each question taken.
    taken: Vec<(String, usize)>,
    /// Text that belongs to nothing is complained of once.
    astray: bool,
}

/// An entry that is being read.
struct Open {
    line: usize,
    question: String,
    /// `None`: its `A:` has not come yet.
    answer: Option<String>,
    source: String,
}

impl Reader {
    fn take(&mut self, at: usize, line: Line<'_>) {
        match line {
            Line::Question(words) if self.depth.is_none() => self.begin(at, words, None),
            Line::Heading(depth, words) if self.depth == Some(depth) => {
                self.begin(at, words, Some(String::new()));
            }
            Line::Heading(depth, words) if self.depth.is_none_or(|questions| depth < questions) => {
                self.close();
                self.begin_section(if depth == 1 && is_title(words) { "" } else { words });
            }
            Line::Section(words) => {
                self.close();
                self.begin_section(words);
            }
            Line::Answer(words) if self.depth.is_none() => match &mut self.open {
                Some(Open { answer: answer @ None, .. }) => *answer = Some(words.to_owned()),
                Some(Open { answer: Some(_), .. }) => {
                    self.bad(at, "a second A: for the same question");
                }
                None => {
                    self.bad(at, "an A: without a Q: before it");
                    self.astray = true;
                }
            },
            Line::Source(words) if self.open.is_some() => {
                if let Some(open) = &mut self.open {
                    words.clone_into(&mut open.source);
                }
            }
            line => self.text(at, line),
        }
    }

    fn begin_section(&mut self, words: &str) {
        words.clone_into(&mut self.section);
        self.astray = false;
    }

    fn begin(&mut self, line: usize, words: &str, answer: Option<String>) {
        self.close();
        self.astray = false;
        let question = words.to_owned();
        self.open = Some(Open { line, question, answer, source: String::new() });
    }

    fn text(&mut self, at: usize, line: Line<'_>) {
        let words = match line {
            Line::Text(before, after) => format!("{before}{after}"),
            Line::Underline => return,
            Line::Question(words) => format!("Q: {words}"),
            Line::Answer(words) => format!("A: {words}"),
            Line::Source(words) => format!("Source: {words}"),
            Line::Section(words) => format!("Section: {words}"),
            Line::Heading(depth, words) => format!("{} {words}", "#".repeat(depth)),
        };
        match &mut self.open {
            Some(Open { answer: Some(answer), .. }) => {
                answer.push('\n');
                answer.push_str(&words);
            }
            // A question may go on until its answer comes.
            Some(Open { question, answer: None, .. }) => {
                if !words.trim().is_empty() {
                    question.push(' ');
                    question.push_str(words.trim());
                }
            }
            None if words.trim().is_empty() || self.astray => {}
            None => {
                self.astray = true;
                self.bad(at, "text that belongs to no question");
            }
        }
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        let Some(answer) = open.answer.filter(|answer| !answer.trim().is_empty()) else {
            self.bad(open.line, "a question without an answer");
            return;
        };
        let text = EntryText {
            section: self.section.clone(),
            question: open.question,
            answer,
            source: open.source,
        };
        let text = match entries::check(&text) {
            Ok(text) => text,
            Err(problems) => {
                let words: Vec<String> = problems.into_iter().map(|(_, words)| words).collect();
                self.bad(open.line, &words.join("; "));
                return;
            }
        };
        let same = same_question(&text.question);
        if let Some((_, first)) = self.taken.iter().find(|(known, _)| *known == same) {
            self.bad(open.line, &format!("the same question as in line {first}"));
            return;
        }
        self.taken.push((same, open.line));
        self.parsed.entries.push(text);
    }

    fn finish(&mut self) {
        self.close();
        self.parsed.bad.sort_by_key(|bad| bad.line);
    }

    fn bad(&mut self, line: usize, problem: &str) {
        self.parsed.bad.push(BadBlock { line, problem: problem.to_owned() });
    }
}

/// What stands over a whole FAQ is no section of it.
fn is_title(words: &str) -> bool {
    let words = words.to_lowercase();
    words.contains("faq") || words.contains("frequently asked")
}

/// The FAQ as blocks, which [`read`] takes back.
pub fn write_text(entries: &[Entry]) -> String {
    let mut out = String::new();
    let mut section = "";
    for entry in entries {
        if entry.section != section {
            let _ = writeln!(out, "Section: {}\n", entry.section);
            section = &entry.section;
        }
        let answer = lines::write(&entry.answer);
        // Words that a mark or a blank would go before begin on a line of their own.
        let between = if answer.starts_with(char::is_alphanumeric) { ' ' } else { '\n' };
        let _ = writeln!(out, "Q: {}\nA:{between}{answer}", entry.question);
        end(&mut out, entry);
    }
    out
}

/// The FAQ as Markdown, which [`read`] takes back.
pub fn write_markdown(entries: &[Entry]) -> String {
    let mut out = String::from("# FAQ\n\n");
    let mut section = "";
    for entry in entries {
        if entry.section != section {
            let _ = writeln!(out, "{}\n", heading("##", &entry.section));
            section = &entry.section;
        }
        let _ =
            writeln!(out, "{}\n\n{}", heading("###", &entry.question), lines::write(&entry.answer));
        end(&mut out, entry);
    }
    out
}

/// What ends in `#` is written with one more, since the last is not read.
fn heading(marks: &str, words: &str) -> String {
    let closing = if words.ends_with('#') { " #" } else { "" };
    format!("{marks} {words}{closing}").trim_end().to_owned()
}

fn end(out: &mut String, entry: &Entry) {
    if !entry.source.is_empty() {
        let _ = writeln!(out, "Source: {}", entry.source);
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{EntryId, Millis};

    fn entry(text: &EntryText) -> Entry {
        Entry {
            id: EntryId(1),
            section: text.section.clone(),
            question: text.question.clone(),
            answer: text.answer.clone(),
            source: text.source.clone(),
            position: 1,
            off_at: None,
            updated_at: Millis(0),
        }
    }

    fn text(section: &str, question: &str, answer: &str) -> EntryText {
        EntryText {
            section: section.into(),
            question: question.into(),
            answer: answer.into(),
            source: String::new(),
        }
    }

    #[test]
    fn blocks_of_questions_and_answers_are_read() {
        let parsed = read(
            "Q: When does it\nstart?\nA: At 9.\n\nBe there at 8.\n\nSection: Food\n**Q2:** Lunch?\nAnswer: Yes.\nSource: https://food.example/menu\n",
        );
        assert_eq!(parsed.bad, []);
        let mut lunch = text("Food", "Lunch?", "Yes.");
        lunch.source = "https://food.example/menu".into();
        assert_eq!(
            parsed.entries,
            [text("", "When does it start?", "At 9.\n\nBe there at 8."), lunch]
        );
    }

    #[test]
    fn headings_of_markdown_are_questions_and_those_above_them_sections() {
        let parsed = read(
            "# FAQ of the hackathon\n\n## Place\n### Where is it?\nAt the *harbour*.\n#### By tram\nLine 4.\n### Parking?\nNo.\n## Food\n### Lunch?\nYes.\n",
        );
        assert_eq!(parsed.bad, []);
        assert_eq!(
            parsed.entries,
            [
                text("Place", "Where is it?", "At the *harbour*.\n#### By tram\nLine 4."),
                text("Place", "Parking?", "No."),
                text("Food", "Lunch?", "Yes."),
            ]
        );
        let flat = read("# When?\nAt 9.\n# Where?\nHere.");
        assert_eq!(flat.entries, [text("", "When?", "At 9."), text("", "Where?", "Here.")]);
    }

    #[test]
    fn what_looks_like_a_heading_in_code_stays_in_the_answer() {
        let setup = "Run:\n\n```sh\n# install\nQ: is a variable\n```\n\n    # indented";
        let file =
            format!("## How do I set it up?\n{setup}\n\n## And then?\n~~~\n## nothing\n~~~\n");
        let parsed = read(&file);
        assert_eq!(parsed.bad, []);
        assert_eq!(
            parsed.entries,
            [text("", "How do I set it up?", setup), text("", "And then?", "~~~\n## nothing\n~~~")]
        );
        let blocks = read("Q: How?\nA: ```\n# a\nQ: b\n```\nQ: And?\nA: So.");
        assert_eq!(blocks.bad, []);
        assert_eq!(
            blocks.entries,
            [text("", "How?", "```\n# a\nQ: b\n```"), text("", "And?", "So.")]
        );
    }

    #[test]
    fn underlined_headings_and_the_line_ends_and_marks_of_other_machines_are_read() {
        let file = "\u{feff}FAQ\r\n===\r\n\r\nWhen?\r\n---\r\nAt 9.\r\n\r\nWhere?\r\n-----\r\nHere,\r\nor there.\r\n";
        for file in [file.to_owned(), file.replace("\r\n", "\r"), file.replace("\r\n", "\n")] {
            let parsed = read(&file);
            assert_eq!(parsed.bad, []);
            assert_eq!(
                parsed.entries,
                [text("", "When?", "At 9."), text("", "Where?", "Here,\nor there.")]
            );
        }
        let marked = read("\u{feff}# When?\r\nAt 9.\r\n");
        assert_eq!(marked.entries, [text("", "When?", "At 9.")]);
    }

    #[test]
    fn of_nested_headings_the_next_above_is_the_section() {
        let parsed = read(
            "# Everything\n## Travel\n### By rail\n#### Which train?\nThe red one.\n##### At night\nNone.\n#### Which stop?\nThe last.\n## Food\n#### Lunch?\nYes.\n",
        );
        assert_eq!(parsed.bad, []);
        assert_eq!(
            parsed.entries,
            [
                text("By rail", "Which train?", "The red one.\n##### At night\nNone."),
                text("By rail", "Which stop?", "The last."),
                text("Food", "Lunch?", "Yes."),
            ]
        );
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_line() {
        let bad = |file: &str| -> Vec<(usize, String)> {
            read(file).bad.into_iter().map(|bad| (bad.line, bad.problem)).collect()
        };
        let is = |line: usize, problem: &str| (line, problem.to_owned());
        assert_eq!(bad("Hello\nthere\n\nQ: a?\nA: b"), [is(1, "text that belongs to no question")]);
        assert_eq!(bad("Q: a?\nQ: b?\nA: c"), [is(1, "a question without an answer")]);
        assert_eq!(bad("A: c\nQ: b?\nA: c"), [is(1, "an A: without a Q: before it")]);
        assert_eq!(bad("Q: b?\nA: c\nA: d"), [is(3, "a second A: for the same question")]);
        assert_eq!(bad("Q: B?\nA: c\n\nQ: b\nA: d"), [is(4, "the same question as in line 1")]);
        assert_eq!(bad("Q: b?\nA: c\nSource: javascript:x").len(), 1);
        assert_eq!(bad("Just words.").len(), 1);
        assert_eq!(bad("\n \n"), []);
    }

    fn any_entry() -> impl Strategy<Value = EntryText> {
        let piece = prop_oneof![
            "[ -~]{0,12}",
            Just("Q: not a question".to_owned()),
            Just("\\A: slashed".to_owned()),
            Just("## heading".to_owned()),
            Just("#".to_owned()),
            Just("Source: me".to_owned()),
            Just("**Q1:** x".to_owned()),
            Just("\\\\# x".to_owned()),
            Just("```".to_owned()),
            Just("~~~~ x".to_owned()),
            Just("   ~~~".to_owned()),
            Just("    # code".to_owned()),
            Just("\\```".to_owned()),
            Just("A: ```".to_owned()),
            Just("---".to_owned()),
            Just("\\===".to_owned()),
            Just(String::new()),
            Just(String::new()),
            "\\PC{0,8}",
        ];
        let answer = proptest::collection::vec(piece, 1..9).prop_map(|lines| lines.join("\n"));
        let source = prop_oneof![Just(String::new()), Just("https://example.org/a?b=c".to_owned())];
        let section = prop_oneof![Just(String::new()), "[A-Z][a-z]{2,8}", "[ -~]{0,6}"];
        let question = prop_oneof!["[A-Z][a-z ]{1,20}\\?", "[ -~]{0,12}[a-z][ -~]{0,3}"];
        (section, question, answer, source).prop_filter_map(
            "a checked entry",
            |(section, question, answer, source)| {
                entries::check(&EntryText { section, question, answer, source }).ok()
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(all in proptest::collection::vec(any_entry(), 1..8)) {
            let mut texts: Vec<EntryText> = Vec::new();
            for text in all {
                let same = same_question(&text.question);
                if !texts.iter().any(|known| same_question(&known.question) == same) {
                    texts.push(text);
                }
            }
            let entries: Vec<Entry> = texts.iter().map(entry).collect();
            for written in [write_text(&entries), write_markdown(&entries)] {
                let parsed = read(&written);
                prop_assert_eq!(&parsed.bad, &[], "{}", written);
                prop_assert_eq!(&parsed.entries, &texts, "{}", written);
            }
        }

        #[test]
        fn no_file_is_too_strange_to_be_read(file in "(\\PC|[\n\r\t #`~=:QA-]){0,200}") {
            let _ = read(&file);
        }
    }
}
