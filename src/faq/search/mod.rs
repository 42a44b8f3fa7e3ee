//! Which entries a question is about: BM25 over stemmed words, with families of words that mean about the same, and a
//! guess at what a misspelt word was meant to be. Pure.

mod foreign;
mod spelling;
mod tables;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeMap;

use self::spelling::Vocabulary;
use self::words::{LEXICON, stem};
use crate::store::faq::Entry;

/// From this share of a question's weight on an entry is believed to answer it.
pub const ANSWERS: f64 = 0.5;
/// From this share on it is worth asking the model.
pub const WORTH_ASKING: f64 = 0.15;

// BM25's usual constants.
const K1: f64 = 1.2;
const B: f64 = 0.75;

/// How much a word counts where it stands.
const IN_QUESTION: f64 = 3.0;
const IN_SECTION: f64 = 1.5;
const IN_ANSWER: f64 = 1.0;

/// A word that stands in the answer alone says less about what the entry is about.
const ANSWER_SHARE: f64 = 0.7;
/// A word of the same family is not the word.
const KIN: f64 = 0.85;
/// The weight of words that many questions have in common: how they ask, and that it is about a hackathon.
const LIGHT: f64 = 0.2;
/// The weight of words that no entry has.
const UNKNOWN: f64 = 0.5;
/// How much the order owes to what else the entry asks for.
const ASKED: f64 = 0.3;

/// An entry that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Its place among the entries that the index was made of.
    pub at: usize,
    /// BM25: for the order.
    pub score: f64,
    /// From 0 to 1: how much of the question it speaks of.
    pub share: f64,
}

/// One word of a question or an entry.
#[derive(Clone, Debug, PartialEq)]
struct Term {
    stem: String,
    weight: f64,
}

/// How often something stands in an entry, weighed by where, and whether in its question or section.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    weighed: f64,
    in_head: bool,
}

impl Count {
    fn add(&mut self, weight: f64) {
        self.weighed += weight;
        self.in_head |= weight > IN_ANSWER;
    }

    fn share(self) -> f64 {
        if self.in_head { 1.0 } else { ANSWER_SHARE }
    }
}

#[derive(Default)]
struct Doc {
    stems: BTreeMap<String, Count>,
    /// By the family's place in the tables.
    families: BTreeMap<usize, Count>,
    length: f64,
    /// The words of its question.
    asks: Vec<Term>,
}

pub struct Index {
    docs: Vec<Doc>,
    /// In how many entries a stem stands.
    stems: BTreeMap<String, usize>,
    /// In how many entries a word of a family stands.
    families: BTreeMap<usize, usize>,
    vocabulary: Vocabulary,
    average: f64,
}

