//! What an organiser does with one message, with several, and with the whole campaign.
//!
//! Each action ends on the page, with the next message under review.

use axum::Extension;
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::filter::{Filter, PageQuery};
use super::page::{Shown, show};
use super::review::Typed as EditTyped;
use crate::app::App;
use crate::campaigns::messages::{self, MessageError, Settle};
use crate::campaigns::{self, progress};
use crate::model::email::Draft;
use crate::model::message::{MessageState, SkipReason};
use crate::model::{CampaignId, MessageId, words};
use crate::store::{self, Conn};
use crate::web::error::Error;
use crate::web::form::{FieldErrors, line, needed_line, sentence};
use crate::web::guard::Organiser;
use crate::web::notice::Notice;

/// The longest subject that the form accepts, in characters. The checks require a shorter one.
const LONGEST_SUBJECT: usize = 200;
const LONGEST_BODY: usize = 20_000;
const LONGEST_HINT: usize = 500;

/// What an organiser can do with a message, by the last part of the form's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Approve,
    Disapprove,
    Edit,
    WriteAgain,
    Skip,
    Unskip,
    Settle,
}

words!(Action, "action", {
    Approve => "approve",
    Disapprove => "disapprove",
    Edit => "edit",
    WriteAgain => "again",
    Skip => "skip",
    Unskip => "unskip",
    Settle => "settle",
});

/// The fields of all forms for a message; each action reads its own.
#[derive(Debug, Default, Deserialize)]
pub struct Typed {
    /// Approve in spite of the findings, which the organiser has read.
    anyway: Option<String>,
    #[serde(default)]
    subject: String,
    #[serde(default)]
    body: String,
    /// `approve`: save, then approve.
    then: Option<String>,
    #[serde(default)]
    hint: String,
    /// A word of [`Settle`]: what to do with a message that failed or is uncertain.
    answer: Option<String>,
}

/// Why an action was not performed.
enum Refused {
    Typed(FieldErrors),
    Rule(MessageError),
    Web(Error),
}

impl From<MessageError> for Refused {
    fn from(error: MessageError) -> Self {
        Self::Rule(error)
    }
}

impl From<MessageError> for Error {
    fn from(error: MessageError) -> Self {
        match error {
            MessageError::Gone => Self::NotFound,
            MessageError::Db(error) => error.into(),
            MessageError::NotADraft(_)
            | MessageError::WrongState(_)
            | MessageError::Blocked(_)
            | MessageError::Cancelled
            | MessageError::OptedOut(_) => Self::Conflict(sentence(&error.to_string())),
        }
    }
}

pub async fn act(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path((campaign, id, action)): Path<(CampaignId, MessageId, String)>,
    Query(query): Query<PageQuery>,
    Form(typed): Form<Typed>,
) -> Result<Response, Error> {
    let mut tx = app.db.write().await?;
    let message = store::messages::find(&mut tx, id).await?;
    message.filter(|it| it.campaign_id == campaign).ok_or(Error::NotFound)?;
    let action: Action = action.parse().map_err(|_| Error::NotFound)?;
    let filter = filter(&mut tx, campaign, &query).await?;
    let (problem, errors) = match perform(&mut tx, &app, &organiser, id, action, &typed).await {
        Ok(notice) => {
            let next = next(&mut tx, &filter, id, notice).await?;
            tx.commit().await?;
            let more = [("notice", notice.as_str()), ("of", &id.to_string())];
            return Ok(Redirect::to(&filter.page(Some(next), &more)).into_response());
        }
        Err(Refused::Typed(errors)) => (String::new(), errors),
        Err(Refused::Rule(error)) => match Error::from(error) {
            Error::Conflict(problem) => (problem, FieldErrors::default()),
            other => return Err(other),
        },
        Err(Refused::Web(error)) => return Err(error),
    };
    drop(tx);
    let typed = match action {
        Action::Edit => Some(EditTyped { subject: typed.subject, body: typed.body }),
        Action::Approve
        | Action::Disapprove
        | Action::WriteAgain
        | Action::Skip
        | Action::Unskip
        | Action::Settle => None,
    };
    let query = PageQuery { message: Some(id), mode: None, ..query };
    show(&app, &organiser, campaign, &query, Shown { problem, typed, errors }).await
}

