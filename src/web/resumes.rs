//! Resumes on the pages: uploading, the queue, whose one is, the file itself.

use askama::Template;
use axum::Extension;
use axum::extract::multipart::Field;
use axum::extract::{Form, Multipart, Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::error::Error;
use super::form::{FieldErrors, line, needed_line};
use super::guard::Organiser;
use super::page::{Frame, Pager, Place, Times, count, filters, render};
use crate::app::App;
use crate::model::made_by::Maker;
use crate::model::resume::ResumeState;
use crate::model::{EmailAddress, PersonId, ResumeId};
use crate::people::{self, AddError, LONGEST_LINE, Profile, Source};
use crate::resumes::{self, ClaimError, MAX_BYTES, Upload, UploadError, clues};
use crate::store::people::Show as ShowPeople;
use crate::store::resumes::{Resume, Show};
use crate::{events, store};

/// Files in one request.
pub const MOST_FILES: usize = 50;

/// Bytes of one request with many files.
pub const MANY: usize = 256 << 20;

/// Bytes of one request with one file, with some room for the form around it.
pub const ONE: usize = MAX_BYTES + (1 << 20);

const PER_PAGE: i64 = 50;

// ── One resume, ready to print ──

pub struct Item {
    pub id: ResumeId,
    pub file_name: String,
    pub person: String,
    pub person_id: Option<PersonId>,
    /// The class of the state's word, its picture, and the word.
    pub tone: &'static str,
    pub icon: &'static str,
    pub word: String,
    pub detail: String,
    pub uploaded: String,
    pub is_unclaimed: bool,
    pub is_failed: bool,
    /// It can be read or searched for skills once more.
    pub can_repeat: bool,
    pub about: String,
}

impl Item {
    pub fn new(resume: &Resume, times: &Times) -> Self {
        let found =
            serde_json::from_str::<Vec<String>>(&resume.skills).map_or(0, |names| names.len());
        let state = resume.state;
        let (tone, icon) = match state {
            ResumeState::Queued | ResumeState::Waiting => ("none", "st-wait"),
            ResumeState::Reading | ResumeState::Extracting => ("go", "st-go"),
            ResumeState::Unclaimed => ("wait", "st-wait"),
            ResumeState::Done => ("ok", "st-ok"),
            ResumeState::Failed => ("bad", "st-bad"),
        };
        let word = match state {
            ResumeState::Done if found == 0 => "No skills".into(),
            ResumeState::Done => count(found as i64, "skill", "skills"),
            other => other.label().to_owned(),
        };
        let format = resume.format.as_deref().map(str::to_uppercase).unwrap_or_default();
        Self {
            id: resume.id,
            file_name: resume.file_name.clone(),
            person: resume.person.clone().unwrap_or_default(),
            person_id: resume.person_id,
            tone,
            icon,
            word,
            detail: detail(resume),
            uploaded: times.at(resume.created_at),
            is_unclaimed: state == ResumeState::Unclaimed,
            is_failed: state == ResumeState::Failed,
            can_repeat: matches!(state, ResumeState::Failed | ResumeState::Done),
            about: [format, size(resume.size)]
                .into_iter()
                .filter(|it| !it.is_empty())
                .collect::<Vec<_>>()
                .join(", "),
        }
    }
}

/// What stands under the file's name: who made the skills, what it waits for, why it failed.
fn detail(resume: &Resume) -> String {
    let mut parts: Vec<String> = Vec::new();
    match resume.state {
        ResumeState::Queued if resume.person_id.is_none() => {
            parts.push("whose it is, the e-mail address in it will say".into());
        }
        ResumeState::Unclaimed => {
            parts.push("No known person's address stands first in it.".into())
        }
        ResumeState::Waiting => {
            parts.push("read; waits for its turn to be searched for skills".into())
        }
        ResumeState::Failed => parts.extend(resume.error.clone()),
        ResumeState::Queued | ResumeState::Reading | ResumeState::Extracting => {}
        ResumeState::Done => parts.extend(resume.made_by().map(|made| match made.by {
            Maker::Model => {
                let key = match made.key {
                    Some(0) => ", the reserve key".into(),
                    Some(number) => format!(", key {number}"),
                    None => String::new(),
                };
                format!("{}{key}", made.model.unwrap_or_else(|| "Gemini".into()))
            }
            Maker::Taxonomy | Maker::Template | Maker::Person => match made.why {
                Some(why) => format!("word list ({why})"),
                None => "word list".into(),
            },
        })),
    }
    if let Some(cut_at) = resume.cut_at {
        parts.push(format!("only the first {} characters were read for skills", thousands(cut_at)));
    }
    parts.join(" · ")
}

fn thousands(number: i64) -> String {
    if number < 1000 {
        number.to_string()
    } else {
        format!("{},{:03}", number / 1000, number % 1000)
    }
}

fn size(bytes: i64) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} KB", (bytes + 512) / 1024),
        _ => format!("{}.{} MB", bytes / 1_048_576, bytes % 1_048_576 * 10 / 1_048_576),
    }
}

