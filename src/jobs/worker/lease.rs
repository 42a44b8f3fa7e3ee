//! The lease on a claimed job: how long it lasts, and how a job is released after a fault.

use std::time::Duration;

use crate::app::App;
use crate::model::Millis;
use crate::store;
use crate::store::Conn;
use crate::store::jobs::Leased;

/// A job whose process gives no sign of life for this long is released.
const LEASE: Duration = Duration::from_secs(15);
/// After a fault of our own the job is run again after a growing pause.
const FAULT_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_FAULT_PAUSE: Duration = Duration::from_mins(10);

/// Until when a lease lasts that begins or is prolonged now.
pub fn until(app: &App, now: Millis) -> Millis {
    now.plus(LEASE / app.config.time_scale)
}

/// Releases a job that failed. A fault of ours costs an attempt and a pause; the job is never lost.
pub async fn put_off(app: &App, leased: &Leased, error: &anyhow::Error) {
    let at = after_fault(app, leased, error);
    // As long as this process lives its heartbeat prolongs the lease, so no other would run the job.
    while let Err(fault) = release(app, leased, at, error).await {
        tracing::error!(
            job.id = leased.id.0,
            error = format!("{fault:#}"),
            "Job {} could not be released; retrying",
            leased.id
        );
        app.clock.sleep(FAULT_PAUSE / app.config.time_scale).await;
    }
}

/// When a job that failed by a fault of ours is run again.
pub fn after_fault(app: &App, leased: &Leased, error: &anyhow::Error) -> Millis {
    tracing::error!(
        job.id = leased.id.0,
        kind = leased.job.kind().as_str(),
        error = format!("{error:#}"),
        "Job {} failed and will be retried",
        leased.id
    );
    let doublings = leased.attempts.clamp(0, 16) as u32;
    let pause = (FAULT_PAUSE * 2_u32.saturating_pow(doublings)).min(LONGEST_FAULT_PAUSE);
    app.clock.now().plus(pause / app.config.time_scale)
}

async fn release(
    app: &App,
    leased: &Leased,
    at: Millis,
    error: &anyhow::Error,
) -> sqlx::Result<()> {
    let mut tx = app.db.write().await?;
    release_in(&mut tx, leased, at, error).await?;
    tx.commit().await
}

/// Releases a job that failed, in the caller's transaction.
pub async fn release_in(
    tx: &mut Conn,
    leased: &Leased,
    at: Millis,
    error: &anyhow::Error,
) -> sqlx::Result<()> {
    let reason = format!("{error:#}");
    store::jobs::release(tx, leased, at, leased.attempts + 1, Some(&reason)).await
}
