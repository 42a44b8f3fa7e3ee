//! The running server: builds [`App`], starts the web and the workers, waits for the stop signal, and drains.

use std::net::SocketAddr;

use crate::access;
use crate::app::App;
use crate::config::{Config, MailTransport};
use crate::jobs::Workers;
use crate::mail::smtp::Sender;
use crate::model::{Clock, KeyNumber};
use crate::store::Db;
use crate::web;

/// Serves until SIGTERM or Ctrl-C, then finishes what is in flight.
pub async fn serve(config: Config) -> anyhow::Result<()> {
    let db = Db::open(config.database_url.as_ref(), &config.data_dir).await?;
    let listeners = web::listen(SocketAddr::new(config.bind, config.port)).await?;
    let app = App::new(config, db, Clock::machine(), std::env::current_exe()?).await?;
    let workers = Workers::start(app.clone()).await?;
    announce(&app, &listeners)?;

    let stopping = app.stopping.clone();
    tokio::spawn(async move {
        stop_signal().await;
        tracing::info!("Stopping: work in flight is finished first");
        stopping.cancel();
    });
    web::serve(app.clone(), listeners).await?;
    workers.drain().await?;
    app.db.close().await;
    tracing::info!("Muster has stopped");
    Ok(())
}

/// Logs where to browse and what is configured; never a secret.
fn announce(app: &App, listeners: &[tokio::net::TcpListener]) -> std::io::Result<()> {
    let config = &app.config;
    let port = listeners
        .first()
        .map(tokio::net::TcpListener::local_addr)
        .transpose()?
        .map_or(0, |at| at.port());
    let browse = config.public_url.clone().unwrap_or_else(|| format!("http://localhost:{port}"));
    let keys = app.pool.primary_count();
    match (keys, app.pool.key(KeyNumber::RESERVE).is_some()) {
        (0, false) => {
            tracing::info!(
                "No Gemini key is set: templates write messages, and a word list finds skills"
            );
        }
        (0, true) => tracing::info!("Only GEMINI_API_KEY is set: it is used as the reserve key"),
        (_, reserve) => tracing::info!(
            keys,
            reserve,
            "Gemini keys: {keys} primary{}",
            if reserve { ", 1 reserve" } else { "" }
        ),
    }
    if let MailTransport::Outbox = config.mail.transport {
        tracing::info!("No mail server is set: emails are kept in the outbox");
    } else {
        tracing::info!("Emails are sent through {}", config.mail.destination());
    }
    if app.smtp.as_ref().is_some_and(Sender::exposes_password) {
        tracing::warn!("SMTP_URL sends the password without encryption; add ?tls=required");
    }
    if config.admin_password.is_none() {
        tracing::info!("No ADMIN_PASSWORD is set: only people on this machine have access");
    } else if !access::is_https(config) {
        tracing::warn!(
            "PUBLIC_URL is not https: the password and the session are sent unencrypted"
        );
    }
    if config.time_scale != 1 {
        tracing::warn!(
            time.scale = config.time_scale,
            "TIME_SCALE is {}: delays pass faster than Google allows; for trials only",
            config.time_scale
        );
    }
    tracing::info!(port, "Muster is ready: browse {browse}/outreach or {browse}/matchmaking");
    Ok(())
}

/// Returns at SIGTERM or Ctrl-C.
async fn stop_signal() {
    let ctrl_c = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = ctrl_c => {}
        () = terminated => {}
    }
}
