//! Decides whether an ambiguous name ("Go", "Excel", "Spring") means the skill. Looks at the context, not at meanings.

use super::reading::{Hit, Left, Reading, Right};
use super::taxonomy::Trust;
use super::words::Section;

/// For each hit: whether it means the skill.
pub(super) fn accepted(reading: &Reading) -> Vec<bool> {
    let lists = Lists::new(reading);
    let views: Vec<View> = reading.hits.iter().map(|hit| View::new(reading, hit, &lists)).collect();
    let mut accepted: Vec<bool> = reading
        .hits
        .iter()
        .zip(&views)
        .map(|(hit, view)| hit.trust == Trust::Certain || view.stands_alone(hit))
        .collect();
    // An accepted neighbour is evidence for the next hit, in both directions.
    let right_neighbours: Vec<Vec<usize>> = reading
        .hits
        .iter()
        .enumerate()
        .map(|(n, hit)| reading.neighbours(hit).filter(|&other| other != n).collect())
        .collect();
    let mut left_neighbours: Vec<Vec<usize>> = vec![Vec::new(); reading.hits.len()];
    for (n, others) in right_neighbours.iter().enumerate() {
        for &other in others {
            left_neighbours[other].push(n);
        }
    }
    let update = |n: usize, accepted: &mut Vec<bool>| {
        let left = left_neighbours[n].iter().any(|&other| accepted[other]);
        let right = right_neighbours[n].iter().any(|&other| accepted[other]);
        let paired = || {
            left_neighbours[n]
                .iter()
                .chain(&right_neighbours[n])
                .any(|&other| reading.hits[other].exact)
        };
        let is_accepted = views[n].accepts(&reading.hits[n], left, right)
            || (views[n].may_be_paired(&reading.hits[n]) && paired());
        if !accepted[n] && is_accepted {
            accepted[n] = true;
        }
    };
    for _ in 0..2 {
        (0..reading.hits.len()).for_each(|n| update(n, &mut accepted));
        (0..reading.hits.len()).rev().for_each(|n| update(n, &mut accepted));
    }
    accepted
}

/// In tokens, with the colon.
const LONGEST_HEADING: usize = 9;

/// A sentence seen as a list.
#[derive(Clone, Copy, Default)]
struct List {
    hits: usize,
    certain: usize,
    /// Hits that are everyday words, not names.
    words: usize,
    /// Words that are neither skills nor fillers.
    foreign: usize,
    /// A label or heading says that it is a list of skills.
    labelled: bool,
    /// The sentence is alone on its line, and that is not the first line of the text, which has the name.
    whole_line: bool,
}

struct Lists {
    by_sentence: Vec<List>,
    /// Names in the whole text that need no evidence.
    certain: usize,
}

impl Lists {
    fn new(reading: &Reading) -> Self {
        let text = &reading.text;
        let sentences = text.tokens.last().map_or(0, |token| token.sentence as usize + 1);
        let mut lists = vec![List::default(); sentences];
        let mut in_skills = false;
        let mut i = 0;
        while i < text.len() {
            let sentence = text.tokens[i].sentence as usize;
            if text.starts_sentence(i) {
                // reset when a second sentence begins on the line
                lists[sentence].whole_line = i > 0 && text.starts_line(i);
                if !text.starts_line(i) {
                    lists[sentence - 1].whole_line = false;
                }
                match heading(reading, i) {
                    Heading::Line { skills } => in_skills = skills,
                    Heading::Label { skills, end } => {
                        lists[sentence].labelled = skills;
                        lists[sentence].whole_line &= skills;
                        i = end;
                        continue;
                    }
                    Heading::None => lists[sentence].labelled = in_skills,
                }
            }
            if let Some(hit) = reading.hit_at(i) {
                let hit = &reading.hits[hit];
                lists[sentence].hits += 1;
                lists[sentence].certain += usize::from(hit.trust == Trust::Certain);
                lists[sentence].words += usize::from(hit.trust != Trust::Name);
                i = hit.end;
                continue;
            }
            let empty = !text.is_word(i)
                || text.is_number(i)
                || reading.marks.is(i, Section::Filler)
                || reading.marks.joins(i);
            lists[sentence].foreign += usize::from(!empty);
            i += 1;
        }
        let certain = lists.iter().map(|list| list.certain).sum();
        Self { by_sentence: lists, certain }
    }
}

enum Heading {
    /// A line of its own.
    Line {
        skills: bool,
    },
    /// "Tools:" before a list on the same line; the list begins at `end`.
    Label {
        skills: bool,
        end: usize,
    },
    None,
}

