//! Cleans a text before it is searched, shown and sent: one form for each letter, no invisible characters. Pure.

use unicode_normalization::UnicodeNormalization;

use super::chars::is_private;

/// NFKC, line ends as `\n`, no invisible characters; at most one space, tab or empty line in a row.
pub(super) fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut before = '\n';
    // White space is added only once something follows it on its line.
    let (mut blank, mut empty_lines) = (None, 0);
    for c in text.nfkc().filter_map(visible) {
        match c {
            // The `\n` of `\r\n` adds nothing.
            '\n' if before == '\r' => {}
            '\n' | '\r' => {
                blank = None;
                empty_lines += 1;
            }
            ' ' | '\t' => {
                if blank != Some('\t') {
                    blank = Some(c);
                }
            }
            c => {
                if !tidy.is_empty() {
                    tidy.extend(std::iter::repeat_n('\n', empty_lines.min(2)));
                    if empty_lines == 0 {
                        tidy.extend(blank);
                    }
                }
                tidy.push(c);
                (blank, empty_lines) = (None, 0);
            }
        }
        before = c;
    }
    tidy
}

/// A character as it is kept; `None` for an invisible one.
fn visible(c: char) -> Option<char> {
    match c {
        '\n' | '\r' | '\t' => Some(c),
        // Vertical tab (a line break in Word), form feed (a page), the separators of lines and paragraphs, NEL.
        '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
        // Soft hyphen, zero width space, direction marks, word joiner, byte order mark.
        '\u{ad}'
        | '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{61c}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'
        | '\u{2066}'..='\u{2069}'
        | '\u{feff}' => None,
        c if c.is_control() => None,
        // Icons separate words.
        c if is_private(c) => Some(' '),
        c if c.is_whitespace() => Some(' '),
        c => Some(c),
    }
}

/// The beginning of a text, at most `bytes` long, without splitting a character.
pub(super) fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_letter_has_one_form() {
        assert_eq!(tidy("ﬁne Ａda cafe\u{301} №"), "fine Ada café No");
    }

    #[test]
    fn invisible_characters_are_removed() {
        assert_eq!(
            tidy("\u{feff}Type\u{ad}Script \u{202b}שלום\u{202c}\u{0} \u{7}ok"),
            "TypeScript שלום ok"
        );
        assert_eq!(tidy("\u{f095}+44 20\u{f0e0}mail"), "+44 20 mail");
    }

    #[test]
    fn runs_of_spaces_and_empty_lines_are_shortened() {
        assert_eq!(tidy("  Ada  \r\n\r\n\r\n\n  Rust \u{a0}  SQL\tC \n"), "Ada\n\nRust SQL\tC");
        assert_eq!(tidy("a\r\nb\rc\u{c}d\u{b}e"), "a\nb\nc\nd\ne");
    }

    #[test]
    fn joiners_that_shape_words_are_kept() {
        assert_eq!(tidy("می\u{200c}خواهم क्\u{200d}ष"), "می\u{200c}خواهم क्\u{200d}ष");
    }

    #[test]
    fn cutting_splits_no_letter() {
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(cut("aé", 3), "aé");
        assert_eq!(cut("aé", 99), "aé");
    }
}
