//! Style sheets, scripts and pictures. They are part of the binary, under one hash of the whole folder, so browsers may
//! cache them for a year and `import "./dom.js"` needs no rewriting.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use rust_embed::Embed;
use sha2::{Digest, Sha256};

use super::error::Error;

#[derive(Embed)]
#[folder = "static/"]
struct Files;

/// `/assets/<hash>`: the prefix of `/css/app.css` in a page.
pub fn prefix() -> &'static str {
    static PREFIX: LazyLock<String> = LazyLock::new(|| {
        let mut names: Vec<_> = Files::iter().collect();
        names.sort();
        let mut all = Sha256::new();
        for name in names {
            all.update(name.as_bytes());
            all.update(
                Files::get(&name).map(|file| file.metadata.sha256_hash()).unwrap_or_default(),
            );
        }
        format!("/assets/{}", &hex::encode(all.finalize())[..16])
    });
    &PREFIX
}

pub async fn serve(Path(path): Path<String>) -> Result<Response, Error> {
    let (_, name) = path.split_once('/').ok_or(Error::NotFound)?;
    let file = Files::get(name).ok_or(Error::NotFound)?;
    let kind = mime_guess::from_path(name).first_or_octet_stream();
    let kind =
        if kind.type_() == "text" { format!("{kind}; charset=utf-8") } else { kind.to_string() };
    let keep = "public, max-age=31536000, immutable";
    Ok(([(CONTENT_TYPE, kind), (CACHE_CONTROL, keep.to_owned())], file.data).into_response())
}
