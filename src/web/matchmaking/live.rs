//! Keeps the matchmaking page true while it is looked at.

use std::convert::Infallible;

use axum::extract::State;
use axum::response::sse::{Event, Sse};
use futures_util::stream::Stream;

use super::SHOWN_RESUMES;
use super::steps::Steps;
use crate::app::App;
use crate::events::{self, CURRENT};
use crate::store;
use crate::store::matches::Stats;
use crate::store::matchmaking::Mails;
use crate::store::resumes::{Show, Sums};
use crate::web::Error;
use crate::web::assets;
use crate::web::page::Times;
use crate::web::resumes::{Item, items};
use crate::web::sse::{Live, follow};

/// What the page's tables, lists and charts were made from: when it changes they are fetched anew.
pub fn version(sums: &Sums, stats: &Stats, mails: &Mails) -> String {
    let numbers = [
        sums.newest,
        sums.total,
        sums.done,
        sums.needs_a_look,
        stats.users_with_skills,
        stats.total_matches,
        stats.without_match,
        stats.last_run.map_or(0, |at| at.0),
        mails.due,
        mails.to_review,
        mails.sent,
    ];
    numbers.map(|number| number.to_string()).join(".")
}

pub async fn live(
    State(app): State<App>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    let looking = app.clone();
    follow(app, move || look(looking.clone()))
}

async fn look(app: App) -> Result<Live, Error> {
    let mut conn = app.db.read().await?;
    let event = events::current(&mut conn, &app.config).await?;
    let times = Times::new(event.time_zone.as_deref(), app.clock.now());
    let sums = store::resumes::sums(&mut conn).await?;
    let stats = store::matches::stats(&mut conn, CURRENT).await?;
    let mails = store::matchmaking::mails(&mut conn, CURRENT).await?;
    let steps = Steps::new(&sums, &stats, &mails);
    let mut live = Live { version: version(&sums, &stats, &mails), ..Live::default() };
    live.text("s-resumes", steps.resumes);
    live.text("s-skills", steps.skills);
    live.text("s-matches", steps.matches);
    live.text("s-mails", steps.mails);
    let resumes = store::resumes::list(&mut conn, Show::All, SHOWN_RESUMES, 0).await?;
    for item in items(&mut conn, &app, &resumes, &times).await? {
        let Item { id, word, detail, tone, icon, .. } = item;
        live.text(format!("rt-{id}"), word);
        live.text(format!("rd-{id}"), detail);
        live.attr(format!("rw-{id}"), "class", Some(format!("st {tone}")));
        let picture = format!("{}/img/icons.svg#{icon}", assets::prefix());
        live.attr(format!("ri-{id}"), "href", Some(picture));
    }
    Ok(live)
}
