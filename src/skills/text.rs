//! A resume's text: cleaned, split into tokens, lines and sentences. Knows the layout of text, not skills.

use unicode_normalization::char::{decompose_canonical, is_combining_mark};

use super::cleaning::clean;

/// What is between a token and the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gap {
    Glued,
    Space,
    /// A tab or several spaces: a new column.
    Wide,
    Line,
    /// At least one empty line.
    Blank,
}

/// A run of letters and digits, a single other character, or the end of a word from its apostrophe on ("'s").
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    start: u32,
    end: u32,
    lower: (u32, u32),
    folded: (u32, u32),
    pub gap: Gap,
    pub line: u32,
    pub sentence: u32,
}

#[derive(Debug, Default)]
pub(super) struct Text {
    clean: String,
    lower: String,
    folded: String,
    pub tokens: Vec<Token>,
}

/// Words whose last letter becomes an apostrophe before a vowel: "l'Excel", "d'Angular".
const ELIDED: [&str; 14] =
    ["l", "d", "n", "j", "m", "t", "s", "qu", "dell", "all", "nell", "sull", "dall", "un"];

/// A full stop after these does not end a sentence.
const ABBREVIATIONS: [&str; 26] = [
    "incl", "inkl", "approx", "dr", "mr", "mrs", "ms", "prof", "bzw", "ca", "st", "vs", "no",
    "ggf", "resp", "sra", "sr", "mme", "u", "z", "yrs", "yr", "esp", "ing", "dipl", "lic",
];

impl Text {
    pub fn new(raw: &str) -> Self {
        let mut text = Self { clean: clean(raw), ..Self::default() };
        text.cut();
        text.lay_out();
        text
    }

    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// As written in the resume, with upper and lower case.
    pub fn original(&self, i: usize) -> &str {
        let token = &self.tokens[i];
        &self.clean[token.start as usize..token.end as usize]
    }

    pub fn lower(&self, i: usize) -> &str {
        let (start, end) = self.tokens[i].lower;
        &self.lower[start as usize..end as usize]
    }

    /// In lower case and without accents.
    pub fn folded(&self, i: usize) -> &str {
        let (start, end) = self.tokens[i].folded;
        &self.folded[start as usize..end as usize]
    }

    pub fn first_char(&self, i: usize) -> char {
        self.original(i).chars().next().unwrap_or(' ')
    }

    pub fn is_word(&self, i: usize) -> bool {
        self.first_char(i).is_alphanumeric()
    }

    pub fn is(&self, i: usize, c: char) -> bool {
        i < self.len() && self.first_char(i) == c
    }

    /// Written in a script that names of skills are not written in.
    pub fn is_foreign(&self, i: usize) -> bool {
        let c = self.first_char(i);
        c.is_alphabetic()
            && c >= '\u{370}'
            && !matches!(c, '\u{1e00}'..='\u{1fff}' | '\u{2c60}'..='\u{2c7f}')
    }

    pub fn is_number(&self, i: usize) -> bool {
        self.original(i).bytes().all(|b| b.is_ascii_digit())
    }

    pub fn is_capitalised(&self, i: usize) -> bool {
        self.first_char(i).is_uppercase()
    }

    /// Follows the token before it without a space.
    pub fn is_glued(&self, i: usize) -> bool {
        i < self.len() && i > 0 && self.tokens[i].gap == Gap::Glued
    }

    pub fn same_sentence(&self, i: usize, j: usize) -> bool {
        self.tokens[i].sentence == self.tokens[j].sentence
    }

    pub fn starts_sentence(&self, i: usize) -> bool {
        i == 0 || !self.same_sentence(i - 1, i)
    }

    pub fn starts_line(&self, i: usize) -> bool {
        i == 0 || self.tokens[i - 1].line != self.tokens[i].line
    }

    /// A dash or hyphen with spaces on both sides, which separates clauses.
    pub fn is_dash(&self, i: usize) -> bool {
        matches!(self.first_char(i), '-' | '–' | '—' | '‒' | '―')
            && (self.tokens[i].gap != Gap::Glued || matches!(self.first_char(i), '—' | '―'))
            && (i + 1 == self.len()
                || self.tokens[i + 1].gap != Gap::Glued
                || matches!(self.first_char(i), '—' | '―'))
    }

    /// `.`, `!` or `?` that ends a sentence.
    pub fn ends_sentence(&self, i: usize) -> bool {
        match self.first_char(i) {
            '!' | '?' | '…' | '。' | '।' => true,
            '.' => !(self.is_abbreviated(i) || self.is_glued(i + 1) && self.is_word(i + 1)),
            _ => false,
        }
    }

    fn is_abbreviated(&self, dot: usize) -> bool {
        if dot == 0 || !self.is_glued(dot) {
            return dot > 0 && self.tokens[dot].gap == Gap::Space && self.is_glued(dot + 1);
        }
        let word = self.folded(dot - 1);
        let letter_of_several =
            word.len() == 1 && self.is_glued(dot - 1) && self.is(dot.wrapping_sub(2), '.');
        letter_of_several
            || (ABBREVIATIONS.contains(&word)
                && dot + 1 < self.len()
                && self.tokens[dot + 1].gap < Gap::Line)
    }

