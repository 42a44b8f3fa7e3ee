//! A resume's text with the names of skills in it and the context of each.

use super::taxonomy::{Alias, Taxonomy, Trust};
use super::text::{Gap, Text};
use super::words::{Marks, Section};

/// A name of a skill in the text: tokens `start..end`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    pub start: usize,
    pub end: usize,
    pub skill: usize,
    pub trust: Trust,
    pub exact: bool,
}

/// What follows a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Right {
    /// The end of the sentence.
    End,
    /// A comma, bar, bracket or column; the next item begins at the token.
    Separator(usize),
    /// "and" or "or"; the next item begins at the token.
    Joined(usize),
    /// Another name of a skill, with nothing between.
    Hit(usize),
    Role,
    LooseRole,
    Follow,
    Other,
}

/// What precedes a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    Start,
    Separator,
    Joined,
    Hit,
    Cue {
        strong: bool,
    },
    /// A capitalised word, as in the name of a person or firm.
    Capital,
    Other,
}

pub(super) struct Reading {
    pub text: Text,
    pub hits: Vec<Hit>,
    pub marks: Marks,
    /// By token: the index of the hit that begins there, or `NONE`.
    starting: Vec<u32>,
    /// By token: the index of the hit that ends before it, or `NONE`.
    ending: Vec<u32>,
    /// By line: whether it is in capitals.
    pub capitals: Vec<bool>,
}

const NONE: u32 = u32::MAX;
/// Tokens that are examined on each side of a name; the limit keeps the time linear.
const REACH: usize = 8;
const LONGEST_BRACKET: usize = 40;

impl Reading {
    pub fn new(raw: &str) -> Self {
        let taxonomy = Taxonomy::get();
        let text = Text::new(raw);
        let capitals = lines_in_capitals(&text);
        let mut hits = Vec::new();
        let mut starting = vec![NONE; text.len() + 1];
        let mut ending = vec![NONE; text.len() + 1];
        let mut i = 0;
        while i < text.len() {
            let Some(found) =
                taxonomy.longest(&text, i, |alias: &Alias| alias.trust != Trust::TypedOnly)
            else {
                i += 1;
                continue;
            };
            let alias = &taxonomy.aliases[found.alias];
            let shouted = found.capitals && capitals[text.tokens[i].line as usize];
            let trust = match alias.trust {
                _ if found.versioned => Trust::Certain,
                Trust::ExactCase if found.exact && !shouted => Trust::Certain,
                Trust::ExactCase => Trust::Word,
                trust => trust,
            };
            starting[i] = hits.len() as u32;
            ending[found.end] = hits.len() as u32;
            hits.push(Hit {
                start: i,
                end: found.end,
                skill: alias.skill,
                trust,
                exact: found.exact || shouted,
            });
            i = found.end;
        }
        let marks = Marks::new(&text, |i| starting[i] != NONE);
        Self { text, hits, marks, starting, ending, capitals }
    }

    pub fn hit_at(&self, i: usize) -> Option<usize> {
        self.starting.get(i).filter(|&&hit| hit != NONE).map(|&hit| hit as usize)
    }

    pub fn hit_before(&self, i: usize) -> Option<usize> {
        self.ending.get(i).filter(|&&hit| hit != NONE).map(|&hit| hit as usize)
    }

    /// Whether the token separates the items of a list.
    pub fn separates(&self, i: usize) -> bool {
        matches!(
            self.text.first_char(i),
            ',' | ';'
                | '/'
                | '|'
                | '•'
                | '·'
                | '▪'
                | '●'
                | '■'
                | '‣'
                | '*'
                | '+'
                | '&'
                | ':'
                | '('
                | ')'
                | '['
                | ']'
                | '{'
                | '}'
                | '"'
                | '«'
                | '»'
                | '>'
                | '→'
                | '='
                | '、'
                | '，'
                | '・'
                | '~'
                | '<'
        ) || self.text.is_dash(i)
            || (matches!(self.text.first_char(i), '–' | '—'))
    }

    pub fn right_of(&self, hit: &Hit) -> Right {
        let text = &self.text;
        let mut j = hit.end;
        let mut direct = true;
        for _ in 0..REACH {
            if j >= text.len() || !text.same_sentence(hit.start, j) || text.ends_sentence(j) {
                return Right::End;
            }
            if text.tokens[j].gap >= Gap::Wide {
                return Right::Separator(j);
            }
            if text.is(j, '-') && text.is_glued(j) && text.is_glued(j + 1) {
                return if self.marks.is(j + 1, Section::Role) {
                    Right::Role
                } else {
                    Right::Other
                };
            }
            if let Some(other) = self.hit_at(j) {
                return Right::Hit(other);
            }
            if self.separates(j) {
                return Right::Separator(j);
            }
            if self.marks.joins(j) {
                return Right::Joined(j + 1);
            }
            if direct && self.marks.is(j, Section::Role) {
                return Right::Role;
            }
            if direct && self.marks.is(j, Section::LooseRole) {
                return Right::LooseRole;
            }
            let version = text.first_char(j).is_ascii_digit()
                && !(hit.trust == Trust::Name && is_year(text.original(j)));
            if !version && (self.marks.is(j, Section::Follow) || text.is_foreign(j)) {
                return Right::Follow;
            }
            if version || text.is(j, '.') || self.marks.is(j, Section::Filler) {
                direct &= version;
                j += 1;
                continue;
            }
            return Right::Other;
        }
        Right::Other
    }

