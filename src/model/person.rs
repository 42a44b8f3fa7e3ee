//! Where people and their skills come from, and why somebody must not be emailed.

use super::words::words;

/// How a person was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Form,
    Import,
    Sample,
    Api,
    /// Added while a resume was assigned.
    Resume,
}

words!(Source, "source of a person", {
    Form => "form",
    Import => "import",
    Sample => "sample",
    Api => "api",
    Resume => "resume",
});

impl Source {
    pub fn label(self) -> &'static str {
        match self {
            Self::Form => "Added by form",
            Self::Import => "Imported",
            Self::Sample => "Sample person",
            Self::Api => "Added through the JSON interface",
            Self::Resume => "Added with a resume",
        }
    }

    /// The source of the skills that a person is added with.
    pub fn of_skills(self) -> SkillSource {
        match self {
            Self::Form | Self::Api | Self::Resume => SkillSource::Typed,
            Self::Import | Self::Sample => SkillSource::Import,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkillSource {
    Typed,
    Import,
    /// Found in a resume by the word list.
    Taxonomy,
    /// Found in a resume by Gemini.
    Model,
}

words!(SkillSource, "source of a skill", {
    Typed => "typed",
    Import => "import",
    Taxonomy => "taxonomy",
    Model => "model",
});

impl SkillSource {
    pub fn label(self) -> &'static str {
        match self {
            Self::Typed => "typed",
            Self::Import => "imported",
            Self::Taxonomy => "from the resume, by the word list",
            Self::Model => "from the resume, by Gemini",
        }
    }
}

/// Why an address must not be emailed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuppressionReason {
    /// They unsubscribed by link, or an organiser noted that they want no email.
    OptedOut,
    /// Their server says that the address does not exist.
    HardBounce,
    /// They were emailed and then erased. Nobody gets a second invitation because a list brings them back.
    Erased,
}

words!(SuppressionReason, "reason of a suppression", {
    OptedOut => "opted_out",
    HardBounce => "hard_bounce",
    Erased => "erased",
});

impl SuppressionReason {
    pub fn label(self) -> &'static str {
        match self {
            Self::OptedOut => "Unsubscribed",
            Self::HardBounce => "Address does not work",
            Self::Erased => "Emailed before, then erased",
        }
    }
}
