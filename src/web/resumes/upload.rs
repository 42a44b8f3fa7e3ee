//! Uploading by form: one person's resume, or many files at once. Each file is read into memory on its own and stored in
//! a transaction of its own.

use askama::Template;
use axum::Extension;
use axum::extract::multipart::Field;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::back;
use crate::app::App;
use crate::model::{EmailAddress, PersonId};
use crate::resumes::{self, MAX_BYTES, Upload, UploadError};
use crate::store;
use crate::web::Error;
use crate::web::form::sentence;
use crate::web::guard::Organiser;
use crate::web::notice::Notice;
use crate::web::page::{Frame, Place, count, filters, render};

/// Files in one request.
pub const MOST_FILES: usize = 50;

/// Bytes of one request with many files.
pub const MANY: usize = 256 << 20;

/// Bytes of one request with one file, with some room for the form around it.
pub const ONE: usize = MAX_BYTES + (1 << 20);

/// A file that was not taken, and why.
pub struct Refused {
    pub file_name: String,
    pub why: String,
}

/// The fields of the upload form.
#[derive(Default)]
struct UploadForm {
    person: Option<PersonId>,
    auto_match: bool,
    back: String,
    taken: usize,
    refused: Vec<Refused>,
}

pub async fn upload(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    mut form: Multipart,
) -> Result<Response, Error> {
    let mut upload = UploadForm::default();
    while let Some(mut field) = form.next_field().await? {
        match field.name().unwrap_or_default() {
            "email" => {
                let typed = short_text(&mut field).await?;
                if !typed.trim().is_empty() {
                    upload.person = Some(person_of(&app, &typed).await?);
                }
            }
            "person_id" => {
                let typed = short_text(&mut field).await?;
                let id = typed.trim().parse().map_err(|_| Error::NotFound)?;
                upload.person = Some(PersonId(id));
            }
            "auto_match" => upload.auto_match = true,
            "back" => upload.back = short_text(&mut field).await?,
            "files" => take(&app, &mut field, &mut upload).await?,
            _ => {}
        }
    }
    if upload.taken == 0 && upload.refused.is_empty() {
        return Err(Error::Unprocessable(
            "No file was chosen. Choose one or more resumes (PDF, Word or text) and upload them."
                .into(),
        ));
    }
    if !upload.refused.is_empty() {
        let mut conn = app.db.read().await?;
        let page = RefusedPage {
            frame: Frame::load(&app, &mut conn, &organiser, Place::Matchmaking).await?,
            taken: match upload.taken {
                0 => "Nothing was uploaded.".into(),
                taken => format!("{} uploaded.", count(taken as i64, "file was", "files were")),
            },
            back: back(&upload.back),
            refused: upload.refused,
        };
        return Ok((StatusCode::PAYLOAD_TOO_LARGE, render(&page)?).into_response());
    }
    Ok(Notice::ResumesUploaded.redirect(&back(&upload.back)).into_response())
}

#[derive(Template)]
#[template(path = "matchmaking/refused.html")]
struct RefusedPage {
    frame: Frame,
    taken: String,
    refused: Vec<Refused>,
    back: String,
}

/// One file of many: into memory, into a row, and on to the next.
async fn take(app: &App, field: &mut Field<'_>, upload: &mut UploadForm) -> Result<(), Error> {
    let file_name = field.file_name().unwrap_or_default().to_owned();
    let bytes = file(field).await?;
    if file_name.is_empty() && bytes.as_ref().is_some_and(Vec::is_empty) {
        // A form in which no file was chosen.
        return Ok(());
    }
    let mut refuse = |why: String| {
        let file_name = resumes::files::clean_name(&file_name);
        upload.refused.push(Refused { file_name, why: sentence(&why) });
    };
    if upload.taken == MOST_FILES {
        refuse(format!(
            "at most {MOST_FILES} files are taken at once; upload this one with the next lot"
        ));
        return Ok(());
    }
    let Some(bytes) = bytes else {
        refuse(UploadError::TooLarge.to_string());
        return Ok(());
    };
    let one = Upload {
        person: upload.person,
        file_name: &file_name,
        bytes: &bytes,
        auto_match: upload.auto_match,
    };
    let mut tx = app.db.write().await?;
    match resumes::upload(&mut tx, &app.config, &one, app.clock.now()).await {
        Ok(_) => {
            tx.commit().await?;
            upload.taken += 1;
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
            "Nobody with this e-mail address is known. Add the person first, or leave the address out and let the \
             resume say whose it is. Nothing was uploaded."
                .into(),
        )
    })
}

/// A file's bytes; `None` when it is larger than may be. Of such a file no more than that is kept.
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

/// The text of a small field.
pub async fn short_text(field: &mut Field<'_>) -> Result<String, Error> {
    const LONGEST: usize = 1024;
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await? {
        if bytes.len() + chunk.len() > LONGEST {
            return Err(Error::Unprocessable("A field of the form is too long.".into()));
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes)
        .map_err(|_| Error::Unprocessable("A field of the form is not text.".into()))
}
