//! Keeps the matchmaking page true while it is looked at: the rows are read again whenever something was committed, and
//! once a second in any case, since another process may have written.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use super::{SHOWN_RESUMES, Steps};
use crate::app::App;
use crate::events::{self, CURRENT};
use crate::store;
use crate::store::matches::Stats;
use crate::store::resumes::{Show, Sums};
use crate::web::Error;
use crate::web::assets;
use crate::web::page::Times;
use crate::web::resumes::Item;

/// Two changes a second are as many as anybody can read.
const PAUSE: Duration = Duration::from_millis(500);

/// Looked at again although nothing was committed here.
const LOOK: Duration = Duration::from_secs(1);

#[derive(Deserialize)]
pub struct Seen {
    #[serde(default)]
    seen: String,
}

/// What a page was made from. When everything is read and this has changed, tables and charts are out of date.
pub fn stamp(sums: &Sums, stats: &Stats) -> String {
    format!(
        "{}.{}.{}.{}.{}.{}",
        sums.newest,
        sums.done,
        sums.needs_a_look,
        stats.users_with_skills,
        stats.total_matches,
        stats.last_run.map_or(0, |at| at.0)
    )
}

struct Watcher {
    app: App,
    changes: watch::Receiver<u64>,
    seen: String,
    last: Option<Value>,
}

pub async fn live(
    State(app): State<App>,
    Query(Seen { seen }): Query<Seen>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let watcher = Watcher { changes: app.db.changes(), app, seen, last: None };
    let events = stream::unfold(watcher, async |mut watcher| {
        let state = watcher.next().await?;
        Some((Ok(Event::default().data(state.to_string())), watcher))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

impl Watcher {
    /// The next state that differs from the last; `None` when Muster stops or the database does not answer.
    async fn next(&mut self) -> Option<Value> {
        let stopping = self.app.stopping.clone();
        loop {
            if self.last.is_some() {
                tokio::select! {
                    () = stopping.cancelled() => return None,
                    () = self.wait() => {}
                }
            }
            if stopping.is_cancelled() {
                return None;
            }
            // Seen before it is read: what is committed meanwhile is looked at in the next round.
            self.changes.borrow_and_update();
            match look(&self.app, &self.seen).await {
                Ok(state) if self.last.as_ref() != Some(&state) => {
                    self.last = Some(state.clone());
                    return Some(state);
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(error = %error, "the matchmaking page could not be kept live");
                    return None;
                }
            }
        }
    }

    async fn wait(&mut self) {
        tokio::time::sleep(PAUSE).await;
        let changed = self.changes.changed();
        // The database outlives the stream; a timeout only means "look anyway".
        let _ = tokio::time::timeout(LOOK - PAUSE, changed).await;
    }
}

async fn look(app: &App, seen: &str) -> Result<Value, Error> {
    let mut conn = app.db.read().await?;
    let event = events::current(&mut conn, &app.config).await?;
    let times = Times::new(event.time_zone.as_deref(), app.clock.now());
    let sums = store::resumes::sums(&mut conn).await?;
    let stats = store::matches::stats(&mut conn, CURRENT).await?;
    let mails = store::room::mails(&mut conn, CURRENT).await?;
    let steps = Steps::new(&sums, &stats, &mails);
    let mut texts = Map::new();
    let mut attrs = Map::new();
    for (id, words) in [
        ("s-resumes", &steps.resumes),
        ("s-skills", &steps.skills),
        ("s-matches", &steps.matches),
        ("s-mails", &steps.mails),
    ] {
        texts.insert(id.into(), json!(words));
    }
    for resume in store::resumes::list(&mut conn, Show::All, SHOWN_RESUMES, 0).await? {
        let item = Item::new(&resume, &times);
        let icon = format!("{}/img/icons.svg#{}", assets::prefix(), item.icon);
        texts.insert(format!("rt-{}", item.id), json!(item.word));
        texts.insert(format!("rd-{}", item.id), json!(item.detail));
        attrs.insert(format!("rw-{}", item.id), json!({ "class": format!("st {}", item.tone) }));
        attrs.insert(format!("ri-{}", item.id), json!({ "href": icon }));
    }
    let reload = sums.in_work == 0 && stamp(&sums, &stats) != seen;
    Ok(json!({ "texts": texts, "attrs": attrs, "reload": reload }))
}
