//! How fast Muster is where an organiser waits for it: `cargo bench`, or a part of it with `cargo bench -- pages`.
//! Everything stands on 10,000 invented people, on SQLite on this disk unless it says otherwise. Nothing here asserts a time; only `process`,
//! which runs the real binary, prints its figures itself.

#[path = "../../tests/support/mod.rs"]
#[allow(dead_code, reason = "of what the tests use only PostgreSQL is wanted here")]
mod support;

mod campaign;
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
    process::report();
}
