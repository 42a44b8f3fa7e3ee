//! The event stream of a campaign's page: counts, bar, sentences and lines, read afresh from the database.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};

use super::filter::PageQuery;
use super::overview::{Overview, class, tab_label};
use crate::app::App;
use crate::model::CampaignId;
use crate::model::message::MessageState;
use crate::store;
use crate::web::assets;
use crate::web::error::Error;
use crate::web::sse::{Live, follow};

pub async fn live(
    State(app): State<App>,
    Path(id): Path<CampaignId>,
    Query(query): Query<PageQuery>,
) -> Result<Response, Error> {
    store::campaigns::find(&mut *app.db.read().await?, id).await?.ok_or(Error::NotFound)?;
    let reader = app.clone();
    let read = move || {
        let (app, query) = (reader.clone(), query.clone());
        async move {
            let mut conn = app.db.read().await?;
            Ok(state_of(&Overview::read(&mut conn, &app, id, &query).await?))
        }
    };
    Ok(follow(app, read).into_response())
}

fn state_of(overview: &Overview) -> Live {
    let mut live = Live { version: overview.version(), ..Live::default() };
    for (state, count) in overview.progress.counts() {
        live.text(format!("n-{state}"), count.to_string());
        live.attr(format!("state-{state}"), "class", Some(class(*state, *count).into()));
    }
    let bar = overview.bar();
    live.attr("bar", "aria-label", Some(bar.label));
    for part in bar.parts {
        let id = format!("bar-{}", part.state);
        live.attr(id.clone(), "x", Some(part.x));
        live.attr(id, "width", Some(part.width));
    }
    for (id, text) in overview.sentences() {
        live.attr(id, "hidden", text.is_empty().then(String::new));
        live.text(id, text);
    }
    for state in MessageState::ALL.iter().copied().map(Some).chain([None]) {
        let word = state.map_or("all", MessageState::as_str);
        live.text(format!("tab-{word}"), tab_label(&overview.progress, state));
    }
    live.text("range", overview.range());
    for row in &overview.rows {
        let icon = format!("{}/img/icons.svg#st-{}", assets::prefix(), row.tone);
        live.attr(format!("st-{}", row.id), "class", Some(format!("st {}", row.tone)));
        live.attr(format!("st-icon-{}", row.id), "href", Some(icon));
        live.text(format!("st-word-{}", row.id), &*row.label);
        live.text(format!("st-note-{}", row.id), &*row.note);
        live.text(format!("subject-{}", row.id), &*row.subject);
    }
    live
}
