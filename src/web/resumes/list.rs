//! The list of resumes.

use askama::Template;
use axum::Extension;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::item::{Item, items};
use crate::app::App;
use crate::store::resumes::Show;
use crate::web::error::Error;
use crate::web::guard::Organiser;
use crate::web::notice::NoticeQuery;
use crate::web::page::{Frame, Pager, Place, Times, filters, render};
use crate::{events, store};

const PER_PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "matchmaking/resumes.html")]
pub struct ListPage {
    frame: Frame,
    notice: String,
    tabs: Vec<Tab>,
    rows: Vec<Item>,
    pager: Pager,
}

struct Tab {
    label: String,
    url: String,
    current: bool,
}

#[derive(Deserialize)]
pub struct ListQuery {
    show: Option<String>,
    page: Option<i64>,
}

pub async fn list(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Query(query): Query<ListQuery>,
    notice: NoticeQuery,
) -> Result<Response, Error> {
    let show: Show = query.show.and_then(|word| word.parse().ok()).unwrap_or_default();
    let mut conn = app.db.read().await?;
    let event = events::current(&mut conn, &app.config).await?;
    let times = Times::new(event.time_zone.as_deref(), app.clock.now());
    let mut tabs = Vec::new();
    let mut total = 0;
    for &part in Show::ALL {
        let number = store::resumes::count(&mut conn, part).await?;
        if part == show {
            total = number;
        }
        tabs.push(Tab {
            label: format!("{} {number}", label(part)),
            url: Pager::new(None, 1, 0, "/matchmaking/resumes", &[("show", in_url(part))])
                .address(),
            current: part == show,
        });
    }
    let filter = [("show", in_url(show))];
    let pager = Pager::new(query.page, PER_PAGE, total, "/matchmaking/resumes", &filter);
    let rows = store::resumes::list(&mut conn, show, PER_PAGE, pager.offset()).await?;
    let page = ListPage {
        frame: Frame::load(&app, &mut conn, &organiser, Place::Matchmaking).await?,
        notice: notice.text(),
        tabs,
        rows: items(&mut conn, &app, &rows, &times).await?,
        pager,
    };
    Ok(render(&page)?.into_response())
}

/// The value in the address; empty for the whole list.
fn in_url(show: Show) -> &'static str {
    match show {
        Show::All => "",
        Show::NeedsAttention | Show::InProgress => show.as_str(),
    }
}

fn label(show: Show) -> &'static str {
    match show {
        Show::All => "All",
        Show::NeedsAttention => "Need a look",
        Show::InProgress => "In progress",
    }
}
