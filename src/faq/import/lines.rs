//! Classifies the lines of a FAQ's file: marks such as `Q:`, Markdown headings, or text. Everything in a code block is
//! text. Pure.
//!
//! A line of text that looks like a mark is written with a backslash before it, which is removed on reading.

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    Question(&'a str),
    Answer(&'a str),
    Section(&'a str),
    Source(&'a str),
    /// Its depth and text.
    Heading(usize, &'a str),
    /// The line of `=` or `-` under a heading.
    Underline,
    /// The parts before and after a backslash that only escapes the line.
    Text(&'a str, &'a str),
}

impl Line<'_> {
    pub fn is_blank(self) -> bool {
        matches!(self, Line::Text(before, after) if before.trim().is_empty() && after.trim().is_empty())
    }
}

/// The lines of a file. A fence that is never closed is not a fence.
pub fn classify(text: &str) -> Vec<Line<'_>> {
    let raw: Vec<&str> = text.lines().collect();
    let code = code(&raw, true);
    let mut lines: Vec<Line<'_>> = raw
        .iter()
        .zip(&code)
        .map(|(line, code)| if *code { Line::Text(line, "") } else { plain_or_mark(line) })
        .collect();
    // In files with `Q:`, a row of dashes only separates entries.
    if !lines.iter().any(|line| matches!(line, Line::Question(_))) {
        underlined(&raw, &code, &mut lines);
    }
    lines
}

/// Turns a line with a row of `=` or `-` below it into a heading. Only single lines, since a row of dashes below a
/// paragraph is meant as a separator.
fn underlined<'a>(raw: &[&'a str], code: &[bool], lines: &mut [Line<'a>]) {
    for at in 1..raw.len() {
        let Some(depth) = underline(raw[at]).filter(|_| !code[at]) else { continue };
        let above = raw[at - 1];
        let begins = at < 2 || raw[at - 2].trim().is_empty() || is_mark(lines[at - 2]);
        if begins && !code[at - 1] && !is_mark(lines[at - 1]) && is_paragraph(above) {
            lines[at - 1] = Line::Heading(depth, above.trim());
            lines[at] = Line::Underline;
        }
    }
}

fn is_mark(line: Line<'_>) -> bool {
    !matches!(line, Line::Text(..))
}

/// Whether a line starts a paragraph rather than a list, quotation, table or rule.
fn is_paragraph(line: &str) -> bool {
    let words = line.trim();
    let item = words.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_item = (words != item && item.starts_with(['.', ')']))
        || ["- ", "* ", "+ "].iter().any(|bullet| words.starts_with(bullet));
    !(words.is_empty()
        || is_item
        || is_indented(line)
        || words.starts_with(['>', '|'])
        || words.chars().all(|c| "-=*_ ".contains(c)))
}

/// The depth of the heading that a line of `=` or `-` makes of the line above it.
fn underline(line: &str) -> Option<usize> {
    let row = line.trim();
    if row.is_empty() || is_indented(line) {
        None
    } else if row.bytes().all(|byte| byte == b'=') {
        Some(1)
    } else {
        row.bytes().all(|byte| byte == b'-').then_some(2)
    }
}

/// Whether a line is code because it is indented by four columns.
fn is_indented(line: &str) -> bool {
    let mut columns = 0;
    for c in line.chars() {
        match c {
            ' ' => columns += 1,
            '\t' => return columns < 4,
            _ => break,
        }
    }
    columns >= 4
}

/// The character and the length of a fence, and the text after it.
fn fence(line: &str) -> Option<(char, usize, &str)> {
    let words = line.trim_start();
    let sign = words.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let rest = words.trim_start_matches(sign);
    let length = words.len() - rest.len();
    let is_fence = length >= 3 && !is_indented(line) && !(sign == '`' && rest.contains('`'));
    is_fence.then_some((sign, length, rest))
}

/// Which lines are in code blocks, including the fences. In a file an answer may start with a fence after its `A:`.
fn code(lines: &[&str], in_file: bool) -> Vec<bool> {
    // For each line, the longest closing fence from there on.
    let mut longest = vec![(0, 0); lines.len() + 1];
    for (at, line) in lines.iter().enumerate().rev() {
        longest[at] = longest[at + 1];
        match fence(line) {
            Some(('`', length, rest)) if rest.trim().is_empty() => {
                longest[at].0 = length.max(longest[at].0);
            }
            Some(('~', length, rest)) if rest.trim().is_empty() => {
                longest[at].1 = length.max(longest[at].1);
            }
            _ => {}
        }
    }
    let mut open: Option<(char, usize)> = None;
    let mut code = Vec::with_capacity(lines.len());
    for (at, line) in lines.iter().enumerate() {
        let inside = open.is_some();
        let after_mark = match mark(line) {
            Some(Line::Answer(words)) if in_file && !inside => Some(words),
            _ => None,
        };
        let fence = fence(after_mark.unwrap_or(line));
        match (open, fence) {
            (Some((sign, length)), Some((same, closing, rest)))
                if same == sign && closing >= length && rest.trim().is_empty() =>
            {
                open = None;
            }
            (None, Some((sign, length, _))) => {
                let (ticks, tildes) = longest[at + 1];
                let closes = if sign == '`' { ticks } else { tildes };
                open = (closes >= length).then_some((sign, length));
            }
            _ => {}
        }
        let begins = open.is_some() && after_mark.is_none();
        code.push(inside || begins || is_indented(line));
    }
    code
}

fn plain_or_mark(line: &str) -> Line<'_> {
    if let Some(mark) = mark(line) {
        return mark;
    }
    let words = line.trim_start();
    let indent = &line[..line.len() - words.len()];
    match words.strip_prefix('\\') {
        Some(rest) if may_mislead(words.trim_start_matches('\\')) => Line::Text(indent, rest),
        _ => Line::Text(line, ""),
    }
}

