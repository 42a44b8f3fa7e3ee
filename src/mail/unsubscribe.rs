//! How a person leaves the list: a page that a click reaches where Muster can be reached, else an answer by mail.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::model::EmailAddress;

/// What RFC 3986 leaves as it is.
const UNRESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'@');

/// How a person leaves the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsubscribe {
    /// A page that a click reaches, and mail clients by RFC 8058.
    Web { url: String },
    /// Muster cannot be reached from outside: by an answer, whose subject holds the code.
    Mailto { address: EmailAddress, code: String },
}

impl Unsubscribe {
    /// `<public_url>/u/<code>` when `public_url` is https and leads to another machine, else by mail to `address`.
    pub fn new(public_url: Option<&str>, address: &EmailAddress, code: &str) -> Self {
        let code = utf8_percent_encode(code, UNRESERVED).to_string();
        match public_url.map(|base| format!("{}/u/{code}", base.trim_end_matches('/'))) {
            Some(url) if is_reachable(&url) => Self::Web { url },
            _ => Self::Mailto { address: address.clone(), code },
        }
    }

    /// What stands in `List-Unsubscribe` and behind the HTML part's link.
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

/// Whether somebody else's mail client can open it: https, plain ASCII, and not this machine.
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
