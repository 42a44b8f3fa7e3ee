//! `/outreach`: who is due, starting a campaign, and all campaigns so far.

pub mod campaign;

use askama::Template;
use axum::Extension;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::error::Error;
use super::form::{FieldErrors, sentence};
use super::guard::Organiser;
use super::page::{Frame, Pager, Place, Times, count, filters, in_words, render};
use crate::app::App;
use crate::campaigns::progress::{self, Progress};
use crate::campaigns::{self, NewCampaign, StartError};
use crate::model::CampaignId;
use crate::model::campaign::{CampaignKind, CampaignState};
use crate::model::message::MessageState;
use crate::store::Conn;
use crate::store::campaigns::Campaign;
use crate::web::notice::{Notice, NoticeQuery};
use crate::{events, store};
use campaign::bar::Bar;

const PER_PAGE: i64 = 20;

/// Characters of what the organiser tells the writer.
const LONGEST_GUIDANCE: usize = 2000;

// ── The list ──

#[derive(Template)]
#[template(path = "outreach/list.html")]
pub struct ListPage {
    frame: Frame,
    notice: String,
    /// Why nothing was started.
    problem: String,
    nobody: bool,
    due_words: String,
    audience: LiveAudience,
    guidance: String,
    errors: FieldErrors,
    rows: Vec<Row>,
    pager: Pager,
}

/// Whom a live campaign would write to.
struct LiveAudience {
    due: i64,
    /// Drafts of test runs that it takes over.
    drafts: i64,
    total: i64,
    stays_here: bool,
    from: String,
}

impl LiveAudience {
    async fn read(conn: &mut Conn, app: &App) -> sqlx::Result<Self> {
        let due = store::messages::count_due_invitations(conn, events::CURRENT).await?;
        let drafts = store::messages::count_test_drafts(conn, events::CURRENT).await?;
        Ok(Self {
            due,
            drafts,
            total: due + drafts,
            stays_here: app.config.mail.stays_here(),
            from: app.config.mail.from_address().to_string(),
        })
    }
}

struct Row {
    id: CampaignId,
    name: String,
    date: String,
    by: String,
    state: Standing,
    progress: Progress,
    bar: Bar,
    sent: i64,
    failed: i64,
    duration: String,
    action: Option<Action>,
}

/// What can be done with a campaign from the list.
struct Action {
    label: &'static str,
    icon: &'static str,
    path: String,
}

/// Where a campaign stands, for people: what runs may in truth wait for them.
pub struct Standing {
    pub label: &'static str,
    pub tone: &'static str,
}

impl Standing {
    pub fn of(state: CampaignState, progress: &Progress) -> Self {
        let waits = progress.is_done(state) && progress.waits_for_you() > 0;
        let (label, tone) = match state {
            CampaignState::Running if waits => ("Waits for you", "wait"),
            CampaignState::Running => ("Running", "go"),
            CampaignState::Paused => ("Paused", "wait"),
            CampaignState::Cancelled => ("Cancelled", "none"),
            CampaignState::Finished => ("Finished", "ok"),
        };
        Self { label, tone }
    }
}

#[derive(Default, Deserialize)]
pub struct ListQuery {
    page: Option<i64>,
    #[serde(skip)]
    notice: NoticeQuery,
}

pub async fn list(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Query(query): Query<ListQuery>,
    notice: NoticeQuery,
) -> Result<Response, Error> {
    let query = ListQuery { notice, ..query };
    list_page(&app, &organiser, &query, &Typed::default(), FieldErrors::default(), None).await
}

