//! How a person unsubscribes: on a page if Muster can be reached from outside, otherwise by a reply.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::model::EmailAddress;

/// Characters that RFC 3986 does not encode.
const UNRESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'@');

/// How a person unsubscribes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsubscribe {
    /// On a page, by a click or by a mail client (RFC 8058).
    Web { url: String },
    /// By a reply with the code in its subject, because Muster cannot be reached from outside.
    Mailto { address: EmailAddress, code: String },
}

impl Unsubscribe {
    /// `<public_url>/u/<code>` when `public_url` is https and leads to another machine, otherwise a reply to `address`.
    pub fn new(public_url: Option<&str>, address: &EmailAddress, code: &str) -> Self {
        let code = utf8_percent_encode(code, UNRESERVED).to_string();
        match public_url.map(|base| format!("{}/u/{code}", base.trim_end_matches('/'))) {
            Some(url) if is_reachable(&url) => Self::Web { url },
            _ => Self::Mailto { address: address.clone(), code },
        }
    }

    /// The URI in `List-Unsubscribe` and in the HTML part's link.
    pub fn uri(&self) -> String {
        match self {
            Self::Web { url } => url.clone(),
            Self::Mailto { address, code } => format!(
                "mailto:{}?subject=STOP%20{}",
                utf8_percent_encode(address.as_str(), UNRESERVED),
                utf8_percent_encode(code, UNRESERVED),
            ),
        }
    }
}

/// Whether mail clients on other machines can open it: https, plain ASCII, and not this machine.
pub(super) fn is_reachable(address: &str) -> bool {
    let Ok(url) = url::Url::parse(address) else { return false };
    let local = match url.host() {
        Some(url::Host::Domain(host)) => host == "localhost" || host.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback() || ip.is_unspecified(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback() || ip.is_unspecified(),
        None => true,
    };
    url.scheme() == "https" && !local && address.chars().all(|c| c.is_ascii_graphic() && c != '>')
}
