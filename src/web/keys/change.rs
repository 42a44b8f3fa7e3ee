//! What is changed on the page: keys come and go, name their project, are grouped; `.env` is read again.

use askama::Template;
use axum::Extension;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::rows::name;
use super::{done, shown};
use crate::app::App;
use crate::keys::{self, Changes, EnvError, KeyRow, KeyState, NotAdded};
use crate::model::KeyNumber;
use crate::web::Error;
use crate::web::form::{FieldErrors, line};
use crate::web::guard::Organiser;
use crate::web::notice::Notice;
use crate::web::page::{Frame, Place, filters, render};

/// What was typed, but for the key itself: that is never sent back.
#[derive(Default)]
pub struct AddForm {
    pub project: String,
    pub errors: FieldErrors,
}

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
            let to = Notice::EnvRead.url("/keys", &[("changes", &told(&changes))]);
            Ok(Redirect::to(&to).into_response())
        }
        Err(EnvError::Db(error)) => Err(error.into()),
        Err(EnvError::Config(error)) => {
            tracing::warn!(
                "The file .env was read again, and nothing of it was taken over: {error}"
            );
            let form = AddForm::default();
            let page = shown(&app, &organiser, String::new(), form, error.to_string()).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

/// The kinds of changes: the word for the address, and the sentence's beginning and end around the numbers.
const KINDS: [(&str, &str, &str); 5] = [
    ("added", "added ", ""),
    ("removed", "removed ", ""),
    ("replaced", "", " is another key now"),
    ("project", "project of ", " changed"),
    ("limits", "limits of ", " changed"),
];

/// The changes as they stand in an address: `added-3.project-1`.
fn told(changes: &Changes) -> String {
    let Changes { added, removed, replaced, projects, limits, common } = changes;
    let mut words: Vec<String> = Vec::new();
    for ((kind, ..), numbers) in KINDS.iter().zip([added, removed, replaced, projects, limits]) {
        words.extend(numbers.iter().map(|number| format!("{kind}-{number}")));
    }
    if *common {
        words.push("common".into());
    }
    words.join(".")
}

/// The line about what was read, from the address: kinds and numbers that are known, and nothing else.
pub fn read_words(changes: &str) -> String {
    let words: Vec<&str> = changes.split('.').collect();
    let mut parts = Vec::new();
    for (kind, before, after) in KINDS {
        let numbers = words.iter().filter_map(|word| {
            let number = word.strip_prefix(kind)?.strip_prefix('-')?.parse::<u32>().ok()?;
            Some(if number == 0 { "the reserve".into() } else { format!("#{number}") })
        });
        let numbers: Vec<String> = numbers.collect();
        if !numbers.is_empty() {
            parts.push(format!("{before}{}{after}", numbers.join(", ")));
        }
    }
    if words.contains(&"common") {
        parts.push("the limits for all keys changed".into());
    }
    if parts.is_empty() {
        parts.push("nothing changed".into());
    }
    format!(".env was read again: {}.", parts.join("; "))
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

/// The keys and the one that is meant.
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
            keys::Place::Page => "Entered by hand".into(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_told_in_one_line_and_nothing_of_the_address_is_repeated() {
        let changes = Changes {
            added: vec![KeyNumber(3), KeyNumber(4)],
            removed: vec![KeyNumber::RESERVE],
            projects: vec![KeyNumber(1)],
            common: true,
            ..Changes::default()
        };
        assert_eq!(
            read_words(&told(&changes)),
            ".env was read again: added #3, #4; removed the reserve; project of #1 changed; \
             the limits for all keys changed."
        );
        assert_eq!(read_words(&told(&Changes::default())), ".env was read again: nothing changed.");
        assert_eq!(read_words("added-<b>.hello.removed"), ".env was read again: nothing changed.");
    }
}
