//! What an organiser does with one resume: retry, delete, download.

use axum::extract::{Form, Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::return_to::{self, ReturnTo};
use crate::app::App;
use crate::model::ResumeId;
use crate::web::error::Error;
use crate::web::notice::Notice;
use crate::{resumes, store};

pub async fn retry(
    State(app): State<App>,
    Path(id): Path<ResumeId>,
    Form(form): Form<ReturnTo>,
) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    if !resumes::retry(&mut tx, &app.config, id, app.clock.now()).await? {
        store::resumes::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
        return Err(Error::Conflict("This resume is already in progress.".into()));
    }
    tx.commit().await?;
    Ok(Notice::ResumeRetried.redirect(&return_to::path(&form.back)))
}

pub async fn delete(
    State(app): State<App>,
    Path(id): Path<ResumeId>,
    Form(form): Form<ReturnTo>,
) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    if !resumes::delete(&mut tx, id).await? {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    app.db.scrub().await?;
    Ok(Notice::ResumeDeleted.redirect(&return_to::path(&form.back)))
}

/// The file as it was uploaded. Browsers must save it, never show it: its content is untrusted.
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

/// `Content-Disposition` with the name twice (RFC 6266): ASCII for old clients, percent-encoded UTF-8 for all others.
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
    fn a_file_name_cannot_leave_its_quotes() {
        assert_eq!(
            attachment("Zoë\"; x=\r\n.pdf"),
            "attachment; filename=\"Zo___ x___.pdf\"; filename*=UTF-8''Zo%C3%AB%22%3B%20x%3D%0D%0A%2Epdf"
        );
    }
}
