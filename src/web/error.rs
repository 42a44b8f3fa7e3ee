//! Errors as visitors see them. Only this module turns errors into status codes. A cause is logged once, here, and
//! never shown.

use std::any::Any;

use askama::Template;
use axum::Json;
use axum::extract::multipart::{MultipartError, MultipartRejection};
use axum::extract::rejection::{FormRejection, JsonRejection, PathRejection, QueryRejection};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

/// A refusal or failure, with its text for the visitor.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("There is nothing at this address.")]
    NotFound,
    /// The request is valid, but its subject has changed.
    #[error("{0}")]
    Conflict(String),
    /// A value is not usable.
    #[error("{0}")]
    Unprocessable(String),
    /// The request cannot be parsed.
    #[error("{0}")]
    BadRequest(String),
    #[error("{0}")]
    TooLarge(String),
    #[error("{0}")]
    UnsupportedMedia(String),
    #[error("{0}")]
    Forbidden(String),
    /// A rate limit was reached.
    #[error("{0}")]
    TooMany(String),
    #[error("Something went wrong on our side. Nothing was lost. Please retry.")]
    Internal(#[source] anyhow::Error),
}

impl Error {
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Unprocessable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMedia(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn log(&self) {
        if let Self::Internal(cause) = self {
            tracing::error!(error = format!("{cause:#}"), "a request failed");
        }
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    title: &'static str,
    text: String,
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        self.log();
        let title = match self {
            Self::NotFound => "Not found",
            Self::Conflict(_) => "This has changed in the meantime",
            Self::Unprocessable(_) | Self::BadRequest(_) => "This did not work",
            Self::TooLarge(_) => "Too large",
            Self::UnsupportedMedia(_) => "Unsupported file type",
            Self::Forbidden(_) => "Not allowed",
            Self::TooMany(_) => "Too many requests",
            Self::Internal(_) => "Something went wrong",
        };
        let page = ErrorPage { title, text: self.to_string() }
            .render()
            .unwrap_or_else(|_| self.to_string());
        (self.status(), Html(page)).into_response()
    }
}

/// The same errors for the JSON interface: `{"success": false, "message": …}`.
#[derive(Debug)]
pub struct ApiError(pub Error);

impl<E: Into<Error>> From<E> for ApiError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.0.log();
        let body = serde_json::json!({ "success": false, "message": self.0.to_string() });
        (self.0.status(), Json(body)).into_response()
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Internal(error.into())
    }
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}

impl From<askama::Error> for Error {
    fn from(error: askama::Error) -> Self {
        Self::Internal(error.into())
    }
}

/// A request that axum could not parse keeps axum's status and text.
macro_rules! rejections {
    ($($type:ty),+) => {$(
        impl From<$type> for Error {
            fn from(rejection: $type) -> Self {
                rejected(rejection.status(), rejection.body_text())
            }
        }
    )+};
}

rejections!(
    JsonRejection,
    FormRejection,
    PathRejection,
    QueryRejection,
    MultipartRejection,
    MultipartError
);

fn rejected(status: StatusCode, text: String) -> Error {
    match status {
        StatusCode::NOT_FOUND => Error::NotFound,
        StatusCode::PAYLOAD_TOO_LARGE => {
            Error::TooLarge("This file is too large. The limit is 16 MB.".into())
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Error::UnsupportedMedia(text),
        StatusCode::UNPROCESSABLE_ENTITY => Error::Unprocessable(text),
        status if status.is_server_error() => Error::Internal(anyhow::anyhow!(text)),
        _ => Error::BadRequest(text),
    }
}

/// The response after a handler panicked. The process continues.
#[expect(clippy::needless_pass_by_value, reason = "tower-http passes the panic by value")]
pub fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    Error::Internal(anyhow::anyhow!("panicked: {text}")).into_response()
}
