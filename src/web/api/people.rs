//! Adding people through the JSON interface.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::App;
use crate::events::CURRENT;
use crate::matching;
use crate::people::{self, AddError, Fields, NewPerson, Problems, Source};
use crate::web::error::{ApiError, Error};
use crate::web::form::sentence;

type Answer = Result<(StatusCode, Json<Value>), ApiError>;

#[derive(Deserialize)]
pub struct NewUser {
    #[serde(flatten)]
    fields: Fields,
    #[serde(default)]
    keywords: Vec<String>,
}

/// `/api/users/add`
pub async fn add(State(app): State<App>, typed: Result<Json<NewUser>, JsonRejection>) -> Answer {
    let Json(typed) = typed?;
    let person = checked(typed.fields, &typed.keywords)?;
    let mut tx = app.db.write().await?;
    let id = people::add(&mut tx, &person, Source::Api, app.clock.now()).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(json!({ "success": true, "user_id": id }))))
}

#[derive(Deserialize)]
pub struct NewParticipant {
    #[serde(flatten)]
    fields: Fields,
    #[serde(default)]
    skills: Vec<String>,
    #[serde(default)]
    auto_match: bool,
}

/// `/matchmaking/add-user`
pub async fn add_and_match(
    State(app): State<App>,
    typed: Result<Json<NewParticipant>, JsonRejection>,
) -> Answer {
    let Json(typed) = typed?;
    let person = checked(typed.fields, &typed.skills)?;
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    let id = people::add(&mut tx, &person, Source::Api, now).await?;
    let matchmaking = if typed.auto_match {
        json!({ "success": true, "matches_found": matching::run_one_by_chosen_rule(&mut tx, CURRENT, id, now).await? })
    } else {
        Value::Null
    };
    tx.commit().await?;
    let body = json!({
        "success": true,
        "message": format!("{} was added.", person.profile.name),
        "user_id": id,
        "skills_count": person.skills.len(),
        "matchmaking": matchmaking,
    });
    Ok((StatusCode::CREATED, Json(body)))
}

/// Each text of `skills` may list several skills.
fn checked(fields: Fields, skills: &[String]) -> Result<NewPerson, Problems> {
    NewPerson::checked(&Fields { skills: skills.join("\n"), ..fields })
}

impl From<Problems> for ApiError {
    fn from(problems: Problems) -> Self {
        let sentences: Vec<_> = problems.0.iter().map(|(_, reason)| sentence(reason)).collect();
        Self(Error::Unprocessable(sentences.join(" ")))
    }
}

impl From<AddError> for ApiError {
    fn from(error: AddError) -> Self {
        match error {
            AddError::Known => Self(Error::Conflict(sentence(&error.to_string()))),
            AddError::Db(error) => error.into(),
        }
    }
}
