//! The text of an uploaded resume: PDF, Word (DOCX) or plain text.
//!
//! Files are hostile until read. What parses them runs in a child process of this same program, with limits on time,
//! memory, files and network ([`limits`]); a file that breaks its reader costs one message, never the server.
//! Nothing here knows people, rows or the web: bytes in, text or a plain sentence out.

mod child;
mod choose;
mod docx;
mod limits;
mod pdf;
mod repair;
mod sniff;
mod tidy;
mod txt;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

pub use child::{CHILD, child_main};
pub use limits::Protections;

use child::{Engine, Outcome, Reason};
use sniff::Kind;

/// The largest file that is looked at.
pub const MAX_BYTES: usize = 16 << 20;

/// How long one child may take, unless [`Reader::with_time_limit`] says otherwise. A resume takes 0.1 s.
const TIME_LIMIT: Duration = Duration::from_secs(6);

/// What a file is, by its content: names and declared types are not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    Pdf,
    Docx,
    Txt,
}

impl Format {
    pub const ALL: &'static [Self] = &[Self::Pdf, Self::Docx, Self::Txt];

    /// The word that stands in the database and in the JSON interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Docx => "docx",
            Self::Txt => "txt",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What came out of a file: its text holds at least one letter or digit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extracted {
    pub format: Format,
    /// NFKC, lines ended by `\n`, without marks that nobody sees.
    pub text: String,
}

/// Why there is no text. `Display` is what the organiser reads: what is wrong and what to do next.
#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    #[error("This file is empty. Choose the resume again and upload that.")]
    Empty,
    #[error(
        "This file is larger than 16 MiB. Save a smaller copy, for example without pictures, and upload that."
    )]
    TooLarge,
    #[error(
        "This file is not a PDF, a Word document (.docx) or plain text. Save the resume as one of these and upload that."
    )]
    Unknown,
    #[error(
        "This is {0}. Save the resume as PDF, Word document (.docx) or plain text and upload that."
    )]
    Other(&'static str),
    #[error(
        "This is a Word document of the old kind (.doc). Save it as .docx or PDF and upload that."
    )]
    OldWord,
    #[error(
        "This is a picture, and Muster reads text. Upload the resume as PDF or Word document (.docx)."
    )]
    Image,

    #[error("This PDF is locked with a password. Save a copy without a password and upload that.")]
    PdfLocked,
    #[error(
        "This PDF is a picture: it holds no text we can read. Upload the document it was made from, or scan it with text recognition."
    )]
    PdfPicture,
    #[error(
        "This PDF holds no text we can read. Export it once more from the program it was made with, or upload a Word document (.docx)."
    )]
    PdfNoText,
    #[error(
        "This PDF took too long to read. Print it to a new PDF, or upload a Word document (.docx)."
    )]
    PdfTooLong,
    #[error(
        "This PDF could not be read: it is damaged. Export it once more from the program it was made with and upload that."
    )]
    PdfDamaged,

    #[error(
        "This Word document is locked with a password. Save a copy without a password and upload that."
    )]
    WordLocked,
    #[error(
        "This Word document holds no text we can read. If it shows a picture of the resume, upload the document it was made from."
    )]
    WordNoText,
    #[error("This Word document took too long to read. Save it as PDF and upload that.")]
    WordTooLong,
    #[error("This Word document is too large inside. Save it as PDF and upload that.")]
    WordTooLarge,
    #[error(
        "This Word document could not be read: it is damaged. Open it in Word, save it again and upload that."
    )]
    WordDamaged,

    #[error("This text file holds no words. Choose the resume again and upload that.")]
    NoWords,

    /// Not the file's fault: the child process did not start.
    #[error("Muster could not start reading this file. Try again in a minute.")]
    NotStarted(#[source] std::io::Error),
}

impl ExtractError {
    /// Whether trying the same file again may help.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::NotStarted(_))
    }
}

/// Reads files in child processes, at most one a core at a time. Clones share that bound.
#[derive(Clone, Debug)]
pub struct Reader {
    program: PathBuf,
    time_limit: Duration,
    places: Arc<Semaphore>,
}

impl Reader {
    /// `program` is Muster's own binary: the running one in production, Cargo's in tests.
    pub fn new(program: PathBuf) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { program, time_limit: TIME_LIMIT, places: Arc::new(Semaphore::new(cores)) }
    }

    /// How long one child may take, by the wall clock. `TIME_SCALE` does not touch this.
    #[must_use]
    pub fn with_time_limit(self, time_limit: Duration) -> Self {
        Self { time_limit, ..self }
    }

    /// The text of a file of any kind. A PDF is read by three engines, each in its own child, and the best text is
    /// taken; it is enough that one of them succeeds.
    pub async fn read(&self, bytes: Vec<u8>) -> Result<Extracted, ExtractError> {
        let (kind, bytes) = blocking(move || (sniff::sniff(&bytes), bytes)).await?;
        match kind? {
            Kind::Text(text) => finish(Format::Txt, text).await?.ok_or(ExtractError::NoWords),
            Kind::Word => {
                let text = self.run(Engine::Docx, &bytes).await.text().map_err(word_error)?;
                finish(Format::Docx, text).await?.ok_or(ExtractError::WordNoText)
            }
            Kind::Pdf => self.read_pdf(bytes).await,
        }
    }

    /// What holds back a child on this machine, found out by starting one. For the log at start.
    pub async fn protections(&self) -> Result<Protections, ExtractError> {
        match self.run(Engine::Nothing, &[]).await {
            Outcome::Text(words) => Ok(Protections::parse(&words)),
            Outcome::NotStarted(error) => Err(ExtractError::NotStarted(error)),
            other => Err(ExtractError::NotStarted(std::io::Error::other(format!("{other:?}")))),
        }
    }

    async fn read_pdf(&self, bytes: Vec<u8>) -> Result<Extracted, ExtractError> {
        let [first, second, third] = Engine::PDF;
        let (first, second, third) = tokio::join!(
            self.run(first, &bytes),
            self.run(second, &bytes),
            self.run(third, &bytes)
        );
        blocking(move || pdf_verdict(vec![first, second, third], pdf::holds_image(&bytes))).await?
    }

    async fn run(&self, engine: Engine, bytes: &[u8]) -> Outcome {
        let _place = self.places.acquire().await;
        child::run(&self.program, engine, bytes, self.time_limit).await
    }
}

