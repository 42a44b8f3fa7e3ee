//! Importing a table of people, and the sample people.

use askama::Template;
use axum::Extension;
use axum::extract::{Form, Multipart, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::form::PersonForm;
use crate::app::App;
use crate::people::import::{self, BadRow};
use crate::people::{Source, sample};
use crate::web::error::Error;
use crate::web::form::sentence;
use crate::web::guard::Organiser;
use crate::web::notice::Notice;
use crate::web::page::{Frame, Place, filters, render};

#[derive(Template)]
#[template(path = "people/import.html")]
pub struct ImportPage {
    frame: Frame,
    /// Why nothing was imported; empty when something was, or before an import.
    problem: String,
    report: Option<ShownReport>,
}

struct ShownReport {
    new: usize,
    changed: usize,
    same: usize,
    bad: usize,
    ignored: String,
    bad_rows: Vec<BadRow>,
    /// Bad rows that are not listed.
    bad_more: usize,
}

/// Bad rows that are listed; the others are only counted.
const LISTED_BAD_ROWS: usize = 200;

pub async fn import_form(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
) -> Result<Response, Error> {
    import_page(&app, &organiser, StatusCode::OK, String::new(), None).await
}

pub async fn import(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    mut upload: Multipart,
) -> Result<Response, Error> {
    let mut bytes = None;
    while let Some(field) = upload.next_field().await? {
        if field.name() == Some("file") {
            bytes = Some(field.bytes().await?);
        }
    }
    let table = import::read(&bytes.unwrap_or_default());
    let table = match table {
        Ok(table) => table,
        Err(error) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            let problem = sentence(&error.to_string());
            return import_page(&app, &organiser, status, problem, None).await;
        }
    };
    let mut tx = app.db.write().await?;
    let mut report = import::store(&mut tx, table, Source::Import, app.clock.now()).await?;
    tx.commit().await?;
    tracing::info!(
        new = report.new,
        changed = report.changed,
        bad = report.bad.len(),
        "Imported a table of people"
    );
    let bad = report.bad.len();
    let bad_more = bad.saturating_sub(LISTED_BAD_ROWS);
    report.bad.truncate(LISTED_BAD_ROWS);
    let shown = ShownReport {
        new: report.new,
        changed: report.changed,
        same: report.same,
        bad,
        ignored: report.ignored.join(", "),
        bad_rows: report.bad,
        bad_more,
    };
    import_page(&app, &organiser, StatusCode::OK, String::new(), Some(shown)).await
}

async fn import_page(
    app: &App,
    organiser: &Organiser,
    status: StatusCode,
    problem: String,
    report: Option<ShownReport>,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let frame = Frame::load(app, &mut conn, organiser, Place::People).await?;
    Ok((status, render(&ImportPage { frame, problem, report })?).into_response())
}

pub async fn add_samples(
    State(app): State<App>,
    Form(typed): Form<PersonForm>,
) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    import::store(&mut tx, sample::people(), Source::Sample, app.clock.now()).await?;
    tx.commit().await?;
    Ok(match typed.back() {
        page @ "/matchmaking" => Notice::SampleToMatch.redirect(page),
        page => Notice::SampleAdded.redirect(page),
    })
}
