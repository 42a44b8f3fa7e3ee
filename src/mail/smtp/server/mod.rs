//! Which server mail goes to, read from the settings.

use percent_encoding::percent_decode_str;

use crate::model::{EmailAddress, Secret};

const GMAIL: &str = "smtp.gmail.com";
/// RFC 6409: where clients hand in mail.
const SUBMISSION: u16 = 587;
/// RFC 8314: the same, encrypted from the first byte.
const SUBMISSIONS: u16 = 465;
const PLAIN: u16 = 25;
/// Why mail cannot go through SMTP at all. Repeats nothing of `SMTP_URL`, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadServer {
    #[error("mail goes to the outbox: neither SMTP_URL nor SENDER_PASSWORD is set")]
    Outbox,
    #[error(
        "SMTP_URL cannot be read; expected smtp://user:password@host:587?tls=required or smtps://user:password@host"
    )]
    Url,
    #[error("SENDER_EMAIL is missing")]
    NoSender,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    None,
    /// STARTTLS when the server offers it.
    Opportunistic,
    /// STARTTLS or nothing.
    Required,
    /// TLS from the first byte.
    Wrapped,
}

#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) user: Option<String>,
    pub(super) password: Option<Secret>,
    pub(super) hello: Option<String>,
}

impl Server {
    pub(super) fn gmail(user: &EmailAddress, password: &Secret) -> Self {
        Self {
            host: GMAIL.to_owned(),
            port: SUBMISSION,
            security: Security::Required,
            user: Some(user.to_string()),
            password: Some(password.clone()),
            hello: None,
        }
    }

    /// lettre's form: `smtp://` without a word on TLS is plain and port 25, with `?tls=required` or `opportunistic` it
    /// is STARTTLS and 587; `smtps://` is 465. A path is the name for EHLO.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let url = url::Url::parse(text).ok()?;
        let tls =
            url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
        let (security, port) = match (url.scheme(), tls.as_deref()) {
            ("smtp", None) => (Security::None, PLAIN),
            ("smtp", Some("opportunistic")) => (Security::Opportunistic, SUBMISSION),
            ("smtp", Some("required")) => (Security::Required, SUBMISSION),
            ("smtps", _) => (Security::Wrapped, SUBMISSIONS),
            _ => return None,
        };
        let decoded = |text: &str| {
            percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
        };
        let hello = url.path().trim_matches('/');
        Some(Self {
            host: url.host_str()?.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(port),
            security,
            user: if url.password().is_some() { Some(decoded(url.username())?) } else { None },
            password: match url.password() {
                Some(password) => Some(Secret::new(decoded(password)?)),
                None => None,
            },
            hello: (!hello.is_empty()).then(|| hello.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests;
