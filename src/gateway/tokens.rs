//! Tokens that identify programs at the gateway. A token is shown once, when it is made; only its hash is
//! stored.

use crate::access;
use crate::model::{Millis, Secret};
pub use crate::store::tokens::Token;
use crate::store::{self, Conn};

pub const LONGEST_NAME: usize = 40;

#[derive(Debug, thiserror::Error)]
pub enum NotMade {
    #[error(
        "the name must have 1 to {LONGEST_NAME} letters, digits, spaces, dots, hyphens or underscores"
    )]
    Name,
    #[error("there is already a token of this name; remove it first, or choose another name")]
    Exists,
    #[error(transparent)]
    Db(#[from] sqlx::Error),
}

/// Makes a token: a prefix that names its purpose, then 32 random bytes in hex.
pub async fn create(conn: &mut Conn, name: &str, now: Millis) -> Result<Secret, NotMade> {
    let name = name.trim();
    let fits = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '.' | '-' | '_');
    if name.is_empty() || name.chars().count() > LONGEST_NAME || !name.chars().all(fits) {
        return Err(NotMade::Name);
    }
    let token = format!("muster_{}", access::random_token());
    if store::tokens::insert(conn, name, &access::hash(&token), now).await? {
        Ok(Secret::new(token))
    } else {
        Err(NotMade::Exists)
    }
}

/// All tokens, by name.
pub async fn list(conn: &mut Conn) -> sqlx::Result<Vec<Token>> {
    store::tokens::list(conn).await
}

/// False if there is no token of this name. Requests in progress are still answered.
pub async fn remove(conn: &mut Conn, name: &str) -> sqlx::Result<bool> {
    store::tokens::delete(conn, name.trim()).await
}

/// The name of a token; `None` if it is unknown.
pub async fn owner(conn: &mut Conn, token: &str) -> sqlx::Result<Option<String>> {
    store::tokens::owner(conn, &access::hash(token)).await
}
