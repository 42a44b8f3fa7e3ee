//! The event stream that keeps the matchmaking page up to date.

use std::convert::Infallible;

use axum::extract::State;
use axum::response::sse::{Event, Sse};
use futures_util::stream::Stream;

use super::steps::Steps;
use crate::app::App;
use crate::events::{self, CURRENT};
use crate::store;
use crate::store::matchmaking::{EmailCounts, Stats};
use crate::store::resumes::{Show, Sums};
use crate::web::assets;
use crate::web::error::Error;
use crate::web::page::Times;
use crate::web::resumes::{Item, items};
use crate::web::sse::{Live, follow};

/// Resumes that are listed beside the table.
pub const SHOWN_RESUMES: i64 = 8;

/// Changes when the page's tables, lists and charts must be loaded again.
pub fn version(sums: &Sums, stats: &Stats, emails: &EmailCounts) -> String {
    let numbers = [
        sums.newest,
        sums.total,
        sums.done,
        sums.needs_attention,
        stats.users_with_skills,
        stats.total_matches,
        stats.without_match,
        stats.last_run.map_or(0, |at| at.0),
        emails.due,
        emails.to_review,
        emails.sent,
    ];
    numbers.map(|number| number.to_string()).join(".")
}

pub async fn live(
    State(app): State<App>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    let reader = app.clone();
    follow(app, move || read(reader.clone()))
}

async fn read(app: App) -> Result<Live, Error> {
    let mut conn = app.db.read().await?;
    let event = events::current(&mut conn, &app.config).await?;
    let times = Times::new(event.time_zone.as_deref(), app.clock.now());
    let sums = store::resumes::sums(&mut conn).await?;
    let stats = store::matchmaking::stats(&mut conn, CURRENT).await?;
    let emails = store::matchmaking::email_counts(&mut conn, CURRENT).await?;
    let steps = Steps::new(&sums, &stats, &emails);
    let mut live = Live { version: version(&sums, &stats, &emails), ..Live::default() };
    live.text("s-resumes", steps.resumes);
    live.text("s-skills", steps.skills);
    live.text("s-matches", steps.matches);
    live.text("s-emails", steps.emails);
    let resumes = store::resumes::list(&mut conn, Show::All, SHOWN_RESUMES, 0).await?;
    for item in items(&mut conn, &app, &resumes, &times).await? {
        let Item { id, label, detail, tone, icon, .. } = item;
        live.text(format!("rt-{id}"), label);
        live.text(format!("rd-{id}"), detail);
        live.attr(format!("rw-{id}"), "class", Some(format!("st {tone}")));
        let icon = format!("{}/img/icons.svg#{icon}", assets::prefix());
        live.attr(format!("ri-{id}"), "href", Some(icon));
    }
    Ok(live)
}
