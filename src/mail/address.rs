//! Addresses, domains and Message-IDs as headers and SMTP need them.

use crate::model::EmailAddress;

/// A Message-ID with its angle brackets: `<7f…@example.org>`. `random` (16 bytes) makes it unique.
pub fn header_id(domain: &str, random: &[u8]) -> String {
    let domain = ascii_domain(domain).unwrap_or_else(|| "localhost".to_owned());
    format!("<{}@{domain}>", hex::encode(random))
}

/// A domain in its ASCII form, as headers and SMTP need it.
fn ascii_domain(domain: &str) -> Option<String> {
    match url::Host::parse(domain).ok()? {
        url::Host::Domain(domain) => Some(domain),
        url::Host::Ipv4(_) | url::Host::Ipv6(_) => None,
    }
}

/// An address as lettre wants it, the domain in ASCII.
pub(super) fn wire_address(
    address: &EmailAddress,
) -> Result<lettre::Address, lettre::address::AddressError> {
    let (local, domain) = address.as_str().rsplit_once('@').unwrap_or((address.as_str(), ""));
    let domain = ascii_domain(domain).unwrap_or_else(|| domain.to_owned());
    lettre::Address::new(local, domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_is_ascii_and_bracketed() {
        assert_eq!(header_id("Example.org", &[0x7f, 0x0a]), "<7f0a@example.org>");
        assert_eq!(header_id("exämple.de", &[1]), "<01@xn--exmple-cua.de>");
        assert_eq!(header_id("a b>\r\nBcc: c", &[1]), "<01@localhost>");
    }

    #[test]
    fn an_international_domain_is_sent_in_ascii() {
        let address = EmailAddress::parse("ada@exämple.de").unwrap();
        assert_eq!(wire_address(&address).unwrap().to_string(), "ada@xn--exmple-cua.de");
    }
}
