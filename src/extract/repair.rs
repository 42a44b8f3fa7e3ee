//! Repairs what every engine gets wrong in the same way, line by line. Pure.

use unicode_normalization::UnicodeNormalization;

/// At least this many single letters in a row are a word set with wide spacing, as in a heading; fewer may be grades.
const SPACED_LETTERS: usize = 5;

/// The least average length of the words of a heading.
const LETTERS_PER_WORD: usize = 3;

/// In bytes. Longer lines are never headings.
const LONGEST_LINE: usize = 2000;

/// The text with spaced-out words closed up and Arabic ligatures in the right order.
pub(super) fn repair(text: &str) -> String {
    let mut repaired = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        close_up(line, &mut repaired);
    }
    lam_alef(&repaired)
}

/// "S K I L L S" is "SKILLS". Wider gaps separate words; where an engine made all gaps equal, capitals start them.
fn close_up(line: &str, into: &mut String) {
    if line.len() > LONGEST_LINE {
        into.push_str(line);
        return;
    }
    let tokens = tokens(line);
    let mut rest = &tokens[..];
    while let [first, ..] = rest {
        let run = rest.iter().take_while(|token| token.letter.is_some()).count();
        let (letters, after) = rest.split_at(run.max(1));
        if let Some(words) = words(letters) {
            into.push_str(first.gap);
            into.push_str(&words);
        } else {
            for token in letters {
                into.push_str(token.gap);
                into.push_str(token.word);
            }
        }
        rest = after;
    }
}

/// The words that single letters spell; `None` when they do not look like words.
fn words(letters: &[Token]) -> Option<String> {
    if letters.len() < SPACED_LETTERS || is_alphabet(letters) {
        return None;
    }
    let is_capital = |token: &Token| token.letter.is_some_and(char::is_uppercase);
    let narrowest = letters[1..].iter().map(Token::width).min().unwrap_or_default();
    let (mut spelled, mut words) = (letters[0].word.to_owned(), 1);
    for pair in letters.windows(2) {
        if pair[1].width() > narrowest || (is_capital(&pair[1]) && !is_capital(&pair[0])) {
            spelled.push(' ');
            words += 1;
        }
        spelled.push_str(pair[1].word);
    }
    (letters.len() >= words * LETTERS_PER_WORD).then_some(spelled)
}

/// Whether the letters are in alphabetical order, as in a table of letters: "A B C D E", "ā ă ą ć ĉ", "A a B b C c".
fn is_alphabet(letters: &[Token]) -> bool {
    let codes = letters.iter().filter_map(|it| it.letter?.to_lowercase().next()).map(u32::from);
    let codes: Vec<u32> = codes.collect();
    let next =
        codes.windows(2).filter(|pair| matches!(pair[1].wrapping_sub(pair[0]), 0..=3)).count();
    next * 2 >= codes.len()
}

/// A word and the white space before it.
struct Token<'a> {
    gap: &'a str,
    word: &'a str,
    /// The letter, when the word is a single one.
    letter: Option<char>,
}

impl Token<'_> {
    /// The width of the gap in spaces; a tab never separates two letters of a word.
    fn width(&self) -> usize {
        self.gap.chars().map(|c| if c == '\t' { 4 } else { 1 }).sum()
    }
}

/// All tokens of a line: joined they give the line again.
fn tokens(line: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let (gap, after) =
            rest.split_at(rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len()));
        let (word, after) = after.split_at(after.find(char::is_whitespace).unwrap_or(after.len()));
        let mut letters = word.nfc();
        let letter = letters.next().filter(|c| is_cased_script(*c));
        tokens.push(Token { gap, word, letter: letter.filter(|_| letters.next().is_none()) });
        rest = after;
    }
    tokens
}

/// Scripts whose letters are written separately: Latin, Greek, Cyrillic, Armenian.
fn is_cased_script(c: char) -> bool {
    c.is_lowercase() || c.is_uppercase()
}

/// The ligature of lam and alef, split in a word whose direction was reversed, comes out as alef and lam. No word has
/// two alefs in a row, so it can be recognised after an alef.
fn lam_alef(text: &str) -> String {
    let mut repaired = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('ا') {
        let (before, from) = rest.split_at(at + 'ا'.len_utf8());
        repaired.push_str(before);
        rest = from;
        let mut chars = rest.chars();
        if let (Some(alef @ ('ا' | 'أ' | 'إ' | 'آ')), Some('ل')) = (chars.next(), chars.next())
        {
            repaired.extend(['ل', alef]);
            rest = chars.as_str();
        }
    }
    repaired + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spaced_heading_is_closed_up() {
        assert_eq!(repair("S K I L L S\nRust, C"), "SKILLS\nRust, C");
        assert_eq!(repair("  A d a   E x a m p l e  \n"), "  Ada Example  \n");
        assert_eq!(repair("W O R K\tE X P E R I E N C E"), "WORK EXPERIENCE");
        assert_eq!(repair("W O R K   E X P E R I E N C E"), "WORK EXPERIENCE");
        assert_eq!(repair("É\u{a0}t u d e s"), "Études");
    }

    #[test]
    fn capitals_separate_words_where_gaps_do_not() {
        assert_eq!(repair("S e n i o r E n g i n e e r"), "Senior Engineer");
    }

    #[test]
    fn a_few_single_letters_are_left_alone() {
        for line in [
            "C R Go",
            "Grades: A B A C",
            "a b\n",
            "",
            "\n\n",
            "Plan B is a go",
            "日 本 語 の 文 章",
        ] {
            assert_eq!(repair(line), line);
        }
    }

    #[test]
    fn lam_and_alef_are_put_in_order() {
        assert_eq!(
            repair("االستجابة واالختبارات اآللية األولى"),
            "الاستجابة والاختبارات الآلية الأولى"
        );
        assert_eq!(repair("المال باب ال"), "المال باب ال");
    }
}
