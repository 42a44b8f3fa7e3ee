//! Event streams that update an open page. They read the rows again: the signal that something was written carries no
//! data, and a slow poll finds what another process wrote. Pages are correct without them.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use tokio::sync::watch;

use super::error::Error;
use crate::app::App;
use crate::model::Millis;

/// The shortest time between two reads: the page changes at most twice a second.
const PACE: Duration = Duration::from_millis(500);

/// The longest time between two reads, since another process may have written.
const PATIENCE: Duration = Duration::from_secs(1);

/// Everything that the script changes on a page, by the ids of its elements. Each event contains all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Live {
    pub texts: BTreeMap<String, String>,
    /// `None` removes an attribute.
    pub attrs: BTreeMap<String, BTreeMap<&'static str, Option<String>>>,
    /// If it differs from `data-live-version`, the page's parts are fetched again.
    pub version: String,
}

impl Live {
    pub fn text(&mut self, id: impl Into<String>, text: impl Into<String>) {
        self.texts.insert(id.into(), text.into());
    }

    pub fn attr(&mut self, id: impl Into<String>, name: &'static str, value: Option<String>) {
        self.attrs.entry(id.into()).or_default().insert(name, value);
    }
}

/// A stream of what `read` returns: at once, then whenever it changes, until Muster stops or the subject is deleted.
pub fn follow<L, F>(app: App, read: L) -> Sse<impl Stream<Item = Result<Event, Infallible>>>
where
    L: FnMut() -> F + Send + 'static,
    F: Future<Output = Result<Live, Error>> + Send + 'static,
{
    let changes = app.db.changes();
    let follower = Follower { app, read, changes, shown: None, last_read: None };
    let events = stream::unfold(follower, |mut follower| async {
        let event = follower.next().await?;
        Some((Ok(event), follower))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

struct Follower<L> {
    app: App,
    read: L,
    changes: watch::Receiver<u64>,
    shown: Option<Live>,
    last_read: Option<Millis>,
}

impl<L, F> Follower<L>
where
    L: FnMut() -> F + Send,
    F: Future<Output = Result<Live, Error>> + Send,
{
    /// The next event; `None` ends the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(last_read) = self.last_read {
                let stopping = self.app.stopping.clone();
                tokio::select! {
                    () = stopping.cancelled() => return None,
                    () = self.wait(last_read) => {}
                }
            }
            self.last_read = Some(self.app.clock.now());
            self.changes.mark_unchanged();
            match (self.read)().await {
                Ok(live) if self.shown.as_ref() == Some(&live) => {}
                Ok(live) => {
                    let event = Event::default().json_data(&live);
                    self.shown = Some(live);
                    return event.ok();
                }
                Err(Error::NotFound) => return None,
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "an event stream broke off");
                    return None;
                }
            }
        }
    }

    async fn wait(&mut self, last_read: Millis) {
        let clock = self.app.clock.clone();
        clock.sleep_until(last_read.plus(PACE)).await;
        tokio::select! {
            _ = self.changes.changed() => {}
            () = clock.sleep_until(last_read.plus(PATIENCE)) => {}
        }
    }
}
