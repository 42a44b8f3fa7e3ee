//! Finds names of skills that do not count as the person's own: denied, wished for, somebody else's, or addressed to
//! the reader of the file. Knows words, not skills.

use super::reading::Reading;
use super::text::Gap;
use super::words::{Section, Stretch};

/// How far the effect of a word reaches, in tokens. Longer lists of what somebody cannot do are not expected, and the
/// limit keeps the time linear.
const REACH: usize = 60;
/// "With" in the languages of `words.txt`: may begin an item of a list, or precede a skill that is denied after it.
const PREPOSITIONS: [&str; 10] =
    ["in", "mit", "with", "con", "en", "avec", "com", "em", "de", "med"];
/// "My boss, who wrote the Java part": still the boss.
const RELATIVES: [&str; 9] = ["who", "which", "whose", "that", "der", "die", "qui", "que", "che"];
/// A sentence addressed to the reader drops this many sentences, itself included.
const SENTENCES_TO_THE_READER: u32 = 3;

/// For each hit: whether it does not count.
pub(super) fn not_theirs(reading: &Reading) -> Vec<bool> {
    let mut scopes = Scopes { reading, dropped: vec![false; reading.text.len()] };
    scopes.drop_what_addresses_the_reader();
    let portuguese = scopes.is_portuguese();
    for stretch in &reading.marks.stretches {
        match stretch.section {
            Section::Not | Section::Wish | Section::Others => scopes.drop_around(stretch),
            Section::No if !portuguese => scopes.drop_around(stretch),
            Section::Elsewhere => scopes.drop_place_or_firm(stretch),
            Section::Answer => scopes.drop_answered(stretch),
            _ => {}
        }
    }
    scopes.drop_people_of_a_trade();
    reading.hits.iter().map(|hit| scopes.dropped[hit.start]).collect()
}

struct Scopes<'a> {
    reading: &'a Reading,
    /// By token.
    dropped: Vec<bool>,
}

