//! One hash for the FAQ's texts, questions and requesters.

use sha2::{Digest as _, Sha256};

pub fn hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        // The length goes in too, so that no two lists of parts give the same bytes.
        hash.update(part.len().to_le_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(hash.finalize())
}
