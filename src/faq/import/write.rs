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
        // An answer that starts with markup or spaces starts on a new line.
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

/// A heading. If the text ends in `#`, another one is added, since a closing `#` is not part of the text.
fn heading(marks: &str, text: &str) -> String {
    let closing = if text.ends_with('#') { " #" } else { "" };
    format!("{marks} {text}{closing}").trim_end().to_owned()
}

fn end(out: &mut String, entry: &Entry) {
    if !entry.source.is_empty() {
        let _ = writeln!(out, "Source: {}", entry.source);
    }
    out.push('\n');
}
