//! The words around skills, from `words.txt`, and where they occur in a text. Knows no skill by name.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::text::Text;

/// The sections of `words.txt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Section {
    And,
    Or,
    But,
    Me,
    Person,
    Persons,
    Portuguese,
    NotPortuguese,
    Filler,
    Cue,
    StrongCue,
    Role,
    LooseRole,
    Follow,
    SkillHeading,
    OtherHeading,
    Not,
    No,
    Wish,
    Others,
    Elsewhere,
    GoodAt,
    NotSo,
    Answer,
    Reader,
}

impl Section {
    fn headed(heading: &str) -> Option<Self> {
        Some(match heading {
            "and" => Self::And,
            "or" => Self::Or,
            "but" => Self::But,
            "me" => Self::Me,
            "person" => Self::Person,
            "persons" => Self::Persons,
            "Portuguese" => Self::Portuguese,
            "not Portuguese" => Self::NotPortuguese,
            "filler" => Self::Filler,
            "cue" => Self::Cue,
            "strong cue" => Self::StrongCue,
            "role" => Self::Role,
            "loose role" => Self::LooseRole,
            "follow" => Self::Follow,
            "skill heading" => Self::SkillHeading,
            "other heading" => Self::OtherHeading,
            "not" => Self::Not,
            "not, unless Portuguese" => Self::No,
            "wish" => Self::Wish,
            "others" => Self::Others,
            "elsewhere" => Self::Elsewhere,
            "good at" => Self::GoodAt,
            "not so" => Self::NotSo,
            "answer" => Self::Answer,
            "reader" => Self::Reader,
            _ => return None,
        })
    }

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

#[derive(Debug)]
enum Element {
    /// One of these words.
    Word(Vec<String>),
    /// One of the words of a section.
    Class(Section),
    /// Up to three words.
    Gap,
    /// A skill begins here; it is not part of the phrase.
    Skill,
}

#[derive(Debug)]
struct Phrase {
    section: Section,
    /// Only at the beginning of a clause.
    at_clause: bool,
    elements: Vec<Element>,
}

/// A phrase found in a text: tokens `start..end`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    pub section: Section,
    pub start: usize,
    pub end: usize,
}

#[derive(Debug, Default)]
struct Words {
    /// Single words, with the bits of their sections.
    single: HashMap<String, u32>,
    /// By first word.
    phrases: HashMap<String, Vec<usize>>,
    /// Those that begin with a class of words.
    open: Vec<usize>,
    all: Vec<Phrase>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| Words::read(include_str!("words.txt")));

/// The sections of the words and phrases of one text.
#[derive(Debug)]
pub(super) struct Marks {
    /// Sections of the word at a token.
    at: Vec<u32>,
    /// Sections of phrases that end before a token.
    ending: Vec<u32>,
    pub stretches: Vec<Stretch>,
}

impl Marks {
    /// `starts_skill` tells whether the name of a skill begins at a token.
    pub fn new(text: &Text, starts_skill: impl Fn(usize) -> bool) -> Self {
        let words = &*WORDS;
        let at: Vec<u32> = (0..text.len())
            .map(|i| words.single.get(text.folded(i)).copied().unwrap_or(0))
            .collect();
        let mut marks = Self { at, ending: vec![0; text.len() + 1], stretches: Vec::new() };
        for i in 0..text.len() {
            marks.ending[i + 1] |= marks.at[i];
            let by_word = words.phrases.get(text.folded(i)).map_or(&[][..], Vec::as_slice);
            for &phrase in by_word.iter().chain(&words.open) {
                let phrase = &words.all[phrase];
                if phrase.at_clause && !marks.clause_begins(text, i) {
                    continue;
                }
                if let Some(end) = marks.fits(text, &phrase.elements, i, &starts_skill) {
                    marks.ending[end] |= phrase.section.bit();
                    marks.stretches.push(Stretch { section: phrase.section, start: i, end });
                }
            }
        }
        marks.drop_what_is_not_meant();
        marks
    }

    pub fn is(&self, i: usize, section: Section) -> bool {
        self.at.get(i).is_some_and(|mask| mask & section.bit() != 0)
    }

    /// Whether a word or phrase of the section ends directly before token `i`.
    pub fn ends_before(&self, i: usize, section: Section) -> bool {
        self.ending[i] & section.bit() != 0
    }

    pub fn joins(&self, i: usize) -> bool {
        self.is(i, Section::And) || self.is(i, Section::Or)
    }

    fn clause_begins(&self, text: &Text, i: usize) -> bool {
        text.starts_sentence(i)
            || !text.is_word(i - 1) && !text.is(i - 1, '-') && !text.is(i - 1, '\'')
            || self.is(i - 1, Section::But)
            || self.joins(i - 1)
    }