impl Index {
    pub fn new<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        let mut index = Self {
            docs: Vec::new(),
            stems: BTreeMap::new(),
            families: BTreeMap::new(),
            vocabulary: Vocabulary::default(),
            average: 1.0,
        };
        for entry in entries {
            index.add(entry);
        }
        let total: f64 = index.docs.iter().map(|doc| doc.length).sum();
        index.average = (total / index.docs.len().max(1) as f64).max(1.0);
        index
    }

    fn add(&mut self, entry: &Entry) {
        let mut doc = Doc::default();
        let parts = [
            (&entry.question, IN_QUESTION),
            (&entry.section, IN_SECTION),
            (&entry.answer, IN_ANSWER),
        ];
        for (text, weight) in parts {
            let plain = words::plain(text);
            for word in &plain {
                self.vocabulary.add(word);
            }
            for word in LEXICON.joined(&plain) {
                let Some(term) = term(&word) else { continue };
                doc.length += weight;
                for family in LEXICON.families(&term.stem) {
                    doc.families.entry(*family).or_default().add(weight);
                }
                doc.stems.entry(term.stem.clone()).or_default().add(weight);
                if weight == IN_QUESTION {
                    push(&mut doc.asks, term);
                }
            }
        }
        for stem in doc.stems.keys() {
            *self.stems.entry(stem.clone()).or_default() += 1;
        }
        for family in doc.families.keys() {
            *self.families.entry(*family).or_default() += 1;
        }
        self.docs.push(doc);
    }

    /// The entries that share a word with the question, the best first. Where a text says more than it asks, and no entry
    /// speaks of all of it, one that speaks of a question in it comes first.
    pub fn search(&self, text: &str) -> Vec<Hit> {
        let mut hits = self.search_for(text);
        if hits.first().is_some_and(|hit| hit.share >= ANSWERS) {
            return hits;
        }
        for question in words::questions(text) {
            let found = self.search_for(question).into_iter().next();
            if let Some(best) = found.filter(|hit| hit.share >= ANSWERS) {
                hits.retain(|hit| hit.at != best.at);
                hits.insert(0, best);
                break;
            }
        }
        hits
    }

    fn search_for(&self, question: &str) -> Vec<Hit> {
        let terms = self.terms(question);
        let whole: f64 = terms.iter().map(|term| term.weight * self.worth(term)).sum();
        let mut hits: Vec<Hit> = self
            .docs
            .iter()
            .enumerate()
            .filter_map(|(at, doc)| {
                let (score, shared) = self.compare(doc, &terms);
                (score > 0.0).then_some(Hit { at, score, share: shared / whole })
            })
            .collect();
        hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.at.cmp(&b.at)));
        hits
    }

    /// The score, and how much weight of the question the entry speaks of.
    fn compare(&self, doc: &Doc, terms: &[Term]) -> (f64, f64) {
        let long = K1 * (1.0 - B + B * doc.length / self.average);
        let saturated = |count: Count| count.weighed * (K1 + 1.0) / (count.weighed + long);
        let (mut score, mut shared) = (0.0, 0.0);
        for term in terms {
            let (mut found, mut share): (f64, f64) = (0.0, 0.0);
            if let Some(count) = doc.stems.get(&term.stem) {
                found = rarity(self.docs.len(), self.stems[&term.stem]) * saturated(*count);
                share = count.share();
            }
            for family in LEXICON.families(&term.stem) {
                let Some(count) = doc.families.get(family) else { continue };
                let rarity = rarity(self.docs.len(), self.families[family]);
                found = found.max(KIN * rarity * saturated(*count));
                share = share.max(KIN * count.share());
            }
            score += term.weight * found;
            shared += term.weight * share * self.worth(term);
        }
        // Of two entries that hold the same words of the question, the one that asks for little else.
        let asks: f64 = doc.asks.iter().map(|term| term.weight * self.worth(term)).sum();
        let asked: f64 = doc
            .asks
            .iter()
            .filter(|term| terms.iter().any(|it| akin(it, term)))
            .map(|term| term.weight * self.worth(term))
            .sum();
        let fit = if asks > 0.0 { asked / asks } else { 0.0 };
        (score * (1.0 - ASKED + ASKED * fit), shared)
    }

    /// A word says the more the fewer entries have it, or one of its family. One that none has may be what it is all about
    /// or beside the point: it counts for half.
    fn worth(&self, term: &Term) -> f64 {
        let all = self.docs.len();
        if let Some(with) = self.stems.get(&term.stem) {
            return rarity(all, *with);
        }
        let families = LEXICON.families(&term.stem).iter();
        let rarities =
            families.filter_map(|it| self.families.get(it)).map(|with| rarity(all, *with));
        rarities.reduce(f64::max).unwrap_or_else(|| UNKNOWN * rarity(all, 0))
    }

    /// Questions with the same key ask the same: they differ in case, punctuation, spelling mistakes, endings and words
    /// of courtesy only. Small words stay, since "with" is not "without".
    pub fn key(&self, question: &str) -> String {
        let stems: Vec<String> = words::plain(question)
            .iter()
            .filter(|word| !LEXICON.is_courtesy(word))
            .map(|word| match self.vocabulary.mend(word) {
                Some((meant, _)) => stem(&meant),
                None => stem(word),
            })
            .collect();
        stems.join(" ")
    }

    fn terms(&self, question: &str) -> Vec<Term> {
        let words = self.compounds(LEXICON.in_english(words::plain(question)));
        let words = LEXICON.joined(&words);
        let mut terms = Vec::new();
        for word in words {
            let term = match self.vocabulary.mend(&word).filter(|_| !self.is_known(&word)) {
                Some((meant, sure)) => {
                    term(&meant).map(|term| Term { weight: term.weight * sure, ..term })
                }
                None => term(&word),
            };
            // A word of how it is asked that no entry has is beside the point.
            if let Some(term) = term.filter(|it| it.weight > LIGHT || self.speaks_of(it)) {
                push(&mut terms, term);
            }
        }
        terms
    }

    fn is_known(&self, word: &str) -> bool {
        self.vocabulary.has(word) || self.stems.contains_key(&stem(word))
    }

    fn speaks_of(&self, term: &Term) -> bool {
        let mut families = LEXICON.families(&term.stem).iter();
        self.stems.contains_key(&term.stem) || families.any(|it| self.families.contains_key(it))
    }

    /// Writes compounds as the FAQ does: two words that are one there, one word that is two there.
    fn compounds(&self, words: Vec<String>) -> Vec<String> {
        let mut out: Vec<String> = Vec::with_capacity(words.len());
        let mut words = words.into_iter().peekable();
        while let Some(word) = words.next() {
            let joined = words.peek().map(|next| format!("{word}{next}"));
            if let Some(joined) = joined.filter(|it| it.len() > 5 && self.vocabulary.stands(it)) {
                words.next();
                out.push(joined);
            } else if let Some((first, second)) = self.halves(&word) {
                out.extend([first, second]);
            } else {
                out.push(word);
            }
        }
        out
    }

    fn halves(&self, word: &str) -> Option<(String, String)> {
        if self.is_known(word) {
            return None;
        }
        let cuts =
            word.char_indices().map(|(at, _)| at).filter(|at| *at > 2 && at + 2 < word.len());
        cuts.map(|at| word.split_at(at))
            .find(|(first, second)| {
                [first, second].iter().all(|half| half.len() > 2 && self.vocabulary.stands(half))
            })
            .map(|(first, second)| (first.to_owned(), second.to_owned()))
    }
}

/// How much it says that something stands in `with` of `all` entries.
fn rarity(all: usize, with: usize) -> f64 {
    let (all, with) = (all as f64, with as f64);
    (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
}

/// `None` for words that say nothing.
fn term(word: &str) -> Option<Term> {
    let weight = if LEXICON.is_light(word) { LIGHT } else { 1.0 };
    (!LEXICON.is_silent(word)).then(|| Term { stem: stem(word), weight })
}

/// Whether two words are the same or of one family.
fn akin(one: &Term, other: &Term) -> bool {
    let families = LEXICON.families(&other.stem);
    one.stem == other.stem || LEXICON.families(&one.stem).iter().any(|it| families.contains(it))
}

/// Each stem once, as heavy as its heaviest.
fn push(terms: &mut Vec<Term>, term: Term) {
    match terms.iter_mut().find(|known| known.stem == term.stem) {
        Some(known) => known.weight = known.weight.max(term.weight),
        None => terms.push(term),
    }
}
