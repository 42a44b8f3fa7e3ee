//! Matchmaking for scripts: the original's paths with JSON answers. Scores are between 0 and 1.

use axum::Extension;
use axum::Json;
use axum::extract::multipart::MultipartRejection;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Multipart, Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::App;
use crate::campaigns::{self, NewCampaign, StartError};
use crate::events::CURRENT;
use crate::matching::{self, shared_names};
use crate::model::campaign::CampaignKind;
use crate::model::message::{MessageKind, MessageState};
use crate::model::{Millis, PersonId, ResumeId};
use crate::resumes::{self, Upload, UploadError, files};
use crate::store::{self, Conn};
use crate::web::error::{ApiError, Error};
use crate::web::form::sentence;
use crate::web::guard::Organiser;
use crate::web::resumes::{file, short_text};

type Answer = Result<(StatusCode, Json<Value>), ApiError>;

/// Matches that `/api/matchmaking/stats` lists.
const RECENT: i64 = 5;

fn unprocessable(words: impl std::fmt::Display) -> Error {
    Error::Unprocessable(sentence(&words.to_string()))
}

fn nobody(id: PersonId) -> Error {
    tracing::debug!(person.id = id.0, "a script asked for somebody who is not there");
    Error::NotFound
}

/// Matches one person by the rule of the settings page.
pub(super) async fn match_one(tx: &mut Conn, id: PersonId, now: Millis) -> sqlx::Result<usize> {
    let threshold = matching::chosen_rule(tx, CURRENT).await?.threshold();
    matching::run_one(tx, CURRENT, id, threshold, now).await
}

// ── Resumes ──

pub async fn upload_resume(
    State(app): State<App>,
    form: Result<Multipart, MultipartRejection>,
) -> Answer {
    let mut form = form?;
    let (mut person, mut uploaded, mut auto_match) = (None, None, false);
    while let Some(mut field) = form.next_field().await? {
        match field.name().unwrap_or_default() {
            "user_id" => {
                let typed = short_text(&mut field).await?;
                let id = typed
                    .trim()
                    .parse()
                    .map_err(|_| unprocessable("user_id must be a whole number"))?;
                person = Some(PersonId(id));
            }
            "resume" => {
                let name = field.file_name().unwrap_or_default().to_owned();
                let bytes = file(&mut field).await?;
                let too_large = || Error::TooLarge(sentence(&UploadError::TooLarge.to_string()));
                uploaded = Some((name, bytes.ok_or_else(too_large)?));
            }
            "auto_match" => {
                let typed = short_text(&mut field).await?.trim().to_lowercase();
                auto_match = matches!(typed.as_str(), "true" | "1" | "on" | "yes");
            }
            _ => {}
        }
    }
    let person = person.ok_or_else(|| unprocessable("the part user_id is missing"))?;
    let (file_name, bytes) = uploaded.ok_or_else(|| unprocessable("the part resume is missing"))?;
    if !bytes.is_empty() && !files::may_be_resume(&file_name, &bytes) {
        return Err(Error::UnsupportedMedia(
            "A resume is a PDF, a Word document (.docx) or plain text. This file is none of these."
                .into(),
        )
        .into());
    }
    let upload = Upload { person: Some(person), file_name: &file_name, bytes: &bytes, auto_match };
    let mut tx = app.db.write().await?;
    let id = match resumes::upload(&mut tx, &app.config, &upload, app.clock.now()).await {
        Ok(id) => id,
        Err(UploadError::NoSuchPerson) => return Err(nobody(person).into()),
        Err(error @ UploadError::TooLarge) => {
            return Err(Error::TooLarge(sentence(&error.to_string())).into());
        }
        Err(error @ UploadError::Empty) => return Err(unprocessable(error).into()),
        Err(UploadError::Db(error)) => return Err(error.into()),
    };
    tx.commit().await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(json!({
            "success": true,
            "message": "The resume was taken in and is being read.",
            "resume_id": id,
            "progress_url": format!("/matchmaking/resumes/{id}"),
        })),
    ))
}

/// How far a resume is.
pub async fn resume(
    State(app): State<App>,
    id: Result<Path<ResumeId>, PathRejection>,
) -> Result<Json<Value>, ApiError> {
    let Path(id) = id?;
    let mut conn = app.db.read().await?;
    let resume = store::resumes::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
    let total = match resume.person_id {
        Some(person) => store::person_skills::list(&mut conn, person).await?.len(),
        None => 0,
    };
    Ok(Json(json!({
        "success": true,
        "resume_id": id,
        "user_id": resume.person_id,
        "state": resume.state,
        "done": resume.state.is_final(),
        "extracted_skills": shared_names(&resume.skills),
        "total_skills": total,
        "made_by": resume.made_by(),
        "error": resume.error,
    })))
}

// ── Matches ──

#[derive(Deserialize)]
pub struct FindMatches {
    user_id: PersonId,
    similarity_threshold: Option<f64>,
}