    pub fn left_of(&self, hit: &Hit) -> Left {
        let text = &self.text;
        let mut k = hit.start;
        for _ in 0..REACH {
            if k == 0 || !text.same_sentence(k - 1, hit.start) {
                return Left::Start;
            }
            if text.tokens[k].gap >= Gap::Wide {
                return Left::Separator;
            }
            if self.hit_before(k).is_some() {
                return Left::Hit;
            }
            if self.marks.ends_before(k, Section::StrongCue) {
                return Left::Cue { strong: true };
            }
            // a Latin name in a text of another script is hardly ever an everyday word
            if self.marks.ends_before(k, Section::Cue) || text.is_foreign(k - 1) {
                return Left::Cue { strong: false };
            }
            if self.separates(k - 1) {
                return Left::Separator;
            }
            if text.is(k - 1, '-') {
                return if text.starts_sentence(k - 1) { Left::Start } else { Left::Other };
            }
            if self.marks.joins(k - 1) {
                return Left::Joined;
            }
            if self.marks.is(k - 1, Section::Filler) || text.original(k - 1).ends_with('\'') {
                k -= 1;
                continue;
            }
            return if text.is_capitalised(k - 1) && !text.starts_sentence(k - 1) {
                Left::Capital
            } else {
                Left::Other
            };
        }
        Left::Other
    }

    /// The names that follow in the same list: after the separator, after a bracket, or on the next line.
    pub fn neighbours(&self, hit: &Hit) -> impl Iterator<Item = usize> {
        let mut found = [None; 2];
        match self.right_of(hit) {
            Right::Hit(other) => found[0] = Some(other),
            Right::Joined(j) => found[0] = self.next_item(j, hit),
            Right::Separator(j) => {
                found[0] = self.next_item(j, hit);
                found[1] = self.after_bracket(j).and_then(|j| self.next_item(j, hit));
            }
            Right::End => found[0] = self.in_next_line(hit),
            _ => {}
        }
        found.into_iter().flatten()
    }

    fn next_item(&self, from: usize, hit: &Hit) -> Option<usize> {
        for j in from..self.text.len().min(from + 5) {
            if !self.text.same_sentence(hit.start, j) {
                return None;
            }
            if let Some(other) = self.hit_at(j) {
                return Some(other);
            }
            if !(self.separates(j) || self.marks.joins(j) || self.marks.is(j, Section::Filler)) {
                return None;
            }
        }
        None
    }

    /// The token after the bracket that opens at `j`.
    fn after_bracket(&self, j: usize) -> Option<usize> {
        if !self.text.is(j, '(') {
            return None;
        }
        let end = self.text.len().min(j + LONGEST_BRACKET);
        (j + 1..end).find(|&k| self.text.is(k, ')')).map(|k| k + 1)
    }

    /// The next item of a list with one item per line.
    fn in_next_line(&self, hit: &Hit) -> Option<usize> {
        let text = &self.text;
        let next = (hit.end..text.len().min(hit.end + 4)).find(|&j| text.starts_line(j))?;
        if text.tokens[next].gap == Gap::Blank
            || (hit.end..next).any(|j| text.is_word(j) && !text.is_number(j))
        {
            return None;
        }
        let line = text.tokens[hit.start].line;
        let short_before = hit.start < REACH || text.tokens[hit.start - REACH].line != line;
        let item = (next..text.len().min(next + 3))
            .find(|&j| text.is_word(j) || self.hit_at(j).is_some())?;
        let other = self.hit_at(item)?;
        let after = self.hits[other].end;
        let short_after =
            after + 4 >= text.len() || text.tokens[after + 3].line != text.tokens[item].line;
        (short_before && short_after).then_some(other)
    }
}

fn is_year(word: &str) -> bool {
    word.len() == 4 && (word.starts_with("19") || word.starts_with("20"))
}

fn lines_in_capitals(text: &Text) -> Vec<bool> {
    let lines = text.tokens.last().map_or(0, |token| token.line as usize + 1);
    let mut upper = vec![0_usize; lines];
    let mut lower = vec![0_usize; lines];
    for i in 0..text.len() {
        let line = text.tokens[i].line as usize;
        for c in text.original(i).chars() {
            upper[line] += usize::from(c.is_uppercase());
            lower[line] += usize::from(c.is_lowercase());
        }
    }
    upper.iter().zip(&lower).map(|(&upper, &lower)| upper >= 8 && upper >= 6 * lower).collect()
}
