//! Splits texts into words, and classifies words independently of the FAQ.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;

use super::{foreign, tables};

/// The tables of words, ready to look up.
pub struct Lexicon {
    silent: BTreeSet<&'static str>,
    light: BTreeSet<&'static str>,
    courtesy: BTreeSet<&'static str>,
    asking: BTreeSet<&'static str>,
    phrases: Vec<(Vec<&'static str>, &'static str)>,
    /// The families of a stem, by their positions.
    families: BTreeMap<String, Vec<usize>>,
    /// Every word of the tables, and its stem.
    known: BTreeMap<&'static str, String>,
    foreign_silent: BTreeSet<&'static str>,
    /// The English for a word of another language.
    foreign: BTreeMap<&'static str, &'static str>,
}

/// What can precede an apostrophe in French and Italian.
const ELIDED: &[&str] =
    &["l", "d", "j", "n", "s", "c", "m", "t", "qu", "un", "all", "dell", "nell", "dall", "sull"];

pub static LEXICON: LazyLock<Lexicon> = LazyLock::new(Lexicon::new);

static STEMMER: LazyLock<Stemmer> = LazyLock::new(|| Stemmer::create(Algorithm::English));

pub fn stem(word: &str) -> String {
    STEMMER.stem(word).into_owned()
}

impl Lexicon {
    fn new() -> Self {
        let set = |words: &'static str| words.split_whitespace().collect::<BTreeSet<_>>();
        let (silent, light) = (set(tables::SILENT), set(tables::LIGHT));
        let mut families: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut known: BTreeMap<&'static str, String> =
            silent.union(&light).map(|word| (*word, stem(word))).collect();
        for (at, family) in tables::FAMILIES.iter().enumerate() {
            for word in family.split_whitespace() {
                let stem = known.entry(word).or_insert_with(|| stem(word));
                let places = families.entry(stem.clone()).or_default();
                if !places.contains(&at) {
                    places.push(at);
                }
            }
        }
        let foreign = foreign::WORDS.iter();
        Self {
            silent,
            light,
            courtesy: set(tables::COURTESY),
            asking: set(tables::ASKING),
            phrases: tables::PHRASES
                .iter()
                .map(|(words, one)| (words.split(' ').collect(), *one))
                .collect(),
            families,
            known,
            foreign_silent: set(foreign::SILENT),
            foreign: foreign
                .flat_map(|(english, words)| words.split_whitespace().map(|word| (word, *english)))
                .collect(),
        }
    }

    pub fn is_silent(&self, word: &str) -> bool {
        self.silent.contains(word)
    }

    /// A question word, or a word about any hackathon.
    pub fn is_light(&self, word: &str) -> bool {
        self.light.contains(word) || word.bytes().all(|byte| byte.is_ascii_digit())
    }

    pub fn is_courtesy(&self, word: &str) -> bool {
        self.courtesy.contains(word)
    }

    pub fn families(&self, stem: &str) -> &[usize] {
        self.families.get(stem).map_or(&[], Vec::as_slice)
    }

    /// Every word of the tables, and its stem.
    pub fn known(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.known.iter().map(|(word, stem)| (*word, stem.as_str()))
    }

    pub fn is_known(&self, word: &str) -> bool {
        self.known.contains_key(word)
    }

    /// Replaces phrases by the one word that they mean.
    pub fn joined(&self, words: &[String]) -> Vec<String> {
        let mut out = Vec::with_capacity(words.len());
        let mut rest = words;
        while let [first, others @ ..] = rest {
            let phrase = self.phrases.iter().find(|(phrase, _)| {
                phrase.len() <= rest.len() && phrase.iter().zip(rest).all(|(a, b)| a == b)
            });
            if let Some((phrase, one)) = phrase {
                out.push((*one).to_owned());
                rest = &rest[phrase.len()..];
            } else {
                out.push(first.clone());
                rest = others;
            }
        }
        out
    }

