//! Chooses the best of several texts of one PDF. Pure.
//!
//! Engines make mistakes in different places, so the text that is most similar to the others is probably right. A text
//! is scored by the words and pairs of neighbouring words that it shares with each other text, by signs of misreading
//! in the text itself, and by how many letters it has.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

use super::{chars, tidy};

/// If the engines agree on fewer words than this, the file is not a resume but a scan with a stamp on it.
const FEW_WORDS: usize = 10;
/// A text that no other supports is accepted if it has at least this many words and no signs of misreading.
const MANY_WORDS: usize = 50;
/// Bytes of a text that are scored: ten times what is used of a resume.
const SCORED: usize = 256 << 10;
/// The weight of a pair of neighbouring words relative to a word.
const PAIRS: f64 = 0.25;
/// Added to every text's agreement, so that quality and length still count for one that agrees with none.
const ALONE: f64 = 0.5;

/// The best of several texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub index: usize,
    /// This is the file's text and not a few stray letters: engines agree on enough words, or it is long and clean.
    pub sure: bool,
}

/// The best text; `None` when there is none at all.
pub(super) fn best(texts: &[String]) -> Option<Choice> {
    let read: Vec<Read> = texts.iter().map(|text| Read::new(tidy::cut(text, SCORED))).collect();
    let most = read.iter().map(|it| it.letters).max()?;
    let (mut index, mut highest) = (0, f64::MIN);
    for (at, it) in read.iter().enumerate() {
        let score = it.score(
            read.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, it)| it),
            most,
        );
        if score > highest {
            (index, highest) = (at, score);
        }
    }
    let chosen = &read[index];
    let agreed = read
        .iter()
        .enumerate()
        .flat_map(|(at, it)| read[at + 1..].iter().map(|other| it.words.shared(&other.words)))
        .max()
        .unwrap_or(chosen.words.total);
    let sure = agreed >= FEW_WORDS || (chosen.words.total >= MANY_WORDS && chosen.quality > 0.9);
    Some(Choice { index, sure })
}

/// How often each thing occurs.
struct Counts<T> {
    of: HashMap<T, usize>,
    total: usize,
}

impl<T: std::hash::Hash + Eq> Counts<T> {
    fn new(things: impl Iterator<Item = T>) -> Self {
        let (mut of, mut total) = (HashMap::new(), 0);
        for thing in things {
            *of.entry(thing).or_default() += 1;
            total += 1;
        }
        Self { of, total }
    }

    fn shared(&self, other: &Self) -> usize {
        self.of.iter().map(|(it, &n)| n.min(other.of.get(it).copied().unwrap_or(0))).sum()
    }

    /// The F1 score, 0 to 1: the harmonic mean of the shared part of each side.
    fn f1(&self, other: &Self) -> f64 {
        let both = self.total + other.total;
        if both == 0 { 0.0 } else { 2.0 * self.shared(other) as f64 / both as f64 }
    }
}

/// What is known of a text for the choice.
struct Read {
    words: Counts<u32>,
    pairs: Counts<(u32, u32)>,
    letters: usize,
    quality: f64,
}

impl Read {
    fn new(text: &str) -> Self {
        let words = words(text);
        let ids: Vec<u32> = words.iter().map(|word| id(word)).collect();
        Self {
            pairs: Counts::new(ids.windows(2).map(|pair| (pair[0], pair[1]))),
            letters: words.iter().map(|word| word.chars().count()).sum(),
            quality: quality(text, &words),
            words: Counts::new(ids.into_iter()),
        }
    }

    fn score<'a>(&self, others: impl Iterator<Item = &'a Self>, most_letters: usize) -> f64 {
        let (mut words, mut pairs, mut n) = (0.0, 0.0, 0.0);
        for other in others.filter(|it| it.words.total > 0) {
            words += self.words.f1(&other.words);
            pairs += self.pairs.f1(&other.pairs);
            n += 1.0;
        }
        if n > 0.0 {
            (words, pairs) = (words / n, pairs / n);
        }
        let length = (self.letters as f64 / most_letters.max(1) as f64).sqrt();
        self.quality * (words + PAIRS * pairs + ALONE) * length
    }
}

/// A hash of a word (FNV-1a). A rare collision of two words does no harm.
fn id(word: &str) -> u32 {
    word.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// Words in lower case and NFKC; addresses and names like Node.js stay whole. In scripts without spaces each letter is
/// a word.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut chars = text.nfkc().flat_map(char::to_lowercase).chain([' ']).peekable();
    while let Some(c) = chars.next() {
        let is_inside = !word.is_empty()
            && match c {
                '+' | '#' => true,
                '.' | '@' => chars.peek().is_some_and(|next| next.is_alphanumeric()),
                _ => false,
            };
        if is_unspaced(c) {
            words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
            words.push(c.into());
        } else if is_inside || c.is_alphanumeric() || is_mark(c) {
            word.push(c);
        } else if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
    }
    words
}