impl Scopes<'_> {
    fn is(&self, i: usize, section: Section) -> bool {
        self.reading.marks.is(i, section)
    }

    /// Whether "no" means "in the".
    fn is_portuguese(&self) -> bool {
        let count = |section| (0..self.dropped.len()).filter(|&i| self.is(i, section)).count();
        let portuguese = count(Section::Portuguese);
        portuguese >= 2 && portuguese > count(Section::NotPortuguese)
    }

    fn drop_around(&mut self, stretch: &Stretch) {
        let end = self.ahead(stretch);
        if self.has_hit(stretch.start, end) {
            self.dropped[stretch.start..end].fill(true);
        } else if stretch.section != Section::Others
            && !self.drop_list_below(stretch)
            && !self.drop_before_opener(stretch)
        {
            self.drop_behind(stretch);
        }
    }

    fn has_hit(&self, start: usize, end: usize) -> bool {
        (start..end).any(|i| self.reading.hit_at(i).is_some())
    }

    /// The token at which the scope of the stretch ends.
    fn ahead(&self, stretch: &Stretch) -> usize {
        let text = &self.reading.text;
        let mut depth = 0;
        let mut j = stretch.end;
        while j < text.len().min(stretch.end + REACH) && text.same_sentence(stretch.start, j) {
            let stops = match text.first_char(j) {
                ';' => true,
                '(' => {
                    depth += 1;
                    false
                }
                ')' => {
                    depth -= 1;
                    depth < 0
                }
                ':' => j > stretch.end,
                ',' | '，' | '、' => {
                    let of_the_other = stretch.section == Section::Others
                        && j + 1 < text.len()
                        && RELATIVES.contains(&text.folded(j + 1));
                    depth == 0 && !of_the_other && !self.list_goes_on(j + 1, stretch)
                }
                _ if text.is_dash(j) => j > stretch.end,
                _ if self.reading.hit_at(j).is_some() => false,
                _ if self.is(j, Section::But) => true,
                _ if self.is(j, Section::And) => match stretch.section {
                    Section::Not | Section::No => !self.list_goes_on(j + 1, stretch),
                    _ => self.is(j + 1, Section::Me),
                },
                _ => false,
            };
            if stops {
                break;
            }
            j += 1;
        }
        j
    }

    /// Whether another item of the same list begins at `from`.
    fn list_goes_on(&self, from: usize, stretch: &Stretch) -> bool {
        let text = &self.reading.text;
        let mut j = from;
        while j < text.len().min(from + 5) && text.same_sentence(stretch.start, j) {
            if self.reading.hit_at(j).is_some() || self.is(j, Section::Or) {
                return true;
            }
            // "no Java, strong in Python" is not a list
            let passable = self.reading.marks.joins(j)
                || (self.is(j, Section::Filler) && !self.is(j, Section::GoodAt))
                || PREPOSITIONS.contains(&text.folded(j));
            if !passable || self.is(j, Section::Me) {
                return false;
            }
            j += 1;
        }
        false
    }

    /// "Want to learn:", followed by one item per line.
    fn drop_list_below(&mut self, stretch: &Stretch) -> bool {
        let text = &self.reading.text;
        let Some(line_end) =
            (stretch.end..text.len().min(stretch.end + 6)).find(|&j| text.starts_line(j))
        else {
            return false;
        };
        let bullet = matches!(text.first_char(line_end), '-' | '*' | '•' | '·' | '–' | '▪' | '●');
        if !(text.is(line_end - 1, ':') || bullet && text.is_word(line_end - 1)) {
            return false;
        }
        let mut j = line_end;
        while j < text.len().min(line_end + REACH) {
            let ends = j > line_end
                && text.starts_line(j)
                && (text.tokens[j].gap == Gap::Blank || self.heads(j));
            if ends {
                break;
            }
            j += 1;
        }
        self.dropped[line_end..j].fill(true);
        true
    }

    /// A heading or label begins at `i`: up to four words and a colon, or a known heading of lists.
    fn heads(&self, i: usize) -> bool {
        let text = &self.reading.text;
        let colon = (i..text.len().min(i + 5))
            .take_while(|&j| j == i || !text.starts_line(j))
            .any(|j| text.is(j, ':'));
        let known = self.is(i, Section::SkillHeading) || self.is(i, Section::OtherHeading);
        colon || (known && self.reading.hit_at(i).is_none())
    }

    /// "Rust (want to learn)", "Java: no experience".
    fn drop_before_opener(&mut self, stretch: &Stretch) -> bool {
        let text = &self.reading.text;
        let Some(opener) = stretch.start.checked_sub(1) else { return false };
        let bracket = text.is(opener, '(') || text.is(opener, '[');
        if !(bracket || text.is(opener, ':') || text.is_dash(opener))
            || text.starts_line(stretch.start)
        {
            return false;
        }
        self.drop_list_ending_at(opener, bracket)
    }

    /// Drops the name that ends directly before `end` and, unless `one`, the others of its list.
    fn drop_list_ending_at(&mut self, end: usize, one: bool) -> bool {
        let mut k = end;
        let mut any = false;
        while k > 0 && end - k < REACH {
            let reading = self.reading;
            if let Some(hit) =
                reading.hit_before(k).filter(|_| reading.text.same_sentence(k - 1, end - 1))
            {
                let hit = &reading.hits[hit];
                self.dropped[hit.start..hit.end].fill(true);
                any = true;
                k = hit.start;
                if one {
                    break;
                }
                continue;
            }
            let passable = reading.text.is_number(k - 1)
                || self.is(k - 1, Section::Filler)
                || (any
                    && (reading.text.is(k - 1, ',')
                        || reading.text.is(k - 1, '/')
                        || reading.marks.joins(k - 1)));
            if !passable || !reading.text.same_sentence(k - 1, end - 1) {
                break;
            }
            k -= 1;
        }
        any
    }

    /// "PHP kenne ich nicht": the clause begins with the skill.
    fn drop_behind(&mut self, stretch: &Stretch) {
        let text = &self.reading.text;
        let mut k = stretch.start;
        while k > 0 && stretch.start - k < REACH && text.same_sentence(k - 1, stretch.start) {
            let i = k - 1;
            let list = |i: usize| {
                self.reading.hit_before(i).is_some() && self.reading.hit_at(i + 1).is_some()
            };
            let stops = match text.first_char(i) {
                ';' | ':' | '(' | ')' => true,
                ',' | '，' | '、' => !list(i),
                _ if text.is_dash(i) => true,
                _ if self.reading.marks.joins(i) => !list(i),
                _ => self.reading.hit_before(k).is_none() && self.is(i, Section::But),
            };
            if stops {
                break;
            }
            k -= 1;
        }
        let mut first = k;
        while first < stretch.start && self.reading.hit_at(first).is_none() {
            let leading = self.is(first, Section::Me)
                || self.is(first, Section::Filler)
                || self.is(first, Section::Follow)
                || self.reading.marks.joins(first);
            if !leading && !PREPOSITIONS.contains(&text.folded(first)) {
                return;
            }
            first += 1;
        }
        self.dropped[first..stretch.start].fill(true);
    }

    /// "Puppet? No", "Java: none", "Go (planned)".
    fn drop_answered(&mut self, stretch: &Stretch) {
        let text = &self.reading.text;
        let Some(opener) = stretch.start.checked_sub(1) else { return };
        if text.is(opener, '?') {
            self.drop_list_ending_at(opener, false);
        } else if !self.has_hit(stretch.end, text.len().min(stretch.end + 2)) {
            self.drop_before_opener(stretch);
        }
    }

    fn drop_place_or_firm(&mut self, stretch: &Stretch) {
        let reading = self.reading;
        let mut j = stretch.end;
        while j < stretch.end + 2 && self.is(j, Section::Filler) && reading.hit_at(j).is_none() {
            j += 1;
        }
        let Some(hit) = reading.hit_at(j) else { return };
        let hit = reading.hits[hit];
        let good_at = reading.marks.ends_before(stretch.start, Section::GoodAt);
        if !good_at
            && reading.text.is_capitalised(j)
            && reading.text.same_sentence(stretch.start, j)
        {
            self.dropped[hit.start..hit.end].fill(true);
        }
    }

    /// "Led six Java developers": others are the developers. In German also "Java-Entwicklern".
    fn drop_people_of_a_trade(&mut self) {
        let reading = self.reading;
        for hit in &reading.hits {
            let after = hit.end
                + usize::from(reading.text.is(hit.end, '-') && reading.text.is_glued(hit.end));
            let plural = after < reading.text.len()
                && self.is(after, Section::Persons)
                && reading.text.same_sentence(hit.start, after);
            if plural && !reading.text.starts_sentence(hit.start) {
                self.dropped[hit.start..hit.end].fill(true);
            }
        }
    }

    fn drop_what_addresses_the_reader(&mut self) {
        let text = &self.reading.text;
        // By sentence: it and the following ones on the line are dropped.
        let sentences = text.tokens.last().map_or(0, |token| token.sentence as usize + 1);
        let mut addressed = vec![false; sentences];
        for stretch in
            self.reading.marks.stretches.iter().filter(|stretch| stretch.section == Section::Reader)
        {
            addressed[text.tokens[stretch.start].sentence as usize] = true;
        }
        let mut left = 0_u32;
        let mut long_line = false;
        for i in 0..text.len() {
            let token = text.tokens[i];
            if text.starts_sentence(i) {
                left = left.saturating_sub(1);
                if text.starts_line(i) {
                    // an unfinished line continues below, and so does a list after a colon
                    let open = left > 0
                        && i > 0
                        && token.gap != Gap::Blank
                        && !self.heads(i)
                        && (text.is(i - 1, ':')
                            || matches!(text.first_char(i), '-' | '*' | '•')
                            || (long_line && text.is_word(i - 1)));
                    left = if open { SENTENCES_TO_THE_READER } else { 0 };
                }
                if addressed[token.sentence as usize] {
                    left = SENTENCES_TO_THE_READER;
                }
                long_line = false;
            }
            long_line |= i >= REACH / 8 && text.tokens[i - REACH / 8].line == token.line;
            self.dropped[i] = left > 0;
        }
    }
}
