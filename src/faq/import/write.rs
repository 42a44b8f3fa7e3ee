//! Writes entries in the formats that [`read`](super::read) reads back. Pure.

use std::fmt::Write as _;

use super::lines;
use crate::store::faq::Entry;

/// The FAQ as blocks, which can be read back.
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

/// The FAQ as Markdown, which can be read back.
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
