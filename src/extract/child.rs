//! The child process that reads one file with one engine: both sides of it.
//!
//! The child reads the file from stdin until its end and answers `OK <bytes>\n<text>` or `ERR <bytes>\n<reason>` on
//! stdout. Anything else means that it died: out of memory, stack overflow, panic. Its stderr is discarded.

use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::outcome::{Engine, MAX_BYTES, Outcome, Reason};
use super::{docx, limits, pdf, tidy};

/// The first argument that makes Muster's binary a child; the engine's name follows it.
pub(crate) const CHILD: &str = "read-one-file";

/// The largest answer in bytes; a longer text is cut. At most 20,000 characters of a resume are used.
const MAX_ANSWER: usize = 4 << 20;

/// Bytes, for engines that recurse once per level of nesting. Only reserved: flat files do not use it.
const STACK: usize = 64 << 20;

/// The child's side: limits itself, reads stdin, answers. `main` calls it first, before another thread exists.
pub(crate) fn child_main(engine: &str) -> ExitCode {
    let protections = limits::apply();
    let Ok(engine) = engine.parse::<Engine>() else { return ExitCode::from(2) };
    let mut bytes = Vec::new();
    if io::stdin().lock().take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).is_err()
        || bytes.len() > MAX_BYTES
    {
        return ExitCode::FAILURE;
    }
    // On its own thread, for the size of its stack; a panic ends only that thread.
    let read = std::thread::Builder::new().stack_size(STACK).spawn(move || match engine {
        Engine::PdfExtract => pdf::pdf_extract(&bytes),
        Engine::PdfOxide => pdf::pdf_oxide(bytes),
        Engine::Unpdf => pdf::unpdf(&bytes),
        Engine::Docx => docx::text(&bytes),
        Engine::Nothing => Ok(protections.to_string()),
    });
    let Ok(Ok(read)) = read.map(std::thread::JoinHandle::join) else { return ExitCode::FAILURE };
    match answer(&read) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn answer(read: &Result<String, Reason>) -> io::Result<()> {
    let (word, body) = match read {
        Ok(text) => ("OK", tidy::cut(text, MAX_ANSWER)),
        Err(reason) => ("ERR", reason.as_str()),
    };
    let mut stdout = io::stdout().lock();
    write!(stdout, "{word} {}\n{body}", body.len())?;
    stdout.flush()
}

/// Parses what [`answer`] wrote; `None` when it is something else.
fn parse_answer(answer: &[u8]) -> Option<Outcome> {
    let end = answer.iter().take(32).position(|&byte| byte == b'\n')?;
    let (word, bytes) = std::str::from_utf8(&answer[..end]).ok()?.split_once(' ')?;
    let body = std::str::from_utf8(&answer[end + 1..]).ok()?;
    if bytes.parse() != Ok(body.len()) {
        return None;
    }
    match word {
        "OK" => Some(Outcome::Text(body.to_owned())),
        "ERR" => body.parse().ok().map(Outcome::Refused),
        _ => None,
    }
}

/// The parent's side: starts a child, sends it the file and reads its answer; kills it after `time_limit`.
pub(super) async fn run(
    program: &Path,
    engine: Engine,
    file: &[u8],
    time_limit: Duration,
) -> Outcome {
    let child = tokio::process::Command::new(program)
        .args([CHILD, engine.as_str()])
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => return Outcome::NotStarted(error),
    };
    let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Outcome::Died;
    };
    let exchange = async {
        let send = async move {
            // A child that died does not read on: its answer shows that.
            let _ = stdin.write_all(file).await;
        };
        let mut answer = Vec::new();
        let mut stdout = stdout.take(MAX_ANSWER as u64 + 64);
        let ((), received) = tokio::join!(send, stdout.read_to_end(&mut answer));
        received.ok().and_then(|_| parse_answer(&answer)).unwrap_or(Outcome::Died)
    };
    let outcome = tokio::time::timeout(time_limit, exchange).await.unwrap_or(Outcome::TimedOut);
    // The slot is free only when the child has ended.
    let _ = child.kill().await;
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(answer: &str) -> String {
        parse_answer(answer.as_bytes()).map_or("none".into(), |it| format!("{it:?}"))
    }

    #[test]
    fn an_answer_is_a_word_a_length_and_that_number_of_bytes() {
        assert_eq!(parsed("OK 4\nHé!"), r#"Text("Hé!")"#);
        assert_eq!(parsed("OK 0\n"), r#"Text("")"#);
        assert_eq!(parsed("ERR 6\nlocked"), "Refused(Locked)");
    }

    #[test]
    fn any_other_answer_means_that_the_child_died() {
        for answer in [
            "",
            "OK",
            "OK 3\nHello",
            "OK 9\nHello",
            "ERR 5\nweird",
            "panicked\n",
            "NO 1\nx",
            "OK -1\n",
        ] {
            assert_eq!(parsed(answer), "none", "{answer:?}");
        }
        assert!(parse_answer(b"OK 1\n\xff").is_none());
    }

    #[test]
    fn every_engine_and_reason_is_found_by_its_word() {
        for engine in Engine::ALL {
            assert_eq!(engine.as_str().parse::<Engine>().unwrap(), *engine);
        }
        for reason in Reason::ALL {
            let answer = format!("ERR {}\n{}", reason.as_str().len(), reason.as_str());
            assert_eq!(parsed(&answer), format!("Refused({reason:?})"));
        }
    }
}
