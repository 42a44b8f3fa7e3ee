//! `/u/<code>`: how a person leaves the list. Open to everybody who holds the code; it tells nothing but that it works.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::error::Error;
use super::page::render;
use crate::app::App;
use crate::campaigns::messages;
use crate::{events, store};

/// What the visitor sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Ask,
    Left,
    /// The code is nobody's: mistyped, or the person was erased.
    Unknown,
}

#[derive(Template)]
#[template(path = "unsubscribe/page.html")]
struct UnsubscribePage {
    step: Step,
    event: String,
    code: String,
}

/// Only shows the page: what mail scanners fetch leaves nobody out.
pub async fn page(State(app): State<App>, Path(code): Path<String>) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let event = events::current(&mut conn, &app.config).await?.facts.name;
    let Some(person) = store::people::find_by_code(&mut conn, &code).await? else {
        return unknown(event);
    };
    let left = store::suppressions::find(&mut conn, &person.address.hash()).await?.is_some();
    let step = if left { Step::Left } else { Step::Ask };
    Ok(render(&UnsubscribePage { step, event, code })?.into_response())
}

/// Leaves: by the page's button, or by a mail client's one click (RFC 8058), which wants no redirect. Again is fine.
pub async fn unsubscribe(
    State(app): State<App>,
    Path(code): Path<String>,
) -> Result<Response, Error> {
    let mut tx = app.db.write().await?;
    let event = events::current(&mut tx, &app.config).await?.facts.name;
    let Some(person) = store::people::find_by_code(&mut tx, &code).await? else {
        return unknown(event);
    };
    messages::opt_out(&mut tx, &person, "left by the link in a mail", app.clock.now()).await?;
    tx.commit().await?;
    tracing::info!(person.id = person.id.0, "Person {} left the list", person.id);
    Ok(render(&UnsubscribePage { step: Step::Left, event, code })?.into_response())
}

fn unknown(event: String) -> Result<Response, Error> {
    let page = UnsubscribePage { step: Step::Unknown, event, code: String::new() };
    Ok((StatusCode::NOT_FOUND, render(&page)?).into_response())
}
