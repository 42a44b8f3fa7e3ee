//! The FAQ as a text file: blocks of `Q:` and `A:`, or Markdown whose headings are the questions; and back again. Pure.
//!
//! Both formats have `Section:` (or a heading above the questions) and `Source:`.

mod lines;
#[cfg(test)]
mod tests;
mod write;

use std::collections::BTreeMap;

use self::lines::Line;
use super::entries::{self, same_question};
use crate::store::faq::EntryText;
pub use write::{write_markdown, write_text};

/// The contents of a file.
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
        let problem = "there is neither a line that starts with Q: nor a Markdown heading".into();
        reader.parsed.bad.push(BadBlock { line: 1, problem });
        return reader.parsed;
    }
    for (at, line) in lines.into_iter().enumerate() {
        reader.take(at + 1, line);
    }
    reader.finish();
    reader.parsed
}

/// The depth of the headings that most often have text below them: these are the questions.
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
    /// The depth of headings that are questions; `None` if lines with `Q:` are.
    depth: Option<usize>,
    section: String,
    open: Option<Open>,
    parsed: Parsed,
    /// The line of each question so far.
    taken: Vec<(String, usize)>,
    /// Text outside of any entry was reported; it is reported only once.
    astray: bool,
}

/// An entry that is being read.
struct Open {
    line: usize,
    question: String,
    /// `None` until its `A:`.
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
            // A question may continue until its answer starts.
            Some(Open { question, answer: None, .. }) => {
                if !words.trim().is_empty() {
                    question.push(' ');
                    question.push_str(words.trim());
                }
            }
            None if words.trim().is_empty() || self.astray => {}
            None => {
                self.astray = true;
                self.bad(at, "text outside of any question");
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
                let problems: Vec<String> = problems.into_iter().map(|(_, text)| text).collect();
                self.bad(open.line, &problems.join("; "));
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

/// Whether a heading is the title of the whole FAQ rather than a section.
fn is_title(words: &str) -> bool {
    let words = words.to_lowercase();
    words.contains("faq") || words.contains("frequently asked")
}
