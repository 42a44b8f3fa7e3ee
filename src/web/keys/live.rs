//! Keeps an open page true: what changed since the last event, as `static/js/live.js` reads it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use serde_json::{Value, json};

use super::Board;
use crate::app::App;
use crate::web::Error;

/// Between two events at least.
const PAUSE: Duration = Duration::from_millis(500);
/// The strips move this often, whether or not something happened.
const BEAT: Duration = Duration::from_secs(1);

/// What the page shows, by the ids of its elements.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    texts: BTreeMap<String, String>,
    /// `None` takes the attribute away.
    attrs: BTreeMap<String, BTreeMap<&'static str, Option<String>>>,
}

impl Shown {
    fn text(&mut self, id: impl Into<String>, text: &str) {
        self.texts.insert(id.into(), text.to_owned());
    }

    fn attr(&mut self, id: impl Into<String>, name: &'static str, value: impl Into<String>) {
        self.attrs.entry(id.into()).or_default().insert(name, Some(value.into()));
    }

    fn flag(&mut self, id: impl Into<String>, name: &'static str, is_set: bool) {
        self.attrs.entry(id.into()).or_default().insert(name, is_set.then(String::new));
    }

    /// The event that leads from `before` to this; `None` when nothing changed.
    fn since(&self, before: &Self) -> Option<Value> {
        let texts: BTreeMap<_, _> =
            self.texts.iter().filter(|(id, text)| before.texts.get(*id) != Some(text)).collect();
        let mut attrs: BTreeMap<&str, BTreeMap<&str, &Option<String>>> = BTreeMap::new();
        for (id, values) in &self.attrs {
            let known = before.attrs.get(id);
            for (name, value) in values {
                if known.and_then(|known| known.get(name)) != Some(value) {
                    attrs.entry(id).or_default().insert(name, value);
                }
            }
        }
        let unchanged = texts.is_empty() && attrs.is_empty();
        (!unchanged).then(|| json!({ "texts": texts, "attrs": attrs }))
    }
}

impl Board {
    fn shown(&self) -> Shown {
        let (mut shown, line) = (Shown::default(), &self.line);
        shown.attr("pool-dot", "class", format!("dot {}", line.dot));
        shown.text("pool-words", &line.words);
        shown.text("pool-waiting", &line.waiting);
        for number in &self.numbers {
            shown.text(number.id, &number.number);
            shown.text(format!("{}-w", number.id), &number.words);
        }
        for key in self.keys.iter().filter(|key| !key.is_twin) {
            let id = |part: &str| format!("{}-{part}", key.id);
            shown.attr(&key.id, "class", if key.is_away { "key rest" } else { "key" });
            state(&mut shown, &id("state"), key.tone, key.shape, key.word);
            shown.text(id("model"), &key.model);
            shown.text(id("used"), &key.minute.used);
            shown.text(id("of"), &key.minute.of);
            shown.attr(id("ticks"), "d", &key.minute.ticks);
            shown.attr(id("strip"), "aria-label", &key.minute.words);
            shown.text(id("today"), &key.day.used);
            shown.text(id("limit"), &key.day.of);
            shown.attr(id("bar"), "width", &key.day.width);
            shown.attr(id("day"), "aria-label", &key.day.words);
            shown.text(id("activity"), &key.activity);
            shown.text(id("why"), &key.why);
            shown.text(id("note"), &key.limit_note);
            shown.text(id("off"), &key.models_off);
            shown.text(id("error"), &key.last_error);
            shown.flag(id("pause"), "hidden", !key.can_pause);
            shown.flag(id("go-on"), "hidden", !key.can_go_on);
            shown.flag(id("try"), "hidden", !key.can_try);
        }
        for series in &self.chart.series {
            shown.attr(&series.id, "d", &series.bars);
        }
        shown.attr("c-refused", "d", &self.chart.refusals);
        shown.attr("chart", "aria-label", &self.chart.words);
        for line in &self.chart.grid {
            shown.text(&line.id, &line.label);
        }
        for label in &self.chart.axis {
            shown.text(&label.id, &label.label);
        }
        shown.text("with-keys", &self.with_keys);
        for task in &self.tasks {
            for (part, words) in [
                ("set", &task.set),
                ("now", &task.now),
                ("waiting", &task.waiting),
                ("last", &task.last),
                ("next", &task.next),
            ] {
                shown.text(format!("{}-{part}", task.id), words);
            }
        }
        shown.flag("h-none", "hidden", !self.calm);
        for (place, line) in self.happened.iter().enumerate() {
            let id = format!("h{place}");
            shown.flag(&id, "hidden", line.is_empty);
            shown.text(format!("{id}-at"), &line.at);
            state(&mut shown, &format!("{id}-state"), line.tone, line.shape, line.word);
            shown.text(format!("{id}-words"), &line.words);
        }
        shown
    }
}

/// A word of state with its shape.
fn state(shown: &mut Shown, id: &str, tone: &str, shape: &str, word: &str) {
    shown.attr(id, "class", format!("st {tone}"));
    shown.attr(format!("{id}-shape"), "href", super::shape(shape));
    shown.text(format!("{id}-word"), word);
}

/// Begins with everything that the page shows, then what changes; ends when Muster stops.
pub async fn stream(State(app): State<App>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = app.db.changes();
    let events = stream::unfold((app, changes, None), async |(app, mut changes, mut before)| {
        loop {
            if before.is_some() {
                let rest = async {
                    app.clock.sleep(PAUSE).await;
                    tokio::select! {
                        () = app.clock.sleep(BEAT - PAUSE) => {}
                        _ = changes.changed() => {}
                    }
                };
                tokio::select! {
                    () = app.stopping.cancelled() => return None,
                    () = rest => {}
                }
            }
            changes.mark_unchanged();
            let shown = match load(&app).await {
                Ok(shown) => shown,
                Err(error) => {
                    // The browser asks again by itself, and says that the page is not live.
                    tracing::error!(error = format!("{error:?}"), "the keys cannot be read");
                    return None;
                }
            };
            let change = shown.since(&before.unwrap_or_default());
            before = Some(shown);
            if let Some(change) = change {
                let event = Event::default().data(change.to_string());
                return Some((Ok(event), (app, changes, before)));
            }
        }
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

async fn load(app: &App) -> Result<Shown, Error> {
    let mut conn = app.db.read().await?;
    Ok(Board::load(app, &mut conn).await?.shown())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_told() {
        let mut before = Shown::default();
        before.text("a", "1");
        before.attr("b", "class", "x");
        before.flag("b", "hidden", true);
        assert_eq!(before.since(&before), None);

        let mut after = before.clone();
        after.text("a", "2");
        after.flag("b", "hidden", false);
        assert_eq!(
            after.since(&before),
            Some(json!({ "texts": { "a": "2" }, "attrs": { "b": { "hidden": null } } }))
        );
    }
}
