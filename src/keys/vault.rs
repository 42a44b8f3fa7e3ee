//! Seals the keys that are entered on `/keys`, so that nobody can read them from the database alone.

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use rand::RngExt as _;
use sha2::Sha256;

use crate::model::Secret;

const NONCE: usize = 24;

/// Opens and seals with a key derived from Muster's secret.
#[derive(Clone)]
pub(super) struct Vault(XChaCha20Poly1305);

impl Vault {
    pub(super) fn new(secret: &Secret) -> Self {
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(None, secret.expose().as_bytes())
            .expand(b"muster: keys entered on the page", &mut key)
            .expect("32 bytes are not too many");
        Self(XChaCha20Poly1305::new(&key.into()))
    }

    /// Returns nonce and ciphertext in hex. Opening needs the same `name`, so that rows cannot be swapped.
    pub(super) fn seal(&self, key: &Secret, name: &str) -> String {
        let nonce: [u8; NONCE] = rand::rng().random();
        let payload = Payload { msg: key.expose().as_bytes(), aad: name.as_bytes() };
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload).expect("a key is short");
        format!("{}{}", hex::encode(nonce), hex::encode(sealed))
    }

    /// `None` if it was sealed with another secret or is damaged.
    pub(super) fn open(&self, sealed: &str, name: &str) -> Option<Secret> {
        let bytes = hex::decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE)?;
        let nonce: [u8; NONCE] = nonce.try_into().ok()?;
        let payload = Payload { msg: sealed, aad: name.as_bytes() };
        let open = self.0.decrypt(&XNonce::from(nonce), payload).ok()?;
        String::from_utf8(open).ok().map(Secret::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_secret_opens_and_only_under_the_same_name() {
        let (ours, theirs) = (Vault::new(&Secret::new("ours")), Vault::new(&Secret::new("theirs")));
        let key = Secret::new("invented-material");
        let sealed = ours.seal(&key, "a");
        assert_eq!(ours.open(&sealed, "a"), Some(key.clone()));
        assert_eq!(ours.open(&sealed, "b"), None);
        assert_eq!(theirs.open(&sealed, "a"), None);
        assert!(!sealed.contains(&hex::encode(key.expose())));
        assert_ne!(ours.seal(&key, "a"), sealed, "each has a nonce of its own");
        for damaged in ["", "zz", &sealed[..60], &sealed.replace('0', "1")] {
            assert_eq!(ours.open(damaged, "a"), None);
        }
    }
}
