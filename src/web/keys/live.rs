//! Updates an open page, in the form that `static/js/live.js` reads.

use std::convert::Infallible;

use axum::extract::State;
use axum::response::sse::{Event, Sse};
use futures_util::stream::Stream;

use super::page::{Overview, shape};
use crate::app::App;
use crate::web::error::Error;
use crate::web::sse::{self, Live};

impl Overview {
    fn shown(&self) -> Live {
        let (mut shown, line) = (Live::default(), &self.line);
        attr(&mut shown, "pool-dot", "class", format!("dot {}", line.dot));
        shown.text("pool-words", &line.words);
        shown.text("pool-waiting", &line.waiting);
        for number in &self.numbers {
            shown.text(number.id, &number.figure);
            shown.text(format!("{}-w", number.id), &number.text);
        }
        for key in self.keys.iter().filter(|key| !key.is_idle) {
            let id = |part: &str| format!("{}-{part}", key.id);
            attr(&mut shown, &key.id, "class", if key.is_unavailable { "key rest" } else { "key" });
            state(&mut shown, &id("state"), key.tone, key.shape, key.word);
            shown.text(id("model"), &key.model);
            shown.text(id("used"), &key.minute.used);
            shown.text(id("of"), &key.minute.of);
            attr(&mut shown, id("ticks"), "d", &key.minute.ticks);
            attr(&mut shown, id("strip"), "aria-label", &key.minute.summary);
            shown.text(id("today"), &key.day.used);
            shown.text(id("limit"), &key.day.of);
            attr(&mut shown, id("bar"), "width", &key.day.width);
            attr(&mut shown, id("day"), "aria-label", &key.day.summary);
            shown.text(id("activity"), &key.activity);
            shown.text(id("why"), &key.why);
            shown.text(id("note"), &key.limit_note);
            shown.text(id("off"), &key.models_off);
            shown.text(id("error"), &key.last_error);
            flag(&mut shown, id("pause"), "hidden", !key.actions.pause);
            flag(&mut shown, id("resume"), "hidden", !key.actions.resume);
            flag(&mut shown, id("retry"), "hidden", !key.actions.retry);
        }
        for series in &self.chart.series {
            attr(&mut shown, &series.id, "d", &series.bars);
        }
        attr(&mut shown, "c-refused", "d", &self.chart.refusals);
        attr(&mut shown, "chart", "aria-label", &self.chart.summary);
        for line in &self.chart.grid {
            shown.text(&line.id, &line.label);
        }
        for label in &self.chart.axis {
            shown.text(&label.id, &label.text);
        }
        shown.text("with-keys", &self.with_keys);
        for task in &self.tasks {
            for (part, text) in [
                ("set", &task.set),
                ("now", &task.now),
                ("waiting", &task.waiting),
                ("last", &task.last),
                ("next", &task.next),
            ] {
                shown.text(format!("{}-{part}", task.id), text);
            }
        }
        flag(&mut shown, "h-none", "hidden", !self.no_incident);
        for (place, line) in self.incidents.iter().enumerate() {
            let id = format!("h{place}");
            flag(&mut shown, &id, "hidden", line.is_empty);
            shown.text(format!("{id}-at"), &line.at);
            state(&mut shown, &format!("{id}-state"), line.tone, line.shape, line.word);
            shown.text(format!("{id}-words"), &line.text);
        }
        shown.version.clone_from(&self.version);
        shown
    }
}

/// The word for a state, with its shape.
fn state(shown: &mut Live, id: &str, tone: &str, name: &str, word: &str) {
    attr(shown, id, "class", format!("st {tone}"));
    attr(shown, format!("{id}-shape"), "href", shape(name));
    shown.text(format!("{id}-word"), word);
}

fn attr(shown: &mut Live, id: impl Into<String>, name: &'static str, value: impl Into<String>) {
    shown.attr(id, name, Some(value.into()));
}

/// An attribute without a value, present or absent.
fn flag(shown: &mut Live, id: impl Into<String>, name: &'static str, is_set: bool) {
    shown.attr(id, name, is_set.then(String::new));
}

/// Sends the page's state once a second, since the strips move even if nothing happens.
pub async fn stream(State(app): State<App>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    sse::follow(app.clone(), move || current(app.clone()))
}

async fn current(app: App) -> Result<Live, Error> {
    let mut conn = app.db.read().await?;
    Ok(Overview::load(&app, &mut conn).await?.shown())
}