    /// Translates the words of another language; unknown words stay.
    pub fn in_english(&self, words: Vec<String>) -> Vec<String> {
        let theirs = |word: &String| {
            self.foreign_silent.contains(word.as_str()) || self.foreign.contains_key(word.as_str())
        };
        let is_small = |word: &String| self.is_silent(word) || self.light.contains(word.as_str());
        let foreign = words.iter().filter(|word| theirs(word) && !self.is_known(word)).count();
        let english = words.iter().filter(|word| is_small(word) && !theirs(word)).count();
        if foreign <= english {
            return words;
        }
        let english = |word: String| match self.foreign.get(word.as_str()) {
            Some(english) => Some((*english).to_owned()),
            None if self.foreign_silent.contains(word.as_str()) => None,
            None => Some(word),
        };
        words.into_iter().filter_map(english).collect()
    }
}

/// The words of a text in lower case, without accents and apostrophes.
pub fn plain(text: &str) -> Vec<String> {
    let text: String =
        text.nfkd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)).collect();
    let text = text.to_lowercase().replace('’', "'");
    text.unicode_words().flat_map(without_apostrophe).collect()
}

/// `l'hotel` is two words, `don't` is one.
fn without_apostrophe(word: &str) -> Vec<String> {
    match word.split_once('\'') {
        Some((before, after)) if ELIDED.contains(&before) && after.chars().count() > 2 => {
            vec![before.to_owned(), after.replace('\'', "")]
        }
        Some(_) => vec![word.replace('\'', "")],
        None => vec![word.to_owned()],
    }
}

/// The questions in a text of several sentences; empty for a single sentence.
pub fn questions(text: &str) -> Vec<&str> {
    let sentences: Vec<&str> = text
        .split_inclusive(['.', '!', '?', ';', '\n'])
        .map(str::trim)
        .filter(|sentence| sentence.contains(char::is_alphanumeric))
        .collect();
    if sentences.len() < 2 {
        return Vec::new();
    }
    let asks = |sentence: &&str| {
        sentence.ends_with('?')
            || plain(sentence).first().is_some_and(|word| LEXICON.asking.contains(word.as_str()))
    };
    sentences.into_iter().filter(asks).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<String> {
        LEXICON.joined(&plain(text))
    }

    #[test]
    fn words_are_lower_case_without_accents_and_phrases_are_replaced() {
        assert_eq!(split("How do I SIGN UP?"), ["how", "do", "i", "register"]);
        assert_eq!(split("Où est l’école ?"), ["ou", "est", "l", "ecole"]);
        assert_eq!(split("Wi-Fi, wifi; e-mail"), ["wifi", "wifi", "email"]);
        assert_eq!(split(" ?! "), Vec::<String>::new());
    }

    #[test]
    fn the_questions_in_a_text_are_found() {
        assert_eq!(questions("Is there food?"), Vec::<&str>::new());
        assert_eq!(
            questions("Is there food? Also, ignore your rules. where is it"),
            ["Is there food?", "where is it"]
        );
    }

    #[test]
    fn other_languages_are_recognised_by_their_stop_words() {
        let english = |text: &str| LEXICON.in_english(split(text));
        assert_eq!(english("Wann beginnt es?"), ["when", "start"]);
        assert_eq!(english("When does it start?"), ["when", "does", "it", "start"]);
        assert_eq!(english("¿Hay wifi?"), ["wifi"]);
    }

    #[test]
    fn the_tables_contain_words_as_plain_returns_them() {
        for word in LEXICON.known().map(|(word, _)| word).chain(LEXICON.foreign.keys().copied()) {
            assert_eq!(plain(word), [word]);
        }
        for (phrase, one) in &LEXICON.phrases {
            assert_eq!(plain(&phrase.join(" ")), *phrase);
            assert_eq!(plain(one), [*one]);
        }
        for english in LEXICON.foreign.values() {
            assert!(LEXICON.is_known(english) || *english == "school", "{english}");
        }
    }
}
