//! Settings of the server: the database, the public address and the secret.
//!
//! `DATABASE_URL`, `PUBLIC_URL`, `MUSTER_SECRET`.

use super::addresses::web_address;
use super::vars::{ConfigError, Vars};
use crate::model::Secret;

pub(super) fn database_url(vars: &Vars) -> Result<Option<Secret>, ConfigError> {
    let url = vars.secret("DATABASE_URL");
    let fits = |url: &Secret| {
        ["postgres://", "postgresql://"].iter().any(|scheme| url.expose().starts_with(scheme))
    };
    match url {
        Some(url) if !fits(&url) => Err(ConfigError::BadSecret {
            variable: "DATABASE_URL".into(),
            expected: "postgres://user:password@host/database (remove it for SQLite)",
        }),
        other => Ok(other),
    }
}

pub(super) fn secret(vars: &Vars) -> Result<Option<Secret>, ConfigError> {
    match vars.secret("MUSTER_SECRET") {
        Some(secret) if secret.expose().len() < 16 => Err(ConfigError::BadSecret {
            variable: "MUSTER_SECRET".into(),
            expected: "at least 16 characters that nobody can guess",
        }),
        other => Ok(other),
    }
}

pub(super) fn public_url(vars: &Vars) -> Result<Option<String>, ConfigError> {
    vars.checked("PUBLIC_URL", "an address such as https://muster.example.org", |value| {
        web_address(value).map(|address| address.trim_end_matches('/').to_owned())
    })
}
