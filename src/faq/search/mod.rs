//! Finds the entries that a question is about: BM25 over stemmed words, with families of related words and corrected
//! spelling. Pure.

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

/// From this share of a question's weight on, an entry is taken to answer it.
pub const ANSWERS: f64 = 0.5;
/// From this share on, the question is worth asking the model.
pub const WORTH_ASKING: f64 = 0.15;

// BM25's usual constants.
const K1: f64 = 1.2;
const B: f64 = 0.75;

/// The weight of a word by the part of the entry that it is in.
const IN_QUESTION: f64 = 3.0;
const IN_SECTION: f64 = 1.5;
const IN_ANSWER: f64 = 1.0;

/// A word that is only in the answer says less about the entry's subject.
const ANSWER_SHARE: f64 = 0.7;
/// A related word counts less than the word itself.
const KIN: f64 = 0.85;
/// The weight of words that many questions have in common: question words, and words about any hackathon.
const LIGHT: f64 = 0.2;
/// The weight of words that no entry has.
const UNKNOWN: f64 = 0.5;
/// How much the order depends on what else the entry's question asks.
const ASKED: f64 = 0.3;

/// An entry that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Its position among the indexed entries.
    pub at: usize,
    /// The BM25 score, for the order.
    pub score: f64,
    /// How much of the question it covers, from 0 to 1.
    pub share: f64,
}

/// One word of a question or an entry.
#[derive(Clone, Debug, PartialEq)]
struct Term {
    stem: String,
    weight: f64,
}

/// How often a word or family occurs in an entry, weighted by place, and whether in its question or section.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    weighted: f64,
    in_head: bool,
}

impl Count {
    fn add(&mut self, weight: f64) {
        self.weighted += weight;
        self.in_head |= weight > IN_ANSWER;
    }

    fn share(self) -> f64 {
        if self.in_head { 1.0 } else { ANSWER_SHARE }
    }
}

#[derive(Default)]
struct Doc {
    stems: BTreeMap<String, Count>,
    /// By the family's position in the tables.
    families: BTreeMap<usize, Count>,
    length: f64,
    /// The words of its question.
    asks: Vec<Term>,
}

pub struct Index {
    docs: Vec<Doc>,
    /// In how many entries a stem occurs.
    stems: BTreeMap<String, usize>,
    /// In how many entries a word of a family occurs.
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

    /// The entries that share a word with the question, the best first. If a text contains more than a question and no
    /// entry covers all of it, an entry that covers one of its questions comes first.
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

    /// The score, and the weight of the question's words that the entry covers.
    fn compare(&self, doc: &Doc, terms: &[Term]) -> (f64, f64) {
        let long = K1 * (1.0 - B + B * doc.length / self.average);
        let saturated = |count: Count| count.weighted * (K1 + 1.0) / (count.weighted + long);
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
            .filter(|term| terms.iter().any(|it| related(it, term)))
            .map(|term| term.weight * self.worth(term))
            .sum();
        let fit = if asks > 0.0 { asked / asks } else { 0.0 };
        (score * (1.0 - ASKED + ASKED * fit), shared)
    }

    /// A word says more the fewer entries contain it or a related word. A word that no entry contains may be essential
    /// or irrelevant, so it counts half.
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

    /// Questions with the same key are the same: they differ only in case, punctuation, spelling mistakes, endings and
    /// courtesy. Small words stay, since "with" is not "without".
    pub fn key(&self, question: &str) -> String {
        let stems: Vec<String> = words::plain(question)
            .iter()
            .filter(|word| !LEXICON.is_courtesy(word))
            .map(|word| match self.vocabulary.correct(word) {
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
            let term = match self.vocabulary.correct(&word).filter(|_| !self.is_known(&word)) {
                Some((meant, sure)) => {
                    term(&meant).map(|term| Term { weight: term.weight * sure, ..term })
                }
                None => term(&word),
            };
            // A question word that no entry contains is irrelevant.
            if let Some(term) = term.filter(|it| it.weight > LIGHT || self.has_related(it)) {
                push(&mut terms, term);
            }
        }
        terms
    }

    fn is_known(&self, word: &str) -> bool {
        self.vocabulary.has(word) || self.stems.contains_key(&stem(word))
    }

    fn has_related(&self, term: &Term) -> bool {
        let mut families = LEXICON.families(&term.stem).iter();
        self.stems.contains_key(&term.stem) || families.any(|it| self.families.contains_key(it))
    }

    /// Writes compounds as the FAQ does: joins two words that are one there, splits a word that is two there.
    fn compounds(&self, words: Vec<String>) -> Vec<String> {
        let mut out: Vec<String> = Vec::with_capacity(words.len());
        let mut words = words.into_iter().peekable();
        while let Some(word) = words.next() {
            let joined = words.peek().map(|next| format!("{word}{next}"));
            if let Some(joined) = joined.filter(|it| it.len() > 5 && self.vocabulary.in_faq(it)) {
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
                [first, second].iter().all(|half| half.len() > 2 && self.vocabulary.in_faq(half))
            })
            .map(|(first, second)| (first.to_owned(), second.to_owned()))
    }
}

/// How much it says that a word occurs in `with` of `all` entries.
fn rarity(all: usize, with: usize) -> f64 {
    let (all, with) = (all as f64, with as f64);
    (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
}

/// `None` for stop words.
fn term(word: &str) -> Option<Term> {
    let weight = if LEXICON.is_light(word) { LIGHT } else { 1.0 };
    (!LEXICON.is_silent(word)).then(|| Term { stem: stem(word), weight })
}

/// Whether two words are the same or related.
fn related(one: &Term, other: &Term) -> bool {
    let families = LEXICON.families(&other.stem);
    one.stem == other.stem || LEXICON.families(&one.stem).iter().any(|it| families.contains(it))
}

/// Adds each stem once, with its highest weight.
fn push(terms: &mut Vec<Term>, term: Term) {
    match terms.iter_mut().find(|known| known.stem == term.stem) {
        Some(known) => known.weight = known.weight.max(term.weight),
        None => terms.push(term),
    }
}
