//! Event streams that keep a page true while it is looked at. They re-read the rows: the signal that something was
//! written carries no data, and a slow look finds what another process wrote. The page is right without them.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use tokio::sync::watch;

use super::Error;
use crate::app::App;
use crate::model::Millis;

/// At least this much between two looks: the page changes at most twice a second.
const PACE: Duration = Duration::from_millis(500);

/// Another process may have written: nobody waits longer than this for a look.
const PATIENCE: Duration = Duration::from_secs(1);

/// Everything that the script changes on a page, by the ids of its elements. Each event carries the whole of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Live {
    pub texts: BTreeMap<String, String>,
    /// `None` takes an attribute away.
    pub attrs: BTreeMap<String, BTreeMap<&'static str, Option<String>>>,
    /// When it is not what stands in `data-live-version`, the page's parts are fetched anew.
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

/// A stream of what `look` finds: at once, then whenever it finds something else, until Muster stops or what it looks
/// at is gone.
pub fn follow<L, F>(app: App, look: L) -> Sse<impl Stream<Item = Result<Event, Infallible>>>
where
    L: FnMut() -> F + Send + 'static,
    F: Future<Output = Result<Live, Error>> + Send + 'static,
{
    let changes = app.db.changes();
    let eye = Eye { app, look, changes, shown: None, looked: None };
    let events = stream::unfold(eye, |mut eye| async {
        let event = eye.next().await?;
        Some((Ok(event), eye))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

struct Eye<L> {
    app: App,
    look: L,
    changes: watch::Receiver<u64>,
    shown: Option<Live>,
    looked: Option<Millis>,
}

impl<L, F> Eye<L>
where
    L: FnMut() -> F + Send,
    F: Future<Output = Result<Live, Error>> + Send,
{
    /// The next event; `None` ends the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(looked) = self.looked {
                let stopping = self.app.stopping.clone();
                tokio::select! {
                    () = stopping.cancelled() => return None,
                    () = self.wait(looked) => {}
                }
            }
            self.looked = Some(self.app.clock.now());
            self.changes.mark_unchanged();
            match (self.look)().await {
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

    async fn wait(&mut self, looked: Millis) {
        let clock = self.app.clock.clone();
        clock.sleep_until(looked.plus(PACE)).await;
        tokio::select! {
            _ = self.changes.changed() => {}
            () = clock.sleep_until(looked.plus(PATIENCE)) => {}
        }
    }
}