/// Matches one person. A threshold in the request means the original's rule.
pub async fn find_matches(
    State(app): State<App>,
    body: Result<Json<FindMatches>, JsonRejection>,
) -> Result<Json<Value>, ApiError> {
    let Json(asked) = body?;
    if asked.similarity_threshold.is_some_and(|threshold| !(0.0..=1.0).contains(&threshold)) {
        return Err(unprocessable("similarity_threshold must lie between 0 and 1").into());
    }
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    store::people::find(&mut tx, asked.user_id).await?.ok_or_else(|| nobody(asked.user_id))?;
    let found = match asked.similarity_threshold {
        Some(threshold) => {
            matching::run_one(&mut tx, CURRENT, asked.user_id, Some(threshold), now).await?
        }
        None => match_one(&mut tx, asked.user_id, now).await?,
    };
    tx.commit().await?;
    Ok(Json(json!({
        "success": true,
        "message": match found {
            0 => "No match was found.".to_owned(),
            1 => "1 match was found.".to_owned(),
            found => format!("{found} matches were found."),
        },
        "matches_found": found,
    })))
}

/// Matches everybody and drafts one letter for each person with matches who has none yet.
pub async fn bulk_match(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
) -> Answer {
    let now = app.clock.now();
    let outcome = matching::run_all(&app.db, CURRENT, now).await?;
    let mut tx = app.db.write().await?;
    let by = organiser.0.as_str();
    let new = NewCampaign { event: CURRENT, kind: CampaignKind::Match, guidance: "", by };
    let started = campaigns::start(&mut tx, &app.config, &new, now).await;
    let (campaign, message) = match started {
        Ok(started) => {
            tx.commit().await?;
            (
                Some(started.id),
                format!("{} match e-mails are being drafted for review.", started.total),
            )
        }
        Err(StartError::Busy(id)) => {
            (Some(id), "Match e-mails are being drafted already.".to_owned())
        }
        Err(StartError::NobodyDue) => {
            drop(tx);
            let mut conn = app.db.read().await?;
            let newest = store::campaigns::newest(&mut conn, CURRENT, CampaignKind::Match).await?;
            (newest.map(|campaign| campaign.id), "No further match e-mail is due.".to_owned())
        }
        Err(StartError::Db(error)) => return Err(error.into()),
    };
    Ok((
        StatusCode::ACCEPTED,
        Json(json!({
            "success": true,
            "message": message,
            "processed_users": outcome.people,
            "total_matches": outcome.pairs,
            "campaign_id": campaign,
            "progress_url": campaign.map(|id| format!("/api/campaigns/{id}")),
        })),
    ))
}

pub async fn user_matches(
    State(app): State<App>,
    id: Result<Path<PersonId>, PathRejection>,
) -> Result<Json<Value>, ApiError> {
    let Path(id) = id?;
    let mut conn = app.db.read().await?;
    store::people::find(&mut conn, id).await?.ok_or_else(|| nobody(id))?;
    let told = told_at(&mut conn, id).await?;
    let matches: Vec<Value> = store::matches::of_person(&mut conn, CURRENT, id)
        .await?
        .into_iter()
        .map(|row| {
            let mut other =
                json!({ "id": row.other_id, "name": row.name, "job_title": row.job_title });
            if row.both_share == 1 {
                other["email"] = json!(row.address);
            }
            json!({
                "match_id": row.id,
                "other_user": other,
                "similarity_score": fraction(row.score),
                "common_skills": shared_names(&row.shared),
                "match_date": date(row.created_at),
                "notified": told.is_some_and(|told| row.created_at <= told),
            })
        })
        .collect();
    Ok(Json(json!({ "success": true, "matches": matches })))
}

/// When the match e-mail that this person got was written: it tells of what was a match by then.
async fn told_at(conn: &mut Conn, id: PersonId) -> sqlx::Result<Option<Millis>> {
    let messages = store::messages::of_person(conn, id).await?;
    Ok(messages
        .into_iter()
        .filter(|it| it.kind == MessageKind::Match && it.state == MessageState::Sent)
        .filter_map(|it| it.drafted_at.or(it.sent_at))
        .max())
}

pub async fn stats(State(app): State<App>) -> Result<Json<Value>, ApiError> {
    let mut conn = app.db.read().await?;
    let stats = store::matches::stats(&mut conn, CURRENT).await?;
    let recent: Vec<Value> = store::matches::recent(&mut conn, CURRENT, RECENT)
        .await?
        .into_iter()
        .map(|row| {
            json!({
                "match_id": row.id,
                "user1": { "id": row.a_id, "name": row.a_name },
                "user2": { "id": row.b_id, "name": row.b_name },
                "similarity_score": fraction(row.score),
                "common_skills": shared_names(&row.shared),
                "match_date": date(row.created_at),
            })
        })
        .collect();
    Ok(Json(json!({
        "success": true,
        "stats": {
            "total_users": stats.total_users,
            "users_with_resumes": stats.users_with_resumes,
            "total_matches": stats.total_matches,
            "recent_matches": recent,
            "similarity_stats": {
                "avg": (stats.avg.unwrap_or(0.0)).round() / 1000.0,
                "max": fraction(stats.max.unwrap_or(0)),
                "min": fraction(stats.min.unwrap_or(0)),
            },
        },
    })))
}

fn fraction(thousandths: i64) -> f64 {
    thousandths as f64 / 1000.0
}

/// ISO 8601 in UTC.
fn date(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at.0).map(|at| at.to_string()).unwrap_or_default()
}
