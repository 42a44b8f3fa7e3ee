//! The command line: serves, or does one thing and prints the result. It calls the same domain functions as the web.

use std::fs::File;
use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use serde_json::json;

use crate::config::{Config, Vars};
use crate::events::CURRENT;
use crate::extract::{self, MAX_BYTES, Reader};
use crate::model::{Clock, KeyNumber};
use crate::store::Db;
use crate::{faq, gateway, keys, llm, skills};

/// Invites people to a hackathon by email and brings them together.
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
    /// Check the Gemini keys
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Print the skills that the taxonomy finds in a resume, as JSON
    Skills { file: PathBuf },
    /// The FAQ as a text file
    #[command(subcommand)]
    Faq(Faq),
    /// Tokens for other programs that use Gemini through Muster
    #[command(subcommand)]
    Token(TokenCommand),
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Create a token and print it; it is shown only once
    Create { name: String },
    /// List the names of all tokens, and how often each was used
    List,
    /// Remove a token: programs that use it are refused from then on
    Remove { name: String },
}

#[derive(Debug, Subcommand)]
enum Faq {
    /// Import a file of Q: and A: blocks, or of Markdown headings
    Import { file: PathBuf },
    /// Print the FAQ
    Export {
        /// With headings, instead of Q: and A: blocks
        #[arg(long)]
        markdown: bool,
    },
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Ask Google whether each key is valid and which models it offers (uses no quota)
    Check,
}

/// Everything `main` does.
pub fn main() -> ExitCode {
    // A child process that reads a file must be limited before anything else, even before its arguments are parsed.
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == extract::CHILD) {
        return extract::child_main(&arguments.next().unwrap_or_default().to_string_lossy());
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return misused(&error),
    };
    let done = match arguments.command {
        None => serve(),
        Some(Command::Keys(KeysCommand::Check)) => check_keys(),
        Some(Command::Extract { file }) => text(&file).and_then(|text| print(&text)),
        Some(Command::Skills { file }) => text(&file)
            .and_then(|text| print(&json!({ "skills": skills::find(&text) }).to_string())),
        Some(Command::Faq(Faq::Import { file })) => import_faq(&file),
        Some(Command::Faq(Faq::Export { markdown })) => export_faq(markdown),
        Some(Command::Token(command)) => tokens(&command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            complain(&format!("{reason:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Prints an error on one line.
fn complain(reason: &str) {
    eprintln!("muster: {}", reason.split_whitespace().collect::<Vec<_>>().join(" "));
}

/// Prints the help, or what is wrong with the arguments.
fn misused(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // If the output is closed, nobody would see an error either.
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
    set_up_tls()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(crate::server::serve(config))
}

/// Asks Google about every key, including those entered on the page, and prints a line for each.
fn check_keys() -> anyhow::Result<()> {
    let config = Config::read(&Vars::from_environment()?)?;
    set_up_tls()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let db = Db::open(config.database_url.as_ref(), &config.data_dir).await?;
        let pool = crate::app::pool(&config, &db).await?;
        let keys = keys::load(&mut *db.read().await?, &pool).await?;
        let client = llm::Client::new(&config.gemini, config.time_scale)?;
        anyhow::ensure!(!keys.is_empty() || !keys.unreadable().is_empty(), "no Gemini key is set");
        let mut bad = keys.unreadable().len();
        for key in keys.iter() {
            let checked = keys::check(&client, &pool, key).await;
            bad += usize::from(!checked.is_fine());
            print(&format!("{} ({}): {checked}", named(key.number), key.source()))?;
        }
        for duplicate in keys.duplicates() {
            print(&format!(
                "{}: the same key as {}; it counts once",
                named(duplicate.number),
                named(duplicate.of)
            ))?;
        }
        for key in keys.unreadable() {
            print(&format!(
                "{}: entered on the page, sealed with another secret",
                named(key.number)
            ))?;
        }
        db.close().await;
        let all = keys.len() + keys.unreadable().len();
        anyhow::ensure!(bad == 0, "{bad} of {all} keys cannot be used as they are set");
        Ok(())
    })
}

fn named(number: KeyNumber) -> String {
    if number.is_reserve() { "Reserve".into() } else { format!("Key {number}") }
}

/// Installs one TLS provider for Gemini, SMTP and PostgreSQL.
fn set_up_tls() -> anyhow::Result<()> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("TLS was set up twice"))
}

/// Logs our own messages, and of the libraries only warnings. `RUST_LOG` overrides this.
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

/// Runs `work` on the database that the settings name.
fn on_database<T>(work: impl AsyncFnOnce(&Db) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let config = Config::read(&Vars::from_environment()?)?;
    // PostgreSQL may want TLS.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let db = Db::open(config.database_url.as_ref(), &config.data_dir).await?;
        let done = work(&db).await;
        db.close().await;
        done
    })
}

/// Imports what can be read and names each part that cannot; if there is one, the command fails.
fn import_faq(file: &Path) -> anyhow::Result<()> {
    let bytes = bytes(file).with_context(|| format!("cannot open {}", file.display()))?;
    let text = String::from_utf8(bytes).context("this is not a text file in UTF-8")?;
    let parsed = faq::import::read(&text);
    for bad in &parsed.bad {
        complain(&format!("{}:{}: {}", file.display(), bad.line, bad.problem));
    }
    let tally = on_database(async |db| {
        let mut tx = db.write().await?;
        let now = Clock::machine().now();
        let tally = faq::entries::import(&mut tx, CURRENT, &parsed.entries, now).await?;
        tx.commit().await?;
        Ok(tally)
    })?;
    print(&format!("{} new, {} changed, {} the same", tally.new, tally.changed, tally.same))?;
    match parsed.bad.len() {
        0 => Ok(()),
        1 => anyhow::bail!("one part of the file was left out"),
        parts => anyhow::bail!("{parts} parts of the file were left out"),
    }
}

fn export_faq(markdown: bool) -> anyhow::Result<()> {
    let entries =
        on_database(async |db| Ok(faq::entries::in_order(&mut *db.read().await?, CURRENT).await?))?;
    let text = if markdown {
        faq::import::write_markdown(&entries)
    } else {
        faq::import::write_text(&entries)
    };
    print(text.trim_end())
}

fn tokens(command: &TokenCommand) -> anyhow::Result<()> {
    on_database(async |db| {
        let mut tx = db.write().await?;
        match command {
            TokenCommand::Create { name } => {
                let now = Clock::machine().now();
                let token = gateway::tokens::create(&mut tx, name, now).await?;
                tx.commit().await?;
                print(token.expose())
            }
            TokenCommand::List => {
                for token in gateway::tokens::list(&mut tx).await? {
                    print(&format!("{}: {} requests", token.name, token.requests))?;
                }
                Ok(())
            }
            TokenCommand::Remove { name } => {
                anyhow::ensure!(
                    gateway::tokens::remove(&mut tx, name).await?,
                    "there is no token of this name; muster token list shows them"
                );
                tx.commit().await?;
                Ok(())
            }
        }
    })
}

/// The text of the resume in a file, read in the same way as by the server.
fn text(file: &Path) -> anyhow::Result<String> {
    let bytes = bytes(file).with_context(|| format!("cannot open {}", file.display()))?;
    let reader = Reader::new(std::env::current_exe()?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(reader.read(bytes))?.text)
}

/// A file's bytes, up to one more than the limit, so that a larger file is recognised.
fn bytes(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn print(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout().lock(), "{text}").context("cannot write to the output")
}
