//! Finds skills without a model: a taxonomy written by hand, and rules that find its names in a resume's text.
//!
//! Pure: text in, names out, the same every time. Knows nothing of the web, the store or the model. The names are in
//! `taxonomy.txt` and the words around them in `words.txt`; both are extended by hand.
//!
//! A name like "Kubernetes" is unambiguous. One like "Go" or "Excel" is accepted only in its exact spelling and with a
//! cue word, a label or a neighbour in a list (`evidence`). Skills that are denied, wished for, somebody else's, or
//! addressed to the reader of the file are dropped (`scopes`).

mod cleaning;
mod evidence;
mod reading;
mod scopes;
mod taxonomy;
mod text;
mod typed;
mod words;

#[cfg(test)]
mod tests;

pub use taxonomy::Category;

/// The skills that a resume's text says its person has: canonical names in order of appearance, without duplicates.
/// Accepts any text; the time is linear in its length.
pub fn find(text: &str) -> Vec<String> {
    let reading = reading::Reading::new(text);
    let accepted = evidence::accepted(&reading);
    let not_theirs = scopes::not_theirs(&reading);
    let skills = &taxonomy::Taxonomy::get().skills;
    let mut seen = vec![false; skills.len()];
    let mut names = Vec::new();
    for ((hit, accepted), not_theirs) in reading.hits.iter().zip(accepted).zip(not_theirs) {
        if accepted && !not_theirs && !seen[hit.skill] {
            seen[hit.skill] = true;
            names.push(skills[hit.skill].name.to_owned());
        }
    }
    names
}

/// The canonical name for what somebody typed or a model answered. An alias in any case becomes its canonical name
/// ("golang", "Advanced MS Excel", "Java 17"). A name that is not in the taxonomy is kept as typed, without control
/// characters, with single spaces and at most 60 characters. `None` when nothing is left.
pub fn canonical(typed: &str) -> Option<String> {
    typed::canonical(typed)
}

/// The key of a skill: its canonical name in lower case. Two spellings of one skill have the same key.
pub fn key(name: &str) -> String {
    typed::key(name)
}

/// `None` for a name that is not in the taxonomy.
pub fn category(name: &str) -> Option<Category> {
    typed::category(name)
}

/// Whether the name, canonical or not, is in the taxonomy: for checking a model's answer.
pub fn is_known(name: &str) -> bool {
    typed::is_known(name)
}

/// Splits what people type into a field or a cell ("Go; PostgreSQL, Docker | C++", bullets, lines, a list in brackets)
/// into canonical names, without duplicates. "C/C++" and "HTML/CSS" give two, "CI/CD" and "TCP/IP" one.
pub fn split(typed: &str) -> Vec<String> {
    typed::split(typed)
}