    fn cut(&mut self) {
        let clean = std::mem::take(&mut self.clean);
        let mut chars = clean.char_indices().peekable();
        let mut gap = Gap::Blank;
        let (mut spaces, mut lines) = (0, 0);
        while let Some(&(start, c)) = chars.peek() {
            if c.is_whitespace() {
                chars.next();
                match c {
                    '\n' | '\u{b}' | '\u{c}' | '\r' | '\u{2028}' | '\u{2029}' => lines += 1,
                    '\t' => spaces += 2,
                    _ => spaces += 1,
                }
                gap = gap.max(match (lines, spaces) {
                    (2.., _) => Gap::Blank,
                    (1, _) => Gap::Line,
                    (0, 2..) => Gap::Wide,
                    _ => Gap::Space,
                });
                continue;
            }
            chars.next();
            let mut end = start + c.len_utf8();
            if c.is_alphanumeric() {
                let alone = is_unspaced(c);
                while let Some(&(at, next)) = chars.peek() {
                    let goes_on =
                        is_mark(next) || (next.is_alphanumeric() && !alone && !is_unspaced(next));
                    if !goes_on {
                        break;
                    }
                    end = at + next.len_utf8();
                    chars.next();
                }
                // "l'Excel" is two words, "Docker's" one word and a suffix.
                if let Some(&(at, '\'')) = chars.peek()
                    && ELIDED.contains(&clean[start..end].to_lowercase().as_str())
                    && clean[at + 1..].chars().nth(1).is_some_and(char::is_alphanumeric)
                {
                    chars.next();
                    end = at + 1;
                }
            } else if c == '\''
                && gap == Gap::Glued
                && self.tokens.last().is_some_and(|last| ends_in_letter(&clean, last))
            {
                while let Some(&(at, next)) = chars.peek() {
                    if !next.is_alphanumeric() {
                        break;
                    }
                    end = at + next.len_utf8();
                    chars.next();
                }
            }
            self.push(&clean, start, end, gap);
            (gap, spaces, lines) = (Gap::Glued, 0, 0);
        }
        self.clean = clean;
    }

    fn push(&mut self, clean: &str, start: usize, end: usize, gap: Gap) {
        let lower_start = self.lower.len() as u32;
        let folded_start = self.folded.len() as u32;
        for c in clean[start..end].chars().flat_map(char::to_lowercase) {
            self.lower.push(c);
            fold(c, &mut self.folded);
        }
        self.tokens.push(Token {
            start: start as u32,
            end: end as u32,
            lower: (lower_start, self.lower.len() as u32),
            folded: (folded_start, self.folded.len() as u32),
            gap,
            line: 0,
            sentence: 0,
        });
    }

    /// Numbers lines (a line wrapped in the middle of a sentence counts as one) and sentences.
    fn lay_out(&mut self) {
        let (mut line, mut sentence) = (0, 0);
        let mut line_start = 0;
        for i in 0..self.len() {
            if i > 0 {
                let new_line = match self.tokens[i].gap {
                    Gap::Blank => true,
                    Gap::Line => !self.is_wrapped(line_start, i),
                    _ => false,
                };
                if self.tokens[i].gap >= Gap::Line {
                    line_start = i;
                }
                if new_line {
                    line += 1;
                    sentence += 1;
                } else if self.tokens[i].gap != Gap::Glued && self.sentence_ended_before(i) {
                    sentence += 1;
                }
            }
            self.tokens[i].line = line;
            self.tokens[i].sentence = sentence;
        }
    }

    fn sentence_ended_before(&self, i: usize) -> bool {
        let mut end = i - 1;
        // a closing quote or bracket may follow the full stop
        while end > 0
            && i - end < 4
            && matches!(self.first_char(end), '"' | '\'' | ')' | ']')
            && self.is_glued(end)
        {
            end -= 1;
        }
        self.ends_sentence(end)
    }

    /// Whether the line that begins at `i` continues the sentence of the line that began at `line_start`.
    fn is_wrapped(&self, line_start: usize, i: usize) -> bool {
        let last = i - 1;
        let c = self.first_char(i);
        if self.ends_sentence(last)
            || self.is(last, ':')
            || self.is(last, ';')
            || self.begins_with_label(i)
        {
            return false;
        }
        if !c.is_alphanumeric() && !matches!(c, '(' | '"' | '&') {
            return false;
        }
        if self.is(last, ',') || self.is(last, '&') {
            return true;
        }
        self.is_word(last) && !self.is_capitalised(last) && i - line_start >= 4
            || (c.is_lowercase() && i - line_start >= 6)
    }

    /// A few words and a colon.
    fn begins_with_label(&self, i: usize) -> bool {
        for j in i..self.len().min(i + 7) {
            if j > i && self.tokens[j].gap >= Gap::Line {
                return false;
            }
            if self.is(j, ':') {
                return j > i;
            }
            if !self.is_word(j) && !matches!(self.first_char(j), '&' | '/' | '-' | '(' | ')') {
                return false;
            }
        }
        false
    }
}

fn ends_in_letter(clean: &str, token: &Token) -> bool {
    clean[token.start as usize..token.end as usize]
        .chars()
        .next_back()
        .is_some_and(char::is_alphanumeric)
}

/// Scripts without spaces between words: each letter is a token.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Vowel signs and accents that belong to the letter before them.
fn is_mark(c: char) -> bool {
    is_combining_mark(c)
}

/// Adds `c` without its accents.
fn fold(c: char, into: &mut String) {
    match c {
        _ if c.is_ascii() => into.push(c),
        'ß' => into.push_str("ss"),
        'ø' => into.push('o'),
        'ł' => into.push('l'),
        'ı' => into.push('i'),
        'æ' => into.push_str("ae"),
        'œ' => into.push_str("oe"),
        _ => decompose_canonical(c, |part| {
            if !matches!(part, '\u{300}'..='\u{36f}') {
                into.push(part);
            }
        }),
    }
}
