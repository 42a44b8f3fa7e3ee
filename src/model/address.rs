//! Email addresses. Only `parse` creates one, so every address is safe in an email header.

use std::fmt;

use sha2::{Digest, Sha256};

/// The longest path in RFC 5321, without its angle brackets.
const MAX_LENGTH: usize = 254;
const MAX_LOCAL_PART: usize = 64;

/// As typed by a person, trimmed, and safe in an email header.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    #[error("the email address is missing")]
    Empty,
    #[error("an email address has at most 254 characters")]
    TooLong,
    #[error("this is not an email address: it needs the form name@example.org")]
    Malformed,
}

impl EmailAddress {
    pub fn parse(typed: &str) -> Result<Self, BadAddress> {
        let address = typed.trim();
        if address.is_empty() {
            return Err(BadAddress::Empty);
        }
        if address.len() > MAX_LENGTH {
            return Err(BadAddress::TooLong);
        }
        let (local, domain) = address.rsplit_once('@').ok_or(BadAddress::Malformed)?;
        if !is_local_part(local) || !is_domain(domain) {
            return Err(BadAddress::Malformed);
        }
        Ok(Self(address.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Identifies a person: addresses that differ only in case belong to the same one.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }

    /// Hex SHA-256 of [`key`](Self::key), by which a suppression is kept after the address is erased.
    pub fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.key().as_bytes()))
    }

    /// The part after the `@`, in lower case: it decides which server gets the email.
    pub fn domain(&self) -> String {
        self.0.rsplit_once('@').map(|(_, domain)| domain.to_lowercase()).unwrap_or_default()
    }
}

/// Dot-separated atoms of RFC 5322 (letters of any script are accepted, as in RFC 6531); no quoted strings,
/// which no participant has and many servers refuse.
fn is_local_part(local: &str) -> bool {
    local.len() <= MAX_LOCAL_PART
        && local.split('.').all(|atom| {
            !atom.is_empty()
                && atom.chars().all(|c| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c))
        })
}

fn is_domain(domain: &str) -> bool {
    let labels: Vec<&str> = domain.split('.').collect();
    labels.len() >= 2
        && labels.iter().all(|label| {
            (1..=63).contains(&label.len())
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
        && labels.last().is_some_and(|top| top.chars().any(char::is_alphabetic))
}

impl std::str::FromStr for EmailAddress {
    type Err = BadAddress;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        Self::parse(typed)
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = BadAddress;

    fn try_from(stored: String) -> Result<Self, Self::Error> {
        Self::parse(&stored)
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Keeps addresses out of logs.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[address]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_people_have_are_taken_as_typed() {
        for typed in [
            "ada@example.org",
            " Ada.Lovelace+hack@Example.ORG ",
            "o'brien@example.co.uk",
            "jörg@exämple.de",
            "x@a-b.example",
        ] {
            assert_eq!(EmailAddress::parse(typed).unwrap().as_str(), typed.trim());
        }
        assert_eq!(EmailAddress::parse("Ada@Example.org").unwrap().key(), "ada@example.org");
    }

    #[test]
    fn what_could_break_a_header_or_reach_nobody_is_refused() {
        for typed in [
            "",
            "ada",
            "ada@",
            "@example.org",
            "ada@example",
            "a da@example.org",
            "ada@example.org\r\nBcc: x@example.org",
            "ada@example.org, bob@example.org",
            "<ada@example.org>",
            "ada@@example.org",
            ".ada@example.org",
            "ada@-example.org",
            "ada@127.0.0.1",
            "ada\u{0}@example.org",
        ] {
            assert!(EmailAddress::parse(typed).is_err(), "{typed:?} was taken");
        }
    }
}
