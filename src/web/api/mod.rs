//! The JSON interface for programs. Its paths and fields are described in `docs/api.md`.

pub mod campaigns;
pub mod matching;
pub mod people;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::error::{ApiError, Error};

/// A path that does not exist.
pub async fn not_found() -> ApiError {
    ApiError(Error::NotFound)
}

/// A path that exists, asked with a method that it does not support.
pub async fn wrong_method() -> Response {
    let body = json!({ "success": false, "message": "This address does not answer that method." });
    (StatusCode::METHOD_NOT_ALLOWED, Json(body)).into_response()
}
