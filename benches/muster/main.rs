//! How fast Muster is where an organiser waits for it: `cargo bench`, or a part of it with `cargo bench -- pages`.
//! All with 10,000 invented people, on SQLite on this disk unless noted. Nothing here asserts a time; `process`,
//! which runs the real binary, and `faq`, which asks questions, print their figures themselves.

#[path = "../../tests/support/mod.rs"]
#[allow(dead_code, reason = "of what the tests use only a part is wanted here")]
mod support;

mod campaign;
mod faq;
mod house;
mod import;
mod invented;
mod matching;
mod pages;
mod pool;
mod process;
mod resumes;
mod skills;

fn main() {
    divan::main();
    faq::report();
    process::report();
}

/// Whether a part that prints for itself is asked for by name, or nothing is.
fn is_wanted(part: &str) -> bool {
    let words: Vec<String> =
        std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let only_listed = std::env::args().any(|word| word == "--list" || word == "--test");
    !only_listed && (words.is_empty() || words.iter().any(|word| part.contains(word.as_str())))
}
