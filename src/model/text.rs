//! Text that is shown or kept in one line.

/// The text in one line: what breaks or moves it becomes a space, and no two of those stand together.
pub fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A text of one line, trimmed, of at most `most` characters.
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

/// The first `most` characters, and a sign where more stood there.
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
    fn whatever_breaks_a_line_is_one_space() {
        assert_eq!(one_line(" a\r\n\u{0}b\u{2028}\u{a0} c\t"), "a b c");
        assert_eq!(one_line("\u{7}"), "");
    }

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(shortened("größer".into(), 6), "größer");
        assert_eq!(shortened("größer".into(), 3), "grö…");
    }
}
