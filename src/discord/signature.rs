//! Verifies that a request comes from Discord: Ed25519 over its timestamp followed by its raw body. Pure.

use std::time::Duration;

use crate::model::Millis;
use crate::model::clock::millis;

/// A request whose timestamp is further from the clock than this may be a replay.
const FRESH: Duration = Duration::from_mins(5);

const KEY: usize = 32;
const SIGNATURE: usize = 64;

/// The application's public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey([u8; KEY]);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Discord's public key has 64 hexadecimal digits, in lower case")]
pub struct BadKey;

/// Why a request is refused. Discord sends invalid requests on purpose, to test that they are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("it is not signed")]
    Unsigned,
    #[error("its signature or timestamp is not written as Discord writes them")]
    Malformed,
    #[error("its timestamp is more than 5 minutes off this machine's clock")]
    Old,
    #[error("its signature belongs to another text or another key")]
    Wrong,
}

impl PublicKey {
    pub fn parse(text: &str) -> Result<Self, BadKey> {
        bytes(text).map(Self).ok_or(BadKey)
    }

    /// Verifies a request by its headers `X-Signature-Timestamp` (seconds since 1970) and `X-Signature-Ed25519` (hex).
    pub fn check(
        &self,
        timestamp: Option<&str>,
        signature: Option<&str>,
        body: &[u8],
        now: Millis,
    ) -> Result<(), Refused> {
        let (Some(timestamp), Some(signature)) = (timestamp, signature) else {
            return Err(Refused::Unsigned);
        };
        let signature = bytes::<SIGNATURE>(signature).ok_or(Refused::Malformed)?;
        let at = seconds(timestamp).ok_or(Refused::Malformed)?;
        let signed = [timestamp.as_bytes(), body].concat();
        ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, self.0)
            .verify(&signed, &signature)
            .map_err(|_| Refused::Wrong)?;
        let off = (at - i128::from(now.0)).abs();
        if off > i128::from(millis(FRESH)) { Err(Refused::Old) } else { Ok(()) }
    }
}

/// Exactly `N` bytes in lower-case hexadecimal, so that each value has only one valid form.
fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if !text.bytes().all(is_hex) {
        return None;
    }
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}

/// Milliseconds since 1970.
fn seconds(text: &str) -> Option<i128> {
    let is_plain = (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.parse::<i128>().ok().map(|seconds| seconds * 1000))?
}

#[cfg(test)]
mod tests {
    use ring::signature::{Ed25519KeyPair, KeyPair as _};

    use super::*;

    const NOW: Millis = Millis(1_795_521_600_000);
    const AT: &str = "1795521600";
    const BODY: &[u8] = br#"{"type":1}"#;

    fn pair() -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
    }

    fn key() -> PublicKey {
        PublicKey::parse(&hex::encode(pair().public_key())).unwrap()
    }

    fn signed(timestamp: &str, body: &[u8]) -> String {
        hex::encode(pair().sign(&[timestamp.as_bytes(), body].concat()))
    }

    fn check(timestamp: &str, signature: &str, body: &[u8]) -> Result<(), Refused> {
        key().check(Some(timestamp), Some(signature), body, NOW)
    }

    #[test]
    fn a_request_signed_by_discord_is_accepted() {
        assert_eq!(check(AT, &signed(AT, BODY), BODY), Ok(()));
        assert_eq!(check(AT, &signed(AT, b""), b""), Ok(()));
    }

    /// RFC 8032, 7.1, test 2. It shows that ring signs by the standard; the other tests rely on that.
    #[test]
    fn the_signature_follows_the_standard() {
        let key = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
        let signature = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
        let seed = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
        let pair = Ed25519KeyPair::from_seed_unchecked(&hex::decode(seed).unwrap()).unwrap();
        assert_eq!(hex::encode(pair.public_key()), key);
        assert_eq!(hex::encode(pair.sign(&[0x72])), signature);
    }

    #[test]
    fn a_changed_body_or_timestamp_is_refused() {
        let signature = signed(AT, BODY);
        assert_eq!(check(AT, &signature, br#"{"type":2}"#), Err(Refused::Wrong));
        assert_eq!(check(AT, &signature, b""), Err(Refused::Wrong));
        assert_eq!(check("1795521601", &signature, BODY), Err(Refused::Wrong));
    }

    #[test]
    fn another_key_is_refused() {
        let other = Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap();
        let signature = hex::encode(other.sign(&[AT.as_bytes(), BODY].concat()));
        assert_eq!(check(AT, &signature, BODY), Err(Refused::Wrong));
    }

    #[test]
    fn unsigned_requests_are_refused() {
        let signature = signed(AT, BODY);
        for (timestamp, signature) in [(None, None), (Some(AT), None), (None, Some(&*signature))] {
            assert_eq!(key().check(timestamp, signature, BODY, NOW), Err(Refused::Unsigned));
        }
    }

    #[test]
    fn hexadecimal_is_accepted_in_one_form_only() {
        let good = signed(AT, BODY);
        for bad in [
            String::new(),
            good[1..].to_owned(),
            good[2..].to_owned(),
            format!("{good}0"),
            format!("{good}00"),
            good.to_uppercase(),
            format!("0x{}", &good[2..]),
            format!(" {}", &good[1..]),
            good.replace(|c: char| c.is_ascii_digit(), "g"),
            "é".repeat(64),
        ] {
            assert_eq!(check(AT, &bad, BODY), Err(Refused::Malformed), "{bad}");
        }
    }

    #[test]
    fn a_timestamp_consists_of_digits() {
        for bad in ["", "now", "-1795521600", "+1795521600", "1795521600.5", " 1795521600", "９"] {
            assert_eq!(check(bad, &signed(bad, BODY), BODY), Err(Refused::Malformed), "{bad}");
        }
        let far = "9".repeat(200);
        assert_eq!(check(&far, &signed(&far, BODY), BODY), Err(Refused::Malformed));
    }

    #[test]
    fn a_request_that_is_replayed_later_is_refused() {
        for (off, expected) in [
            (0, Ok(())),
            (300, Ok(())),
            (-300, Ok(())),
            (301, Err(Refused::Old)),
            (-301, Err(Refused::Old)),
            (-86_400, Err(Refused::Old)),
        ] {
            let at = (1_795_521_600 + off).to_string();
            assert_eq!(check(&at, &signed(&at, BODY), BODY), expected, "{off} s");
        }
    }

    #[test]
    fn a_key_has_64_digits_in_lower_case() {
        let good = hex::encode(pair().public_key());
        assert!(PublicKey::parse(&good).is_ok());
        for bad in [
            "",
            &good[1..],
            &good[2..],
            &format!("{good}00"),
            &good.to_uppercase(),
            &format!("zz{}", &good[2..]),
        ] {
            assert_eq!(PublicKey::parse(bad), Err(BadKey), "{bad}");
        }
    }
}
