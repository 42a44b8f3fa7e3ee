//! The JSON interface of people and campaigns. Nothing here waits: a campaign is asked for and then looked at.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Serialize;
use serde_json::json;

use crate::app::App;
use crate::campaigns::{self, NewCampaign, StartError, emails, progress};
use crate::model::campaign::{CampaignKind, CampaignState};
use crate::model::made_by::MadeBy;
use crate::model::{CampaignId, Millis, PersonId};
use crate::web::error::{ApiError, Error};
use crate::web::form::sentence;
use crate::web::guard::Organiser;
use crate::{events, store};

pub async fn reset_users(State(app): State<App>) -> Result<Response, ApiError> {
    let mut tx = app.db.write().await?;
    let modified = campaigns::reset(&mut tx, events::CURRENT, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Json(json!({ "success": true, "modified": modified })).into_response())
}

// ── Campaigns ──

pub async fn start_test(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
) -> Result<Response, ApiError> {
    start(&app, &organiser, CampaignKind::Test).await
}

pub async fn start_live(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
) -> Result<Response, ApiError> {
    start(&app, &organiser, CampaignKind::Live).await
}

async fn start(app: &App, by: &Organiser, kind: CampaignKind) -> Result<Response, ApiError> {
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    let new = NewCampaign { event: events::CURRENT, kind, guidance: "", by: &by.0 };
    let started = campaigns::start(&mut tx, &app.config, &new, now).await;
    let started = match started {
        Ok(started) => started,
        Err(StartError::Db(error)) => return Err(error.into()),
        Err(error) => return Err(Error::Conflict(sentence(&error.to_string())).into()),
    };
    tx.commit().await?;
    let body = json!({
        "success": true,
        "campaign_id": started.id,
        "total_users": started.total,
        "progress_url": format!("/api/campaigns/{}", started.id),
    });
    Ok((StatusCode::ACCEPTED, Json(body)).into_response())
}

#[derive(Serialize)]
struct CampaignAnswer {
    campaign_id: CampaignId,
    kind: CampaignKind,
    state: CampaignState,
    total_users: i64,
    counts: serde_json::Map<String, serde_json::Value>,
    /// Nothing more happens without a person.
    done: bool,
    waits_for_you: i64,
    eta: Option<Millis>,
    emails: Vec<EmailAnswer>,
}

#[derive(Serialize)]
struct EmailAnswer {
    user_id: PersonId,
    name: String,
    email: String,
    state: &'static str,
    subject: String,
    /// The whole text as it goes out; empty while nothing is written.
    content: String,
    made_by: Option<MadeBy>,
    error: Option<String>,
}

pub async fn campaign(
    State(app): State<App>,
    id: Result<Path<CampaignId>, PathRejection>,
) -> Result<Response, ApiError> {
    let Ok(Path(id)) = id else { return Err(Error::NotFound.into()) };
    // State, counts and messages are of the same moment.
    let mut conn = app.db.snapshot().await?;
    let campaign = store::campaigns::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
    let mut progress = progress::of(&mut conn, &campaign).await?;
    progress::expect(&mut conn, &app.pool, &app.config, &campaign, &mut progress, app.clock.now())
        .await?;
    let shared = emails::shared(&mut conn, &app.config).await?;
    let messages = store::messages::all(&mut conn, id).await?;
    let emails = messages.into_iter().map(|row| {
        let message = row.message;
        let written = !message.body.is_empty();
        let complete = written.then(|| shared.email(&message, &row.name, &row.code));
        EmailAnswer {
            user_id: message.person_id,
            name: row.name,
            email: row.address,
            state: message.state.as_str(),
            content: complete.map(|complete| complete.text).unwrap_or_default(),
            made_by: message.made_by(),
            error: message.error,
            subject: message.subject,
        }
    });
    let answer = CampaignAnswer {
        campaign_id: id,
        kind: campaign.kind,
        state: campaign.state,
        total_users: progress.total,
        counts: progress
            .counts()
            .iter()
            .map(|(state, count)| (state.as_str().to_owned(), (*count).into()))
            .collect(),
        done: progress.is_done(campaign.state),
        waits_for_you: progress.waits_for_you(),
        eta: progress.eta,
        emails: emails.collect(),
    };
    Ok(Json(answer).into_response())
}
