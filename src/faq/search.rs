//! Which entries a question is about: BM25 over stemmed words, with a few families of words that mean the same at any
//! hackathon, and a guess at what a misspelt word was meant to be. Pure; an index is built for each search, which for
//! some hundred entries takes less than asking the database for them.

use std::collections::{BTreeMap, BTreeSet};

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;

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
/// The weight of words that many questions have in common: how they ask, and that it is about a hackathon.
const LIGHT: f64 = 0.3;
/// The weight of words that no entry has.
const UNKNOWN: f64 = 0.5;
/// How sure we are of a word that was mended, by its length.
const MENDED: f64 = 0.95;
const MENDED_SHORT: f64 = 0.75;

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

#[derive(Default)]
struct Doc {
    /// How often each stem stands in it, weighed by where.
    counts: BTreeMap<String, f64>,
    /// The stems of its question and section.
    head: BTreeSet<String>,
    length: f64,
    asks: Vec<Term>,
}

pub struct Index {
    docs: Vec<Doc>,
    /// In how many entries a stem stands.
    frequency: BTreeMap<String, usize>,
    /// Every word as written, and in how many places: what a misspelt word may have been.
    words: BTreeMap<String, usize>,
    average: f64,
    stemmer: Stemmer,
}

impl Index {
    pub fn new<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        let mut index = Self {
            docs: Vec::new(),
            frequency: BTreeMap::new(),
            words: BTreeMap::new(),
            average: 1.0,
            stemmer: Stemmer::create(Algorithm::English),
        };
        for entry in entries {
            index.add(entry);
        }
        for family in FAMILIES {
            for word in *family {
                index.words.entry((*word).to_owned()).or_insert(1);
            }
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
            for word in words(text) {
                *self.words.entry(word.clone()).or_default() += 1;
                let Some(term) = self.term(&word) else { continue };
                doc.length += weight;
                *doc.counts.entry(term.stem.clone()).or_default() += weight;
                if weight > IN_ANSWER {
                    doc.head.insert(term.stem.clone());
                }
                if weight == IN_QUESTION {
                    push(&mut doc.asks, term);
                }
            }
        }
        for stem in doc.counts.keys() {
            *self.frequency.entry(stem.clone()).or_default() += 1;
        }
        self.docs.push(doc);
    }

    /// The entries that share a word with the question, the best first.
    pub fn search(&self, question: &str) -> Vec<Hit> {
        let terms = self.terms(question);
        let whole: f64 = terms.iter().map(|term| term.weight * self.rarity(&term.stem)).sum();
        let mut hits: Vec<Hit> = (0..self.docs.len())
            .filter_map(|at| {
                let score = self.score(&self.docs[at], &terms);
                let share = self.shared(&self.docs[at], &terms) / whole;
                (score > 0.0).then_some(Hit { at, score, share })
            })
            .collect();
        hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.at.cmp(&b.at)));
        hits
    }

    fn score(&self, doc: &Doc, terms: &[Term]) -> f64 {
        let long = K1 * (1.0 - B + B * doc.length / self.average);
        let found: f64 = terms
            .iter()
            .map(|term| {
                let count = doc.counts.get(&term.stem).copied().unwrap_or(0.0);
                term.weight * self.rarity(&term.stem) * count * (K1 + 1.0) / (count + long)
            })
            .sum();
        // Of two entries that hold the same words of the question, the one that asks for little else.
        let asks: f64 = doc.asks.iter().map(|term| term.weight * self.rarity(&term.stem)).sum();
        let asked: f64 = doc
            .asks
            .iter()
            .filter(|term| terms.iter().any(|it| it.stem == term.stem))
            .map(|term| term.weight * self.rarity(&term.stem))
            .sum();
        found * (0.7 + 0.3 * if asks > 0.0 { asked / asks } else { 0.0 })
    }

    fn shared(&self, doc: &Doc, terms: &[Term]) -> f64 {
        terms
            .iter()
            .map(|term| {
                let share = if doc.head.contains(&term.stem) {
                    1.0
                } else if doc.counts.contains_key(&term.stem) {
                    ANSWER_SHARE
                } else {
                    0.0
                };
                share * term.weight * self.rarity(&term.stem)
            })
            .sum()
    }

    /// A word says the more the fewer entries have it. One that none has may be what it is all about or beside the point:
    /// it counts for half.
    fn rarity(&self, stem: &str) -> f64 {
        let all = self.docs.len() as f64;
        let Some(with) = self.frequency.get(stem).map(|count| *count as f64) else {
            return UNKNOWN * (1.0 + (all + 0.5) / 0.5).ln();
        };
        (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
    }

    /// Questions with the same key ask the same: they differ in case, punctuation, spelling mistakes, endings and words
    /// of courtesy only. Small words stay, since "with" is not "without".
    pub fn key(&self, question: &str) -> String {
        let stems: Vec<String> = words(question)
            .iter()
            .filter(|word| !COURTESY.contains(&word.as_str()))
            .map(|word| {
                let word = self.mended(word).map_or_else(|| word.clone(), |(word, _)| word);
                self.stemmer.stem(&word).into_owned()
            })
            .collect();
        stems.join(" ")
    }

    fn terms(&self, question: &str) -> Vec<Term> {
        let mut terms = Vec::new();
        for word in words(question) {
            let known = self.term(&word).filter(|term| self.frequency.contains_key(&term.stem));
            let term = match known {
                Some(term) => Some(term),
                None => match self.mended(&word) {
                    Some((mended, sure)) => {
                        self.term(&mended).map(|term| Term { weight: term.weight * sure, ..term })
                    }
                    None => self.term(&word),
                },
            };
            if let Some(term) = term {
                push(&mut terms, term);
            }
        }
        terms
    }

    /// `None` for words that say nothing.
    fn term(&self, word: &str) -> Option<Term> {
        if SILENT.contains(&word) {
            return None;
        }
        let stem = self.stemmer.stem(word);
        let family = FAMILIES
            .iter()
            .find(|family| family.iter().any(|it| *it == word || self.stemmer.stem(it) == stem));
        let weight = if LIGHTS.contains(&word) { LIGHT } else { 1.0 };
        let stem = family.map_or_else(|| stem.into_owned(), |family| format!("={}", family[0]));
        Some(Term { stem, weight })
    }

    /// What a word that nobody knows was probably meant to be, and how sure that is.
    fn mended(&self, word: &str) -> Option<(String, f64)> {
        let length = word.chars().count();
        if length < 4 || self.words.contains_key(word) || word.chars().any(|c| c.is_ascii_digit()) {
            return None;
        }
        let far = if length < 8 { 1 } else { 2 };
        let first = word.chars().next();
        self.words
            .iter()
            .filter(|(known, _)| known.chars().count() >= 4 && known.chars().next() == first)
            .filter(|(known, _)| known.chars().count().abs_diff(length) <= far)
            .map(|(known, often)| {
                (strsim::osa_distance(known, word), std::cmp::Reverse(*often), known)
            })
            .filter(|(distance, ..)| *distance <= far)
            .min()
            .map(|(.., known)| (known.clone(), if length < 6 { MENDED_SHORT } else { MENDED }))
    }
}

