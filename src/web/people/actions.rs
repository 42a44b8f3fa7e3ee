//! What an organiser does on a person's page.

use axum::Json;
use axum::extract::{Form, Path, State};
use axum::http::header::CONTENT_DISPOSITION;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::app::App;
use crate::campaigns::messages;
use crate::model::PersonId;
use crate::web::error::Error;
use crate::web::notice::Notice;
use crate::{people, store};

#[derive(Deserialize)]
pub struct SkillKey {
    skill: String,
}

pub async fn remove_skill(
    State(app): State<App>,
    Path(id): Path<PersonId>,
    Form(typed): Form<SkillKey>,
) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    if !people::remove_skill(&mut tx, id, &typed.skill).await? {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    Ok(Notice::SkillRemoved.redirect(&format!("/people/{id}")))
}

/// An organiser notes that the person wants no more email.
pub async fn unsubscribe(
    State(app): State<App>,
    Path(id): Path<PersonId>,
) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    let person = store::people::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    messages::opt_out(&mut tx, &person, "unsubscribed by an organiser", app.clock.now()).await?;
    tx.commit().await?;
    Ok(Notice::Unsubscribed.redirect(&format!("/people/{id}")))
}

/// An organiser lifts the suppression.
pub async fn resubscribe(
    State(app): State<App>,
    Path(id): Path<PersonId>,
) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    let person = store::people::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    store::suppressions::delete(&mut tx, &person.address.hash()).await?;
    tx.commit().await?;
    Ok(Notice::Resubscribed.redirect(&format!("/people/{id}")))
}

#[derive(Deserialize)]
pub struct Consent {
    shares_address: Option<String>,
    registered: Option<String>,
}

pub async fn set_consent(
    State(app): State<App>,
    Path(id): Path<PersonId>,
    Form(typed): Form<Consent>,
) -> Result<Redirect, Error> {
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    store::people::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    store::people::set_shares_address(&mut tx, id, typed.shares_address.map(|_| now)).await?;
    store::people::set_registered(&mut tx, id, typed.registered.map(|_| now)).await?;
    tx.commit().await?;
    Ok(Notice::Saved.redirect(&format!("/people/{id}")))
}

#[derive(Deserialize)]
pub struct Erasure {
    /// The person's name, typed as a confirmation: an erasure cannot be undone.
    name: String,
}

pub async fn erase(
    State(app): State<App>,
    Path(id): Path<PersonId>,
    Form(typed): Form<Erasure>,
) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    let person = store::people::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    if typed.name.trim().to_lowercase() != person.name.to_lowercase() {
        return Err(Error::Unprocessable(format!(
            "To erase {}, type the name exactly as shown. Nothing was erased.",
            person.name
        )));
    }
    people::erase(&mut tx, id, app.clock.now()).await?;
    tx.commit().await?;
    app.db.scrub().await?;
    tracing::info!(person.id = id.0, "Erased person {id}");
    Ok(Notice::PersonErased.redirect("/people"))
}

/// All data about a person, as they may request it.
pub async fn export(State(app): State<App>, Path(id): Path<PersonId>) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let all = people::export::person(&mut conn, id).await?.ok_or(Error::NotFound)?;
    let name = format!("attachment; filename=\"person-{id}.json\"");
    Ok(([(CONTENT_DISPOSITION, name)], Json(all)).into_response())
}