/// What the answers of all engines come to.
fn pdf_verdict(outcomes: Vec<Outcome>, image: bool) -> Result<Extracted, ExtractError> {
    let (mut texts, mut locked, mut too_long, mut damaged, mut not_started) =
        (Vec::new(), false, false, false, None);
    for outcome in outcomes {
        match outcome {
            Outcome::Text(text) => texts.push(repair::repair(&text)),
            Outcome::Refused(Reason::Locked) => locked = true,
            Outcome::Refused(_) | Outcome::Died => damaged = true,
            Outcome::TimedOut => too_long = true,
            Outcome::NotStarted(error) => not_started = Some(error),
        }
    }
    let choice = choose::best(&texts).filter(|choice| choice.sure || !image);
    if let Some(choice) = choice {
        let text = tidy::tidy(&texts[choice.index]);
        if has_words(&text) {
            return Ok(Extracted { format: Format::Pdf, text });
        }
    }
    Err(match not_started {
        _ if locked => ExtractError::PdfLocked,
        _ if too_long => ExtractError::PdfTooLong,
        _ if image && !texts.is_empty() => ExtractError::PdfPicture,
        Some(error) => ExtractError::NotStarted(error),
        None if damaged => ExtractError::PdfDamaged,
        None => ExtractError::PdfNoText,
    })
}

fn word_error(outcome: Outcome) -> ExtractError {
    match outcome {
        Outcome::Refused(reason) => match reason {
            Reason::Locked => ExtractError::WordLocked,
            Reason::TooLarge => ExtractError::WordTooLarge,
            Reason::OpenDocument => ExtractError::Other("an OpenDocument file"),
            Reason::Spreadsheet => ExtractError::Other("a spreadsheet"),
            Reason::Slides => ExtractError::Other("a set of slides"),
            Reason::Zip => ExtractError::Other("a ZIP archive"),
            Reason::Damaged => ExtractError::WordDamaged,
        },
        Outcome::TimedOut => ExtractError::WordTooLong,
        Outcome::NotStarted(error) => ExtractError::NotStarted(error),
        Outcome::Text(_) | Outcome::Died => ExtractError::WordDamaged,
    }
}

/// Tidies what was read; `None` when no word is in it.
async fn finish(format: Format, text: String) -> Result<Option<Extracted>, ExtractError> {
    let text = blocking(move || tidy::tidy(&text)).await?;
    Ok(has_words(&text).then_some(Extracted { format, text }))
}

fn has_words(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// Megabytes of text take a while: not on a thread that answers requests.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ExtractError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| ExtractError::NotStarted(std::io::Error::other(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Ada Example writes Rust and SQL in Leeds, and knows Go and Python as well";

    fn text(text: &str) -> Outcome {
        Outcome::Text(text.to_owned())
    }

    fn verdict(outcomes: [Outcome; 3], image: bool) -> Result<String, ExtractError> {
        pdf_verdict(outcomes.into(), image).map(|it| it.text)
    }

    #[test]
    fn one_engine_is_enough() {
        let outcomes = [Outcome::Died, text(TEXT), Outcome::TimedOut];
        assert_eq!(verdict(outcomes, true).unwrap(), TEXT);
    }

    #[test]
    fn a_text_is_taken_though_another_engine_calls_the_file_locked() {
        let outcomes = [Outcome::Refused(Reason::Locked), text(TEXT), text(TEXT)];
        assert_eq!(verdict(outcomes, false).unwrap(), TEXT);
    }

    #[test]
    fn few_words_are_a_picture_only_where_there_is_one() {
        let stamp = || [text("Scanned by Ada"), text("Scanned by Ada"), text("")];
        assert!(matches!(verdict(stamp(), true), Err(ExtractError::PdfPicture)));
        assert_eq!(verdict(stamp(), false).unwrap(), "Scanned by Ada");
    }

    #[test]
    fn without_a_text_the_most_useful_reason_is_given() {
        use ExtractError as E;
        let locked = || Outcome::Refused(Reason::Locked);
        let damaged = || Outcome::Refused(Reason::Damaged);
        let not_started = || Outcome::NotStarted(std::io::Error::other("no"));
        let reason = |outcomes, image| verdict(outcomes, image).unwrap_err();

        assert!(matches!(reason([damaged(), locked(), text("")], true), E::PdfLocked));
        assert!(matches!(reason([damaged(), Outcome::TimedOut, text("")], true), E::PdfTooLong));
        assert!(matches!(reason([Outcome::Died, text(""), text(" ")], true), E::PdfPicture));
        assert!(matches!(reason([Outcome::Died, Outcome::Died, damaged()], true), E::PdfDamaged));
        assert!(matches!(reason([Outcome::Died, text(""), text("")], false), E::PdfDamaged));
        assert!(matches!(reason([text(""), text("\u{c}"), text("...")], false), E::PdfNoText));
        assert!(reason([not_started(), not_started(), not_started()], true).is_passing());
    }
}