/// Each stem once, as heavy as its heaviest.
fn push(terms: &mut Vec<Term>, term: Term) {
    match terms.iter_mut().find(|known| known.stem == term.stem) {
        Some(known) => known.weight = known.weight.max(term.weight),
        None => terms.push(term),
    }
}

/// The words of a text in small letters, without accents and apostrophes.
fn words(text: &str) -> Vec<String> {
    let text: String =
        text.nfkd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)).collect();
    let text = text.to_lowercase().replace(['\'', '’'], "").replace("wi-fi", "wifi");
    text.unicode_words().map(str::to_owned).collect()
}

/// Words that say nothing about what is asked.
const SILENT: &[&str] = &[
    "a",
    "about",
    "actually",
    "all",
    "also",
    "am",
    "an",
    "and",
    "any",
    "anybody",
    "anyone",
    "anything",
    "are",
    "as",
    "at",
    "be",
    "been",
    "but",
    "by",
    "can",
    "cannot",
    "cant",
    "could",
    "did",
    "do",
    "does",
    "doing",
    "dont",
    "for",
    "from",
    "get",
    "give",
    "go",
    "going",
    "got",
    "had",
    "has",
    "have",
    "hello",
    "hey",
    "hi",
    "i",
    "id",
    "if",
    "ill",
    "im",
    "in",
    "into",
    "is",
    "isnt",
    "it",
    "its",
    "ive",
    "just",
    "know",
    "let",
    "like",
    "may",
    "maybe",
    "me",
    "might",
    "must",
    "my",
    "need",
    "no",
    "not",
    "of",
    "on",
    "one",
    "or",
    "our",
    "please",
    "possible",
    "really",
    "say",
    "shall",
    "should",
    "so",
    "some",
    "somebody",
    "someone",
    "something",
    "tell",
    "than",
    "thank",
    "thanks",
    "that",
    "the",
    "their",
    "them",
    "then",
    "there",
    "theres",
    "these",
    "they",
    "thing",
    "things",
    "this",
    "those",
    "to",
    "too",
    "us",
    "use",
    "want",
    "was",
    "we",
    "well",
    "were",
    "will",
    "with",
    "would",
    "you",
    "your",
    "youre",
];

