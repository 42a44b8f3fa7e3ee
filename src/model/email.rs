//! What a letter is written from, and what comes out. Known to the writer's prompts, to the templates and to the checks,
//! so that all three speak of the same facts.

use super::EmailAddress;

/// What the organiser said about the event, settled between the settings page and the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFacts {
    pub name: String,
    /// As they are to stand in a text: `16–17 January 2027`.
    pub dates: Option<String>,
    pub place: Option<String>,
    /// Where people register. The model never sees it: code adds it.
    pub link: Option<String>,
    pub community_link: Option<String>,
    /// Who organises: the second line of the signature.
    pub organiser: Option<String>,
    /// Postal address, at the end of each mail.
    pub address: Option<String>,
    /// A language code such as `en`.
    pub language: String,
    /// Who signs.
    pub sender_name: Option<String>,
    /// What the organiser tells the writer beside the facts.
    pub guidance: String,
}

/// Whom a letter goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    pub name: String,
    pub job_title: String,
    /// Canonical names, the rarest first.
    pub skills: Vec<String>,
}

/// One of the people whom a match e-mail introduces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Teammate {
    pub name: String,
    pub job_title: String,
    /// What both know, the rarest first.
    pub shared: Vec<String>,
    /// Only where both agreed to it.
    pub address: Option<EmailAddress>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    Invitation,
    /// Introduces all matches at once, the best first.
    Match(Vec<Teammate>),
}

/// Everything a letter may say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailFacts {
    pub event: EventFacts,
    pub to: Recipient,
    pub purpose: Purpose,
    /// What the organiser asked for when it was to be written again; empty at first.
    pub hint: String,
}

/// A subject and a text from the greeting to the last paragraph; links, signature, postal address and leave line are
/// added by code.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Draft {
    pub subject: String,
    pub body: String,
}