// ── Uploading ──

/// A file that was not taken, and why.
pub struct Refused {
    pub file_name: String,
    pub why: String,
}

/// What the upload form said.
#[derive(Default)]
struct Said {
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
    let mut said = Said::default();
    while let Some(mut field) = form.next_field().await? {
        match field.name().unwrap_or_default() {
            "email" => {
                let typed = short_text(&mut field).await?;
                if !typed.trim().is_empty() {
                    said.person = Some(person_of(&app, &typed).await?);
                }
            }
            "person_id" => {
                let typed = short_text(&mut field).await?;
                let id = typed.trim().parse().map_err(|_| Error::NotFound)?;
                said.person = Some(PersonId(id));
            }
            "auto_match" => said.auto_match = true,
            "back" => said.back = short_text(&mut field).await?,
            "files" => take(&app, &mut field, &mut said).await?,
            _ => {}
        }
    }
    if said.taken == 0 && said.refused.is_empty() {
        return Err(Error::Unprocessable(
            "No file was chosen. Choose one or more resumes (PDF, Word or text) and upload them."
                .into(),
        ));
    }
    if !said.refused.is_empty() {
        let mut conn = app.db.read().await?;
        let page = RefusedPage {
            frame: Frame::load(&app, &mut conn, &organiser, Place::Matchmaking).await?,
            taken: match said.taken {
                0 => "Nothing was uploaded.".into(),
                taken => format!("{} uploaded.", count(taken as i64, "file was", "files were")),
            },
            back: back(&said.back),
            refused: said.refused,
        };
        return Ok((StatusCode::PAYLOAD_TOO_LARGE, render(&page)?).into_response());
    }
    Ok(Redirect::to(&format!("{}?said=uploaded", back(&said.back))).into_response())
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
async fn take(app: &App, field: &mut Field<'_>, said: &mut Said) -> Result<(), Error> {
    let file_name = field.file_name().unwrap_or_default().to_owned();
    let bytes = file(field).await?;
    if file_name.is_empty() && bytes.as_ref().is_some_and(Vec::is_empty) {
        // A form in which no file was chosen.
        return Ok(());
    }
    let mut refuse = |why: String| {
        let file_name = resumes::files::clean_name(&file_name);
        said.refused.push(Refused { file_name, why: super::form::sentence(&why) });
    };
    if said.taken == MOST_FILES {
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
        person: said.person,
        file_name: &file_name,
        bytes: &bytes,
        auto_match: said.auto_match,
    };
    let mut tx = app.db.write().await?;
    match resumes::upload(&mut tx, &app.config, &one, app.clock.now()).await {
        Ok(_) => {
            tx.commit().await?;
            said.taken += 1;
        }
        Err(UploadError::NoSuchPerson) => return Err(Error::NotFound),
        Err(UploadError::Db(error)) => return Err(error.into()),
        Err(error @ (UploadError::TooLarge | UploadError::Empty)) => refuse(error.to_string()),
    }
    Ok(())
}

async fn person_of(app: &App, typed: &str) -> Result<PersonId, Error> {
    let address = EmailAddress::parse(typed).map_err(|error| {
        Error::Unprocessable(format!(
            "{} Nothing was uploaded.",
            super::form::sentence(&error.to_string())
        ))
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
    said: &'static str,
    tabs: Vec<(String, String, bool)>,
    rows: Vec<Item>,
    pager: Pager,
}

#[derive(Deserialize)]
pub struct ListQuery {
    show: Option<String>,
    page: Option<i64>,
    said: Option<String>,
}

pub async fn list(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Query(query): Query<ListQuery>,
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
        said: said(query.said.as_deref()),
        tabs,
        rows: rows.iter().map(|row| Item::new(row, &times)).collect(),
        pager,
    };
    Ok(render(&page)?.into_response())
}

/// What was just done, by the word in the address.
pub fn said(word: Option<&str>) -> &'static str {
    match word {
        Some("uploaded") => {
            "Uploaded. The files are read one after the other; this page says how far they are."
        }
        Some("claimed") => "Noted whose it is. Its skills come next.",
        Some("again") => "It is done once more.",
        Some("deleted") => "The file and its text are gone. The person keeps the skills.",
        _ => "",
    }
}

// ── Whose is it? ──

#[derive(Template)]
#[template(path = "matchmaking/whose.html")]
pub struct WhosePage {
    frame: Frame,
    id: ResumeId,
    file_name: String,
    q: String,
    /// People whom the text or the search leads to.
    people: Vec<Candidate>,
    typed: NewPerson,
    errors: FieldErrors,
    text: String,
}

struct Candidate {
    id: PersonId,
    name: String,
    address: String,
}

/// What was typed about somebody who is to be added.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct NewPerson {
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    job_title: String,
}

#[derive(Deserialize)]
pub struct WhoseQuery {
    q: Option<String>,
}

/// People who are offered.
const CANDIDATES: i64 = 10;

/// Characters of the text that are shown to the organiser.
const SHOWN_TEXT: usize = 3000;

