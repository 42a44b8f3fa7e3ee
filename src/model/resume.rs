//! The life of an uploaded resume.

use super::words;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResumeState {
    /// Uploaded; its text has not been taken out yet.
    Queued,
    /// The child process reads the file.
    Reading,
    /// Read, but no known person's address stands in it: the organiser says whose it is.
    Unclaimed,
    /// Waits for a key (or the taxonomy) to find its skills.
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
    /// Nothing more happens to it unless a person does something.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Unclaimed | Self::Done | Self::Failed)
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::Reading => "Reading",
            Self::Unclaimed => "Whose is it?",
            Self::Waiting => "Waiting",
            Self::Extracting => "Finding skills",
            Self::Done => "Done",
            Self::Failed => "Not readable",
        }
    }
}
