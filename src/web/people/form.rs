//! The form that adds a person and changes one.

use askama::Template;
use axum::Extension;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::app::App;
use crate::model::{EmailAddress, PersonId};
use crate::people::{self, AddError, EditError, LONGEST_LINE, Profile, Source};
use crate::web::Error;
use crate::web::form::{FieldErrors, line, needed_line};
use crate::web::guard::Organiser;
use crate::web::notice::Notice;
use crate::web::page::{Frame, Place, filters, render};
use crate::{skills, store};

/// What was typed.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct PersonForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    job_title: String,
    #[serde(default)]
    skills: String,
    /// Where to go afterwards: `outreach` or `matchmaking`.
    #[serde(default)]
    back: String,
}

impl PersonForm {
    fn check(&self, errors: &mut FieldErrors) -> Option<Profile> {
        let name = errors.take("name", needed_line(&self.name, "the name", LONGEST_LINE));
        let address = errors.take("email", EmailAddress::parse(&self.email));
        let job_title =
            errors.take("job_title", line(&self.job_title, "the job title", LONGEST_LINE));
        Some(Profile {
            name: name?,
            address: address?,
            job_title: job_title?,
            skills: skills::split(&self.skills),
        })
    }

    /// The page that the form stood on.
    pub(super) fn back(&self) -> &'static str {
        match self.back.as_str() {
            "outreach" => "/outreach",
            "matchmaking" => "/matchmaking",
            _ => "/people",
        }
    }
}

#[derive(Template)]
#[template(path = "people/form.html")]
pub struct FormPage {
    frame: Frame,
    title: &'static str,
    action: String,
    button: &'static str,
    back: String,
    typed: PersonForm,
    errors: FieldErrors,
}

pub async fn new(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Query(typed): Query<PersonForm>,
) -> Result<Response, Error> {
    form_page(&app, &organiser, None, typed, FieldErrors::default()).await
}

pub async fn add(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Form(typed): Form<PersonForm>,
) -> Result<Response, Error> {
    let mut errors = FieldErrors::default();
    let Some(profile) = typed.check(&mut errors) else {
        return form_page(&app, &organiser, None, typed, errors).await;
    };
    let mut tx = app.db.write().await?;
    match people::add(&mut tx, &profile, Source::Form, app.clock.now()).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(Notice::PersonAdded.redirect(typed.back()).into_response())
        }
        Err(error @ AddError::Known(_)) => {
            drop(tx);
            errors.add("email", error);
            form_page(&app, &organiser, None, typed, errors).await
        }
        Err(AddError::Db(error)) => Err(error.into()),
    }
}

async fn form_page(
    app: &App,
    organiser: &Organiser,
    person: Option<PersonId>,
    typed: PersonForm,
    errors: FieldErrors,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let frame = Frame::load(app, &mut conn, organiser, Place::People).await?;
    let page = match person {
        None => FormPage {
            title: "Add a person",
            action: "/people".into(),
            button: "Add",
            back: typed.back().into(),
            frame,
            typed,
            errors,
        },
        Some(id) => FormPage {
            title: "Edit a person",
            action: format!("/people/{id}"),
            button: "Save",
            back: format!("/people/{id}"),
            frame,
            typed,
            errors,
        },
    };
    Ok((status, render(&page)?).into_response())
}

pub async fn edit(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path(id): Path<PersonId>,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let person = store::people::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
    let known = store::person_skills::list(&mut conn, id).await?;
    drop(conn);
    let typed = PersonForm {
        name: person.name,
        email: person.address.to_string(),
        job_title: person.job_title,
        skills: known.into_iter().map(|skill| skill.skill).collect::<Vec<_>>().join(", "),
        back: String::new(),
    };
    form_page(&app, &organiser, Some(id), typed, FieldErrors::default()).await
}

pub async fn save(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path(id): Path<PersonId>,
    Form(typed): Form<PersonForm>,
) -> Result<Response, Error> {
    let mut errors = FieldErrors::default();
    let Some(profile) = typed.check(&mut errors) else {
        return form_page(&app, &organiser, Some(id), typed, errors).await;
    };
    let mut tx = app.db.write().await?;
    match people::edit(&mut tx, id, &profile, app.clock.now()).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(Notice::Saved.redirect(&format!("/people/{id}")).into_response())
        }
        Err(error @ EditError::AddressTaken) => {
            drop(tx);
            errors.add("email", error);
            form_page(&app, &organiser, Some(id), typed, errors).await
        }
        Err(EditError::Gone) => Err(Error::NotFound),
        Err(EditError::Db(error)) => Err(error.into()),
    }
}