async fn list_page(
    app: &App,
    organiser: &Organiser,
    query: &ListQuery,
    typed: &Typed,
    errors: FieldErrors,
    problem: Option<&StartError>,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let frame = Frame::load(app, &mut conn, organiser, Place::Outreach).await?;
    let event = events::current(&mut conn, &app.config).await?;
    let now = app.clock.now();
    let times = Times::new(event.time_zone.as_deref(), now);
    let total = store::campaigns::count(&mut conn, event.id).await?;
    let pager = Pager::new(query.page, PER_PAGE, total, "/outreach", &[]);
    let mut rows = Vec::new();
    for campaign in store::campaigns::list(&mut conn, event.id, PER_PAGE, pager.offset()).await? {
        let progress = progress::of(&mut conn, &campaign).await?;
        let until = campaign.finished_at.unwrap_or(now);
        let duration = in_words(until.since(campaign.created_at));
        rows.push(Row::new(campaign, progress, &times, duration));
    }
    let status = match (problem, errors.is_empty()) {
        (Some(_), _) => StatusCode::CONFLICT,
        (None, false) => StatusCode::UNPROCESSABLE_ENTITY,
        (None, true) => StatusCode::OK,
    };
    let audience = LiveAudience::read(&mut conn, app).await?;
    let page = ListPage {
        notice: query.notice.text(),
        problem: problem.map(|error| sentence(&error.to_string())).unwrap_or_default(),
        nobody: frame.people == 0,
        due_words: count(audience.due, "person is due", "people are due"),
        audience,
        guidance: typed.guidance.clone(),
        errors,
        rows,
        pager,
        frame,
    };
    Ok((status, render(&page)?).into_response())
}

impl Row {
    fn new(campaign: Campaign, progress: Progress, times: &Times, duration: String) -> Self {
        let action = |label, icon, deed: &str| Action {
            label,
            icon,
            path: format!("/outreach/{}/{deed}", campaign.id),
        };
        Self {
            id: campaign.id,
            name: format!("{} {}", campaign.name, campaign.id),
            date: times.at(campaign.created_at),
            state: Standing::of(campaign.state, &progress),
            bar: Bar::new(&progress),
            sent: progress.count(MessageState::Sent),
            failed: progress.count(MessageState::Failed),
            action: match campaign.state {
                CampaignState::Running if !progress.is_done(campaign.state) => {
                    Some(action("Pause", "pause", "pause"))
                }
                CampaignState::Paused => Some(action("Go on", "play", "resume")),
                CampaignState::Running | CampaignState::Cancelled | CampaignState::Finished => None,
            },
            by: campaign.created_by,
            duration,
            progress,
        }
    }
}

// ── Starting ──

/// What was typed, and which button was pressed.
#[derive(Debug, Default, Deserialize)]
pub struct Typed {
    #[serde(default)]
    guidance: String,
    /// `test`, `live` (asks first) or `live-now`.
    #[serde(default)]
    start: String,
}

/// Asks before a live campaign where no script opens the dialog.
#[derive(Template)]
#[template(path = "outreach/start_live.html")]
pub struct StartLivePage {
    frame: Frame,
    audience: LiveAudience,
    guidance: String,
}

pub async fn start(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Form(typed): Form<Typed>,
) -> Result<Response, Error> {
    let mut errors = FieldErrors::default();
    if typed.guidance.chars().count() > LONGEST_GUIDANCE {
        errors.add("guidance", format!("this has at most {LONGEST_GUIDANCE} characters"));
        return list_page(&app, &organiser, &ListQuery::default(), &typed, errors, None).await;
    }
    let kind = match typed.start.as_str() {
        "test" => CampaignKind::Test,
        "live-now" => CampaignKind::Live,
        "live" => return ask(&app, &organiser, typed).await,
        _ => return Err(Error::BadRequest("Press one of the two buttons to start.".into())),
    };
    let (guidance, now) = (typed.guidance.trim(), app.clock.now());
    let mut tx = app.db.write().await?;
    let new = NewCampaign { event: events::CURRENT, kind, guidance, by: &organiser.0 };
    match campaigns::start(&mut tx, &app.config, &new, now).await {
        Ok(started) => {
            tx.commit().await?;
            tracing::info!(campaign.id = started.id.0, "Started campaign {}", started.id);
            Ok(Notice::CampaignStarted
                .redirect(&format!("/outreach/{}", started.id))
                .into_response())
        }
        Err(StartError::Busy(id)) => {
            Ok(Notice::CampaignBusy.redirect(&format!("/outreach/{id}")).into_response())
        }
        Err(error @ StartError::NobodyDue) => {
            drop(tx);
            list_page(&app, &organiser, &ListQuery::default(), &typed, errors, Some(&error)).await
        }
        Err(StartError::Db(error)) => Err(error.into()),
    }
}

async fn ask(app: &App, organiser: &Organiser, typed: Typed) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let page = StartLivePage {
        frame: Frame::load(app, &mut conn, organiser, Place::Outreach).await?,
        audience: LiveAudience::read(&mut conn, app).await?,
        guidance: typed.guidance,
    };
    Ok(render(&page)?.into_response())
}
