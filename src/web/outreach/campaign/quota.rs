//! What to do when the day's quota is not enough: wait, put several people into one request, or let the template
//! finish. And when there is quota again: let the model rewrite what the template wrote.

use askama::Template;
use axum::Extension;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::overview::Overview;
use crate::app::App;
use crate::campaigns;
use crate::campaigns::progress::{self, Progress};
use crate::campaigns::requests::{self, MAX_PEOPLE};
use crate::keys;
use crate::model::campaign::{CampaignKind, CampaignState};
use crate::model::{CampaignId, Millis};
use crate::store::campaigns::Campaign;
use crate::store::{self, Conn};
use crate::web::error::Error;
use crate::web::guard::Organiser;
use crate::web::notice::Notice;
use crate::web::page::{Frame, Place, count, filters, render};

/// What the page offers.
#[derive(Default)]
pub struct Quota {
    /// A sentence about today's quota if it is not enough; otherwise empty.
    pub ends: String,
    /// How many people are put into one request, and the most; both 1 where this cannot be changed.
    pub people_per_request: i64,
    pub max: i64,
    /// How many messages the template would write; 0: it is not offered.
    pub to_write: i64,
    /// How many messages by the template the model could rewrite now.
    pub rewritable: i64,
}

impl Quota {
    pub async fn read(
        conn: &mut Conn,
        app: &App,
        overview: &Overview,
        now: Millis,
    ) -> sqlx::Result<Self> {
        let Overview { campaign, progress, .. } = overview;
        let mut quota = Self {
            people_per_request: requests::people_per_request(&app.config, campaign),
            max: if campaign.kind == CampaignKind::Match { 1 } else { MAX_PEOPLE },
            ..Self::default()
        };
        if let Some(ends) = progress.quota_ends {
            quota.to_write = progress.to_write();
            quota.ends = format!(
                "{} left today for {}. The quota is renewed at {}, when a new day begins in California.",
                match ends.left {
                    0 => "No request is".to_owned(),
                    left => count(left as i64, "request is", "requests are"),
                },
                count(quota.to_write, "message", "messages"),
                overview.times.at(ends.at),
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

    /// Whether several people are put into one request although today's quota is enough.
    pub fn is_batched(&self) -> bool {
        self.people_per_request > 1 && self.ends.is_empty()
    }
}

/// What the template will do.
pub fn template_text(campaign: &Campaign, progress: &Progress) -> String {
    let messages = count(
        progress.to_write(),
        "message that is not written yet",
        "messages that are not written yet",
    );
    match campaign.kind {
        CampaignKind::Live => format!(
            "The template writes the {messages}. What passes every check is sent at once, like the rest \
             of this campaign."
        ),
        CampaignKind::Test | CampaignKind::Match => format!(
            "The template writes the {messages}, for your review. Gemini can rewrite them when it has \
             quota again."
        ),
    }
}

#[derive(Template)]
#[template(path = "outreach/confirm_template.html")]
struct ConfirmTemplatePage {
    frame: Frame,
    title: String,
    id: CampaignId,
    text: String,
}

pub async fn confirm_template(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path(id): Path<CampaignId>,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let campaign = store::campaigns::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
    let progress = progress::of(&mut conn, &campaign).await?;
    let page = ConfirmTemplatePage {
        frame: Frame::load(&app, &mut conn, &organiser, Place::Outreach).await?,
        title: format!("{} {id}", campaign.name),
        id,
        text: template_text(&campaign, &progress),
    };
    Ok(render(&page)?.into_response())
}

/// The campaign, if it is running: nothing is written for others.
async fn running(tx: &mut Conn, id: CampaignId) -> Result<Campaign, Error> {
    let campaign = store::campaigns::find(tx, id).await?.ok_or(Error::NotFound)?;
    if campaign.state != CampaignState::Running {
        return Err(Error::Conflict("The campaign is not running. Resume it first.".into()));
    }
    Ok(campaign)
}

pub async fn finish_by_template(
    State(app): State<App>,
    Path(id): Path<CampaignId>,
) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    running(&mut tx, id).await?;
    let messages = campaigns::finish_by_template(&mut tx, id).await?;
    tx.commit().await?;
    tracing::info!(campaign.id = id.0, messages, "The template finishes campaign {id}");
    Ok(writing(Notice::WrittenByTemplate, id, messages))
}

#[derive(Deserialize)]
pub struct PeoplePerRequest {
    people: String,
}

pub async fn set_people_per_request(
    State(app): State<App>,
    Path(id): Path<CampaignId>,
    Form(typed): Form<PeoplePerRequest>,
) -> Result<Redirect, Error> {
    let people = typed.people.trim().parse().ok().filter(|it| (1..=MAX_PEOPLE).contains(it));
    let Some(people) = people else {
        return Err(Error::Unprocessable(
            "The number of people in one request must be from 1 to 8.".into(),
        ));
    };
    let mut tx = app.db.write().await?;
    let campaign = store::campaigns::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    if campaign.kind == CampaignKind::Match {
        return Err(Error::Conflict("Each match email is written in a request of its own.".into()));
    }
    store::campaigns::set_people_per_request(&mut tx, id, people).await?;
    tx.commit().await?;
    let notice = if people == 1 { Notice::WrittenAlone } else { Notice::WrittenTogether };
    Ok(notice.redirect(&format!("/outreach/{id}")))
}

/// The page with a notice about how many messages are being written.
fn writing(notice: Notice, id: CampaignId, messages: u64) -> Redirect {
    Redirect::to(&notice.url(&format!("/outreach/{id}"), &[("n", &messages.to_string())]))
}

pub async fn rewrite_templates(
    State(app): State<App>,
    Path(id): Path<CampaignId>,
) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    let campaign = running(&mut tx, id).await?;
    let now = app.clock.now();
    let messages = campaigns::rewrite_templates(&mut tx, &app.config, &campaign, now).await?;
    tx.commit().await?;
    tracing::info!(campaign.id = id.0, messages, "Gemini rewrites campaign {id}");
    Ok(writing(Notice::TemplatesRewritten, id, messages))
}
