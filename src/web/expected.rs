//! When work that waits for Gemini is expected to start, and why not now: a sentence for a message or a resume.

use std::time::Duration;

use super::page::{Times, count};
use crate::app::App;
use crate::keys::{self, Expected, Now};
use crate::model::{Job, Millis};
use crate::store::{self, Conn};

/// The pool's state now, read once for everything on a page.
pub struct Estimates {
    known: Now,
    window: Duration,
    now: Millis,
}

impl Estimates {
    pub async fn read(conn: &mut Conn, app: &App, now: Millis) -> sqlx::Result<Self> {
        let waiting = store::jobs::waiting(conn, now).await?;
        let known = keys::now(conn, &app.pool, &waiting, now).await?;
        Ok(Self { known, window: app.pool.pace().window, now })
    }

    /// The sentence about one job; `None` when it does not wait for a key.
    pub async fn of(
        &self,
        conn: &mut Conn,
        job: Job,
        times: &Times,
    ) -> sqlx::Result<Option<String>> {
        let Some(place) = store::jobs::place(conn, job).await? else { return Ok(None) };
        let others = match place.ahead {
            0 => "it is next".to_owned(),
            ahead => format!("{} before it", count(ahead, "other starts", "others start")),
        };
        let expected = keys::expected(&self.known, self.window, place.task, place.ahead, self.now);
        Ok(Some(match expected {
            Expected::Fallback { why } => format!("It waits for no key: {why}."),
            Expected::At { at, why } if why.is_empty() => {
                format!("Expected at {}: {others}.", times.at(at))
            }
            Expected::At { at, why } => {
                format!("Expected at {}: {others}. Right now: {why}.", times.at(at))
            }
        }))
    }
}
