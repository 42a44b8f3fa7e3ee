//! Muster's command line: serve, or do one thing and print it. The same domain calls as the web, no rules of its own.

use std::fs::File;
use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use serde_json::json;

use crate::config::{Config, Vars};
use crate::extract::{self, MAX_BYTES, Reader};
use crate::skills;

/// Invites people to a hackathon by e-mail and brings them together.
///
/// Without a command it serves the pages for organisers and participants; its settings come from the environment and
/// from the file .env (see .env.example).
#[derive(Debug, Parser)]
#[command(name = "muster", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the text of a resume (PDF, DOCX or plain text)
    Extract { file: PathBuf },
    /// Print the skills that the taxonomy finds in a resume, as JSON
    Skills { file: PathBuf },
}

/// Everything `main` does.
pub fn main() -> ExitCode {
    // A child that reads a file must be limited before anything else happens, reading its arguments included.
    let mut words = std::env::args_os().skip(1);
    if words.next().is_some_and(|word| word == extract::CHILD) {
        return extract::child_main(&words.next().unwrap_or_default().to_string_lossy());
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return misused(&error),
    };
    let done = match arguments.command {
        None => serve(),
        Some(Command::Extract { file }) => text(&file).and_then(|text| print(&text)),
        Some(Command::Skills { file }) => text(&file)
            .and_then(|text| print(&json!({ "skills": skills::find(&text) }).to_string())),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            complain(&format!("{reason:#}"));
            ExitCode::FAILURE
        }
    }
}

/// One line, whatever it is made of.
fn complain(reason: &str) {
    eprintln!("muster: {}", reason.split_whitespace().collect::<Vec<_>>().join(" "));
}

/// Help that was asked for, or what is wrong with the arguments.
fn misused(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // Nobody is left to tell when the output is closed.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    complain(&format!("{}; try muster --help", first.trim_start_matches("error: ")));
    ExitCode::from(2)
}

fn serve() -> anyhow::Result<()> {
    let config = Config::read(&Vars::from_environment()?)?;
    log_to_output();
    // One TLS provider for Gemini, mail and PostgreSQL.
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("TLS was set up twice"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(crate::app::serve(config))
}

/// What is logged: our own words, and of the libraries only what somebody should look at. `RUST_LOG` says otherwise.
fn log_to_output() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| {
        EnvFilter::new("info,sqlx=warn,hyper=warn,reqwest=warn,tower_http=warn,lettre=warn")
    });
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stdout().is_terminal())
        .with_target(false)
        .init();
}

/// The text of the resume in a file, read as the server reads it.
fn text(file: &Path) -> anyhow::Result<String> {
    let bytes = bytes(file).with_context(|| format!("cannot open {}", file.display()))?;
    let reader = Reader::new(std::env::current_exe()?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(reader.read(bytes))?.text)
}

/// A file's bytes: no more than decide that it is too large.
fn bytes(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn print(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout().lock(), "{text}").context("cannot write to the output")
}
