//! The child process that reads one file with one engine, seen from both sides.
//!
//! The file goes in through stdin until its end. The answer is `OK <bytes>\n<text>` or `ERR <bytes>\n<reason>` on
//! stdout. Anything else means that the child died: out of memory, overflowed its stack, panicked. Stderr leads nowhere.

use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{MAX_BYTES, docx, limits, pdf, tidy};

/// The first argument that makes Muster's binary a child; the engine's word follows it.
pub const CHILD: &str = "read-one-file";

/// The largest answer; a longer text is cut. Of a resume at most 20,000 characters are used.
const MAX_ANSWER: usize = 4 << 20;

/// For engines that call themselves once for each level of nesting. Reserved, not used, by files that do not nest.
const STACK: usize = 64 << 20;

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    PdfExtract,
    PdfOxide,
    Unpdf,
    Docx,
    /// Reads no file and tells which limits hold.
    Nothing,
}

impl Engine {
    /// All that read PDFs.
    pub const PDF: [Self; 3] = [Self::PdfExtract, Self::PdfOxide, Self::Unpdf];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::PdfExtract => "pdf-extract",
            Self::PdfOxide => "pdf-oxide",
            Self::Unpdf => "unpdf",
            Self::Docx => "docx",
            Self::Nothing => "nothing",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        let all = [Self::PdfExtract, Self::PdfOxide, Self::Unpdf, Self::Docx, Self::Nothing];
        all.into_iter().find(|it| it.as_str() == word)
    }
}

/// Why an engine gives no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    Damaged,
    Locked,
    /// A part of it is larger than any real document's, or there are too many.
    TooLarge,
    OpenDocument,
    Spreadsheet,
    Slides,
    /// A zip that is no document at all.
    Zip,
}

impl Reason {
    const ALL: [Self; 7] = [
        Self::Damaged,
        Self::Locked,
        Self::TooLarge,
        Self::OpenDocument,
        Self::Spreadsheet,
        Self::Slides,
        Self::Zip,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Damaged => "damaged",
            Self::Locked => "locked",
            Self::TooLarge => "too-large",
            Self::OpenDocument => "open-document",
            Self::Spreadsheet => "spreadsheet",
            Self::Slides => "slides",
            Self::Zip => "zip",
        }
    }
}

/// What became of one child.
#[derive(Debug)]
pub enum Outcome {
    Text(String),
    Refused(Reason),
    Died,
    TimedOut,
    NotStarted(io::Error),
}

impl Outcome {
    /// The text, or else the outcome itself.
    pub fn text(self) -> Result<String, Self> {
        match self {
            Self::Text(text) => Ok(text),
            other => Err(other),
        }
    }
}

/// What the child does: limits itself, reads stdin, answers. Called first thing in `main`, before any other thread.
pub fn child_main(engine: &str) -> ExitCode {
    let protections = limits::apply();
    let Some(engine) = Engine::from_word(engine) else { return ExitCode::from(2) };
    let mut bytes = Vec::new();
    if io::stdin().lock().take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).is_err()
        || bytes.len() > MAX_BYTES
    {
        return ExitCode::FAILURE;
    }
    // On a thread of its own for the sake of its stack; a panic ends only that.
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

/// The other side of [`answer`]; `None` when that is not what was sent.
fn parse_answer(answer: &[u8]) -> Option<Outcome> {
    let end = answer.iter().take(32).position(|&byte| byte == b'\n')?;
    let (word, bytes) = std::str::from_utf8(&answer[..end]).ok()?.split_once(' ')?;
    let body = std::str::from_utf8(&answer[end + 1..]).ok()?;
    if bytes.parse() != Ok(body.len()) {
        return None;
    }
    match word {
        "OK" => Some(Outcome::Text(body.to_owned())),
        "ERR" => Reason::ALL.into_iter().find(|it| it.as_str() == body).map(Outcome::Refused),
        _ => None,
    }
}

/// Starts a child, hands it the file and takes its answer; kills it after `time_limit`.
pub async fn run(program: &Path, engine: Engine, file: &[u8], time_limit: Duration) -> Outcome {
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
    let talk = async {
        let give = async move {
            // A child that died does not listen: what it answered tells.
            let _ = stdin.write_all(file).await;
        };
        let mut answer = Vec::new();
        let mut stdout = stdout.take(MAX_ANSWER as u64 + 64);
        let ((), taken) = tokio::join!(give, stdout.read_to_end(&mut answer));
        taken.ok().and_then(|_| parse_answer(&answer)).unwrap_or(Outcome::Died)
    };
    let outcome = tokio::time::timeout(time_limit, talk).await.unwrap_or(Outcome::TimedOut);
    // Its place is free only once it is gone.
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
    fn an_answer_is_a_word_a_length_and_so_many_bytes() {
        assert_eq!(parsed("OK 4\nHé!"), r#"Text("Hé!")"#);
        assert_eq!(parsed("OK 0\n"), r#"Text("")"#);
        assert_eq!(parsed("ERR 6\nlocked"), "Refused(Locked)");
    }

    #[test]
    fn whatever_else_a_child_says_means_that_it_died() {
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
        for engine in Engine::PDF.into_iter().chain([Engine::Docx, Engine::Nothing]) {
            assert_eq!(Engine::from_word(engine.as_str()), Some(engine));
        }
        for reason in Reason::ALL {
            let answer = format!("ERR {}\n{}", reason.as_str().len(), reason.as_str());
            assert_eq!(parsed(&answer), format!("Refused({reason:?})"));
        }
    }
}