pub async fn whose(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path(id): Path<ResumeId>,
    Query(query): Query<WhoseQuery>,
) -> Result<Response, Error> {
    let q = query.q.unwrap_or_default();
    whose_page(&app, &organiser, id, q, None, FieldErrors::default()).await
}

async fn whose_page(
    app: &App,
    organiser: &Organiser,
    id: ResumeId,
    q: String,
    typed: Option<NewPerson>,
    errors: FieldErrors,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let resume = store::resumes::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
    if let Some(person) = resume.person_id {
        return Ok(Redirect::to(&format!("/people/{person}")).into_response());
    }
    let text = store::resumes::text(&mut conn, id).await?.unwrap_or_default();
    let addresses = clues::addresses(&text);
    let name = clues::name(&text).unwrap_or_default();
    let mut people: Vec<Candidate> = Vec::new();
    if q.trim().is_empty() {
        for address in &addresses {
            let known = store::people::find_by_address(&mut conn, address).await?;
            people.extend(known.map(|person| Candidate {
                id: person.id,
                name: person.name,
                address: person.address.to_string(),
            }));
        }
    }
    let search = if q.trim().is_empty() { &name } else { &q };
    if !search.trim().is_empty() {
        let found = store::people::list(&mut conn, search, ShowPeople::All, CANDIDATES, 0).await?;
        for person in found {
            if people.iter().all(|known| known.id != person.id) {
                people.push(Candidate {
                    id: person.id,
                    name: person.name,
                    address: person.address,
                });
            }
        }
    }
    let typed = typed.unwrap_or_else(|| NewPerson {
        name,
        email: addresses.first().map(ToString::to_string).unwrap_or_default(),
        job_title: String::new(),
    });
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = WhosePage {
        frame: Frame::load(app, &mut conn, organiser, Place::Matchmaking).await?,
        id,
        file_name: resume.file_name,
        q,
        people,
        typed,
        errors,
        text: text.chars().take(SHOWN_TEXT).collect(),
    };
    Ok((status, render(&page)?).into_response())
}

#[derive(Deserialize)]
pub struct Chosen {
    person: PersonId,
}

/// It is this person's.
pub async fn claim(
    State(app): State<App>,
    Path(id): Path<ResumeId>,
    Form(chosen): Form<Chosen>,
) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    resumes::claim(&mut tx, &app.config, id, chosen.person, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Redirect::to("/matchmaking?said=claimed"))
}

/// It is somebody's who is not known yet.
pub async fn claim_for_new(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path(id): Path<ResumeId>,
    Form(typed): Form<NewPerson>,
) -> Result<Response, Error> {
    let mut errors = FieldErrors::default();
    let name = errors.take("name", needed_line(&typed.name, "the name", LONGEST_LINE));
    let address = errors.take("email", EmailAddress::parse(&typed.email));
    let job_title = errors.take("job_title", line(&typed.job_title, "the job title", LONGEST_LINE));
    let (Some(name), Some(address), Some(job_title)) = (name, address, job_title) else {
        return whose_page(&app, &organiser, id, String::new(), Some(typed), errors).await;
    };
    let profile = Profile { name, address, job_title, skills: Vec::new() };
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    match people::add(&mut tx, &profile, Source::Resume, now).await {
        Ok(person) => resumes::claim(&mut tx, &app.config, id, person, now).await?,
        Err(error @ AddError::Known(_)) => {
            drop(tx);
            errors.add("email", error);
            return whose_page(&app, &organiser, id, String::new(), Some(typed), errors).await;
        }
        Err(AddError::Db(error)) => return Err(error.into()),
    }
    tx.commit().await?;
    Ok(Redirect::to("/matchmaking?said=claimed").into_response())
}

impl From<ClaimError> for Error {
    fn from(error: ClaimError) -> Self {
        match error {
            ClaimError::Gone | ClaimError::NoSuchPerson => Self::NotFound,
            ClaimError::Taken => Self::Conflict(super::form::sentence(&error.to_string())),
            ClaimError::Db(error) => error.into(),
        }
    }
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
    Ok(Redirect::to(&format!("{}?said=again", back(&form.back))))
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
    Ok(Redirect::to(&format!("{}?said=deleted", back(&form.back))))
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
            "attachment; filename=\"Zo____ x___.pdf\"; filename*=UTF-8''Zo%C3%AB%22%3B%20x%3D%0D%0A%2Epdf"
        );
    }

    #[test]
    fn sizes_and_numbers_are_told_as_people_read_them() {
        assert_eq!([size(900), size(2048), size(1_600_000)], ["900 bytes", "2 KB", "1.5 MB"]);
        assert_eq!(thousands(20_000), "20,000");
    }

    #[test]
    fn a_form_leads_back_to_where_it_stood_and_nowhere_else() {
        assert_eq!(back("7"), "/people/7");
        assert_eq!(back("resumes"), "/matchmaking/resumes");
        assert_eq!(back("https://example.org"), "/matchmaking");
    }
}
