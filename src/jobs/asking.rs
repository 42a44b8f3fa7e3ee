//! Asks Gemini for one job, and books the result: what the runners of such jobs have in common.

use crate::app::App;
use crate::keys::{self, After, Grant};
use crate::llm::{Answer, Failure, Request, Unusable};
use crate::model::Millis;
use crate::store::jobs::Leased;
use crate::store::{self, Tx};

/// What every request to Gemini needs.
pub fn asking(app: &App) -> keys::Asking<'_> {
    keys::Asking { pool: &app.pool, client: &app.gemini, db: &app.db, clock: &app.clock }
}

/// Asks Gemini and reads the answer. An answer without the requested shape counts as unusable, which the pool books.
/// The value that was read is there exactly when the answer is.
pub async fn ask<T>(
    app: &App,
    grant: &Grant,
    request: &Request,
    read: impl FnOnce(&Answer) -> Result<T, Unusable>,
) -> (Result<Answer, Failure>, Option<T>) {
    match asking(app).ask(grant, request).await {
        Ok(answer) => match read(&answer) {
            Ok(read) => (Ok(answer), Some(read)),
            Err(why) => (Err(Failure::Unusable { why, usage: answer.usage }), None),
        },
        Err(failure) => (Err(failure), None),
    }
}

/// Books the outcome of a request in the transaction that ends the job. `None`: another process has the job by now, so
/// only the outcome is booked.
pub async fn settle(
    app: &App,
    leased: &Leased,
    grant: &Grant,
    outcome: &Result<Answer, Failure>,
    now: Millis,
) -> sqlx::Result<Option<(Tx, After)>> {
    let mut tx = app.db.write().await?;
    let after = keys::settle(&mut tx, &app.pool, grant, outcome, now).await?;
    if store::jobs::still_owned(&mut tx, leased).await? {
        return Ok(Some((tx, after)));
    }
    tx.commit().await?;
    Ok(None)
}
