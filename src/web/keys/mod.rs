//! The key pool as organisers see it: which key is used next, which cool down or are disabled and why, what waits, and
//! what happened. No digit of a key is on this page: a key is its number, its variable and its project.

mod change;
mod chart;
mod env_changes;
mod incident;
mod key_row;
mod live;
mod page;
mod task_row;
mod text;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::{Redirect, Response};

use self::page::{AddForm, done, shown};
use crate::app::App;
use crate::keys;
use crate::model::KeyNumber;
use crate::web::error::Error;
use crate::web::guard::Organiser;
use crate::web::notice::{Details, Notice, NoticeQuery};

pub use self::change::{add, ask_project, ask_to_remove, group, name_project, reload_env, remove};
pub use self::live::stream;

pub async fn show(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    notice: NoticeQuery,
) -> Result<Response, Error> {
    let details = Details {
        name: notice.key.map_or_else(|| "The key".into(), text::name),
        changes: env_changes::read(&notice.changes),
        ..Details::default()
    };
    shown(&app, &organiser, notice.text_about(&details), AddForm::default(), String::new()).await
}

pub async fn pause(
    State(app): State<App>,
    Path(number): Path<KeyNumber>,
) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    keys::pause(&mut tx, &app.pool, number, app.clock.now()).await?;
    tx.commit().await?;
    Ok(done(Notice::KeyPaused, number))
}

pub async fn resume(
    State(app): State<App>,
    Path(number): Path<KeyNumber>,
) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    keys::resume(&mut tx, &app.pool, number).await?;
    tx.commit().await?;
    Ok(done(Notice::KeyResumed, number))
}

pub async fn retry(
    State(app): State<App>,
    Path(number): Path<KeyNumber>,
) -> Result<Redirect, Error> {
    app.pool.key(number).ok_or(Error::NotFound)?;
    // Google may be slow, so the page does not wait for it.
    tokio::spawn(async move {
        let checked =
            keys::check_and_retry(&app.db, &app.pool, &app.gemini, &app.clock, number).await;
        if let Err(error) = checked {
            tracing::error!(key.number = number.0, "Key #{number} could not be retried: {error}");
        }
    });
    Ok(done(Notice::KeyTried, number))
}