/// 1 for a text without signs of misreading, less for each sign.
fn quality(text: &str, words: &[String]) -> f64 {
    let keep = |share: f64, weight: f64| 1.0 - (share * weight).min(0.9);
    keep(unreadable(text), 4.0)
        * keep((single_letters(words) - 0.12).max(0.0), 1.5)
        * keep(overlong(words), 1.5)
        * keep(backwards(text), 0.9)
        * keep(loose_marks(text), 2.0)
        * keep((doubled(text) - 0.1).max(0.0), 1.5)
        * keep(detached(text), 0.1)
}

/// The share of characters that represent no letter: replacement, private use, control.
fn unreadable(text: &str) -> f64 {
    let (mut bad, mut all) = (0, 0);
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        all += 1;
        bad += usize::from(c == '\u{fffd}' || chars::is_private(c) || c.is_control());
    }
    share(bad, all)
}

/// The share of words of one letter: high in a text whose letters are spaced out.
fn single_letters(words: &[String]) -> f64 {
    let is_spaced = |word: &&String| !word.starts_with(is_unspaced);
    let single = words.iter().filter(is_spaced).filter(|word| {
        let mut chars = word.chars();
        chars.next().is_some_and(char::is_alphabetic) && chars.next().is_none()
    });
    share(single.count(), words.iter().filter(is_spaced).count())
}

/// The share of letters that are in words so long that spaces must be missing.
fn overlong(words: &[String]) -> f64 {
    let (mut long, mut all) = (0, 0);
    for length in words.iter().map(|word| word.chars().count()) {
        all += length;
        long += if length > 24 { length } else { 0 };
    }
    share(long, all)
}

/// Of the letters that occur only at the end of Hebrew and Arabic words, the share at the beginning of one.
fn backwards(text: &str) -> f64 {
    let (mut begin, mut all) = (0, 0);
    for word in text.split(|c: char| !c.is_alphanumeric()) {
        let mut chars = word.chars();
        if let (Some(first), Some(last)) = (chars.next(), chars.next_back()) {
            begin += usize::from(ends_words(first));
            all += usize::from(ends_words(first)) + usize::from(ends_words(last));
        }
    }
    share(begin, all)
}

/// Of the marks that belong to the letter before them, the share without such a letter.
fn loose_marks(text: &str) -> f64 {
    let (mut loose, mut all) = (0, 0);
    let mut before = ' ';
    for c in text.chars() {
        if is_mark(c) {
            all += 1;
            loose += usize::from(
                !before.is_alphanumeric()
                    && !is_mark(before)
                    && !matches!(before, '\u{200c}' | '\u{200d}' | '\u{25cc}'),
            );
        }
        before = c;
    }
    share(loose, all)
}

/// Of the vowel signs written before their letter, the share between two equal letters: there the sign was taken for
/// sign and letter together.
fn doubled(text: &str) -> f64 {
    let (mut doubled, mut all) = (0, 0);
    let mut before = ['\0'; 2];
    for c in text.chars() {
        if matches!(before[1], '\u{093f}' | '\u{09bf}' | '\u{0a3f}' | '\u{0abf}') {
            all += 1;
            doubled += usize::from(before[0] == c);
        }
        before = [before[1], c];
    }
    share(doubled, all)
}

/// Of the full stops and commas, the share after a space, unless what follows explains it (".NET").
fn detached(text: &str) -> f64 {
    let (mut detached, mut all) = (0, 0);
    let mut before = ['\0'; 2];
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if matches!(c, '.' | ',') {
            all += 1;
            let is_prefix =
                chars.peek().is_some_and(|next| next.is_uppercase() || next.is_numeric());
            // In Hebrew and Arabic lines the full stop may come first.
            let is_cased = before[0].is_lowercase() || before[0].is_uppercase();
            detached += usize::from(is_cased && before[1] == ' ' && !is_prefix);
        }
        before = [before[1], c];
    }
    share(detached, all)
}

fn share(part: usize, all: usize) -> f64 {
    if all == 0 { 0.0 } else { part as f64 / all as f64 }
}

/// Chinese, Japanese, Thai, Lao, Burmese, Khmer.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}'
        | '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
}

