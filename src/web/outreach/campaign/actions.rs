//! What an organiser does: with one letter, with some, with the whole campaign. Each deed ends on the page, with the
//! next letter under review.

use axum::Extension;
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::overview::Filter;
use super::review::Typed as EditTyped;
use super::{PageQuery, Shown, show};
use crate::app::App;
use crate::campaigns::messages::{self, MessageError, Settle};
use crate::campaigns::{self, progress};
use crate::model::email::Draft;
use crate::model::message::{MessageState, SkipReason};
use crate::model::{CampaignId, MessageId};
use crate::store::{self, Conn};
use crate::web::Error;
use crate::web::form::{FieldErrors, line, needed_line, sentence};
use crate::web::guard::Organiser;
use crate::web::notice::Notice;

/// Characters of a subject: the checks want it shorter still, this is what a form takes at all.
const LONGEST_SUBJECT: usize = 200;
const LONGEST_BODY: usize = 20_000;
const LONGEST_HINT: usize = 500;

/// What the forms of a letter hold; each deed looks at its own part.
#[derive(Debug, Default, Deserialize)]
pub struct Typed {
    /// The complaints were read, and it may go out in spite of them.
    anyway: Option<String>,
    #[serde(default)]
    subject: String,
    #[serde(default)]
    body: String,
    /// `approve`: save and approve at once.
    then: Option<String>,
    #[serde(default)]
    hint: String,
    /// What happened to an uncertain mail: `sent`, `send`, `leave`.
    answer: Option<String>,
}

/// Why a deed was not done.
enum Undone {
    Typed(FieldErrors),
    Rule(MessageError),
    Web(Error),
}

impl From<MessageError> for Undone {
    fn from(error: MessageError) -> Self {
        Self::Rule(error)
    }
}

impl From<MessageError> for Error {
    fn from(error: MessageError) -> Self {
        match error {
            MessageError::Gone => Self::NotFound,
            MessageError::Db(error) => error.into(),
            error => Self::Conflict(sentence(&error.to_string())),
        }
    }
}

pub async fn act(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path((campaign, id, deed)): Path<(CampaignId, MessageId, String)>,
    Query(query): Query<PageQuery>,
    Form(typed): Form<Typed>,
) -> Result<Response, Error> {
    let mut tx = app.db.write().await?;
    let message = store::messages::find(&mut tx, id).await?;
    message.filter(|it| it.campaign_id == campaign).ok_or(Error::NotFound)?;
    let filter = filter(&mut tx, campaign, &query).await?;
    let done = perform(&mut tx, &app, &organiser, id, &deed, &typed).await;
    let (notice, problem, errors) = match done {
        Ok(notice) => (Some(notice), String::new(), FieldErrors::default()),
        Err(Undone::Typed(errors)) => (None, String::new(), errors),
        Err(Undone::Rule(error)) => match Error::from(error) {
            Error::Conflict(words) => (None, words, FieldErrors::default()),
            other => return Err(other),
        },
        Err(Undone::Web(error)) => return Err(error),
    };
    let Some(notice) = notice else {
        drop(tx);
        let edited = deed == "edit";
        let typed = EditTyped { subject: typed.subject, body: typed.body };
        let typed = Some(typed).filter(|_| edited);
        let query = PageQuery { message: Some(id), mode: None, ..query };
        let shown = Shown { problem, typed, errors };
        return show(&app, &organiser, campaign, &query, shown).await;
    };
    let next = next(&mut tx, &filter, id, notice).await?;
    tx.commit().await?;
    let of = id.to_string();
    Ok(Redirect::to(&filter.page(Some(next), &[("notice", notice.as_str()), ("of", &of)]))
        .into_response())
}

/// Does the deed; returns what the page says about it.
async fn perform(
    tx: &mut Conn,
    app: &App,
    organiser: &Organiser,
    id: MessageId,
    deed: &str,
    typed: &Typed,
) -> Result<Notice, Undone> {
    let (config, by, now) = (&app.config, organiser.0.as_str(), app.clock.now());
    match deed {
        "approve" => {
            messages::approve(tx, config, id, by, typed.anyway.is_some(), now).await?;
            Ok(Notice::MessageApproved)
        }
        "disapprove" => {
            messages::disapprove(tx, id).await?;
            Ok(Notice::MessageDisapproved)
        }
        "edit" => {
            let draft = typed.draft().map_err(Undone::Typed)?;
            messages::edit(tx, config, id, &draft, now).await?;
            if typed.then.as_deref() == Some("approve") {
                // The text is theirs, and they say so: what the checks think of it was shown beside it.
                messages::approve(tx, config, id, by, false, now).await?;
                return Ok(Notice::MessageApproved);
            }
            Ok(Notice::MessageSaved)
        }
        "again" => {
            let hint = line(&typed.hint, "the hint", LONGEST_HINT);
            let hint = hint.map_err(|complaint| {
                let mut errors = FieldErrors::default();
                errors.add("hint", complaint);
                Undone::Typed(errors)
            })?;
            messages::write_again(tx, config, id, &hint, now).await?;
            Ok(Notice::MessageAgain)
        }
        "skip" => {
            messages::skip(tx, id, SkipReason::ByHand, now).await?;
            Ok(Notice::MessageSkipped)
        }
        "unskip" => {
            messages::unskip(tx, config, id, now).await?;
            Ok(Notice::MessageUnskipped)
        }
        "settle" => {
            let (answer, notice) = match typed.answer.as_deref() {
                Some("sent") => (Settle::WasSent, Notice::SettledSent),
                Some("send") => (Settle::Send, Notice::MessageSending),
                Some("leave") => (Settle::Leave, Notice::SettledLeft),
                _ => {
                    let words = "Say what happened to the mail.";
                    return Err(Undone::Web(Error::BadRequest(words.into())));
                }
            };
            messages::settle(tx, id, answer, now).await?;
            Ok(notice)
        }
        _ => Err(Undone::Web(Error::NotFound)),
    }
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
}

/// A text of many lines; browsers send them with a carriage return.
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

/// The letter that is looked at after a deed: the next of the list, else the one before. Where the list goes on holding
/// the letter, the next that waits for review; where there is none, the letter itself.
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

// ── Some letters ──

#[derive(Debug, Default, Deserialize)]
pub struct Choice {
    #[serde(default)]
    id: Vec<MessageId>,
    /// `chosen` or `flawless`.
    #[serde(default)]
    which: String,
}

/// Approves the chosen drafts, or all that pass every check.
pub async fn approve_some(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path(campaign): Path<CampaignId>,
    Query(query): Query<PageQuery>,
    axum_extra::extract::Form(typed): axum_extra::extract::Form<Choice>,
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
        return Err(Error::Conflict("Only what runs can be paused.".into()));
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
        return Err(Error::Conflict("Only what was paused can go on.".into()));
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
