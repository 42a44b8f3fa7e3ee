//! What the tests share: databases, servers that behave like the real ones, a reader of Rust source, and what to do
//! when a program is missing.

pub mod app;
pub mod browser;
pub mod db;
pub mod discord;
pub mod faq;
pub mod gemini;
pub mod imports;
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

/// A developer's machine may lack PostgreSQL, Node, Python or Chromium; the tests that need them are then skipped. In
/// CI nothing may be skipped.
#[expect(clippy::disallowed_methods, reason = "only tests ask whether they run in CI")]
fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}

/// Prints that something is skipped and why; fails in CI.
pub fn leave_out(what: &str, why: &str) {
    assert!(!in_ci(), "{what} must not be left out when CI=true: {why}");
    // Unlike eprintln!, this is shown when the test passes, too.
    let _ = writeln!(std::io::stderr(), "left out: {what} ({why})");
}

/// The repository's folder.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The path of a program, found as a shell does.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// What a program prints, without the line's end; `None` when it cannot be run or fails.
pub fn output_of(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok().map(|text| text.trim_end().to_owned())
}