/// Words that say a little: how it is asked, and what every entry is about.
const LIGHTS: &[&str] = &[
    "event",
    "happen",
    "happens",
    "hackathon",
    "hackathons",
    "hack",
    "how",
    "kind",
    "long",
    "many",
    "much",
    "participant",
    "participants",
    "participate",
    "people",
    "person",
    "what",
    "whats",
    "when",
    "where",
    "wheres",
    "which",
    "who",
    "why",
    "take",
    "make",
    "sort",
    "allowed",
    "available",
    "offer",
    "provide",
    "provided",
];

/// Words of courtesy and grammar without which a question is the same.
const COURTESY: &[&str] = &[
    "a", "am", "an", "are", "be", "did", "do", "does", "hello", "hey", "hi", "is", "just",
    "please", "thank", "thanks", "the", "was", "were",
];

/// Words that mean the same at any hackathon. The first one names the family.
const FAMILIES: &[&[&str]] = &[
    &["place", "venue", "location", "located", "address", "where", "wheres"],
    &[
        "food",
        "meal",
        "meals",
        "eat",
        "eating",
        "lunch",
        "dinner",
        "breakfast",
        "snack",
        "catering",
        "hungry",
    ],
    &[
        "vegan",
        "vegetarian",
        "halal",
        "kosher",
        "allergy",
        "allergies",
        "allergic",
        "dietary",
        "diet",
        "gluten",
    ],
    &["wifi", "internet", "wlan", "network", "online"],
    &[
        "cost",
        "price",
        "fee",
        "fees",
        "free",
        "pay",
        "paid",
        "payment",
        "charge",
        "ticket",
        "expensive",
        "money",
    ],
    &["prize", "prizes", "award", "awards", "reward", "win", "winner", "winners", "won"],
    &["team", "teams", "teammate", "teammates", "group", "groups", "partner", "partners"],
    &["alone", "solo", "single", "myself", "lone"],
    &["begin", "begins", "beginning", "start", "starts", "starting", "kickoff", "opening", "opens"],
    &["end", "ends", "ending", "finish", "finishes", "close", "closes", "closing", "over"],
    &[
        "sleep",
        "sleeping",
        "overnight",
        "accommodation",
        "hotel",
        "hostel",
        "lodging",
        "bed",
        "night",
    ],
    &[
        "register",
        "registration",
        "registering",
        "apply",
        "application",
        "enrol",
        "enroll",
        "signup",
        "sign",
    ],
    &[
        "beginner",
        "beginners",
        "newbie",
        "novice",
        "inexperienced",
        "experience",
        "experienced",
        "first",
    ],
    &["remote", "remotely", "virtual", "virtually"],
    &["submit", "submission", "submitting", "submissions", "upload"],
    &["judge", "judges", "judged", "judging", "jury", "criteria", "evaluated", "evaluation"],
    &[
        "child", "children", "kid", "kids", "minor", "minors", "age", "old", "young", "underage",
        "under",
    ],
    &[
        "laptop",
        "laptops",
        "computer",
        "computers",
        "pc",
        "notebook",
        "hardware",
        "device",
        "devices",
    ],
    &["transport", "bus", "train", "tram", "metro", "reach", "travel", "directions"],
    &["parking", "park", "car", "cars", "drive", "driving"],
    &["cancel", "cancelling", "cancellation", "withdraw", "unregister"],
    &["accessible", "accessibility", "wheelchair", "disabled", "disability", "disabilities"],
    &[
        "contact",
        "reach",
        "email",
        "mail",
        "phone",
        "organiser",
        "organisers",
        "organizer",
        "organizers",
    ],
    &["harassment", "harass", "conduct", "behaviour", "behavior", "harassed"],
    &["own", "owns", "property", "intellectual", "ip", "belong", "belongs", "rights"],
    &["idea", "ideas", "project", "projects"],
    &["ai", "chatgpt", "copilot", "llm", "llms"],
    &["language", "languages", "english", "german", "speak", "spoken"],
    &["mentor", "mentors", "mentoring", "coach", "coaches", "help", "support"],
    &["bring", "pack", "packing"],
    &["pet", "pets", "dog", "dogs", "cat", "cats", "animal", "animals"],
    &["guest", "guests", "friend", "friends", "visitor", "visitors", "spectator", "spectators"],
    &["schedule", "agenda", "timetable", "programme", "program", "timeline"],
    &["date", "dates", "day", "days", "when"],
    &["deadline", "late", "latest", "due"],
    &["photo", "photos", "photograph", "photographs", "filming", "pictures", "camera"],
    &[
        "refund",
        "refunded",
        "reimburse",
        "reimbursed",
        "reimbursement",
        "reimbursements",
        "expenses",
    ],
    &["certificate", "certificates", "diploma"],
    &["sponsor", "sponsors", "sponsorship", "sponsoring"],
    &["volunteer", "volunteers", "volunteering"],
    &["shower", "showers", "wash"],
    &["topic", "topics", "theme", "themes", "track", "tracks", "challenge", "challenges"],
    &["size", "big", "large", "members", "maximum", "minimum"],
];
