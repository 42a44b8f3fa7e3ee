//! Starting a campaign.

use askama::Template;
use axum::Extension;
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::audience::Audience;
use super::list::{Shown, show};
use crate::app::App;
use crate::campaigns::{self, NewCampaign, StartError};
use crate::events;
use crate::model::campaign::CampaignKind;
use crate::model::words;
use crate::web::error::Error;
use crate::web::form::FieldErrors;
use crate::web::guard::Organiser;
use crate::web::notice::Notice;
use crate::web::page::{Frame, Place, filters, render};

/// The longest guidance for the writer, in characters.
const LONGEST_GUIDANCE: usize = 2000;

/// The form of a new campaign.
#[derive(Debug, Default, Deserialize)]
pub struct Typed {
    #[serde(default)]
    guidance: String,
    #[serde(default)]
    start: String,
}

/// The button that was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Button {
    StartTest,
    /// Asks for confirmation first.
    ConfirmLive,
    StartLive,
}

words!(Button, "button", {
    StartTest => "test",
    ConfirmLive => "live",
    StartLive => "live-now",
});

/// Asks for confirmation before a live campaign, where no script opens the dialog.
#[derive(Template)]
#[template(path = "outreach/start_live.html")]
pub struct StartLivePage {
    frame: Frame,
    audience: Audience,
    guidance: String,
}

pub async fn start(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Form(typed): Form<Typed>,
) -> Result<Response, Error> {
    let mut shown = Shown { guidance: typed.guidance, ..Shown::default() };
    if shown.guidance.chars().count() > LONGEST_GUIDANCE {
        let mut errors = FieldErrors::default();
        errors.add("guidance", format!("this has at most {LONGEST_GUIDANCE} characters"));
        return show(&app, &organiser, Shown { errors, ..shown }).await;
    }
    let kind = match typed.start.parse() {
        Ok(Button::StartTest) => CampaignKind::Test,
        Ok(Button::StartLive) => CampaignKind::Live,
        Ok(Button::ConfirmLive) => return confirm_live(&app, &organiser, shown.guidance).await,
        Err(_) => return Err(Error::BadRequest("Press one of the two buttons to start.".into())),
    };
    let guidance = shown.guidance.trim();
    let mut tx = app.db.write().await?;
    let new = NewCampaign { event: events::CURRENT, kind, guidance, by: &organiser.0 };
    match campaigns::start(&mut tx, &app.config, &new, app.clock.now()).await {
        Ok(started) => {
            tx.commit().await?;
            tracing::info!(campaign.id = started.id.0, "Started campaign {}", started.id);
            let page = format!("/outreach/{}", started.id);
            Ok(Notice::CampaignStarted.redirect(&page).into_response())
        }
        Err(StartError::Busy(id)) => {
            Ok(Notice::CampaignBusy.redirect(&format!("/outreach/{id}")).into_response())
        }
        Err(error @ StartError::NobodyDue) => {
            drop(tx);
            shown.problem = Some(error);
            show(&app, &organiser, shown).await
        }
        Err(StartError::Db(error)) => Err(error.into()),
    }
}

async fn confirm_live(
    app: &App,
    organiser: &Organiser,
    guidance: String,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let page = StartLivePage {
        frame: Frame::load(app, &mut conn, organiser, Place::Outreach).await?,
        audience: Audience::read(&mut conn, app).await?,
        guidance,
    };
    Ok(render(&page)?.into_response())
}
