//! One campaign: how far it is, its letters, and the letter under review.

mod actions;
pub mod bar;
mod confirm;
mod live;
mod overview;
mod quota;
mod review;

pub use actions::{act, approve_some, pause, resume};
pub use confirm::{ask_to_cancel, ask_to_send, cancel, send};
pub use live::live;
pub use quota::{ask_for_template, finish_by_template, rewrite_templates, write_together};
pub use review::letter_html;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::Standing;
use crate::app::App;
use crate::model::campaign::{CampaignKind, CampaignState};
use crate::model::message::MessageState;
use crate::model::{CampaignId, MessageId};
use crate::store;
use crate::web::error::Error;
use crate::web::form::FieldErrors;
use crate::web::guard::Organiser;
use crate::web::notice::{Details, Notice, NoticeQuery};
use crate::web::page::{Frame, Place, filters, render};
use bar::Bar;
use confirm::SendAsk;
use overview::Board;
use quota::Quota;
use review::{Mode, Pane, Typed};

/// What stands in the page's address.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct PageQuery {
    /// The state whose messages are listed, or `all`.
    pub state: Option<String>,
    pub q: Option<String>,
    pub page: Option<i64>,
    /// The message under review.
    pub message: Option<MessageId>,
    /// `html` shows the letter as a mail client does.
    pub view: Option<String>,
    /// `edit` or `again`: the form that is open.
    pub mode: Option<String>,
    #[serde(skip)]
    pub notice: NoticeQuery,
}

#[derive(Template)]
#[template(path = "outreach/campaign.html")]
#[expect(clippy::struct_excessive_bools, reason = "one for each button")]
struct CampaignPage {
    frame: Frame,
    board: Board,
    bar: Bar,
    approve_url: String,
    title: String,
    what: &'static str,
    started: String,
    standing: Standing,
    /// About the campaign; what was done to a letter stands beside the letter.
    notice: String,
    paused: String,
    uncertain: String,
    can_pause: bool,
    can_resume: bool,
    can_cancel: bool,
    has_drafts: bool,
    send: SendAsk,
    cancel_words: String,
    quota: Quota,
    template_words: String,
    empty: Empty,
    pane: Option<Pane>,
    live_url: String,
    version: String,
}

/// What stands in place of a list with nothing in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Empty {
    /// Nothing to review any more, but approved letters wait for the word.
    AllRead,
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

/// What differs from the plain page when a form comes back with complaints, or a deed came too late.
#[derive(Default)]
struct Shown {
    problem: String,
    typed: Option<Typed>,
    errors: FieldErrors,
}

async fn show(
    app: &App,
    organiser: &Organiser,
    id: CampaignId,
    query: &PageQuery,
    shown: Shown,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let board = Board::read(&mut conn, app, id, query).await?;
    let frame = Frame::load(app, &mut conn, organiser, Place::Outreach).await?;
    let status = match (shown.problem.is_empty(), shown.errors.is_empty()) {
        (false, _) => StatusCode::CONFLICT,
        (true, false) => StatusCode::UNPROCESSABLE_ENTITY,
        (true, true) => StatusCode::OK,
    };
    let notice = notice_text(&mut conn, &board, &query.notice).await?;
    let about_letter = query.notice.of.is_some() || !shown.problem.is_empty();
    let mut review = match &board.selected {
        Some(message) => Pane::read(&mut conn, app, &board, message, query).await?,
        None => None,
    };
    if let Some(pane) = &mut review {
        if about_letter {
            pane.notice.clone_from(&notice);
            pane.undo = query.notice.notice == Some(Notice::MessageApproved);
        }
        pane.has_focus = query.message.is_some();
        pane.problem = shown.problem;
        pane.errors = shown.errors;
        if let Some(typed) = shown.typed {
            pane.mode = Mode::Edit;
            pane.typed = typed;
        }
    }
    let progress = &board.progress;
    let state = board.campaign.state;
    let page = CampaignPage {
        title: format!("{} {}", board.campaign.name, id),
        what: what(board.campaign.kind),
        started: format!(
            "Started {} by {}.",
            board.times.at(board.campaign.created_at),
            board.campaign.created_by
        ),
        standing: Standing::of(state, progress),
        notice: if about_letter && review.is_some() { String::new() } else { notice },
        paused: paused_words(state, board.campaign.pause_reason.as_deref()),
        uncertain: uncertain_words(&mut conn, &board).await?,
        can_pause: state == CampaignState::Running && !progress.is_done(state),
        can_resume: state == CampaignState::Paused,
        can_cancel: matches!(state, CampaignState::Running | CampaignState::Paused),
        has_drafts: board.rows.iter().any(|row| row.is_draft),
        send: SendAsk::read(&mut conn, app, id, progress.unreleased).await?,
        cancel_words: confirm::cancel_words(progress),
        quota: Quota::read(&mut conn, app, &board, board.now).await?,
        template_words: quota::template_words(&board.campaign, progress),
        empty: if !board.filter.q.is_empty() {
            Empty::NothingFound
        } else if board.filter.state == Some(MessageState::Drafted) && progress.unreleased > 0 {
            Empty::AllRead
        } else {
            Empty::NothingHere
        },
        bar: board.bar(),
        approve_url: board.filter.url(&format!("/outreach/{id}/approve"), &[]),
        live_url: board.live_url(),
        version: board.version(),
        frame,
        board,
        pane: review,
    };
    Ok((status, render(&page)?).into_response())
}

fn what(kind: CampaignKind) -> &'static str {
    match kind {
        CampaignKind::Test => "Stops at review: nothing is sent until you approve it.",
        CampaignKind::Live => "Sends what passes every check; the other letters wait for you.",
        CampaignKind::Match => {
            "One e-mail to each person with all their matches; nothing is sent until you approve it."
        }
    }
}

fn paused_words(state: CampaignState, words: Option<&str>) -> String {
    match (state, words) {
        (CampaignState::Paused, Some(words)) => format!("Muster stopped it: {words}"),
        (CampaignState::Paused, None) => {
            "Nothing is written or sent until it goes on. What you approve now waits.".into()
        }
        _ => String::new(),
    }
}

/// The first of those that may or may not have gone out.
async fn uncertain_words(conn: &mut store::Conn, board: &Board) -> sqlx::Result<String> {
    let ids = store::messages::ids(conn, board.campaign.id, MessageState::Uncertain).await?;
    let Some(first) = ids.first() else { return Ok(String::new()) };
    let Some(mail) = store::deliveries::of_message(conn, *first).await?.pop() else {
        return Ok(String::new());
    };
    let (name, at) = (mail.name.unwrap_or(mail.recipient), board.times.at(mail.started_at));
    Ok(match ids.len() {
        1 => format!("It was on its way to {name} at {at}."),
        _ => format!("The first was on its way to {name} at {at}."),
    })
}

/// What was just done, with the name of the person whose message it was done to.
async fn notice_text(
    conn: &mut store::Conn,
    board: &Board,
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
        name: name.unwrap_or_else(|| "the letter".into()),
        left: board.progress.count(MessageState::Drafted),
        ..Details::default()
    }))
}
