//! The states and formats of an uploaded resume.

use super::words::words;

/// The state of a resume, from upload to skills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResumeState {
    /// Uploaded; its text has not been extracted yet.
    Queued,
    /// A child process is reading the file.
    Reading,
    /// Read, but it does not contain the address of a known person: the organiser assigns it.
    Unclaimed,
    /// Waiting for a key (or the taxonomy) to find its skills.
    Waiting,
    /// Its skills are being found.
    Extracting,
    Done,
    Failed,
}

words!(ResumeState, "state of a resume", {
    Queued => "queued",
    Reading => "reading",
    Unclaimed => "unclaimed",
    Waiting => "waiting",
    Extracting => "extracting",
    Done => "done",
    Failed => "failed",
});

impl ResumeState {
    /// Nothing more happens to it until the organiser does something.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Unclaimed | Self::Done | Self::Failed)
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::Reading => "Reading",
            Self::Unclaimed => "Not assigned",
            Self::Waiting => "Waiting",
            Self::Extracting => "Finding skills",
            Self::Done => "Done",
            Self::Failed => "Not readable",
        }
    }
}

/// What a file is by its content; its name and declared type are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    Pdf,
    Docx,
    Txt,
}

words!(Format, "format of a resume", {
    Pdf => "pdf",
    Docx => "docx",
    Txt => "txt",
});
