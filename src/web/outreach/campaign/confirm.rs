//! Confirmation before emails are sent or a campaign is cancelled: in a dialog, or on a page where there is no script.

use askama::Template;
use axum::Extension;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::app::App;
use crate::campaigns::{self, progress};
use crate::model::CampaignId;
use crate::model::campaign::CampaignState;
use crate::model::message::MessageState;
use crate::store::{self, Conn};
use crate::web::error::Error;
use crate::web::guard::Organiser;
use crate::web::notice::Notice;
use crate::web::page::{Frame, Place, count, filters, in_words, render};
use crate::{campaigns::progress::Progress, events};

/// Above this many people, the organiser has to type the number.
const TYPED_ABOVE: i64 = 100;

/// How many people the question names.
const NAMED: i64 = 3;

/// How many emails will be sent, to whom and from whom.
pub struct SendQuestion {
    pub id: CampaignId,
    pub count: i64,
    pub names: String,
    pub from: String,
    pub stays_here: bool,
    pub pace: String,
    pub must_type: bool,
}

impl SendQuestion {
    pub async fn read(
        conn: &mut Conn,
        app: &App,
        id: CampaignId,
        unreleased: i64,
    ) -> sqlx::Result<Self> {
        let names = store::messages::first_unreleased(conn, id, NAMED).await?;
        let event = events::current(conn, &app.config).await?;
        let address = app.config.mail.from_address();
        let seconds = |rate: f64| std::time::Duration::from_secs_f64(unreleased as f64 / rate);
        Ok(Self {
            id,
            count: unreleased,
            names: name_list(&names, unreleased),
            from: match event.facts.sender_name {
                Some(name) => format!("{name} <{address}>"),
                None => address.to_string(),
            },
            stays_here: app.config.mail.stays_here(),
            pace: match app.config.mail.sends_per_second {
                Some(rate) => format!("They are sent one by one, in {}.", in_words(seconds(rate))),
                None => "They are sent one by one.".into(),
            },
            must_type: unreleased > TYPED_ABOVE,
        })
    }
}

/// `Ada, Bo, Cy and 38 others`.
fn name_list(names: &[String], total: i64) -> String {
    let others = total - names.len() as i64;
    match (names, others) {
        ([], _) => String::new(),
        ([only], 0) => only.clone(),
        ([first @ .., last], 0) => format!("{} and {last}", first.join(", ")),
        (names, others) => {
            format!("{} and {}", names.join(", "), count(others, "other", "others"))
        }
    }
}

pub fn cancel_text(progress: &Progress) -> String {
    let unsent = progress.to_write()
        + progress.count(MessageState::Drafted)
        + progress.count(MessageState::Approved);
    format!(
        "{} already sent. {} will not be sent.",
        progress.count(MessageState::Sent),
        count(unsent, "message", "messages"),
    )
}

#[derive(Template)]
#[template(path = "outreach/confirm_send.html")]
struct ConfirmSendPage {
    frame: Frame,
    title: String,
    send: SendQuestion,
    problem: &'static str,
}

#[derive(Template)]
#[template(path = "outreach/confirm_cancel.html")]
struct ConfirmCancelPage {
    frame: Frame,
    title: String,
    id: CampaignId,
    text: String,
}

pub async fn confirm_send(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path(id): Path<CampaignId>,
) -> Result<Response, Error> {
    send_page(&app, &organiser, id, "").await
}

async fn send_page(
    app: &App,
    organiser: &Organiser,
    id: CampaignId,
    problem: &'static str,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let campaign = store::campaigns::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
    let unreleased = progress::of(&mut conn, &campaign).await?.unreleased;
    let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::CONFLICT };
    let page = ConfirmSendPage {
        frame: Frame::load(app, &mut conn, organiser, Place::Outreach).await?,
        title: format!("{} {id}", campaign.name),
        send: SendQuestion::read(&mut conn, app, id, unreleased).await?,
        problem,
    };
    Ok((status, render(&page)?).into_response())
}

#[derive(Deserialize)]
pub struct SendTyped {
    /// The number on the button.
    count: i64,
    /// The same, typed, where there are many.
    #[serde(default)]
    number: String,
}

/// Sends everything approved, if the number is still the one that the organiser saw.
pub async fn send(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path(id): Path<CampaignId>,
    Form(typed): Form<SendTyped>,
) -> Result<Response, Error> {
    let mut tx = app.db.write().await?;
    let campaign = store::campaigns::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    let unreleased = progress::of(&mut tx, &campaign).await?.unreleased;
    let problem = if matches!(campaign.state, CampaignState::Paused | CampaignState::Cancelled) {
        "The campaign is not running. Resume it first."
    } else if unreleased == 0 {
        "There is nothing approved to send."
    } else if unreleased != typed.count {
        "The number has changed in the meantime. Please check it again."
    } else if unreleased > TYPED_ABOVE && typed.number.trim() != unreleased.to_string() {
        "Type the number to continue. Nothing was sent."
    } else {
        ""
    };
    if !problem.is_empty() {
        drop(tx);
        return send_page(&app, &organiser, id, problem).await;
    }
    let released = campaigns::send_approved(&mut tx, id, app.clock.now()).await?;
    tx.commit().await?;
    tracing::info!(campaign.id = id.0, messages = released, "Sending campaign {id}");
    let details = [("n", &*released.to_string()), ("state", "all")];
    Ok(Redirect::to(&Notice::MessagesSent.url(&format!("/outreach/{id}"), &details))
        .into_response())
}

pub async fn confirm_cancel(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path(id): Path<CampaignId>,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let campaign = store::campaigns::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
    let progress = progress::of(&mut conn, &campaign).await?;
    let page = ConfirmCancelPage {
        frame: Frame::load(&app, &mut conn, &organiser, Place::Outreach).await?,
        title: format!("{} {id}", campaign.name),
        id,
        text: cancel_text(&progress),
    };
    Ok(render(&page)?.into_response())
}

pub async fn cancel(State(app): State<App>, Path(id): Path<CampaignId>) -> Result<Response, Error> {
    let mut tx = app.db.write().await?;
    store::campaigns::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    if !campaigns::cancel(&mut tx, id, app.clock.now()).await? {
        return Err(Error::Conflict("This campaign has already ended.".into()));
    }
    tx.commit().await?;
    tracing::info!(campaign.id = id.0, "Cancelled campaign {id}");
    Ok(Notice::CampaignCancelled.redirect(&format!("/outreach/{id}")).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_names_the_first_people_and_counts_the_others() {
        let names = ["Ada", "Bo", "Cy"].map(str::to_owned);
        assert_eq!(name_list(&names, 41), "Ada, Bo, Cy and 38 others");
        assert_eq!(name_list(&names, 3), "Ada, Bo and Cy");
        assert_eq!(name_list(&names[..1], 1), "Ada");
    }
}
