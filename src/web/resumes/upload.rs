//! The upload form: one or more files. Each file is read into memory separately and stored in its own transaction.

use askama::Template;
use axum::Extension;
use axum::extract::multipart::Field;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::return_to;
use crate::app::App;
use crate::model::{EmailAddress, PersonId};
use crate::resumes::{self, MAX_BYTES, Upload, UploadError};
use crate::store;
use crate::web::error::Error;
use crate::web::form::sentence;
use crate::web::guard::Organiser;
use crate::web::notice::Notice;
use crate::web::page::{Frame, Place, count, filters, render};

/// Files per request.
const MAX_FILES: usize = 50;

/// Bytes of a request with many files.
pub const MAX_REQUEST: usize = 256 << 20;

/// Bytes of a request with one file, including the form around it.
pub const MAX_ONE: usize = MAX_BYTES + (1 << 20);

/// A file that was refused, and why.
struct Refused {
    file_name: String,
    why: String,
}

/// The fields of the upload form, as far as they have been received.
#[derive(Default)]
struct UploadForm {
    person: Option<PersonId>,
    auto_match: bool,
    back: String,
    accepted: usize,
    refused: Vec<Refused>,
}

pub async fn upload(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    mut form: Multipart,
) -> Result<Response, Error> {
    let mut received = UploadForm::default();
    while let Some(mut field) = form.next_field().await? {
        match field.name().unwrap_or_default() {
            "email" => {
                let typed = short_text(&mut field).await?;
                if !typed.trim().is_empty() {
                    received.person = Some(person_of(&app, &typed).await?);
                }
            }
            "person_id" => {
                let typed = short_text(&mut field).await?;
                let id = typed.trim().parse().map_err(|_| Error::NotFound)?;
                received.person = Some(PersonId(id));
            }
            "auto_match" => received.auto_match = true,
            "back" => received.back = short_text(&mut field).await?,
            "files" => accept(&app, &mut field, &mut received).await?,
            _ => {}
        }
    }
    if received.accepted == 0 && received.refused.is_empty() {
        return Err(Error::Unprocessable(
            "No file was chosen. Choose one or more resumes (PDF, Word or text) and upload them."
                .into(),
        ));
    }
    if !received.refused.is_empty() {
        let mut conn = app.db.read().await?;
        let page = RefusedPage {
            frame: Frame::load(&app, &mut conn, &organiser, Place::Matchmaking).await?,
            accepted: match received.accepted {
                0 => "Nothing was uploaded.".into(),
                accepted => {
                    format!("{} uploaded.", count(accepted as i64, "file was", "files were"))
                }
            },
            back: return_to::path(&received.back),
            refused: received.refused,
        };
        return Ok((StatusCode::PAYLOAD_TOO_LARGE, render(&page)?).into_response());
    }
    Ok(Notice::ResumesUploaded.redirect(&return_to::path(&received.back)).into_response())
}

#[derive(Template)]
#[template(path = "matchmaking/refused.html")]
struct RefusedPage {
    frame: Frame,
    accepted: String,
    refused: Vec<Refused>,
    back: String,
}

/// Reads one file into memory and stores it.
async fn accept(app: &App, field: &mut Field<'_>, received: &mut UploadForm) -> Result<(), Error> {
    let file_name = field.file_name().unwrap_or_default().to_owned();
    let bytes = file(field).await?;
    if file_name.is_empty() && bytes.as_ref().is_some_and(Vec::is_empty) {
        // The form was sent without choosing a file.
        return Ok(());
    }
    let mut refuse = |why: String| {
        let file_name = resumes::files::clean_name(&file_name);
        received.refused.push(Refused { file_name, why: sentence(&why) });
    };
    if received.accepted == MAX_FILES {
        refuse(format!(
            "at most {MAX_FILES} files can be uploaded at once; upload this one again with the next files"
        ));
        return Ok(());
    }
    let Some(bytes) = bytes else {
        refuse(UploadError::TooLarge.to_string());
        return Ok(());
    };
    let one = Upload {
        person: received.person,
        file_name: &file_name,
        bytes: &bytes,
        auto_match: received.auto_match,
    };
    let mut tx = app.db.write().await?;
    match resumes::upload(&mut tx, &app.config, &one, app.clock.now()).await {
        Ok(_) => {
            tx.commit().await?;
            received.accepted += 1;
        }
        Err(UploadError::NoSuchPerson) => return Err(Error::NotFound),
        Err(UploadError::Db(error)) => return Err(error.into()),
        Err(error @ (UploadError::TooLarge | UploadError::Empty)) => refuse(error.to_string()),
    }
    Ok(())
}

async fn person_of(app: &App, typed: &str) -> Result<PersonId, Error> {
    let address = EmailAddress::parse(typed).map_err(|error| {
        Error::Unprocessable(format!("{} Nothing was uploaded.", sentence(&error.to_string())))
    })?;
    let person = store::people::find_by_address(&mut *app.db.read().await?, &address).await?;
    person.map(|person| person.id).ok_or_else(|| {
        Error::Unprocessable(
            "Nobody has this email address. Add the person first, or leave the field empty to assign the resume by the \
             address in it. Nothing was uploaded."
                .into(),
        )
    })
}

/// A file's bytes; `None` when it is too large. Such a file is not kept in memory.
pub async fn file(field: &mut Field<'_>) -> Result<Option<Vec<u8>>, Error> {
    let mut bytes = Vec::new();
    let mut too_large = false;
    while let Some(chunk) = field.chunk().await? {
        too_large |= bytes.len() + chunk.len() > MAX_BYTES;
        if too_large {
            bytes = Vec::new();
        } else {
            bytes.extend_from_slice(&chunk);
        }
    }
    Ok((!too_large).then_some(bytes))
}

/// The text of a short field.
pub async fn short_text(field: &mut Field<'_>) -> Result<String, Error> {
    const LONGEST: usize = 1024;
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await? {
        if bytes.len() + chunk.len() > LONGEST {
            return Err(Error::Unprocessable(
                "A field of the form is too long. Shorten it and try again.".into(),
            ));
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes)
        .map_err(|_| Error::Unprocessable("A field of the form is not text.".into()))
}