/// Whether a line of text could be read as something else.
fn may_mislead(line: &str) -> bool {
    mark(line).is_some() || underline(line).is_some() || fence(line).is_some()
}

/// The mark in a line, if there is one.
fn mark(line: &str) -> Option<Line<'_>> {
    if is_indented(line) {
        return None;
    }
    let line = line.trim_start();
    let depth = line.bytes().take_while(|byte| *byte == b'#').count();
    let rest = &line[depth..];
    if (1..=6).contains(&depth) && (rest.is_empty() || rest.starts_with([' ', '\t'])) {
        return Some(Line::Heading(depth, without_closing(rest.trim())));
    }
    let line = line.trim_start_matches("**");
    let (name, words) = line.split_once(':')?;
    let words = words.strip_prefix("**").unwrap_or(words).trim();
    let name = name.trim_end_matches("**").to_lowercase();
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == ' ' || c == '.');
    match name {
        "q" | "question" => Some(Line::Question(words)),
        "a" | "answer" => Some(Line::Answer(words)),
        "section" => Some(Line::Section(words)),
        "source" => Some(Line::Source(words)),
        _ => None,
    }
}

/// Removes a closing `#` from a heading; in `C#` it is part of the word.
fn without_closing(words: &str) -> &str {
    let without = words.trim_end_matches('#');
    if without.is_empty() || without.ends_with([' ', '\t']) { without.trim_end() } else { words }
}

/// An answer as written to a file: with a backslash before each line that would be read as something else.
pub fn write(answer: &str) -> String {
    let lines: Vec<&str> = answer.lines().collect();
    let code = code(&lines, false);
    let mut out: Vec<String> = Vec::with_capacity(lines.len());
    for (at, line) in lines.iter().enumerate() {
        let words = line.trim_start();
        let under_words = at > 0 && !lines[at - 1].trim().is_empty();
        let misleads = mark(line).is_some()
            || fence(line).is_some()
            || (under_words && underline(line).is_some())
            || (words.starts_with('\\') && may_mislead(words.trim_start_matches('\\')));
        out.push(if misleads && !code[at] {
            format!("{}\\{words}", &line[..line.len() - words.len()])
        } else {
            (*line).to_owned()
        });
    }
    out.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(file: &str) -> Vec<String> {
        let text = |line: &Line<'_>| match line {
            Line::Text(before, after) => Some(format!("{before}{after}")),
            _ => None,
        };
        classify(file).iter().filter_map(text).collect()
    }

    #[test]
    fn everything_in_code_is_text() {
        for file in [
            "```\n# a\nQ: b\n```",
            "~~~ sh\n# a\n```\n~~~",
            "````\n```\n# a\n````",
            "  ```\n# a\n  ```",
            "    # a",
            "\t# a",
            "   \t# a",
        ] {
            assert_eq!(texts(file).join("\n"), file);
        }
        assert_eq!(classify("    # a\n# b")[1], Line::Heading(1, "b"));
        assert_eq!(classify("```\n# a\n```\n# b")[3], Line::Heading(1, "b"));
        assert_eq!(
            classify("```\n# a\n~~~\n``\n``` x\n```\n# b")[6],
            Line::Heading(1, "b"),
            "only a fence of the same kind, as long, with nothing behind it closes"
        );
        assert_eq!(classify("```\n# a")[1], Line::Heading(1, "a"), "nothing closes it");
        assert_eq!(classify("``` a`b\n# a\n```")[1], Line::Heading(1, "a"), "words in a line");
    }

    #[test]
    fn headings_are_marked_or_underlined() {
        assert_eq!(classify("   ## a ##")[0], Line::Heading(2, "a"));
        assert_eq!(classify("# C#")[0], Line::Heading(1, "C#"));
        assert_eq!(classify("##")[0], Line::Heading(2, ""));
        assert_eq!(classify("#hashtag")[0], Line::Text("#hashtag", ""));
        assert_eq!(classify("####### a")[0], Line::Text("####### a", ""));
        assert_eq!(classify("a\n===")[..], [Line::Heading(1, "a"), Line::Underline]);
        assert_eq!(classify("x\n\na\n-")[2..], [Line::Heading(2, "a"), Line::Underline]);
        for file in [
            "a\n\n---",
            "a\nb\n---",
            "- a\n---",
            "1. a\n---",
            "> a\n---",
            "***\n---",
            "    a\n---",
            "a\n    ---",
            "a\n-- -",
            "```\na\n```\n---",
        ] {
            assert_eq!(texts(file).join("\n"), file);
        }
        assert_eq!(classify("Q: a\nA: b\n\nc\n---")[4], Line::Text("---", ""), "parts two entries");
    }

    #[test]
    fn a_backslash_before_a_mark_is_removed() {
        for (answer, written) in [
            ("# a", "\\# a"),
            ("  # a", "  \\# a"),
            ("\\# a", "\\\\# a"),
            ("\\n", "\\n"),
            ("a\n---", "a\n\\---"),
            ("a\n\n---\nb", "a\n\n---\nb"),
            ("\\---", "\\\\---"),
            ("```\n# a\n```", "```\n# a\n```"),
            ("```\n# a", "\\```\n\\# a"),
            ("A: ```\n# a\n```", "\\A: ```\n\\# a\n\\```"),
        ] {
            assert_eq!(write(answer), written);
            assert_eq!(texts(written).join("\n"), answer);
        }
    }
}
