//! Resumes on the pages: the list, the deeds, the file itself.

mod assign;
mod item;
mod upload;

use askama::Template;
use axum::Extension;
use axum::extract::{Form, Path, Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

pub use assign::{claim, claim_for_new, whose};
pub use item::{Item, items};
pub use upload::{MANY, ONE, file, short_text, upload};

use super::error::Error;
use super::guard::Organiser;
use super::page::{Frame, Pager, Place, Times, filters, render};
use crate::app::App;
use crate::model::ResumeId;
use crate::store::resumes::Show;
use crate::web::notice::{Notice, NoticeQuery};
use crate::{events, resumes, store};

const PER_PAGE: i64 = 50;

/// The page that a form stood on: the matchmaking page, the list of resumes, or a person's.
fn back(word: &str) -> String {
    match word.parse::<i64>() {
        Ok(person) => format!("/people/{person}"),
        Err(_) if word == "resumes" => "/matchmaking/resumes".into(),
        Err(_) => "/matchmaking".into(),
    }
}

// ── The list ──

#[derive(Template)]
#[template(path = "matchmaking/resumes.html")]
pub struct ListPage {
    frame: Frame,
    notice: String,
    tabs: Vec<(String, String, bool)>,
    rows: Vec<Item>,
    pager: Pager,
}

#[derive(Deserialize)]
pub struct ListQuery {
    show: Option<String>,
    page: Option<i64>,
}

pub async fn list(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Query(query): Query<ListQuery>,
    notice: NoticeQuery,
) -> Result<Response, Error> {
    let show = match query.show.as_deref() {
        Some("look") => Show::NeedsALook,
        Some("work") => Show::InWork,
        _ => Show::All,
    };
    let mut conn = app.db.read().await?;
    let event = events::current(&mut conn, &app.config).await?;
    let times = Times::new(event.time_zone.as_deref(), app.clock.now());
    let mut tabs = Vec::new();
    let mut total = 0;
    let mut here = "";
    for (word, label, this) in [
        ("", "All", Show::All),
        ("look", "Need a look", Show::NeedsALook),
        ("work", "In work", Show::InWork),
    ] {
        let number = store::resumes::count(&mut conn, this).await?;
        let url = Pager::new(None, 1, 0, "/matchmaking/resumes", &[("show", word)]).address();
        tabs.push((format!("{label} {number}"), url, this == show));
        if this == show {
            (total, here) = (number, word);
        }
    }
    let pager = Pager::new(query.page, PER_PAGE, total, "/matchmaking/resumes", &[("show", here)]);
    let rows = store::resumes::list(&mut conn, show, PER_PAGE, pager.offset()).await?;
    let page = ListPage {
        frame: Frame::load(&app, &mut conn, &organiser, Place::Matchmaking).await?,
        notice: notice.text(),
        tabs,
        rows: items(&mut conn, &app, &rows, &times).await?,
        pager,
    };
    Ok(render(&page)?.into_response())
}

// ── Again, away, the file ──

#[derive(Deserialize)]
pub struct Back {
    #[serde(default)]
    back: String,
}

pub async fn again(
    State(app): State<App>,
    Path(id): Path<ResumeId>,
    Form(form): Form<Back>,
) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    if !resumes::try_again(&mut tx, &app.config, id, app.clock.now()).await? {
        store::resumes::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
        return Err(Error::Conflict("This resume is being worked on already.".into()));
    }
    tx.commit().await?;
    Ok(Notice::ResumeAgain.redirect(&back(&form.back)))
}

pub async fn delete(
    State(app): State<App>,
    Path(id): Path<ResumeId>,
    Form(form): Form<Back>,
) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    if !resumes::delete(&mut tx, id).await? {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    app.db.scrub().await?;
    Ok(Notice::ResumeDeleted.redirect(&back(&form.back)))
}

/// The file as it came: always to be saved, never to be shown, since what is in it is a stranger's.
pub async fn download(State(app): State<App>, Path(id): Path<ResumeId>) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let resume = store::resumes::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
    let bytes = store::resumes::bytes(&mut conn, id).await?.ok_or(Error::NotFound)?;
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_DISPOSITION, attachment(&resume.file_name)),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}

/// `Content-Disposition` with the name twice (RFC 6266): plain for old readers, percent-encoded UTF-8 for all others.
fn attachment(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || " ._-()".contains(c) { c } else { '_' })
        .collect();
    format!(
        "attachment; filename=\"{plain}\"; filename*=UTF-8''{}",
        utf8_percent_encode(name, NON_ALPHANUMERIC)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_downloads_name_cannot_leave_its_quotes() {
        assert_eq!(
            attachment("Zoë\"; x=\r\n.pdf"),
            "attachment; filename=\"Zo___ x___.pdf\"; filename*=UTF-8''Zo%C3%AB%22%3B%20x%3D%0D%0A%2Epdf"
        );
    }

    #[test]
    fn a_form_leads_back_to_where_it_stood_and_nowhere_else() {
        assert_eq!(back("7"), "/people/7");
        assert_eq!(back("resumes"), "/matchmaking/resumes");
        assert_eq!(back("https://example.org"), "/matchmaking");
    }
}
