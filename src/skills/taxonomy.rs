//! The skills of `taxonomy.txt`, read once, and finding their names in a text. Knows nothing of resumes.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::text::{Gap, Text};

/// What kind of thing a skill is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Category {
    Language,
    Framework,
    Tool,
    Platform,
    Database,
    Data,
    Design,
    Hardware,
    Business,
    Science,
    Standard,
    Security,
    Method,
    General,
}

impl Category {
    pub const ALL: [Self; 14] = [
        Self::Language,
        Self::Framework,
        Self::Tool,
        Self::Platform,
        Self::Database,
        Self::Data,
        Self::Design,
        Self::Hardware,
        Self::Business,
        Self::Science,
        Self::Standard,
        Self::Security,
        Self::Method,
        Self::General,
    ];

    pub fn label(self) -> &'static str {
        match self {
            Self::Language => "Languages",
            Self::Framework => "Frameworks and libraries",
            Self::Tool => "Tools",
            Self::Platform => "Platforms and cloud",
            Self::Database => "Databases",
            Self::Data => "Data and machine learning",
            Self::Design => "Design and media",
            Self::Hardware => "Hardware and engineering",
            Self::Business => "Office and business software",
            Self::Science => "Science and geography",
            Self::Standard => "Standards and protocols",
            Self::Security => "Security",
            Self::Method => "Methods",
            Self::General => "General",
        }
    }

    fn headed(heading: &str) -> Option<Self> {
        Some(match heading {
            "Language" => Self::Language,
            "Framework" => Self::Framework,
            "Tool" => Self::Tool,
            "Platform" => Self::Platform,
            "Database" => Self::Database,
            "Data and machine learning" => Self::Data,
            "Design" => Self::Design,
            "Hardware" => Self::Hardware,
            "Business software" => Self::Business,
            "Science and geography" => Self::Science,
            "Standards and protocols" => Self::Standard,
            "Security" => Self::Security,
            "Method" => Self::Method,
            "Known when typed" => Self::General,
            _ => return None,
        })
    }
}

/// How ambiguous a name is in a text: the marks of `taxonomy.txt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    Certain,
    /// Certain if upper and lower case are as in the taxonomy.
    ExactCase,
    /// Also an everyday word.
    Word,
    /// Also a letter, person, place, firm or season.
    Name,
    /// Recognised only when typed; never searched for in a text.
    TypedOnly,
}

#[derive(Debug)]
pub(super) struct Skill {
    pub name: &'static str,
    pub category: Category,
}

/// One token of a name.
#[derive(Debug)]
struct Piece {
    lower: String,
    written: String,
    /// A space or hyphen precedes it; otherwise it follows the previous piece directly.
    apart: bool,
}

#[derive(Debug)]
pub(super) struct Alias {
    pub skill: usize,
    pub trust: Trust,
    pieces: Vec<Piece>,
}

#[derive(Debug)]
pub(super) struct Taxonomy {
    pub skills: Vec<Skill>,
    pub aliases: Vec<Alias>,
    /// Indexes of aliases by first piece; the longest first.
    by_first: HashMap<String, Vec<usize>>,
}

/// An alias found in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub alias: usize,
    /// The token after its last.
    pub end: usize,
    /// Upper and lower case are as in the taxonomy.
    pub exact: bool,
    /// All of it is in capitals, which means nothing in a line of capitals.
    pub capitals: bool,
    /// A version is part of the word ("Vue3"), which makes it certain.
    pub versioned: bool,
}

static TAXONOMY: LazyLock<Taxonomy> =
    LazyLock::new(|| Taxonomy::read(include_str!("taxonomy.txt")));

