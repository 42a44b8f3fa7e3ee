//! Tokens of the organiser's other programs: create, show once, list and remove.

use askama::Template;
use axum::Extension;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::app::App;
use crate::events;
use crate::gateway::tokens::{self, NotMade};
use crate::web::error::Error;
use crate::web::form::FieldErrors;
use crate::web::guard::Organiser;
use crate::web::notice::{Notice, NoticeQuery};
use crate::web::page::{Frame, Place, Times, filters, render, thousands};

#[derive(Template)]
#[template(path = "tokens/tokens.html")]
pub struct TokensPage {
    frame: Frame,
    notice: String,
    /// The token that was just created; it is shown only this once. Otherwise empty.
    token: String,
    typed: String,
    errors: FieldErrors,
    /// The base URL for libraries: the address before `/v1beta`.
    base_url: String,
    model: String,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    created: String,
    used: String,
    requests: String,
}

#[derive(Template)]
#[template(path = "tokens/ask_remove.html")]
pub struct AskPage {
    frame: Frame,
    name: String,
}

#[derive(Deserialize)]
pub struct Named {
    name: String,
}

pub async fn show(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    notice: NoticeQuery,
) -> Result<Response, Error> {
    page(&app, &organiser, notice.text(), String::new(), String::new(), FieldErrors::default())
        .await
}

pub async fn make(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Form(typed): Form<Named>,
) -> Result<Response, Error> {
    let mut errors = FieldErrors::default();
    let mut tx = app.db.write().await?;
    match tokens::create(&mut tx, &typed.name, app.clock.now()).await {
        Ok(token) => {
            tx.commit().await?;
            let token = token.expose().to_owned();
            page(&app, &organiser, String::new(), token, String::new(), errors).await
        }
        Err(NotMade::Db(error)) => Err(error.into()),
        Err(why) => {
            drop(tx);
            errors.add("name", why);
            page(&app, &organiser, String::new(), String::new(), typed.name, errors).await
        }
    }
}

pub async fn ask_to_remove(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Query(Named { name }): Query<Named>,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    if !tokens::list(&mut conn).await?.iter().any(|token| token.name == name) {
        return Err(Error::NotFound);
    }
    let frame = Frame::load(&app, &mut conn, &organiser, Place::Settings).await?;
    Ok(render(&AskPage { frame, name })?.into_response())
}

pub async fn remove(State(app): State<App>, Form(typed): Form<Named>) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    if !tokens::remove(&mut tx, &typed.name).await? {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    Ok(Notice::TokenRemoved.redirect("/settings/tokens"))
}

async fn page(
    app: &App,
    organiser: &Organiser,
    notice: String,
    token: String,
    typed: String,
    errors: FieldErrors,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let event = events::current(&mut conn, &app.config).await?;
    let times = Times::new(event.time_zone.as_deref(), app.clock.now());
    let rows = tokens::list(&mut conn).await?.into_iter().map(|token| Row {
        name: token.name,
        created: times.at(token.created_at),
        used: token.last_used_at.map_or_else(|| "never".into(), |at| times.at(at)),
        requests: thousands(token.requests),
    });
    let here = || format!("http://localhost:{}", app.config.port);
    let page = TokensPage {
        frame: Frame::load(app, &mut conn, organiser, Place::Settings).await?,
        notice,
        token,
        typed,
        errors,
        base_url: format!("{}/gemini", app.config.public_url.clone().unwrap_or_else(here)),
        model: app.pool.models().first().cloned().unwrap_or_default(),
        rows: rows.collect(),
    };
    Ok((status, render(&page)?).into_response())
}
