//! Runs what a worker has taken. A job that fails is released; a panic is an error of that job and of nothing else.

use std::sync::Arc;

use tokio_util::task::AbortOnDropHandle;

use super::lease::put_off;
use crate::app::App;
use crate::jobs::gemini::{self, Work};
use crate::jobs::run::{run, run_together};
use crate::keys::Grant;
use crate::owner::Owner;
use crate::store::jobs::Leased;

/// Asks Gemini. The grant is for one request, which may have been sent: after a fault of ours all jobs of it are
/// released.
pub async fn ask(app: &App, work: Work, grant: Grant) {
    let jobs: Vec<Leased> = work.jobs().into_iter().cloned().collect();
    let running = {
        let app = app.clone();
        tokio::spawn(async move { gemini::carry_out(&app, work, &grant).await })
    };
    if let Err(error) = ended(running).await {
        for leased in &jobs {
            put_off(app, leased, &error).await;
        }
    }
}

/// Runs several jobs together; if that fails, each alone, so that one that cannot be done does not stop the others.
pub async fn run_all(app: &App, owner: &Arc<Owner>, jobs: &[Leased], fallback: Option<String>) {
    if jobs.len() > 1 {
        let running = {
            let (app, owner, jobs, fallback) =
                (app.clone(), owner.clone(), jobs.to_vec(), fallback.clone());
            tokio::spawn(
                async move { run_together(&app, &owner, &jobs, fallback.as_deref()).await },
            )
        };
        match ended(running).await {
            Ok(()) => return,
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "Jobs are run one by one");
            }
        }
    }
    for leased in jobs {
        let running = {
            let (app, owner, leased) = (app.clone(), owner.clone(), leased.clone());
            let fallback = leased.fallback.clone().or_else(|| fallback.clone());
            tokio::spawn(async move { run(&app, &owner, &leased, fallback.as_deref()).await })
        };
        if let Err(error) = ended(running).await {
            put_off(app, leased, &error).await;
        }
    }
}

/// The result of a run, with a panic as an error.
async fn ended(running: tokio::task::JoinHandle<anyhow::Result<()>>) -> anyhow::Result<()> {
    match AbortOnDropHandle::new(running).await {
        Ok(ended) => ended,
        Err(fault) => Err(anyhow::anyhow!("the job's code panicked: {fault}")),
    }
}