/// Vowel signs, viramas and tone marks of Thai and the scripts of India: never at the beginning of a word.
fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{0e31}' | '\u{0e34}'..='\u{0e3a}' | '\u{0e47}'..='\u{0e4e}'
        | '\u{0900}'..='\u{0903}' | '\u{093a}'..='\u{093c}' | '\u{093e}'..='\u{094f}'
        | '\u{0981}'..='\u{0983}' | '\u{09bc}' | '\u{09be}'..='\u{09cd}'
        | '\u{0a01}'..='\u{0a03}' | '\u{0a3c}'..='\u{0a4d}'
        | '\u{0a81}'..='\u{0a83}' | '\u{0abc}' | '\u{0abe}'..='\u{0acd}'
        | '\u{0b01}'..='\u{0b03}' | '\u{0b3c}' | '\u{0b3e}'..='\u{0b4d}'
        | '\u{0b82}' | '\u{0bbe}'..='\u{0bcd}'
        | '\u{0c00}'..='\u{0c04}' | '\u{0c3e}'..='\u{0c4d}'
        | '\u{0c81}'..='\u{0c83}' | '\u{0cbc}' | '\u{0cbe}'..='\u{0ccd}'
        | '\u{0d00}'..='\u{0d03}' | '\u{0d3e}'..='\u{0d4d}')
}

/// Letters that occur only at the end of words: Hebrew final forms, Arabic teh marbuta and alef maksura.
fn ends_words(c: char) -> bool {
    matches!(c, 'ך' | 'ם' | 'ן' | 'ף' | 'ץ' | 'ة' | 'ى')
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "Ada Example writes Rust and SQL in Leeds, and knows C++ and C# as well";

    fn chosen(texts: &[&str]) -> Choice {
        best(&texts.iter().map(|&it| it.to_owned()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn without_texts_there_is_no_choice() {
        assert_eq!(best(&[]), None);
    }

    #[test]
    fn two_texts_that_agree_win_over_one_that_does_not() {
        let garbled = "Bcb Fybnqmf xsjuft Svtu boe TRM jo Mffet, boe lopxt D boe D bt xfmm";
        assert_eq!(chosen(&[garbled, LINE, LINE]), Choice { index: 1, sure: true });
        assert_eq!(chosen(&[LINE, garbled, LINE]), Choice { index: 0, sure: true });
    }

    #[test]
    fn a_text_in_order_wins_over_the_same_words_out_of_order() {
        let shuffled = "Leeds C# Rust Ada well and C++ SQL Example as in knows and and writes";
        assert_eq!(chosen(&[shuffled, LINE, LINE]).index, 1);
    }

    #[test]
    fn a_text_that_ends_halfway_loses() {
        assert_eq!(chosen(&["Ada Example writes Rust", LINE]).index, 1);
    }

    #[test]
    fn the_only_text_is_chosen() {
        assert_eq!(chosen(&[LINE]), Choice { index: 0, sure: true });
        assert_eq!(chosen(&["", LINE, ""]).index, 1);
    }

    #[test]
    fn a_stamp_on_a_scan_is_not_the_text() {
        assert!(!chosen(&["Scanned with Lens", "Scanned with Lens", ""]).sure);
        assert!(!chosen(&["", "", ""]).sure);
    }

    #[test]
    fn a_long_clean_text_is_sure_without_support() {
        let long = format!("{LINE}. ").repeat(5);
        assert!(chosen(&[&long, "", ""]).sure);
        let broken = "a\u{fffd}b ".repeat(100);
        assert!(!chosen(&[&broken, "", ""]).sure);
    }

    #[test]
    fn each_sign_of_misreading_lowers_the_quality() {
        let q = |text: &str| quality(text, &words(text));
        assert!((q(LINE) - 1.0).abs() < 1e-9);
        assert!((q("שלום לכולם") - 1.0).abs() < 1e-9);
        assert!((q("हिन्दी में काम") - 1.0).abs() < 1e-9);
        assert!((q("ทำงานที่กรุงเทพ") - 1.0).abs() < 1e-9);
        for bad in [
            "Ada \u{fffd}\u{fffd}\u{fffd} writes",
            "Ada \u{f0e0}\u{f095} writes",
            "Ada \u{1}\u{2} writes",
            "A d a E x a m p l e writes Rust",
            "AdaExamplewritesRustandSQLinLeeds",
            "םולש םלוכל",
            "ةسردملا",
            "ह िन ्द ी",
            "विवकास लिलए परिरचय",
        ] {
            assert!(q(bad) < 0.9, "{bad:?} has {}", q(bad));
        }
        assert!(q("Ada , who writes Rust .") < q("Ada, who writes Rust for .NET."));
    }

    #[test]
    fn words_are_separated_as_a_reader_would() {
        assert_eq!(
            words("Ada’s ﬁle: C++, C#; 日本 ไทย"),
            ["ada", "s", "file", "c++", "c#", "日", "本", "ไ", "ท", "ย"]
        );
    }
}
