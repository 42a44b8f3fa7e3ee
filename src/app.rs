//! What a running Muster consists of, put together for production here and for tests in `tests/support`.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::access::Guesses;
use crate::config::Config;
use crate::model::Clock;
use crate::store::Db;

/// Handed to every handler and worker. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

pub struct Parts {
    pub db: Db,
    pub clock: Clock,
    pub config: Config,
    pub guesses: Guesses,
    /// Set when Muster is asked to stop: workers take nothing new, event streams end.
    pub stopping: CancellationToken,
}

impl App {
    pub fn new(config: Config, db: Db, clock: Clock) -> Self {
        Self(Arc::new(Parts {
            db,
            clock,
            config,
            guesses: Guesses::default(),
            stopping: CancellationToken::new(),
        }))
    }
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Serves until SIGTERM or Ctrl-C, then drains.
pub async fn serve(config: Config) -> anyhow::Result<()> {
    let db = Db::open(config.database_url.as_ref(), &config.data_dir).await?;
    let clock = Clock::machine();
    let app = App::new(config, db, clock);

    let address = SocketAddr::new(app.config.bind, app.config.port);
    let listeners = crate::web::listen(address).await?;
    announce(&app, &listeners)?;
    crate::web::serve(app.clone(), listeners).await?;
    app.db.close().await;
    tracing::info!("Muster has stopped");
    Ok(())
}

/// Where to browse and what is configured; never a secret.
fn announce(app: &App, listeners: &[tokio::net::TcpListener]) -> std::io::Result<()> {
    let port = listeners
        .first()
        .map(tokio::net::TcpListener::local_addr)
        .transpose()?
        .map_or(0, |at| at.port());
    let browse =
        app.config.public_url.clone().unwrap_or_else(|| format!("http://localhost:{port}"));
    tracing::info!(port, "Muster is ready: browse {browse}/outreach or {browse}/matchmaking");
    if app.config.time_scale != 1 {
        tracing::warn!(
            time.scale = app.config.time_scale,
            "TIME_SCALE is {}: delays pass faster than Google allows; for trials only",
            app.config.time_scale
        );
    }
    Ok(())
}
