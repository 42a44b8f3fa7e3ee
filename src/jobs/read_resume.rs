//! Extracts the text of an uploaded file, in a child process.

use crate::app::App;
use crate::model::{Millis, ResumeId};
use crate::resumes::{self, Reading};
use crate::store;
use crate::store::jobs::Leased;

/// How often starting the child is tried.
const ATTEMPTS: i64 = 5;
/// Between two attempts.
const PAUSE: std::time::Duration = std::time::Duration::from_secs(10);

pub async fn run(app: &App, leased: &Leased, id: ResumeId) -> anyhow::Result<()> {
    let mut tx = app.db.write().await?;
    let bytes = resumes::start_reading(&mut tx, id).await?;
    if bytes.is_none() {
        store::jobs::finish(&mut tx, leased).await?;
    }
    tx.commit().await?;
    let Some(bytes) = bytes else { return Ok(()) };

    let outcome = app.reader.read(bytes).await;
    let now: Millis = app.clock.now();
    let mut tx = app.db.write().await?;
    if !store::jobs::still_owned(&mut tx, leased).await? {
        return Ok(());
    }
    let reason;
    let reading = match &outcome {
        Ok(read) => Reading::Text { format: read.format, text: &read.text },
        Err(error) if error.is_temporary() && leased.attempts + 1 < ATTEMPTS => {
            let at = now.plus(PAUSE / app.config.time_scale);
            store::jobs::release(
                &mut tx,
                leased,
                at,
                leased.attempts + 1,
                Some(&error.to_string()),
            )
            .await?;
            tx.commit().await?;
            return Ok(());
        }
        Err(error) => {
            reason = error.to_string();
            Reading::Failed(&reason)
        }
    };
    resumes::store_reading(&mut tx, &app.config, id, reading, leased.class, now).await?;
    store::jobs::finish(&mut tx, leased).await?;
    tx.commit().await?;
    Ok(())
}
