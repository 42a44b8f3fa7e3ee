//! Muster: invites people to a hackathon by e-mail and brings them together.
//!
//! The modules in reading order; `ARCHITECTURE.md` says which may know which.

pub mod model;

pub mod config;

pub mod store;

pub mod skills;

pub mod access;
pub mod events;
pub mod people;

pub mod app;
pub mod web;

/// Where mail goes, in a few words for the start line and the pages.
pub(crate) fn mail_line(mail: &config::Mail) -> String {
    match &mail.transport {
        config::MailTransport::Outbox => "outbox only".into(),
        config::MailTransport::Gmail { .. } => "smtp.gmail.com".into(),
        config::MailTransport::Url(url) => reqwest::Url::parse(url.expose())
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_else(|| "an SMTP server".into()),
    }
}
