//! Assigns a resume to a person: the organiser chooses an existing person, or adds one from what the text says.

use askama::Template;
use axum::Extension;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::app::App;
use crate::model::{EmailAddress, PersonId, ResumeId};
use crate::people::fields::EMAIL;
use crate::people::{self, AddError, Fields, NewPerson, Source};
use crate::resumes::{self, AssignError, clues};
use crate::store::people::Show as ShowPeople;
use crate::store::{self, Conn};
use crate::web::error::Error;
use crate::web::form::{FieldErrors, sentence};
use crate::web::guard::Organiser;
use crate::web::notice::Notice;
use crate::web::page::{Frame, Place, filters, render};

#[derive(Template)]
#[template(path = "matchmaking/owner.html")]
pub struct OwnerPage {
    frame: Frame,
    id: ResumeId,
    file_name: String,
    q: String,
    /// People found by the text or the search.
    people: Vec<Candidate>,
    typed: Fields,
    errors: FieldErrors,
    text: String,
}

struct Candidate {
    id: PersonId,
    name: String,
    address: String,
}

#[derive(Deserialize)]
pub struct OwnerQuery {
    q: Option<String>,
}

/// People who are suggested at most.
const MAX_CANDIDATES: i64 = 10;

/// Characters of the text that are shown.
const SHOWN_TEXT: usize = 3000;

pub async fn owner(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path(id): Path<ResumeId>,
    Query(query): Query<OwnerQuery>,
) -> Result<Response, Error> {
    let q = query.q.unwrap_or_default();
    owner_page(&app, &organiser, id, q, None, FieldErrors::default()).await
}

async fn owner_page(
    app: &App,
    organiser: &Organiser,
    id: ResumeId,
    q: String,
    typed: Option<Fields>,
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
    let people = candidates(&mut conn, &q, &name, &addresses).await?;
    let typed = typed.unwrap_or_else(|| Fields {
        name,
        email: addresses.first().map(ToString::to_string).unwrap_or_default(),
        ..Fields::default()
    });
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = OwnerPage {
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

/// People whom the organiser probably means: by a search, else by the addresses and the name in the text.
async fn candidates(
    conn: &mut Conn,
    q: &str,
    name: &str,
    addresses: &[EmailAddress],
) -> sqlx::Result<Vec<Candidate>> {
    let mut people: Vec<Candidate> = Vec::new();
    if q.trim().is_empty() {
        for address in addresses {
            let known = store::people::find_by_address(conn, address).await?;
            people.extend(known.map(|person| Candidate {
                id: person.id,
                name: person.name,
                address: person.address.to_string(),
            }));
        }
    }
    let search = if q.trim().is_empty() { name } else { q };
    if !search.trim().is_empty() {
        let found = store::people::list(conn, search, ShowPeople::All, MAX_CANDIDATES, 0).await?;
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
    Ok(people)
}

#[derive(Deserialize)]
pub struct Chosen {
    person: PersonId,
}

/// Assigns the resume to an existing person.
pub async fn assign(
    State(app): State<App>,
    Path(id): Path<ResumeId>,
    Form(chosen): Form<Chosen>,
) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    resumes::assign(&mut tx, &app.config, id, chosen.person, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Notice::ResumeAssigned.redirect("/matchmaking"))
}

/// Adds a person and assigns the resume to them.
pub async fn assign_to_new(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path(id): Path<ResumeId>,
    Form(typed): Form<Fields>,
) -> Result<Response, Error> {
    let person = match NewPerson::checked(&typed) {
        Ok(person) => person,
        Err(problems) => {
            let q = String::new();
            return owner_page(&app, &organiser, id, q, Some(typed), problems.into()).await;
        }
    };
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    match people::add(&mut tx, &person, Source::Resume, now).await {
        Ok(new) => resumes::assign(&mut tx, &app.config, id, new, now).await?,
        Err(error @ AddError::Known) => {
            drop(tx);
            let errors = FieldErrors::one(EMAIL.key, error);
            return owner_page(&app, &organiser, id, String::new(), Some(typed), errors).await;
        }
        Err(AddError::Db(error)) => return Err(error.into()),
    }
    tx.commit().await?;
    Ok(Notice::ResumeAssigned.redirect("/matchmaking").into_response())
}

impl From<AssignError> for Error {
    fn from(error: AssignError) -> Self {
        match error {
            AssignError::Gone | AssignError::NoSuchPerson => Self::NotFound,
            AssignError::Taken => Self::Conflict(sentence(&error.to_string())),
            AssignError::Db(error) => error.into(),
        }
    }
}