impl Taxonomy {
    pub fn get() -> &'static Self {
        &TAXONOMY
    }

    fn read(source: &'static str) -> Self {
        let mut taxonomy =
            Self { skills: Vec::new(), aliases: Vec::new(), by_first: HashMap::new() };
        let mut category = Category::General;
        for line in
            source.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            if let Some(heading) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                category = Category::headed(heading).unwrap_or(Category::General);
                continue;
            }
            let skill = taxonomy.skills.len();
            for (n, name) in line.split(" | ").map(str::trim).enumerate() {
                let (trust, name) = marked(name);
                if n == 0 {
                    taxonomy.skills.push(Skill { name, category });
                }
                taxonomy.add(skill, trust, name);
                if let Some(stem) = name.strip_suffix(".js") {
                    taxonomy.add(skill, trust, &format!("{stem}js"));
                    taxonomy.add(skill, trust, &format!("{stem} js"));
                }
            }
        }
        let aliases = &taxonomy.aliases;
        for found in taxonomy.by_first.values_mut() {
            found.sort_by_key(|&alias| std::cmp::Reverse(aliases[alias].pieces.len()));
        }
        taxonomy
    }

    fn add(&mut self, skill: usize, trust: Trust, name: &str) {
        let text = Text::new(name);
        let mut pieces: Vec<Piece> = Vec::new();
        let mut hyphen = false;
        for i in 0..text.len() {
            if text.is(i, '-') && text.is_glued(i) && text.is_glued(i + 1) {
                hyphen = true;
                continue;
            }
            let apart = i > 0 && (hyphen || text.tokens[i].gap != Gap::Glued);
            hyphen = false;
            pieces.push(Piece {
                lower: text.lower(i).to_owned(),
                written: text.original(i).to_owned(),
                apart,
            });
        }
        let Some(first) = pieces.first() else { return };
        let key = first.lower.clone();
        let alias = self.aliases.len();
        self.aliases.push(Alias { skill, trust, pieces });
        self.by_first.entry(key).or_default().push(alias);
    }

    /// The longest name that begins with token `i`, among those that `wanted` accepts.
    pub fn longest(&self, text: &Text, i: usize, wanted: impl Fn(&Alias) -> bool) -> Option<Found> {
        if let Some(candidates) = self.by_first.get(text.lower(i)) {
            let mut fitting = candidates.iter().filter(|&&alias| wanted(&self.aliases[alias]));
            if let Some(found) = fitting.find_map(|&alias| self.fits(text, i, alias)) {
                return Some(found);
            }
        }
        self.with_version(text, i, wanted)
    }

    fn fits(&self, text: &Text, start: usize, alias: usize) -> Option<Found> {
        let pieces = &self.aliases[alias].pieces;
        let mut at = start;
        let (mut exact, mut capitals) = (true, true);
        for (n, piece) in pieces.iter().enumerate() {
            if n > 0 && piece.apart {
                if text.is(at, '-') && text.is_glued(at) && text.is_glued(at + 1) {
                    at += 1;
                } else if at >= text.len()
                    || text.tokens[at].gap == Gap::Glued
                    || !text.same_sentence(at - 1, at)
                {
                    return None;
                }
            } else if n > 0 && !text.is_glued(at) {
                return None;
            }
            if at >= text.len() || text.lower(at) != piece.lower {
                return None;
            }
            let original = text.original(at);
            exact &= original == piece.written;
            capitals &= !original.chars().any(char::is_lowercase);
            at += 1;
        }
        ends_well(text, start, at).then_some(Found {
            alias,
            end: at,
            exact,
            capitals,
            versioned: false,
        })
    }

    /// "Python3", "Java17", "Vue3": a known word of at least three letters with a number at its end.
    fn with_version(
        &self,
        text: &Text,
        i: usize,
        wanted: impl Fn(&Alias) -> bool,
    ) -> Option<Found> {
        let word = text.lower(i);
        let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
        if stem.len() == word.len() || stem.len() < 3 || word.len() - stem.len() > 4 {
            return None;
        }
        let candidates = self.by_first.get(stem)?;
        let alias = *candidates.iter().find(|&&alias| {
            let alias = &self.aliases[alias];
            alias.pieces.len() == 1 && wanted(alias) && alias.trust != Trust::TypedOnly
        })?;
        let capitals = !text.original(i).chars().any(char::is_lowercase);
        ends_well(text, i, i + 1).then_some(Found {
            alias,
            end: i + 1,
            exact: true,
            capitals,
            versioned: true,
        })
    }
}

fn marked(name: &str) -> (Trust, &str) {
    let mut chars = name.chars();
    let trust = match chars.next() {
        Some('=') => Trust::ExactCase,
        Some('~') => Trust::Word,
        Some('!') => Trust::Name,
        Some('-') => Trust::TypedOnly,
        _ => return (Trust::Certain, name),
    };
    (trust, chars.as_str())
}

/// Whether the tokens from `start` to `end` are a separate word, not part of another.
fn ends_well(text: &Text, start: usize, end: usize) -> bool {
    if text.is_glued(start) {
        let before = text.first_char(start - 1);
        let after_word = start >= 2 && text.is_glued(start - 1) && text.is_word(start - 2);
        // ".NET" in "VB.NET" is part of a word; "d'Excel" and a name in Japanese text are not
        let within_word = before.is_alphanumeric()
            && (!text.is_word(start)
                || (text.original(start - 1).ends_with(char::is_alphanumeric)
                    && before.is_ascii()));
        if within_word
            || matches!(before, '@' | '_' | '\\')
            || (matches!(before, '.' | '&') && after_word)
        {
            return false;
        }
    }
    if !text.is_glued(end) {
        return true;
    }
    let single = end - start == 1 && text.original(start).chars().count() == 1;
    let next_is_word = text.is_glued(end + 1) && text.is_word(end + 1);
    match text.first_char(end) {
        '_' | '@' => false,
        '&' => !next_is_word,
        '+' | '#' => !single && (next_is_word || !text.is_word(end - 1)),
        '\'' => !single,
        '.' if next_is_word => {
            !single
                && text.original(end + 1).len() > 1
                && !matches!(
                    text.lower(end + 1),
                    "com" | "org" | "de" | "net" | "io" | "dev" | "app" | "fr" | "es"
                )
        }
        c if c.is_ascii_alphanumeric() && !text.is_word(end - 1) => text.is_number(end),
        c if c.is_alphanumeric() => !c.is_ascii(),
        _ => true,
    }
}
