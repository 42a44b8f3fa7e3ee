//! Import and export of the FAQ as a file. An import shows a preview first.

use askama::Template;
use axum::Extension;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::super::error::Error;
use super::super::guard::Organiser;
use super::super::notice::Notice;
use super::super::page::{Frame, Place, filters, render};
use crate::app::App;
use crate::events::CURRENT;
use crate::faq::embeddings;
use crate::faq::entries::{self, Change, Tally};
use crate::faq::import::{self, BadBlock};
use crate::store;

#[derive(Template)]
#[template(path = "faq/import.html")]
pub struct ImportPage {
    frame: Frame,
    problem: String,
    text: String,
    report: Option<Report>,
    /// How many entries the import button imports.
    importable: usize,
}

/// The preview of an import.
struct Report {
    tally: Tally,
    lines: Vec<ReportLine>,
    bad: Vec<BadBlock>,
}

struct ReportLine {
    state: &'static str,
    tone: &'static str,
    question: String,
    section: String,
}

pub async fn import_form(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
) -> Result<Response, Error> {
    page(&app, &organiser, StatusCode::OK, "", String::new(), None).await
}

/// Imports a file or a text. Nothing is written before the organiser has seen a preview.
pub async fn import(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    mut upload: Multipart,
) -> Result<Response, Error> {
    let (mut file, mut text, mut apply) = (Vec::new(), String::new(), false);
    while let Some(field) = upload.next_field().await? {
        match field.name() {
            Some("file") => file = field.bytes().await?.to_vec(),
            Some("text") => text = field.text().await?,
            Some("apply") => apply = field.text().await? == "yes",
            _ => {}
        }
    }
    if !file.is_empty() {
        let Ok(read) = String::from_utf8(file) else {
            let problem = "This is not a text file in UTF-8.";
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return page(&app, &organiser, status, problem, text, None).await;
        };
        text = read;
    }
    if text.trim().is_empty() {
        let problem = "The file is empty.";
        return page(&app, &organiser, StatusCode::UNPROCESSABLE_ENTITY, problem, text, None).await;
    }
    let parsed = import::read(&text);
    if apply && !parsed.entries.is_empty() {
        let mut tx = app.db.write().await?;
        let now = app.clock.now();
        entries::import(&mut tx, CURRENT, &parsed.entries, now).await?;
        embeddings::catch_up(&mut tx, &app.pool, now).await?;
        tx.commit().await?;
        return Ok(Notice::EntriesImported.redirect("/faq").into_response());
    }
    let mut conn = app.db.read().await?;
    let known = store::faq::entries(&mut conn, CURRENT).await?;
    drop(conn);
    let changes = entries::plan(&known, &parsed.entries);
    let lines = parsed.entries.iter().zip(&changes).map(|(text, change)| {
        let (state, tone) = match change {
            Change::New => ("New", "ok"),
            Change::Changes(_) => ("Changed", "info"),
            Change::Same => ("Unchanged", "none"),
        };
        ReportLine { state, tone, question: text.question.clone(), section: text.section.clone() }
    });
    let report =
        Report { tally: entries::tally(&changes), lines: lines.collect(), bad: parsed.bad };
    let status =
        if parsed.entries.is_empty() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page(&app, &organiser, status, "", text, Some(report)).await
}

async fn page(
    app: &App,
    organiser: &Organiser,
    status: StatusCode,
    problem: &str,
    text: String,
    report: Option<Report>,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let frame = Frame::load(app, &mut conn, organiser, Place::Faq).await?;
    let problem = problem.to_owned();
    let importable = report.as_ref().map_or(0, |report| report.lines.len());
    let page = ImportPage { frame, problem, text, report, importable };
    Ok((status, render(&page)?).into_response())
}

pub async fn export_text(State(app): State<App>) -> Result<Response, Error> {
    let entries = entries::in_order(&mut *app.db.read().await?, CURRENT).await?;
    Ok(file("text/plain; charset=utf-8", "faq.txt", import::write_text(&entries)))
}

pub async fn export_markdown(State(app): State<App>) -> Result<Response, Error> {
    let entries = entries::in_order(&mut *app.db.read().await?, CURRENT).await?;
    Ok(file("text/markdown; charset=utf-8", "faq.md", import::write_markdown(&entries)))
}

fn file(kind: &'static str, name: &str, text: String) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, disposition)], text).into_response()
}
