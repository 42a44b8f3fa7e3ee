//! The stages of an SMTP session.

/// The stage that an SMTP session reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Until the server's greeting and its response to EHLO, which lettre does in one step.
    Connect,
    /// STARTTLS and the EHLO that follows it.
    StartTls,
    Login,
    /// MAIL FROM
    From,
    /// RCPT TO
    To,
    /// From DATA until the final dot.
    Data,
    /// After the final dot.
    Answer,
}

impl Stage {
    /// As part of a sentence: "The server refused the recipient".
    pub fn label(self) -> &'static str {
        match self {
            Self::Connect => "the connection",
            Self::StartTls => "the encryption",
            Self::Login => "the login",
            Self::From => "the sender",
            Self::To => "the recipient",
            Self::Data | Self::Answer => "the email",
        }
    }
}
