//! Corrects the spelling of unknown words.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::words::{LEXICON, stem};

/// How certain a correction is, for long and for short words.
const CORRECTED: f64 = 0.95;
const CORRECTED_SHORT: f64 = 0.75;
/// From this length on, a word may have two mistakes.
const LONG: usize = 8;

/// The words of a FAQ, and of the tables.
#[derive(Default)]
pub struct Vocabulary {
    words: BTreeMap<String, Known>,
}

struct Known {
    /// How often it occurs in the FAQ.
    count: usize,
    stem: String,
}

impl Vocabulary {
    pub fn add(&mut self, word: &str) {
        match self.words.get_mut(word) {
            Some(known) => known.count += 1,
            None => {
                self.words.insert(word.to_owned(), Known { count: 1, stem: stem(word) });
            }
        }
    }

    pub fn has(&self, word: &str) -> bool {
        self.in_faq(word) || LEXICON.is_known(word)
    }

    /// Whether a word occurs in the FAQ, not only in the tables.
    pub fn in_faq(&self, word: &str) -> bool {
        self.words.contains_key(word)
    }

    /// The word that was probably meant, and how certain that is; `None` for a known word, or one that resembles none.
    pub fn correct(&self, word: &str) -> Option<(String, f64)> {
        let length = word.chars().count();
        if length < 3 || self.has(word) || word.chars().any(|c| c.is_ascii_digit()) {
            return None;
        }
        let far = if length < LONG { 1 } else { 2 };
        let own_stem = stem(word);
        let ours = self.words.iter().map(|(word, it)| (word.as_str(), it.stem.as_str(), it.count));
        let all = ours.chain(LEXICON.known().map(|(word, stem)| (word, stem, 0)));
        let near = |(known, stem, count): (&str, &str, usize)| {
            let distance = distance(word, known, far).or_else(|| {
                let long = own_stem.len().min(stem.len()) > 5;
                long.then(|| distance(&own_stem, stem, far)).flatten()
            })?;
            // Of the shortest words only question words are corrected; others would match by chance.
            let likely = length > 3 || LEXICON.is_light(known);
            likely.then(|| (distance, Reverse(count), known.to_owned()))
        };
        let (.., meant) = all.filter_map(near).min()?;
        Some((meant, if length < 6 { CORRECTED_SHORT } else { CORRECTED }))
    }
}

/// The number of mistakes between two words; `None` if there are more than `far`, or more than is likely.
fn distance(word: &str, known: &str, far: usize) -> Option<usize> {
    let (length, other) = (word.chars().count(), known.chars().count());
    if length.abs_diff(other) > far || other < 3 {
        return None;
    }
    let distance = strsim::osa_distance(word, known);
    if distance == 0 || distance > far {
        return (distance == 0).then_some(0);
    }
    // A mistyped short word lacks a letter or has two swapped; with another letter it is another word.
    let swapped = || letters(word) == letters(known);
    if length < 5 && length == other && !swapped() {
        return None;
    }
    let same_start = word.chars().next() == known.chars().next();
    (same_start || (length > 5 && distance == 1) || (distance == 1 && swapped()))
        .then_some(distance)
}

fn letters(word: &str) -> Vec<char> {
    let mut letters: Vec<char> = word.chars().collect();
    letters.sort_unstable();
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corrected(word: &str) -> Option<String> {
        let mut vocabulary = Vocabulary::default();
        for known in ["certificate", "engine", "upload", "fails", "left", "dormitories", "mentors"]
        {
            vocabulary.add(known);
        }
        vocabulary.correct(word).map(|(word, _)| word)
    }

    #[test]
    fn missing_doubled_swapped_and_wrong_letters_are_corrected() {
        for (typed, meant) in [
            ("certifcate", "certificate"),
            ("sertificate", "certificate"),
            ("enigne", "engine"),
            ("uplaod", "upload"),
            ("fials", "fails"),
            ("dormitry", "dormitories"),
            ("menters", "mentors"),
            ("alchohol", "alcohol"),
            ("permited", "permitted"),
            ("thier", "their"),
            ("wat", "what"),
            ("hwo", "how"),
        ] {
            assert_eq!(corrected(typed).as_deref(), Some(meant), "{typed}");
        }
    }

    #[test]
    fn other_words_are_not_changed() {
        for word in ["engine", "lent", "xy", "sauna", "population", "h264", "2027", "mongolia"] {
            assert_eq!(corrected(word), None, "{word}");
        }
    }

    #[test]
    fn of_two_equally_near_words_the_more_frequent_one_is_meant() {
        let mut vocabulary = Vocabulary::default();
        vocabulary.add("baker");
        vocabulary.add("bakery");
        vocabulary.add("bakery");
        assert_eq!(vocabulary.correct("bakerz").unwrap().0, "bakery");
    }
}
