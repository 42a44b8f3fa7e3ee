//! Settings of email: the server, the sender and the limits.
//!
//! `SENDER_*`, `SMTP_URL`, `REPLY_TO`, `SENDS_PER_*`.

use super::vars::{ConfigError, Vars};
use crate::model::{EmailAddress, Secret};

#[derive(Clone, Debug)]
pub struct Mail {
    pub transport: MailTransport,
    /// `SENDER_EMAIL`
    pub from: Option<EmailAddress>,
    /// `SENDER_NAME`
    pub sender_name: Option<String>,
    /// `REPLY_TO`
    pub reply_to: Option<EmailAddress>,
    /// `SENDS_PER_SECOND`; `None`: as fast as the server takes them.
    pub sends_per_second: Option<f64>,
    /// `SENDS_PER_DAY`: in any 24 hours.
    pub sends_per_day: Option<u32>,
}

impl Mail {
    /// The `From` address. Without `SENDER_EMAIL` emails stay in the outbox, under an address that reaches nobody.
    pub fn from_address(&self) -> EmailAddress {
        let nobody = || {
            EmailAddress::parse("organisers@muster.invalid").expect("a constant that is an address")
        };
        self.from.clone().unwrap_or_else(nobody)
    }

    /// Whether no server is set, so that every email stays in the outbox.
    pub fn stays_here(&self) -> bool {
        matches!(self.transport, MailTransport::Outbox)
    }

    /// Where emails go, in a few words for the log and the pages.
    pub fn destination(&self) -> String {
        match &self.transport {
            MailTransport::Outbox => "outbox only".into(),
            MailTransport::Gmail { .. } => "smtp.gmail.com".into(),
            MailTransport::Url(url) => reqwest::Url::parse(url.expose())
                .ok()
                .and_then(|url| url.host_str().map(str::to_owned))
                .unwrap_or_else(|| "an SMTP server".into()),
        }
    }
}

/// Where emails go.
#[derive(Clone, Debug)]
pub enum MailTransport {
    /// Only into the database; the page `/outbox` shows them.
    Outbox,
    /// `SMTP_URL` in lettre's format; it may contain a password.
    Url(Secret),
    /// `SENDER_EMAIL` and `SENDER_PASSWORD`: Gmail on port 587 with STARTTLS.
    Gmail { password: Secret },
}

pub(super) fn read(vars: &Vars) -> Result<Mail, ConfigError> {
    let address = |name| vars.parsed::<EmailAddress>(name, "an email address");
    let from = address("SENDER_EMAIL")?;
    let transport = match (vars.secret("SMTP_URL"), vars.secret("SENDER_PASSWORD")) {
        (Some(url), _) => {
            if !url.expose().starts_with("smtp://") && !url.expose().starts_with("smtps://") {
                return Err(ConfigError::BadSecret {
                    variable: "SMTP_URL".into(),
                    expected: "smtp://user:password@host:587?tls=required or smtps://user:password@host",
                });
            }
            MailTransport::Url(url)
        }
        // Google shows app passwords in groups of four; the spaces are not part of them.
        (None, Some(password)) => {
            MailTransport::Gmail { password: Secret::new(password.expose().replace(' ', "")) }
        }
        (None, None) => MailTransport::Outbox,
    };
    if from.is_none() && !matches!(transport, MailTransport::Outbox) {
        return Err(ConfigError::Contradiction(
            "SENDER_EMAIL is not set. Set it to the address that emails come from".into(),
        ));
    }
    let gmail = matches!(transport, MailTransport::Gmail { .. });
    Ok(Mail {
        from,
        sender_name: vars.text("SENDER_NAME"),
        reply_to: address("REPLY_TO")?,
        sends_per_second: vars
            .checked("SENDS_PER_SECOND", "a number above 0", |value| {
                value.parse::<f64>().ok().filter(|rate| rate.is_finite() && *rate > 0.0)
            })?
            .or(gmail.then_some(1.0)),
        sends_per_day: vars
            .checked("SENDS_PER_DAY", "a whole number of at least 1", |value| {
                value.parse().ok().filter(|number| *number >= 1)
            })?
            .or(gmail.then_some(450)),
        transport,
    })
}
