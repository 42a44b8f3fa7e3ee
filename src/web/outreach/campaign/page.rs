//! The page of a campaign: its overview, its list of messages, and the message under review.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::confirm::{self, SendQuestion};
use super::filter::PageQuery;
use super::overview::Overview;
use super::quota::{self, Quota};
use super::review::{Mode, ReviewPanel, Typed};
use crate::app::App;
use crate::model::CampaignId;
use crate::model::campaign::{CampaignKind, CampaignState};
use crate::model::message::MessageState;
use crate::store;
use crate::web::error::Error;
use crate::web::form::FieldErrors;
use crate::web::guard::Organiser;
use crate::web::notice::{Details, Notice, NoticeQuery};
use crate::web::outreach::bar::Bar;
use crate::web::outreach::status::Status;
use crate::web::page::{Frame, Place, filters, render};

#[derive(Template)]
#[template(path = "outreach/campaign.html")]
#[expect(clippy::struct_excessive_bools, reason = "one for each button")]
struct CampaignPage {
    frame: Frame,
    overview: Overview,
    bar: Bar,
    approve_url: String,
    title: String,
    summary: &'static str,
    started: String,
    status: Status,
    /// About the campaign. A notice about a message is in the review panel.
    notice: String,
    paused: String,
    uncertain: String,
    can_pause: bool,
    can_resume: bool,
    can_cancel: bool,
    has_drafts: bool,
    send: SendQuestion,
    cancel_text: String,
    quota: Quota,
    template_text: String,
    empty: Empty,
    panel: Option<ReviewPanel>,
    live_url: String,
    version: String,
}

/// What the page shows instead of an empty list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Empty {
    /// Everything is reviewed, and approved messages wait to be sent.
    AllReviewed,
    NothingFound,
    NothingHere,
}

pub async fn page(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path(id): Path<CampaignId>,
    Query(query): Query<PageQuery>,
    notice: NoticeQuery,
) -> Result<Response, Error> {
    let query = PageQuery { notice, ..query };
    show(&app, &organiser, id, &query, Shown::default()).await
}

/// What the page also shows when a form has errors or an action was not possible.
#[derive(Default)]
pub struct Shown {
    pub problem: String,
    pub typed: Option<Typed>,
    pub errors: FieldErrors,
}

pub async fn show(
    app: &App,
    organiser: &Organiser,
    id: CampaignId,
    query: &PageQuery,
    shown: Shown,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let overview = Overview::read(&mut conn, app, id, query).await?;
    let frame = Frame::load(app, &mut conn, organiser, Place::Outreach).await?;
    let status = match (shown.problem.is_empty(), shown.errors.is_empty()) {
        (false, _) => StatusCode::CONFLICT,
        (true, false) => StatusCode::UNPROCESSABLE_ENTITY,
        (true, true) => StatusCode::OK,
    };
    let notice = notice_text(&mut conn, &overview, &query.notice).await?;
    let about_message = query.notice.of.is_some() || !shown.problem.is_empty();
    let mut panel = match &overview.selected {
        Some(message) => ReviewPanel::read(&mut conn, app, &overview, message, query).await?,
        None => None,
    };
    if let Some(panel) = &mut panel {
        if about_message {
            panel.notice.clone_from(&notice);
            panel.undo = query.notice.notice == Some(Notice::MessageApproved);
        }
        panel.has_focus = query.message.is_some();
        panel.problem = shown.problem;
        panel.errors = shown.errors;
        if let Some(typed) = shown.typed {
            panel.mode = Mode::Edit;
            panel.typed = typed;
        }
    }
    let progress = &overview.progress;
    let state = overview.campaign.state;
    let page = CampaignPage {
        title: format!("{} {}", overview.campaign.name, id),
        summary: summary(overview.campaign.kind),
        started: format!(
            "Started {} by {}.",
            overview.times.at(overview.campaign.created_at),
            overview.campaign.created_by
        ),
        status: Status::of(state, progress),
        notice: if about_message && panel.is_some() { String::new() } else { notice },
        paused: paused_text(state, overview.campaign.pause_reason.as_deref()),
        uncertain: uncertain_text(&mut conn, &overview).await?,
        can_pause: state == CampaignState::Running && !progress.is_done(state),
        can_resume: state == CampaignState::Paused,
        can_cancel: matches!(state, CampaignState::Running | CampaignState::Paused),
        has_drafts: overview.rows.iter().any(|row| row.is_draft),
        send: SendQuestion::read(&mut conn, app, id, progress.unreleased).await?,
        cancel_text: confirm::cancel_text(progress),
        quota: Quota::read(&mut conn, app, &overview, overview.now).await?,
        template_text: quota::template_text(&overview.campaign, progress),
        empty: if !overview.filter.q.is_empty() {
            Empty::NothingFound
        } else if overview.filter.state == Some(MessageState::Drafted) && progress.unreleased > 0 {
            Empty::AllReviewed
        } else {
            Empty::NothingHere
        },
        bar: overview.bar(),
        approve_url: overview.filter.url(&format!("/outreach/{id}/approve"), &[]),
        live_url: overview.live_url(),
        version: overview.version(),
        frame,
        overview,
        panel,
    };
    Ok((status, render(&page)?).into_response())
}

fn summary(kind: CampaignKind) -> &'static str {
    match kind {
        CampaignKind::Test => "Stops at review: nothing is sent until you approve it.",
        CampaignKind::Live => "Sends what passes every check; the rest waits for you.",
        CampaignKind::Match => {
            "One email to each person with all their matches. Nothing is sent until you approve it."
        }
    }
}

fn paused_text(state: CampaignState, reason: Option<&str>) -> String {
    match (state, reason) {
        (CampaignState::Paused, Some(reason)) => format!("Muster paused it: {reason}"),
        (CampaignState::Paused, None) => {
            "Nothing is written or sent until you resume it. What you approve now waits.".into()
        }
        (CampaignState::Running | CampaignState::Cancelled | CampaignState::Finished, _) => {
            String::new()
        }
    }
}

/// About the first message that may or may not have been sent.
async fn uncertain_text(conn: &mut store::Conn, overview: &Overview) -> sqlx::Result<String> {
    let ids = store::messages::ids(conn, overview.campaign.id, MessageState::Uncertain).await?;
    let Some(first) = ids.first() else { return Ok(String::new()) };
    let Some(delivery) = store::deliveries::of_message(conn, *first).await?.pop() else {
        return Ok(String::new());
    };
    let (name, at) =
        (delivery.name.unwrap_or(delivery.recipient), overview.times.at(delivery.started_at));
    Ok(match ids.len() {
        1 => format!("It was being sent to {name} at {at}."),
        _ => format!("The first was being sent to {name} at {at}."),
    })
}

/// The notice, with the name of the person whose message it is about.
async fn notice_text(
    conn: &mut store::Conn,
    overview: &Overview,
    notice: &NoticeQuery,
) -> sqlx::Result<String> {
    let name = match notice.of {
        Some(id) => match store::messages::find(conn, id).await? {
            Some(message) => store::people::find(conn, message.person_id).await?.map(|it| it.name),
            None => None,
        },
        None => None,
    };
    Ok(notice.text_about(&Details {
        name: name.unwrap_or_else(|| "the message".into()),
        left: overview.progress.count(MessageState::Drafted),
        ..Details::default()
    }))
}
