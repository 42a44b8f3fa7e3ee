//! The home page: what to set up, what needs a person, what is in progress.

mod first_run;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};

use crate::app::App;
use crate::campaigns::progress;
use crate::model::campaign::CampaignState;
use crate::store::overview::Waiting;
use crate::web::error::Error;
use crate::web::guard::Organiser;
use crate::web::page::{Frame, Place, count, filters, render};
use crate::{events, store};
use first_run::{Step, StepState};

/// The setting that hides the first-run list.
const HIDDEN: &str = "first_run_hidden";

#[derive(Template)]
#[template(path = "home/home.html")]
pub struct HomePage {
    frame: Frame,
    /// Empty when the list is hidden.
    steps: Vec<Step>,
    done: usize,
    waiting: Vec<Line>,
    running: Vec<Running>,
}

struct Line {
    text: String,
    url: String,
}

struct Running {
    name: String,
    url: String,
    text: String,
    done: i64,
    total: i64,
}

pub async fn home(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let frame = Frame::load(&app, &mut conn, &organiser, Place::Home).await?;
    let hidden = store::events::setting(&mut conn, events::CURRENT, HIDDEN).await?.is_some();
    let event = events::current(&mut conn, &app.config).await?;
    let campaigns = store::campaigns::count(&mut conn, event.id).await?;
    let steps = if hidden {
        Vec::new()
    } else {
        first_run::steps(&app, event.is_named, frame.people, campaigns)
    };
    let mut running = Vec::new();
    for campaign in store::campaigns::list(&mut conn, event.id, 20, 0).await? {
        if !matches!(campaign.state, CampaignState::Running | CampaignState::Paused) {
            continue;
        }
        let progress = progress::of(&mut conn, &campaign).await?;
        if campaign.state == CampaignState::Running && progress.is_done(campaign.state) {
            continue;
        }
        let written = progress.total - progress.to_write();
        running.push(Running {
            name: campaign.name.clone(),
            url: format!("/outreach/{}", campaign.id),
            text: format!("{}: {written} of {} written", campaign.state.label(), progress.total),
            done: written,
            total: progress.total,
        });
    }
    let waiting = lines(&store::overview::waiting(&mut conn).await?);
    let page = HomePage {
        frame,
        done: steps.iter().filter(|step| step.state == StepState::Done).count(),
        steps,
        waiting,
        running,
    };
    Ok(render(&page)?.into_response())
}

fn lines(waiting: &Waiting) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut add = |number: i64, one, many, url: &str| {
        if number > 0 {
            lines.push(Line { text: count(number, one, many), url: url.into() });
        }
    };
    let campaign = |id: Option<i64>, state: &str| match id {
        Some(id) => format!("/outreach/{id}?state={state}"),
        None => "/outreach".into(),
    };
    let to_review = campaign(waiting.review_campaign, "drafted");
    let uncertain = campaign(waiting.uncertain_campaign, "uncertain");
    let failed = campaign(waiting.failed_campaign, "failed");
    add(waiting.to_review, "draft to review", "drafts to review", &to_review);
    add(
        waiting.uncertain,
        "email that may or may not have gone out",
        "emails that may or may not have gone out",
        &uncertain,
    );
    add(waiting.failed, "message that failed", "messages that failed", &failed);
    add(waiting.unclaimed, "resume without a person", "resumes without a person", "/matchmaking");
    add(
        waiting.unreadable,
        "resume that could not be read",
        "resumes that could not be read",
        "/matchmaking",
    );
    add(
        waiting.unanswered,
        "question that the FAQ does not answer",
        "questions that the FAQ does not answer",
        "/faq#unanswered",
    );
    lines
}

pub async fn hide(State(app): State<App>) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    store::events::set(&mut tx, events::CURRENT, HIDDEN, "yes").await?;
    tx.commit().await?;
    Ok(Redirect::to("/"))
}

#[derive(Template)]
#[template(path = "home/more.html")]
pub struct MorePage {
    frame: Frame,
}

/// The rest of the navigation, for narrow screens.
pub async fn more(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let frame = Frame::load(&app, &mut conn, &organiser, Place::Settings).await?;
    Ok(render(&MorePage { frame })?.into_response())
}
