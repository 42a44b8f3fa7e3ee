//! Why a file gives no text, in sentences for the organiser.

/// Why there is no text. `Display` says what is wrong and what to do next.
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
        "This is a Word document in the old format (.doc). Save it as .docx or PDF and upload that."
    )]
    OldWord,
    #[error(
        "This is a picture, but Muster reads only text. Upload the resume as PDF or Word document (.docx)."
    )]
    Image,

    #[error("This PDF is locked with a password. Save a copy without a password and upload that.")]
    PdfLocked,
    #[error(
        "This PDF is a picture without text that Muster can read. Upload the document it was made from, or scan it with text recognition."
    )]
    PdfPicture,
    #[error(
        "This PDF contains no text that Muster can read. Export it again from the program it was made with, or upload a Word document (.docx)."
    )]
    PdfNoText,
    #[error(
        "This PDF took too long to read. Print it to a new PDF, or upload a Word document (.docx)."
    )]
    PdfTooLong,
    #[error(
        "This PDF is damaged and could not be read. Export it again from the program it was made with and upload that."
    )]
    PdfDamaged,

    #[error(
        "This Word document is locked with a password. Save a copy without a password and upload that."
    )]
    WordLocked,
    #[error(
        "This Word document contains no text that Muster can read. If it shows a picture of the resume, upload the document it was made from."
    )]
    WordNoText,
    #[error("This Word document took too long to read. Save it as PDF and upload that.")]
    WordTooLong,
    #[error("This Word document is too large when unpacked. Save it as PDF and upload that.")]
    WordTooLarge,
    #[error(
        "This Word document is damaged and could not be read. Open it in Word, save it again and upload that."
    )]
    WordDamaged,

    #[error("This text file contains no words. Choose the resume again and upload that.")]
    NoWords,

    /// The file is not at fault: the child process did not start.
    #[error("Muster could not start reading this file. Try again in a minute.")]
    NotStarted(#[source] std::io::Error),
}

impl ExtractError {
    /// Whether trying the same file again may help.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::NotStarted(_))
    }
}