fn heading(reading: &Reading, start: usize) -> Heading {
    let text = &reading.text;
    let end = text.len().min(start + LONGEST_HEADING);
    let (mut skills, mut other, mut any_hit) = (false, false, false);
    let mut words = 0;
    let mut i = start;
    while i < end && text.same_sentence(start, i) {
        if text.is(i, ':') {
            let ends_line = i + 1 >= text.len() || text.starts_line(i + 1);
            let skills = skills && !other;
            return if ends_line {
                Heading::Line { skills }
            } else {
                Heading::Label { skills, end: i + 1 }
            };
        }
        if text.ends_sentence(i) || matches!(text.first_char(i), ',' | ';') {
            return Heading::None;
        }
        any_hit |= reading.hit_at(i).is_some();
        skills |= reading.marks.is(i, Section::SkillHeading);
        other |= reading.marks.is(i, Section::OtherHeading);
        words += usize::from(text.is_word(i));
        i += 1;
    }
    let ends_line = i == text.len() || text.starts_line(i);
    let known = skills || other || reading.capitals[text.tokens[start].line as usize];
    if text.starts_line(start) && ends_line && words <= 4 && !any_hit && known {
        return Heading::Line { skills: skills && !other };
    }
    Heading::None
}

/// One hit and its context.
struct View {
    left: Left,
    right: Right,
    /// Capitalised but not at the beginning of its sentence: in most languages only proper names are.
    proper: bool,
    list: List,
    /// Followed by a level: "Excel, advanced".
    levelled: bool,
    certain_in_text: usize,
}

impl View {
    fn new(reading: &Reading, hit: &Hit, lists: &Lists) -> Self {
        let text = &reading.text;
        let line = text.tokens[hit.start].line as usize;
        Self {
            left: reading.left_of(hit),
            right: reading.right_of(hit),
            proper: hit.exact
                && text.is_capitalised(hit.start)
                && !text.starts_sentence(hit.start)
                && !reading.capitals[line],
            list: lists.by_sentence[text.tokens[hit.start].sentence as usize],
            levelled: hit.end < text.len()
                && text.same_sentence(hit.start, hit.end)
                && reading.marks.is(hit.end, Section::Filler),
            certain_in_text: lists.certain,
        }
    }

    /// The name is a complete item of a list.
    fn whole(&self) -> bool {
        matches!(self.left, Left::Start | Left::Separator | Left::Joined | Left::Hit)
            && matches!(
                self.right,
                Right::End | Right::Separator(_) | Right::Joined(_) | Right::Hit(_)
            )
    }

    fn in_list_of_skills(&self, trust: Trust) -> bool {
        let List { hits, certain, words, foreign, labelled, whole_line } = self.list;
        let among_skills = self.certain_in_text >= 3;
        let apart = self.left != Left::Hit && !matches!(self.right, Right::Hit(_));
        let said_so = labelled && (certain > 0 || foreign <= hits);
        let long = foreign == 0 && hits >= 3 && words >= 2;
        let alone = foreign == 0 && whole_line && among_skills && apart;
        let short = trust == Trust::Word
            && among_skills
            && 2 * foreign <= hits
            && (hits >= 2 || self.levelled);
        self.whole() && (said_so || long || alone || short)
    }

    /// Accepted without a neighbour.
    fn stands_alone(&self, hit: &Hit) -> bool {
        if !hit.exact {
            return self.list.labelled && self.list.foreign == 0 && self.whole();
        }
        if self.left == Left::Capital || self.right == Right::Other {
            return false;
        }
        if self.in_list_of_skills(hit.trust) {
            return true;
        }
        match hit.trust {
            Trust::Word => {
                let cued =
                    matches!(self.left, Left::Cue { .. }) && (self.proper || self.list.certain > 0);
                let role = self.right == Right::Role
                    || (self.right == Right::LooseRole && self.left != Left::Start);
                cued || role || (self.proper && self.list.certain > 0 && self.left != Left::Start)
            }
            Trust::Name => match self.right {
                Right::LooseRole | Right::Other => false,
                Right::Role => true,
                _ => {
                    self.left == (Left::Cue { strong: true })
                        || (self.left == (Left::Cue { strong: false }) && self.list.certain > 0)
                }
            },
            _ => false,
        }
    }

    /// "C and Java at school, Lua, HTML and CSS": two ambiguous names side by side in a sentence about skills.
    fn may_be_paired(&self, hit: &Hit) -> bool {
        hit.exact
            && self.list.certain >= 3
            && matches!(self.left, Left::Start | Left::Separator | Left::Joined)
            && matches!(
                self.right,
                Right::End | Right::Separator(_) | Right::Joined(_) | Right::Follow
            )
    }

    /// Accepted because a neighbour in the list is.
    fn accepts(&self, hit: &Hit, left: bool, right: bool) -> bool {
        if !(left || right)
            || self.left == Left::Capital
            || matches!(self.right, Right::Other | Right::LooseRole)
        {
            return false;
        }
        if !hit.exact {
            let ends =
                matches!(self.left, Left::Start | Left::Separator) || self.right == Right::End;
            let cued = hit.trust == Trust::Word
                && matches!(self.left, Left::Cue { .. })
                && self.right != Right::Follow;
            return cued
                || self.whole()
                    && ((left && right)
                        || (ends && self.list.certain >= 2 && self.right == Right::End)
                        || (self.list.certain >= 3 && self.list.foreign <= 1));
        }
        match hit.trust {
            Trust::Name => !matches!(self.left, Left::Other),
            _ => true,
        }
    }
}
