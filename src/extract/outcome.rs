//! What the reader, its child processes and the engines tell each other.

use std::io;

use crate::model::words;

/// The largest file that is read.
pub const MAX_BYTES: usize = 16 << 20;

/// What a child process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Engine {
    PdfExtract,
    PdfOxide,
    Unpdf,
    Docx,
    /// Reads no file and reports which limits are in force.
    Nothing,
}

words!(Engine, "engine", {
    PdfExtract => "pdf-extract",
    PdfOxide => "pdf-oxide",
    Unpdf => "unpdf",
    Docx => "docx",
    Nothing => "nothing",
});

impl Engine {
    /// All that read PDFs.
    pub const PDF: [Self; 3] = [Self::PdfExtract, Self::PdfOxide, Self::Unpdf];
}

/// Why an engine gives no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    Damaged,
    Locked,
    /// A part is larger than in any real document, or there are too many parts.
    TooLarge,
    OpenDocument,
    Spreadsheet,
    Slides,
    /// A ZIP archive that is not a document at all.
    Zip,
}

words!(Reason, "reason", {
    Damaged => "damaged",
    Locked => "locked",
    TooLarge => "too-large",
    OpenDocument => "open-document",
    Spreadsheet => "spreadsheet",
    Slides => "slides",
    Zip => "zip",
});

/// The result of one child process.
#[derive(Debug)]
pub(super) enum Outcome {
    Text(String),
    Refused(Reason),
    /// It ended without an answer.
    Died,
    TimedOut,
    NotStarted(io::Error),
}

impl Outcome {
    /// The text, or else the outcome itself.
    pub fn text(self) -> Result<String, Self> {
        match self {
            Self::Text(text) => Ok(text),
            other @ (Self::Refused(_) | Self::Died | Self::TimedOut | Self::NotStarted(_)) => {
                Err(other)
            }
        }
    }
}
