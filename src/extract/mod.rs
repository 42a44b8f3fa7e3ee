//! Extracts the text of an uploaded resume: PDF, Word (DOCX) or plain text.
//!
//! Every file may be hostile. Parsers run in a child process of this same program, with limits on time, memory, files
//! and network ([`limits`]); a file that crashes its parser costs one error message, never the server.
//! Nothing here knows people, rows or the web: bytes in, text or a plain sentence out.

mod chars;
mod child;
mod choose;
mod docx;
mod error;
mod limits;
mod outcome;
mod pdf;
mod repair;
mod sniff;
mod tidy;
mod txt;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

pub(crate) use child::{CHILD, child_main};
pub use error::ExtractError;
pub use limits::Protections;
pub use outcome::MAX_BYTES;

use crate::model::resume::Format;
use outcome::{Engine, Outcome, Reason};
use sniff::Kind;

/// How long one child may take, unless [`Reader::with_time_limit`] says otherwise. A resume takes 0.1 s.
const TIME_LIMIT: Duration = Duration::from_secs(6);

/// What was read from a file: the text has at least one letter or digit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extracted {
    pub format: Format,
    /// NFKC, lines ended by `\n`, without invisible characters.
    pub text: String,
}

/// Reads files in child processes, at most one per core at a time. Clones share that limit.
#[derive(Clone, Debug)]
pub struct Reader {
    program: PathBuf,
    time_limit: Duration,
    slots: Arc<Semaphore>,
}

impl Reader {
    /// `program` is Muster's own binary: the running one in production, Cargo's in tests.
    pub fn new(program: PathBuf) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { program, time_limit: TIME_LIMIT, slots: Arc::new(Semaphore::new(cores)) }
    }

    /// How long one child may take, by the wall clock. `TIME_SCALE` does not touch this.
    #[must_use]
    pub fn with_time_limit(self, time_limit: Duration) -> Self {
        Self { time_limit, ..self }
    }

    /// The text of a file of any kind. Three engines read a PDF, each in its own child, and the best text is used;
    /// one success is enough.
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

    /// Which limits a child has on this machine, found out by starting one.
    pub async fn protections(&self) -> Result<Protections, ExtractError> {
        match self.run(Engine::Nothing, &[]).await {
            Outcome::Text(text) => Ok(Protections::parse(&text)),
            Outcome::NotStarted(error) => Err(ExtractError::NotStarted(error)),
            other @ (Outcome::Refused(_) | Outcome::Died | Outcome::TimedOut) => {
                Err(ExtractError::NotStarted(std::io::Error::other(format!("{other:?}"))))
            }
        }
    }

    async fn read_pdf(&self, bytes: Vec<u8>) -> Result<Extracted, ExtractError> {
        let [first, second, third] = Engine::PDF;
        let (first, second, third) = tokio::join!(
            self.run(first, &bytes),
            self.run(second, &bytes),
            self.run(third, &bytes)
        );
        blocking(move || choose_pdf_text(vec![first, second, third], pdf::contains_image(&bytes)))
            .await?
    }

    async fn run(&self, engine: Engine, bytes: &[u8]) -> Outcome {
        let _slot = self.slots.acquire().await;
        child::run(&self.program, engine, bytes, self.time_limit).await
    }
}

/// The best of all engines' texts, or the most useful reason why there is none.
fn choose_pdf_text(outcomes: Vec<Outcome>, image: bool) -> Result<Extracted, ExtractError> {
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

/// Tidies a text; `None` when it contains no word.
async fn finish(format: Format, text: String) -> Result<Option<Extracted>, ExtractError> {
    let text = blocking(move || tidy::tidy(&text)).await?;
    Ok(has_words(&text).then_some(Extracted { format, text }))
}

fn has_words(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// Runs `work` on a blocking thread: megabytes of text take too long for a thread that answers requests.
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

    fn chosen(outcomes: [Outcome; 3], image: bool) -> Result<String, ExtractError> {
        choose_pdf_text(outcomes.into(), image).map(|it| it.text)
    }

    #[test]
    fn one_engine_is_enough() {
        let outcomes = [Outcome::Died, text(TEXT), Outcome::TimedOut];
        assert_eq!(chosen(outcomes, true).unwrap(), TEXT);
    }

    #[test]
    fn a_text_is_used_although_another_engine_calls_the_file_locked() {
        let outcomes = [Outcome::Refused(Reason::Locked), text(TEXT), text(TEXT)];
        assert_eq!(chosen(outcomes, false).unwrap(), TEXT);
    }

    #[test]
    fn a_few_words_count_as_a_picture_only_when_the_file_has_one() {
        let stamp = || [text("Scanned by Ada"), text("Scanned by Ada"), text("")];
        assert!(matches!(chosen(stamp(), true), Err(ExtractError::PdfPicture)));
        assert_eq!(chosen(stamp(), false).unwrap(), "Scanned by Ada");
    }

    #[test]
    fn without_a_text_the_most_useful_reason_is_given() {
        use ExtractError as E;
        let locked = || Outcome::Refused(Reason::Locked);
        let damaged = || Outcome::Refused(Reason::Damaged);
        let not_started = || Outcome::NotStarted(std::io::Error::other("no"));
        let reason = |outcomes, image| chosen(outcomes, image).unwrap_err();

        assert!(matches!(reason([damaged(), locked(), text("")], true), E::PdfLocked));
        assert!(matches!(reason([damaged(), Outcome::TimedOut, text("")], true), E::PdfTooLong));
        assert!(matches!(reason([Outcome::Died, text(""), text(" ")], true), E::PdfPicture));
        assert!(matches!(reason([Outcome::Died, Outcome::Died, damaged()], true), E::PdfDamaged));
        assert!(matches!(reason([Outcome::Died, text(""), text("")], false), E::PdfDamaged));
        assert!(matches!(reason([text(""), text("\u{c}"), text("...")], false), E::PdfNoText));
        assert!(reason([not_started(), not_started(), not_started()], true).is_temporary());
    }
}
