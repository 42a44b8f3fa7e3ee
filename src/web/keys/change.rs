//! Changes on the page: add and remove keys, set and group projects, read `.env` again.

use askama::Template;
use axum::Extension;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::env_changes;
use super::page::{AddForm, done, shown};
use super::text::name;
use crate::app::App;
use crate::keys::{self, EnvError, KeyRow, KeyState, NotAdded};
use crate::model::KeyNumber;
use crate::web::error::Error;
use crate::web::form::{FieldErrors, line};
use crate::web::guard::Organiser;
use crate::web::notice::Notice;
use crate::web::page::{Frame, Place, filters, render};

#[derive(Deserialize)]
pub struct Typed {
    key: String,
    #[serde(default)]
    project: String,
}

/// A project's name; empty: none.
fn project(typed: &str) -> Result<Option<String>, String> {
    let name = line(typed, "the project's name", keys::LONGEST_PROJECT)?;
    Ok(Some(name).filter(|name| !name.is_empty()))
}

pub async fn add(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Form(typed): Form<Typed>,
) -> Result<Response, Error> {
    let mut form = AddForm { project: typed.project.clone(), ..AddForm::default() };
    let key = form.errors.take("key", keys::read_key(&typed.key));
    let project = form.errors.take("project", project(&typed.project));
    if let (Some(key), Some(project)) = (key, project) {
        let mut tx = app.db.write().await?;
        let added = keys::add(&mut tx, &app.pool, &key, project.as_deref(), app.clock.now()).await;
        match added {
            Ok(number) => {
                tx.commit().await?;
                return Ok(done(Notice::KeyAdded, number).into_response());
            }
            Err(NotAdded::Db(error)) => return Err(error.into()),
            Err(why) => form.errors.add("key", why),
        }
    }
    let page = shown(&app, &organiser, String::new(), form, String::new()).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

pub async fn reload_env(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
) -> Result<Response, Error> {
    match keys::reload_env(&app.db, &app.pool, app.clock.now()).await {
        Ok(changes) => {
            let to = Notice::EnvRead.url("/keys", &[("changes", &env_changes::write(&changes))]);
            Ok(Redirect::to(&to).into_response())
        }
        Err(EnvError::Db(error)) => Err(error.into()),
        Err(EnvError::Config(error)) => {
            tracing::warn!("The file .env was read again, and nothing of it was applied: {error}");
            let form = AddForm::default();
            let page = shown(&app, &organiser, String::new(), form, error.to_string()).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

#[derive(Deserialize)]
pub struct Pair {
    a: KeyNumber,
    b: KeyNumber,
}

pub async fn group(State(app): State<App>, Form(pair): Form<Pair>) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    keys::group(&mut tx, &app.pool, [pair.a, pair.b], app.clock.now()).await?;
    tx.commit().await?;
    Ok(done(Notice::KeysGrouped, pair.a))
}

#[derive(Template)]
#[template(path = "keys/project.html")]
struct ProjectPage {
    frame: Frame,
    title: String,
    number: KeyNumber,
    source: String,
    project: String,
    /// Other projects' names, to choose from.
    names: Vec<String>,
    errors: FieldErrors,
}

#[derive(Template)]
#[template(path = "keys/ask_remove.html")]
struct AskRemovePage {
    frame: Frame,
    title: String,
    number: KeyNumber,
}

/// All keys, and the one with this number.
async fn one(app: &App, number: KeyNumber) -> Result<(Vec<KeyRow>, KeyRow), Error> {
    let mut conn = app.db.read().await?;
    let all = keys::overview(&mut conn, &app.pool, app.clock.now()).await?;
    let key = all.iter().find(|key| key.number == number).cloned().ok_or(Error::NotFound)?;
    Ok((all, key))
}

async fn project_page(
    app: &App,
    organiser: &Organiser,
    number: KeyNumber,
    typed: Option<(String, FieldErrors)>,
) -> Result<Response, Error> {
    let (all, key) = one(app, number).await?;
    if matches!(key.state, KeyState::Duplicate { .. } | KeyState::Unreadable) {
        return Err(Error::NotFound);
    }
    let mut names: Vec<String> = all.into_iter().filter_map(|key| key.project).collect();
    names.sort();
    names.dedup();
    let status = if typed.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (project, errors) =
        typed.unwrap_or_else(|| (key.project.unwrap_or_default(), FieldErrors::default()));
    let frame = Frame::load(app, &mut *app.db.read().await?, organiser, Place::Keys).await?;
    let page = ProjectPage {
        frame,
        title: name(number),
        number,
        source: match key.place {
            keys::Place::Variable => key.source,
            keys::Place::Page => "Entered on this page".into(),
        },
        project,
        names,
        errors,
    };
    Ok((status, render(&page)?).into_response())
}

pub async fn ask_project(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path(number): Path<KeyNumber>,
) -> Result<Response, Error> {
    project_page(&app, &organiser, number, None).await
}

#[derive(Deserialize)]
pub struct ProjectForm {
    project: String,
}

pub async fn name_project(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path(number): Path<KeyNumber>,
    Form(form): Form<ProjectForm>,
) -> Result<Response, Error> {
    let mut errors = FieldErrors::default();
    let Some(named) = errors.take("project", project(&form.project)) else {
        return project_page(&app, &organiser, number, Some((form.project, errors))).await;
    };
    let mut tx = app.db.write().await?;
    keys::name_project(&mut tx, &app.pool, number, named.as_deref(), app.clock.now()).await?;
    tx.commit().await?;
    Ok(done(Notice::ProjectNamed, number).into_response())
}

pub async fn ask_to_remove(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path(number): Path<KeyNumber>,
) -> Result<Response, Error> {
    let (_, key) = one(&app, number).await?;
    if key.place == keys::Place::Variable {
        return Err(keys::KeyError::Variable.into());
    }
    let frame = Frame::load(&app, &mut *app.db.read().await?, &organiser, Place::Keys).await?;
    Ok(render(&AskRemovePage { frame, title: name(number), number })?.into_response())
}

pub async fn remove(
    State(app): State<App>,
    Path(number): Path<KeyNumber>,
) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    keys::remove(&mut tx, &app.pool, number).await?;
    tx.commit().await?;
    Ok(done(Notice::KeyRemoved, number))
}
