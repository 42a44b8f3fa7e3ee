//! The list of campaigns, with the form that starts one.

use askama::Template;
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::audience::Audience;
use super::bar::Bar;
use super::status::Status;
use crate::app::App;
use crate::campaigns::StartError;
use crate::campaigns::progress::{self, Progress};
use crate::model::CampaignId;
use crate::model::campaign::CampaignState;
use crate::model::message::MessageState;
use crate::people::fields::Fields;
use crate::store::campaigns::Campaign;
use crate::web::error::Error;
use crate::web::form::{FieldErrors, sentence};
use crate::web::guard::Organiser;
use crate::web::notice::NoticeQuery;
use crate::web::page::{Frame, Pager, Place, Times, count, filters, in_words, render};
use crate::{events, store};

const PER_PAGE: i64 = 20;

#[derive(Template)]
#[template(path = "outreach/list.html")]
pub struct ListPage {
    frame: Frame,
    notice: String,
    /// Why nothing was started.
    problem: String,
    nobody: bool,
    /// The form that adds a first person, empty.
    person: Fields,
    due_count: String,
    audience: Audience,
    guidance: String,
    errors: FieldErrors,
    rows: Vec<Row>,
    pager: Pager,
}

struct Row {
    id: CampaignId,
    name: String,
    date: String,
    by: String,
    state: Status,
    progress: Progress,
    bar: Bar,
    sent: i64,
    failed: i64,
    duration: String,
    action: Option<Action>,
}

/// What an organiser can do with a campaign from the list.
struct Action {
    label: &'static str,
    icon: &'static str,
    path: String,
}

#[derive(Deserialize)]
pub struct ListQuery {
    page: Option<i64>,
}

/// What the page shows besides the campaigns: a notice, or the form that was sent with its errors.
#[derive(Default)]
pub struct Shown {
    pub page: Option<i64>,
    pub notice: String,
    pub guidance: String,
    pub errors: FieldErrors,
    pub problem: Option<StartError>,
}

pub async fn list(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Query(query): Query<ListQuery>,
    notice: NoticeQuery,
) -> Result<Response, Error> {
    let shown = Shown { page: query.page, notice: notice.text(), ..Shown::default() };
    show(&app, &organiser, shown).await
}

pub async fn show(app: &App, organiser: &Organiser, shown: Shown) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let frame = Frame::load(app, &mut conn, organiser, Place::Outreach).await?;
    let event = events::current(&mut conn, &app.config).await?;
    let now = app.clock.now();
    let times = Times::new(event.time_zone.as_deref(), now);
    let total = store::campaigns::count(&mut conn, event.id).await?;
    let pager = Pager::new(shown.page, PER_PAGE, total, "/outreach", &[]);
    let mut rows = Vec::new();
    for campaign in store::campaigns::list(&mut conn, event.id, PER_PAGE, pager.offset()).await? {
        let progress = progress::of(&mut conn, &campaign).await?;
        let until = campaign.finished_at.unwrap_or(now);
        let duration = in_words(until.since(campaign.created_at));
        rows.push(Row::new(campaign, progress, &times, duration));
    }
    let status = match (&shown.problem, shown.errors.is_empty()) {
        (Some(_), _) => StatusCode::CONFLICT,
        (None, false) => StatusCode::UNPROCESSABLE_ENTITY,
        (None, true) => StatusCode::OK,
    };
    let audience = Audience::read(&mut conn, app).await?;
    let page = ListPage {
        person: Fields::default(),
        notice: shown.notice,
        problem: shown.problem.map(|error| sentence(&error.to_string())).unwrap_or_default(),
        nobody: frame.people == 0,
        due_count: count(audience.due, "person is due", "people are due"),
        audience,
        guidance: shown.guidance,
        errors: shown.errors,
        rows,
        pager,
        frame,
    };
    Ok((status, render(&page)?).into_response())
}

impl Row {
    fn new(campaign: Campaign, progress: Progress, times: &Times, duration: String) -> Self {
        let action = |label, icon, word: &str| Action {
            label,
            icon,
            path: format!("/outreach/{}/{word}", campaign.id),
        };
        Self {
            id: campaign.id,
            name: format!("{} {}", campaign.name, campaign.id),
            date: times.at(campaign.created_at),
            state: Status::of(campaign.state, &progress),
            bar: Bar::new(&progress),
            sent: progress.count(MessageState::Sent),
            failed: progress.count(MessageState::Failed),
            action: match campaign.state {
                CampaignState::Running if !progress.is_done(campaign.state) => {
                    Some(action("Pause", "pause", "pause"))
                }
                CampaignState::Paused => Some(action("Resume", "play", "resume")),
                CampaignState::Running | CampaignState::Cancelled | CampaignState::Finished => None,
            },
            by: campaign.created_by,
            duration,
            progress,
        }
    }
}
