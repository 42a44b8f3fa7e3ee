//! Skills without a model: a hand-made taxonomy, and rules that find its names in a resume's text.
//!
//! Pure: text in, names out, the same every time. Knows nothing of the web, the store or the model. Where the
//! names and the words around them are kept: `taxonomy.txt` and `words.txt`, both made to be extended by hand.
//!
//! A name like "Kubernetes" speaks for itself. One like "Go" or "Excel" is believed only as it is written there
//! and with a cue word, a label or a neighbour in a list (`evidence`). Whatever is denied, wished for, somebody
//! else's, or said to the reader of the file is left out (`scopes`).

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

/// The skills that a resume's text says its person has: canonical names in the order in which the text first
/// has them, no doubles. Takes any text; the time it needs grows with its length and no faster.
pub fn find(text: &str) -> Vec<String> {
    let reading = reading::Reading::new(text);
    let believed = evidence::believed(&reading);
    let not_theirs = scopes::not_theirs(&reading);
    let skills = &taxonomy::Taxonomy::get().skills;
    let mut seen = vec![false; skills.len()];
    let mut names = Vec::new();
    for ((hit, believed), not_theirs) in reading.hits.iter().zip(believed).zip(not_theirs) {
        if believed && !not_theirs && !seen[hit.skill] {
            seen[hit.skill] = true;
            names.push(skills[hit.skill].name.to_owned());
        }
    }
    names
}

/// The canonical name for what somebody typed or a model answered: an alias in any case becomes its canonical
/// name ("golang", "Advanced MS Excel", "Java 17"); what the taxonomy does not know is kept as typed, tidied:
/// without control characters, white space folded, at most 60 characters. `None` when nothing is left.
pub fn canonical(typed: &str) -> Option<String> {
    typed::canonical(typed)
}

/// What a skill is known by: the canonical name in lower case. Two spellings of one skill have the same key.
pub fn key(name: &str) -> String {
    typed::key(name)
}

/// `None` for what the taxonomy does not know.
pub fn category(name: &str) -> Option<Category> {
    typed::category(name)
}

/// Whether the taxonomy knows the name, canonical or not: for checking what a model claims.
pub fn is_known(name: &str) -> bool {
    typed::is_known(name)
}

/// Splits what people type into a field or a cell ("Go; PostgreSQL, Docker | C++", bullets, lines, a list in
/// brackets) into canonical names, no doubles. "C/C++" and "HTML/CSS" give two, "CI/CD" and "TCP/IP" one.
pub fn split(typed: &str) -> Vec<String> {
    typed::split(typed)
}