    /// The token after the phrase, if it begins at `i`.
    fn fits(
        &self,
        text: &Text,
        elements: &[Element],
        i: usize,
        starts_skill: &impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let Some((first, rest)) = elements.split_first() else { return Some(i) };
        if matches!(first, Element::Gap) {
            for skipped in 0..=3 {
                if let Some(end) = self.fits(text, rest, i + skipped, starts_skill) {
                    return Some(end);
                }
                let passable = i + skipped < text.len()
                    && text.same_sentence(i - 1, i + skipped)
                    && (text.is_word(i + skipped)
                        || matches!(text.first_char(i + skipped), '-' | '\''));
                if !passable {
                    return None;
                }
            }
            return None;
        }
        if i >= text.len()
            || (i > 0
                && !text.same_sentence(i - 1, i)
                && elements.len() > 1
                && matches!(first, Element::Skill))
        {
            return None;
        }
        match first {
            Element::Skill => starts_skill(i).then_some(i),
            Element::Class(section) => {
                self.is(i, *section).then(|| self.fits(text, rest, i + 1, starts_skill)).flatten()
            }
            Element::Word(any) => any
                .iter()
                .any(|word| word == text.folded(i))
                .then(|| self.fits(text, rest, i + 1, starts_skill))
                .flatten(),
            Element::Gap => None,
        }
    }

    /// Drops phrases that are not meant: "not only Java but …" denies nothing.
    fn drop_what_is_not_meant(&mut self) {
        let mut harmless = vec![false; self.at.len() + 1];
        for stretch in self.stretches.iter().filter(|stretch| stretch.section == Section::NotSo) {
            harmless[stretch.start..stretch.end].fill(true);
        }
        self.stretches.retain(|stretch| {
            let against = matches!(
                stretch.section,
                Section::Not | Section::No | Section::Wish | Section::Others
            );
            stretch.section != Section::NotSo && !(against && harmless[stretch.start])
        });
    }
}

impl Words {
    fn read(source: &str) -> Self {
        let mut words = Self::default();
        let mut section = None;
        for line in
            source.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            if let Some(heading) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                section = Section::headed(heading);
                continue;
            }
            let Some(section) = section else { continue };
            for entry in line.split(" | ") {
                words.add(section, entry.trim());
            }
        }
        words
    }

    fn add(&mut self, section: Section, entry: &str) {
        let (at_clause, entry) =
            entry.strip_prefix("^ ").map_or((false, entry), |entry| (true, entry));
        let mut elements: Vec<Element> = Vec::new();
        for word in entry.split(' ') {
            match word {
                "*" => elements.push(Element::Gap),
                "@skill" => elements.push(Element::Skill),
                "@person" => elements.push(Element::Class(Section::Person)),
                "@persons" => elements.push(Element::Class(Section::Persons)),
                "@me" => elements.push(Element::Class(Section::Me)),
                _ if word.contains('/') => {
                    elements.push(Element::Word(word.split('/').map(folded).collect()));
                }
                // the tail of "don't", the head of "l'Excel"
                _ if word.starts_with('\'') || word.ends_with('\'') => {
                    elements.push(Element::Word(vec![word.to_owned()]));
                }
                _ => {
                    // "e.g" is several tokens of a text
                    let text = Text::new(word);
                    elements.extend(
                        (0..text.len()).map(|i| Element::Word(vec![text.folded(i).to_owned()])),
                    );
                }
            }
        }
        if let ([Element::Word(word)], false) = (elements.as_slice(), at_clause) {
            for word in word {
                *self.single.entry(word.clone()).or_default() |= section.bit();
            }
            if !section.is_scope() {
                return;
            }
        }
        let index = self.all.len();
        match elements.first() {
            Some(Element::Word(any)) => {
                for word in any {
                    self.phrases.entry(word.clone()).or_default().push(index);
                }
            }
            Some(_) => self.open.push(index),
            None => return,
        }
        self.all.push(Phrase { section, at_clause, elements });
    }
}

impl Section {
    /// Whether the positions of such words in the text matter, besides the words themselves.
    fn is_scope(self) -> bool {
        matches!(
            self,
            Self::Not
                | Self::No
                | Self::Wish
                | Self::Others
                | Self::Elsewhere
                | Self::NotSo
                | Self::Answer
                | Self::Reader
        )
    }
}

fn folded(word: &str) -> String {
    let text = Text::new(word);
    (0..text.len()).map(|i| text.folded(i)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_of_the_file_is_known() {
        for line in include_str!("words.txt").lines().filter(|line| line.starts_with('[')) {
            let heading = line.trim_matches(['[', ']']);
            assert!(Section::headed(heading).is_some(), "{heading}");
        }
    }

    #[test]
    fn sections_that_are_looked_up_by_word_contain_only_single_words() {
        let words = Words::read(include_str!("words.txt"));
        for phrase in &words.all {
            let may_be_long = phrase.section.is_scope()
                || matches!(phrase.section, Section::Cue | Section::StrongCue | Section::GoodAt);
            assert!(may_be_long, "{phrase:?}");
        }
    }

    #[test]
    fn words_are_stored_in_the_form_in_which_texts_are_compared() {
        let words = Words::read(include_str!("words.txt"));
        for word in words.single.keys().chain(words.phrases.keys()) {
            assert_eq!(*word, folded(word));
            let in_text = Text::new(&if word.starts_with('\'') {
                format!("x{word}")
            } else {
                format!("{word}xx")
            });
            let apostrophe = word.contains('\'');
            let tokens = if apostrophe { in_text } else { Text::new(word) };
            assert!(
                (0..tokens.len()).any(|i| tokens.folded(i) == word),
                "{word} is never a token of a text"
            );
        }
    }
}
