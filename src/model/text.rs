//! Text on one line.

/// The text on one line: each run of white space and control characters becomes one space.
pub fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A text on one line, trimmed, of at most `most` characters.
pub fn line(typed: &str, what: &'static str, most: usize) -> Result<String, String> {
    let text = one_line(typed);
    if text.chars().count() > most {
        return Err(format!("{what} can have at most {most} characters"));
    }
    Ok(text)
}

/// As [`line`], but not empty.
pub fn needed_line(typed: &str, what: &'static str, most: usize) -> Result<String, String> {
    match line(typed, what, most)? {
        text if text.is_empty() => Err(format!("{what} is missing")),
        text => Ok(text),
    }
}

/// The first `most` characters, with an ellipsis if there were more.
pub fn shortened(text: String, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_break_a_line_becomes_one_space() {
        assert_eq!(one_line(" a\r\n\u{0}b\u{2028}\u{a0} c\t"), "a b c");
        assert_eq!(one_line("\u{7}"), "");
    }

    #[test]
    fn shortened_text_ends_with_an_ellipsis() {
        assert_eq!(shortened("größer".into(), 6), "größer");
        assert_eq!(shortened("größer".into(), 3), "grö…");
    }
}