/// Performs the action; returns what the page says about it.
async fn perform(
    tx: &mut Conn,
    app: &App,
    organiser: &Organiser,
    id: MessageId,
    action: Action,
    typed: &Typed,
) -> Result<Notice, Refused> {
    let (config, by, now) = (&app.config, organiser.0.as_str(), app.clock.now());
    Ok(match action {
        Action::Approve => {
            messages::approve(tx, config, id, by, typed.anyway.is_some(), now).await?;
            Notice::MessageApproved
        }
        Action::Disapprove => {
            messages::disapprove(tx, id).await?;
            Notice::MessageDisapproved
        }
        Action::Edit => {
            let draft = typed.draft().map_err(Refused::Typed)?;
            messages::edit(tx, config, id, &draft, now).await?;
            if typed.then.as_deref() == Some("approve") {
                // Not in spite of findings: the new text's were not shown yet.
                messages::approve(tx, config, id, by, false, now).await?;
                Notice::MessageApproved
            } else {
                Notice::MessageSaved
            }
        }
        Action::WriteAgain => {
            let hint = typed.checked_hint().map_err(Refused::Typed)?;
            messages::write_again(tx, config, id, &hint, now).await?;
            Notice::MessageAgain
        }
        Action::Skip => {
            messages::skip(tx, id, SkipReason::ByHand, now).await?;
            Notice::MessageSkipped
        }
        Action::Unskip => {
            messages::unskip(tx, config, id, now).await?;
            Notice::MessageUnskipped
        }
        Action::Settle => {
            let answer = typed.answer.as_deref().unwrap_or_default().parse();
            let answer: Settle = answer.map_err(|_| {
                Refused::Web(Error::BadRequest("Choose what happened to the email.".into()))
            })?;
            messages::settle(tx, id, answer, now).await?;
            match answer {
                Settle::WasSent => Notice::SettledSent,
                Settle::Send => Notice::MessageSending,
                Settle::Leave => Notice::SettledLeft,
            }
        }
    })
}

impl Typed {
    fn draft(&self) -> Result<Draft, FieldErrors> {
        let mut errors = FieldErrors::default();
        let subject =
            errors.take("subject", needed_line(&self.subject, "the subject", LONGEST_SUBJECT));
        let body = errors.take("body", body(&self.body));
        match (subject, body) {
            (Some(subject), Some(body)) => Ok(Draft { subject, body }),
            _ => Err(errors),
        }
    }

    fn checked_hint(&self) -> Result<String, FieldErrors> {
        line(&self.hint, "the hint", LONGEST_HINT).map_err(|complaint| {
            let mut errors = FieldErrors::default();
            errors.add("hint", complaint);
            errors
        })
    }
}

/// A text of several lines. Browsers send a carriage return at the end of each.
fn body(typed: &str) -> Result<String, String> {
    let text = typed.replace("\r\n", "\n").replace('\r', "\n");
    let text: String =
        text.chars().filter(|c| *c == '\n' || *c == '\t' || !c.is_control()).collect();
    let text = text.trim();
    if text.is_empty() {
        return Err("the text is missing".into());
    }
    if text.chars().count() > LONGEST_BODY {
        return Err(format!("the text has at most {LONGEST_BODY} characters"));
    }
    Ok(text.to_owned())
}

async fn filter(conn: &mut Conn, campaign: CampaignId, query: &PageQuery) -> Result<Filter, Error> {
    let row = store::campaigns::find(conn, campaign).await?.ok_or(Error::NotFound)?;
    let progress = progress::of(conn, &row).await?;
    Ok(Filter::read(campaign, query, &progress))
}

