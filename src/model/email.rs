//! The facts that an email is written from, and its draft. Prompts, templates and checks all use these types.

use super::address::EmailAddress;

/// The organiser's facts about the event, from the settings page or the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFacts {
    pub name: String,
    /// As they appear in a text: `16–17 January 2027`.
    pub dates: Option<String>,
    pub place: Option<String>,
    /// Where people register. The model never sees it: code adds it.
    pub link: Option<String>,
    pub community_link: Option<String>,
    /// Who organises: the second line of the signature.
    pub organiser: Option<String>,
    /// Postal address, at the end of each email.
    pub address: Option<String>,
    /// A language code such as `en`.
    pub language: String,
    /// Who signs.
    pub sender_name: Option<String>,
    /// What the organiser tells the writer in addition to the facts.
    pub guidance: String,
}

/// The person who gets the email.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    pub name: String,
    pub job_title: String,
    /// Canonical names, rarest first.
    pub skills: Vec<String>,
}

/// One of the people introduced by a match email.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Teammate {
    pub name: String,
    pub job_title: String,
    /// Skills that both have, rarest first.
    pub shared: Vec<String>,
    /// Only if both agreed to it.
    pub address: Option<EmailAddress>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    Invitation,
    /// Introduces all matches at once, best first.
    Match(Vec<Teammate>),
}

/// Everything that an email may say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailFacts {
    pub event: EventFacts,
    pub to: Recipient,
    pub purpose: Purpose,
    /// What the organiser wants changed in the next draft; empty at first.
    pub hint: String,
}

/// A subject, and a text from the greeting to the last paragraph.
///
/// Code adds links, signature, postal address and the unsubscribe line.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Draft {
    pub subject: String,
    pub body: String,
}
