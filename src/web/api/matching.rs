//! Matchmaking for programs. Scores are between 0 and 1.

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
use crate::matching::score::Rule;
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

fn unprocessable(problem: impl std::fmt::Display) -> Error {
    Error::Unprocessable(sentence(&problem.to_string()))
}

fn no_such_person(id: PersonId) -> Error {
    tracing::debug!(person.id = id.0, "A program asked for a person who does not exist");
    Error::NotFound
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
        Err(UploadError::NoSuchPerson) => return Err(no_such_person(person).into()),
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
            "message": "The resume was uploaded and is being read.",
            "resume_id": id,
            "progress_url": format!("/matchmaking/resumes/{id}"),
        })),
    ))
}

/// The progress of a resume.
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

/// Matches one person. A threshold in the request selects the ratio rule.
pub async fn find_matches(
    State(app): State<App>,
    body: Result<Json<FindMatches>, JsonRejection>,
) -> Result<Json<Value>, ApiError> {
    let Json(request) = body?;
    if request.similarity_threshold.is_some_and(|threshold| !(0.0..=1.0).contains(&threshold)) {
        return Err(unprocessable("similarity_threshold must be between 0 and 1").into());
    }
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    store::people::find(&mut tx, request.user_id)
        .await?
        .ok_or_else(|| no_such_person(request.user_id))?;
    let found = match request.similarity_threshold {
        Some(threshold) => {
            let rule = Rule::Ratio { threshold };
            matching::run_one(&mut tx, CURRENT, request.user_id, rule, now).await?
        }
        None => matching::run_one_by_chosen_rule(&mut tx, CURRENT, request.user_id, now).await?,
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

/// Matches everybody and drafts a match email for each person with matches who has none yet.
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
                format!("{} match emails are being drafted for review.", started.total),
            )
        }
        Err(StartError::Busy(id)) => {
            (Some(id), "Match emails are already being drafted.".to_owned())
        }
        Err(StartError::NobodyDue) => {
            drop(tx);
            let mut conn = app.db.read().await?;
            let newest = store::campaigns::newest(&mut conn, CURRENT, CampaignKind::Match).await?;
            (newest.map(|campaign| campaign.id), "No further match email is due.".to_owned())
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
    store::people::find(&mut conn, id).await?.ok_or_else(|| no_such_person(id))?;
    let informed_at = informed_at(&mut conn, id).await?;
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
                "notified": informed_at.is_some_and(|at| row.created_at <= at),
            })
        })
        .collect();
    Ok(Json(json!({ "success": true, "matches": matches })))
}

/// When the last match email that this person received was drafted: it lists the matches of that time.
async fn informed_at(conn: &mut Conn, id: PersonId) -> sqlx::Result<Option<Millis>> {
    let messages = store::messages::of_person(conn, id).await?;
    Ok(messages
        .into_iter()
        .filter(|it| it.kind == MessageKind::Match && it.state == MessageState::Sent)
        .filter_map(|it| it.drafted_at.or(it.sent_at))
        .max())
}

pub async fn stats(State(app): State<App>) -> Result<Json<Value>, ApiError> {
    let mut conn = app.db.read().await?;
    let stats = store::matchmaking::stats(&mut conn, CURRENT).await?;
    let recent: Vec<Value> = store::matchmaking::recent_pairs(&mut conn, CURRENT, RECENT)
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
