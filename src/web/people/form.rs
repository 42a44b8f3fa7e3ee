//! The form that adds a person and changes one.

use askama::Template;
use axum::Extension;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::app::App;
use crate::model::PersonId;
use crate::people::fields::EMAIL;
use crate::people::{self, AddError, EditError, Fields, NewPerson, Problems, Source};
use crate::store;
use crate::web::error::Error;
use crate::web::form::FieldErrors;
use crate::web::guard::Organiser;
use crate::web::notice::Notice;
use crate::web::page::{Frame, Place, filters, render};

/// What was typed.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct PersonForm {
    #[serde(flatten)]
    fields: Fields,
    #[serde(default)]
    skills: String,
    /// Where to go afterwards: `outreach` or `matchmaking`.
    #[serde(default)]
    back: String,
}

impl PersonForm {
    fn check(&self) -> Result<NewPerson, FieldErrors> {
        let fields = Fields { skills: self.skills.clone(), ..self.fields.clone() };
        Ok(NewPerson::checked(&fields)?)
    }

    /// The page that led to the form.
    pub(super) fn back(&self) -> &'static str {
        match self.back.as_str() {
            "outreach" => "/outreach",
            "matchmaking" => "/matchmaking",
            _ => "/people",
        }
    }
}

impl From<Problems> for FieldErrors {
    fn from(problems: Problems) -> Self {
        let mut errors = Self::default();
        for (field, reason) in problems.0 {
            errors.add(field, reason);
        }
        errors
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
    let person = match typed.check() {
        Ok(person) => person,
        Err(errors) => return form_page(&app, &organiser, None, typed, errors).await,
    };
    let mut tx = app.db.write().await?;
    match people::add(&mut tx, &person, Source::Form, app.clock.now()).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(Notice::PersonAdded.redirect(typed.back()).into_response())
        }
        Err(error @ AddError::Known) => {
            drop(tx);
            let errors = FieldErrors::one(EMAIL.key, error);
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
        fields: Fields::of(&person, String::new()),
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
    let person = match typed.check() {
        Ok(person) => person,
        Err(errors) => return form_page(&app, &organiser, Some(id), typed, errors).await,
    };
    let mut tx = app.db.write().await?;
    match people::edit(&mut tx, id, &person, app.clock.now()).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(Notice::Saved.redirect(&format!("/people/{id}")).into_response())
        }
        Err(error @ EditError::AddressTaken) => {
            drop(tx);
            let errors = FieldErrors::one(EMAIL.key, error);
            form_page(&app, &organiser, Some(id), typed, errors).await
        }
        Err(EditError::Gone) => Err(Error::NotFound),
        Err(EditError::Db(error)) => Err(error.into()),
    }
}