/// The message to review after an action: the next in the list, or else the previous one.
///
/// A list of all states still contains the message, so there it is the next one that waits for review. Without any, it
/// is the message itself.
async fn next(
    conn: &mut Conn,
    filter: &Filter,
    id: MessageId,
    notice: Notice,
) -> sqlx::Result<MessageId> {
    if matches!(
        notice,
        Notice::MessageSaved
            | Notice::MessageDisapproved
            | Notice::MessageUnskipped
            | Notice::MessageSending
    ) {
        return Ok(id);
    }
    let state = Some(filter.state.unwrap_or(MessageState::Drafted));
    let after = store::messages::after(conn, filter.campaign, state, &filter.q, id).await?;
    let found = match after {
        Some(after) => Some(after),
        None => store::messages::before(conn, filter.campaign, state, &filter.q, id).await?,
    };
    Ok(found.unwrap_or(id))
}

// ── Several messages ──

#[derive(Debug, Default, Deserialize)]
pub struct Selection {
    #[serde(default)]
    id: Vec<MessageId>,
    /// `flawless`: all drafts that pass every check. Otherwise the selected ones.
    #[serde(default)]
    which: String,
}

/// Approves the selected drafts, or all that pass every check.
pub async fn approve_some(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path(campaign): Path<CampaignId>,
    Query(query): Query<PageQuery>,
    axum_extra::extract::Form(typed): axum_extra::extract::Form<Selection>,
) -> Result<Response, Error> {
    let (by, now) = (&organiser.0, app.clock.now());
    let (mut approved, mut kept) = (0, 0);
    if typed.which == "flawless" {
        let mut after = Some(MessageId(0));
        while let Some(last) = after {
            let mut tx = app.db.write().await?;
            store::campaigns::find(&mut tx, campaign).await?.ok_or(Error::NotFound)?;
            let done =
                messages::approve_flawless(&mut tx, &app.config, campaign, last, by, now).await?;
            tx.commit().await?;
            approved += done.approved;
            kept += done.kept;
            after = done.last;
        }
    } else {
        let mut tx = app.db.write().await?;
        for id in typed.id {
            let message = store::messages::find(&mut tx, id).await?;
            message.filter(|it| it.campaign_id == campaign).ok_or(Error::NotFound)?;
            match messages::approve(&mut tx, &app.config, id, by, false, now).await {
                Ok(()) => approved += 1,
                Err(MessageError::Db(error)) => return Err(error.into()),
                Err(_) => kept += 1,
            }
        }
        tx.commit().await?;
    }
    let filter = filter(&mut *app.db.read().await?, campaign, &query).await?;
    let (n, kept) = (approved.to_string(), kept.to_string());
    let url = filter
        .page(None, &[("notice", Notice::DraftsApproved.as_str()), ("n", &n), ("kept", &kept)]);
    Ok(Redirect::to(&url).into_response())
}

// ── The campaign ──

#[derive(Deserialize)]
pub struct Back {
    back: Option<String>,
}

pub async fn pause(
    State(app): State<App>,
    Path(id): Path<CampaignId>,
    Query(query): Query<Back>,
) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    store::campaigns::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    if !campaigns::pause(&mut tx, id, None).await? {
        return Err(Error::Conflict("Only a running campaign can be paused.".into()));
    }
    tx.commit().await?;
    Ok(back(id, &query, Notice::CampaignPaused))
}

pub async fn resume(
    State(app): State<App>,
    Path(id): Path<CampaignId>,
    Query(query): Query<Back>,
) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    store::campaigns::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    if !campaigns::resume(&mut tx, &app.config, id, app.clock.now()).await? {
        return Err(Error::Conflict("Only a paused campaign can be resumed.".into()));
    }
    tx.commit().await?;
    Ok(back(id, &query, Notice::CampaignResumed))
}

fn back(id: CampaignId, query: &Back, notice: Notice) -> Redirect {
    match query.back.as_deref() {
        Some("list") => Redirect::to("/outreach"),
        _ => notice.redirect(&format!("/outreach/{id}")),
    }
}
