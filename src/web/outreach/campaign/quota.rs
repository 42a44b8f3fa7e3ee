//! When the day's quota ends before the letters do: wait, write several people in one request, or let the template
//! finish. And when keys are back: have the model write again what the template wrote in its place.

use askama::Template;
use axum::Extension;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::overview::Board;
use crate::app::App;
use crate::campaigns;
use crate::campaigns::progress::{self, Progress};
use crate::campaigns::requests::{self, MAX_PEOPLE};
use crate::keys;
use crate::model::campaign::{CampaignKind, CampaignState};
use crate::model::{CampaignId, Millis};
use crate::store::campaigns::Campaign;
use crate::store::{self, Conn};
use crate::web::Error;
use crate::web::guard::Organiser;
use crate::web::notice::Notice;
use crate::web::page::{Frame, Place, count, filters, render};

/// What the page offers.
#[derive(Default)]
pub struct Quota {
    /// Today's quota ends first: in words.
    pub ends: String,
    /// How many people stand in one request, and how many may; both 1 where it cannot be chosen.
    pub together: i64,
    pub most: i64,
    /// What the template would write; 0: it is not offered.
    pub to_write: i64,
    /// Letters by the template that the model could write again now.
    pub rewritable: i64,
}

impl Quota {
    pub async fn read(
        conn: &mut Conn,
        app: &App,
        board: &Board,
        now: Millis,
    ) -> sqlx::Result<Self> {
        let Board { campaign, progress, .. } = board;
        let mut quota = Self {
            together: requests::people_per_request(&app.config, campaign),
            most: if campaign.kind == CampaignKind::Match { 1 } else { MAX_PEOPLE },
            ..Self::default()
        };
        if let Some(ends) = progress.quota_ends {
            quota.to_write = progress.to_write();
            quota.ends = format!(
                "{} left today for {}. More come at {}: a day begins at midnight in California.",
                match ends.left {
                    0 => "No request is".to_owned(),
                    left => count(left as i64, "request is", "requests are"),
                },
                count(quota.to_write, "letter", "letters"),
                board.times.at(ends.at),
            );
        }
        if campaign.state == CampaignState::Running && !app.pool.keys().is_empty() {
            let written = store::messages::count_templates(conn, campaign.id).await?;
            if written > 0 && keys::summary(conn, &app.pool, &[], now).await?.ready > 0 {
                quota.rewritable = written;
            }
        }
        Ok(quota)
    }

    /// Several people stand in one request, and that is no question of today's quota any more.
    pub fn is_together(&self) -> bool {
        self.together > 1 && self.ends.is_empty()
    }
}

/// What the template is about to do.
pub fn template_words(campaign: &Campaign, progress: &Progress) -> String {
    let letters = count(
        progress.to_write(),
        "letter that is not written yet",
        "letters that are not written yet",
    );
    match campaign.kind {
        CampaignKind::Live => format!(
            "The template writes the {letters}. What passes every check goes out at once, as in the rest \
             of this campaign."
        ),
        CampaignKind::Test | CampaignKind::Match => format!(
            "The template writes the {letters}, for your review. Gemini can write them again when its \
             quota is back."
        ),
    }
}

#[derive(Template)]
#[template(path = "outreach/ask_template.html")]
struct AskTemplatePage {
    frame: Frame,
    title: String,
    id: CampaignId,
    words: String,
}

pub async fn ask_for_template(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path(id): Path<CampaignId>,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let campaign = store::campaigns::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
    let progress = progress::of(&mut conn, &campaign).await?;
    let page = AskTemplatePage {
        frame: Frame::load(&app, &mut conn, &organiser, Place::Outreach).await?,
        title: format!("{} {id}", campaign.name),
        id,
        words: template_words(&campaign, &progress),
    };
    Ok(render(&page)?.into_response())
}

/// The campaign, if there is anything to choose: nothing is written for one that does not run.
async fn running(tx: &mut Conn, id: CampaignId) -> Result<Campaign, Error> {
    let campaign = store::campaigns::find(tx, id).await?.ok_or(Error::NotFound)?;
    if campaign.state != CampaignState::Running {
        return Err(Error::Conflict("The campaign does not run. Let it go on first.".into()));
    }
    Ok(campaign)
}

pub async fn finish_by_template(
    State(app): State<App>,
    Path(id): Path<CampaignId>,
) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    running(&mut tx, id).await?;
    let letters = campaigns::finish_by_template(&mut tx, id).await?;
    tx.commit().await?;
    tracing::info!(campaign.id = id.0, letters, "Campaign {id} is finished by the template");
    Ok(wrote(Notice::WrittenByTemplate, id, letters))
}

#[derive(Deserialize)]
pub struct Together {
    people: String,
}

pub async fn write_together(
    State(app): State<App>,
    Path(id): Path<CampaignId>,
    Form(typed): Form<Together>,
) -> Result<Redirect, Error> {
    let people = typed.people.trim().parse().ok().filter(|it| (1..=MAX_PEOPLE).contains(it));
    let Some(people) = people else {
        return Err(Error::Unprocessable("People in one request: a number from 1 to 8.".into()));
    };
    let mut tx = app.db.write().await?;
    let campaign = store::campaigns::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    if campaign.kind == CampaignKind::Match {
        return Err(Error::Conflict("A match e-mail is always written alone.".into()));
    }
    store::campaigns::set_people_per_request(&mut tx, id, people).await?;
    tx.commit().await?;
    let notice = if people == 1 { Notice::WrittenAlone } else { Notice::WrittenTogether };
    Ok(notice.redirect(&format!("/outreach/{id}")))
}

/// The page with a notice about how many messages are being written.
fn wrote(notice: Notice, id: CampaignId, messages: u64) -> Redirect {
    Redirect::to(&notice.url(&format!("/outreach/{id}"), &[("n", &messages.to_string())]))
}

pub async fn rewrite_templates(
    State(app): State<App>,
    Path(id): Path<CampaignId>,
) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    let campaign = running(&mut tx, id).await?;
    let now = app.clock.now();
    let letters = campaigns::rewrite_templates(&mut tx, &app.config, &campaign, now).await?;
    tx.commit().await?;
    tracing::info!(campaign.id = id.0, letters, "Campaign {id} is written again by Gemini");
    Ok(wrote(Notice::TemplatesRewritten, id, letters))
}
