//! `/u/<code>`: the page on which a person unsubscribes. Anybody with the code can open it; it reveals nothing about
//! the person.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::error::Error;
use super::page::render;
use crate::app::App;
use crate::campaigns::messages;
use crate::{events, store};

/// What the page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Ask,
    Done,
    /// The code belongs to nobody: it was mistyped, or the person was erased.
    Unknown,
}

#[derive(Template)]
#[template(path = "unsubscribe/page.html")]
struct UnsubscribePage {
    step: Step,
    event: String,
    code: String,
}

/// Only shows the page: mail scanners that open the link must not unsubscribe anybody.
pub async fn page(State(app): State<App>, Path(code): Path<String>) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let event = events::current(&mut conn, &app.config).await?.facts.name;
    let Some(person) = store::people::find_by_code(&mut conn, &code).await? else {
        return unknown(event);
    };
    let unsubscribed =
        store::suppressions::find(&mut conn, &person.address.hash()).await?.is_some();
    let step = if unsubscribed { Step::Done } else { Step::Ask };
    Ok(render(&UnsubscribePage { step, event, code })?.into_response())
}

/// Unsubscribes by the page's button or a mail client's one click (RFC 8058), which must not be redirected. May be
/// repeated.
pub async fn unsubscribe(
    State(app): State<App>,
    Path(code): Path<String>,
) -> Result<Response, Error> {
    let mut tx = app.db.write().await?;
    let event = events::current(&mut tx, &app.config).await?.facts.name;
    let Some(person) = store::people::find_by_code(&mut tx, &code).await? else {
        return unknown(event);
    };
    messages::opt_out(&mut tx, &person, "unsubscribed by the link in an email", app.clock.now())
        .await?;
    tx.commit().await?;
    tracing::info!(person.id = person.id.0, "Person {} unsubscribed", person.id);
    Ok(render(&UnsubscribePage { step: Step::Done, event, code })?.into_response())
}

fn unknown(event: String) -> Result<Response, Error> {
    let page = UnsubscribePage { step: Step::Unknown, event, code: String::new() };
    Ok((StatusCode::NOT_FOUND, render(&page)?).into_response())
}
