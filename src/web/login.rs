//! Logging in and out, if a password is set.

use askama::Template;
use axum::extract::{Form, Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, RequestExt as _};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use serde::Deserialize;

use super::error::Error;
use super::form::{FieldErrors, needed_line};
use super::guard::{Organiser, visitor};
use super::page::render;
use crate::access;
use crate::app::App;

#[derive(Template, Default)]
#[template(path = "login.html")]
pub struct LoginPage {
    name: String,
    next: String,
    errors: FieldErrors,
}

#[derive(Deserialize)]
pub struct Next {
    next: Option<String>,
}

pub async fn form(
    State(app): State<App>,
    organiser: Option<Extension<Organiser>>,
    Query(query): Query<Next>,
) -> Result<Response, Error> {
    if app.config.is_local_only() || organiser.is_some() {
        return Ok(Redirect::to(&local_path(query.next)).into_response());
    }
    Ok(render(&LoginPage { next: local_path(query.next), ..LoginPage::default() })?.into_response())
}

#[derive(Deserialize)]
pub struct LoginForm {
    name: String,
    password: String,
    next: Option<String>,
}

pub async fn log_in(
    State(app): State<App>,
    jar: CookieJar,
    request: Request,
) -> Result<Response, Error> {
    let visitor = visitor(&request);
    let Form(typed) = request.extract::<Form<LoginForm>, _>().await?;
    let now = app.clock.now();
    let next = local_path(typed.next);
    let mut errors = FieldErrors::default();
    let name = errors.take("name", needed_line(&typed.name, "your name", 80));
    let password = app.guesses.try_password(&app.config, visitor, &typed.password, now);
    let busy = matches!(password, Err(access::Refused::Wait(_)));
    let allowed = errors.take("password", password);
    let (Some(name), Some(())) = (name, allowed) else {
        let status =
            if busy { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::UNPROCESSABLE_ENTITY };
        let page = LoginPage { name: typed.name, next, errors };
        return Ok((status, render(&page)?).into_response());
    };
    let mut tx = app.db.write().await?;
    let token = access::open_session(&mut tx, &name, now).await?;
    tx.commit().await?;
    let cookie = Cookie::build((access::cookie_name(&app.config), token))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(access::is_https(&app.config));
    Ok((jar.add(cookie), Redirect::to(&next)).into_response())
}

pub async fn log_out(State(app): State<App>, jar: CookieJar) -> Result<Response, Error> {
    let name = access::cookie_name(&app.config);
    if let Some(cookie) = jar.get(name) {
        let mut tx = app.db.write().await?;
        access::close_session(&mut tx, cookie.value()).await?;
        tx.commit().await?;
    }
    let gone = Cookie::build((name, "")).path("/").secure(access::is_https(&app.config));
    Ok((jar.remove(gone), Redirect::to("/login")).into_response())
}

/// Where to go after logging in: a path of Muster, never another site.
fn local_path(wanted: Option<String>) -> String {
    wanted
        .filter(|path| {
            path.starts_with('/')
                && !path.starts_with("//")
                && !path.contains('\\')
                && !path.chars().any(char::is_control)
        })
        .unwrap_or_else(|| "/".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logging_in_never_leads_to_another_site() {
        for bad in [
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "javascript:alert(1)",
        ] {
            assert_eq!(local_path(Some(bad.into())), "/");
        }
        assert_eq!(local_path(Some("/people?q=ada".into())), "/people?q=ada");
    }
}
