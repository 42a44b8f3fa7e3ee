//! What a word that nobody knows was probably meant to be.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::words::{LEXICON, stem};

/// How sure we are of a word that was mended, by its length.
const MENDED: f64 = 0.95;
const MENDED_SHORT: f64 = 0.75;
/// From this length on a word may hold two mistakes.
const LONG: usize = 8;

/// The words of a FAQ, and of the tables.
#[derive(Default)]
pub struct Vocabulary {
    words: BTreeMap<String, Known>,
}

struct Known {
    /// In how many places of the FAQ it stands.
    often: usize,
    stem: String,
}

impl Vocabulary {
    pub fn add(&mut self, word: &str) {
        match self.words.get_mut(word) {
            Some(known) => known.often += 1,
            None => {
                self.words.insert(word.to_owned(), Known { often: 1, stem: stem(word) });
            }
        }
    }

    pub fn has(&self, word: &str) -> bool {
        self.stands(word) || LEXICON.is_known(word)
    }

    /// A word that stands in the FAQ, and not only in the tables.
    pub fn stands(&self, word: &str) -> bool {
        self.words.contains_key(word)
    }

    /// The word that was meant, and how sure that is; `None` for a word that is known, or like none.
    pub fn mend(&self, word: &str) -> Option<(String, f64)> {
        let length = word.chars().count();
        if length < 3 || self.has(word) || word.chars().any(|c| c.is_ascii_digit()) {
            return None;
        }
        let far = if length < LONG { 1 } else { 2 };
        let own_stem = stem(word);
        let ours = self.words.iter().map(|(word, it)| (word.as_str(), it.stem.as_str(), it.often));
        let all = ours.chain(LEXICON.known().map(|(word, stem)| (word, stem, 0)));
        let near = |(known, stem, often): (&str, &str, usize)| {
            let distance = distance(word, known, far).or_else(|| {
                let long = own_stem.len().min(stem.len()) > 5;
                long.then(|| distance(&own_stem, stem, far)).flatten()
            })?;
            // Of the shortest words only those are guessed that ask: others would say nothing.
            let likely = length > 3 || LEXICON.is_light(known);
            likely.then(|| (distance, Reverse(often), known.to_owned()))
        };
        let (.., meant) = all.filter_map(near).min()?;
        Some((meant, if length < 6 { MENDED_SHORT } else { MENDED }))
    }
}

/// How many mistakes lie between two words; `None` when more than `far`, or more than is likely.
fn distance(word: &str, known: &str, far: usize) -> Option<usize> {
    let (length, other) = (word.chars().count(), known.chars().count());
    if length.abs_diff(other) > far || other < 3 {
        return None;
    }
    let distance = strsim::osa_distance(word, known);
    if distance == 0 || distance > far {
        return (distance == 0).then_some(0);
    }
    // Who types a short word wrongly leaves a letter out or swaps two; with another letter it is another word.
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

    fn mended(word: &str) -> Option<String> {
        let mut vocabulary = Vocabulary::default();
        for known in ["certificate", "engine", "upload", "fails", "left", "dormitories", "mentors"]
        {
            vocabulary.add(known);
        }
        vocabulary.mend(word).map(|(word, _)| word)
    }

    #[test]
    fn letters_left_out_doubled_swapped_or_wrong_are_mended() {
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
            assert_eq!(mended(typed).as_deref(), Some(meant), "{typed}");
        }
    }

    #[test]
    fn other_words_are_left_alone() {
        for word in ["engine", "lent", "xy", "sauna", "population", "h264", "2027", "mongolia"] {
            assert_eq!(mended(word), None, "{word}");
        }
    }

    #[test]
    fn of_two_as_near_the_one_that_the_faq_has_is_meant() {
        let mut vocabulary = Vocabulary::default();
        vocabulary.add("baker");
        vocabulary.add("bakery");
        vocabulary.add("bakery");
        assert_eq!(vocabulary.mend("bakerz").unwrap().0, "bakery");
    }
}
