//! What the tests share: databases, servers that behave like the real ones, a reader of Rust source, and the word on what may be skipped.

pub mod app;
pub mod browser;
pub mod db;
pub mod discord;
pub mod faq;
pub mod gemini;
pub mod interactions;
pub mod node;
pub mod postgres;
pub mod process;
pub mod python;
pub mod smtp;
pub mod source;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A desk may lack PostgreSQL, Node, Python or Chromium, and then the tests that need them are left out. CI may not.
#[expect(clippy::disallowed_methods, reason = "only tests ask whether they run in CI")]
fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}

/// Says on the terminal that something is left out and why; fails where nothing may be left out.
pub fn leave_out(what: &str, why: &str) {
    assert!(!in_ci(), "{what} must not be left out when CI=true: {why}");
    // Unlike eprintln!, this is seen when the test passes, too.
    let _ = writeln!(std::io::stderr(), "left out: {what} ({why})");
}

/// The repository's folder.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where a program of that name stands, looked for as a shell does.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// What a program prints, without the line's end; `None` when it cannot be run or fails.
pub fn output_of(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok().map(|text| text.trim_end().to_owned())
}
