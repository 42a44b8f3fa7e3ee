//! The sign of life of this process, and what is due from time to time.

use std::sync::Arc;
use std::time::Duration;

use super::lease;
use crate::app::{App, follow_database};
use crate::jobs::recovery;
use crate::owner::Owner;
use crate::store;

const HEARTBEAT: Duration = Duration::from_secs(5);
/// How often the database's clock is read, where it is the one that counts.
const READ_CLOCK: Duration = Duration::from_mins(1);
/// A gateway request whose process is gone is removed this long after its deadline.
const LEFT_BEHIND: Duration = Duration::from_mins(1);

pub async fn run(app: App, owner: Arc<Owner>) {
    let mut clock_read = app.clock.now();
    loop {
        app.clock.sleep(HEARTBEAT / app.config.time_scale).await;
        if let Err(error) = beat(&app, &owner).await {
            tracing::error!(error = format!("{error:#}"), "The leases could not be prolonged");
        }
        if app.clock.now().since(clock_read) >= READ_CLOCK {
            clock_read = app.clock.now();
            if let Err(error) = follow_database(&app.db, &app.clock).await {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "The database's clock could not be read"
                );
            }
        }
    }
}

/// Prolongs the leases of our jobs, and releases those whose owner has been silent for too long.
async fn beat(app: &App, owner: &Owner) -> sqlx::Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    store::jobs::heartbeat(&mut tx, &owner.name, lease::until(app, now)).await?;
    for silent in store::jobs::silent_owners(&mut tx, now).await? {
        recovery::settle(&mut tx, &silent, now).await?;
    }
    store::jobs::forget_forwards(&mut tx, now.minus(LEFT_BEHIND / app.config.time_scale)).await?;
    store::campaigns::finish_all_done(&mut tx, now).await?;
    tx.commit().await
}
