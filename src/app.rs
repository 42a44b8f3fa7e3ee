//! What every handler and job needs: database, clock, settings, clients. `server` builds it, as tests do.

use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::access::{self, Guesses};
use crate::config::{Config, MailTransport};
use crate::discord;
use crate::extract::Reader;
use crate::gateway::PendingRequests;
use crate::keys::{self, Pool};
use crate::llm;
use crate::mail::smtp::{Sender, Timeouts};
use crate::model::{Clock, Secret};
use crate::owner::Owner;
use crate::shared_clock;
use crate::store::{self, Conn, Db, Engine};

/// Handed to every handler and worker. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

pub struct Parts {
    pub db: Db,
    pub clock: Clock,
    pub config: Config,
    /// Identifies this process among those on the same database.
    pub instance: String,
    /// Gateway requests that wait in this process.
    pub pending: PendingRequests,
    pub guesses: Guesses,
    pub pool: Pool,
    pub gemini: llm::Client,
    /// `None`: emails are kept in the outbox.
    pub smtp: Option<Sender>,
    /// `None`: the settings of the bot are incomplete.
    pub discord: Option<discord::Rest>,
    pub reader: Reader,
    /// Cancelled when Muster is asked to stop: workers take no new jobs, and event streams end.
    pub stopping: CancellationToken,
}

impl App {
    /// Builds the parts. `program` is the binary that reads resumes in child processes. Install a TLS provider first.
    pub async fn new(
        config: Config,
        db: Db,
        clock: Clock,
        program: PathBuf,
    ) -> anyhow::Result<Self> {
        follow_database(&db, &clock).await?;
        let pool = pool(&config, &db).await?;
        let mut tx = db.write().await?;
        let alone = || !Owner::somebody_lives(&config.data_dir, None);
        follow_neighbours(&mut tx, &db, &clock, &pool, alone).await?;
        keys::sync(&mut tx, &pool, clock.now()).await?;
        tx.commit().await?;
        let smtp = match config.mail.transport {
            MailTransport::Outbox => None,
            MailTransport::Url(_) | MailTransport::Gmail { .. } => {
                let timeouts = Timeouts::default().scaled(config.time_scale);
                Some(Sender::new(&config.mail, timeouts, clock.clone())?)
            }
        };
        let discord = config
            .bot()
            .map(|bot| discord::Rest::new(bot, clock.clone(), config.time_scale))
            .transpose()?;
        Ok(Self(Arc::new(Parts {
            discord,
            gemini: llm::Client::new(&config.gemini, config.time_scale)?,
            reader: Reader::new(program),
            instance: access::random_token(),
            pending: PendingRequests::default(),
            guesses: Guesses::default(),
            stopping: CancellationToken::new(),
            db,
            clock,
            config,
            pool,
            smtp,
        })))
    }

    /// The account that emails are sent from. Its pauses and limits are stored under this name.
    pub fn sender_name(&self) -> String {
        self.smtp.as_ref().map_or_else(|| "outbox".into(), Sender::name)
    }
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// The pool with the keys from the environment. Those entered on the page are added when it is synchronised.
pub async fn pool(config: &Config, db: &Db) -> anyhow::Result<Pool> {
    let secret = access::secret(config).map_err(|error| {
        let path = config.data_dir.join("secret");
        anyhow::anyhow!(
            "the file {} cannot be used: {error}; fix it, or set DATA_DIR to a folder that Muster may write",
            path.display()
        )
    })?;
    let mut tx = db.write().await?;
    // Kept in the database: machines that share it must compute the same fingerprint of a key.
    let salt = Secret::new(store::keys::salt(&mut tx, &access::random_token()).await?);
    tx.commit().await?;
    Ok(Pool::new(&config.gemini, config.time_scale, &salt).opening_with(&secret))
}

/// Sets the clock by that of the database, if several machines share it.
pub async fn follow_database(db: &Db, clock: &Clock) -> sqlx::Result<()> {
    let before = clock.now();
    if let Some(theirs) = db.time().await? {
        // It was read at some moment between the request and the response.
        let ours = before.plus(clock.now().since(before) / 2);
        clock.follow(ours, theirs);
    }
    Ok(())
}

/// Sets the clock by that of the processes that share a SQLite file. One that starts `alone` corrects the shared clock.
pub async fn follow_neighbours(
    tx: &mut Conn,
    db: &Db,
    clock: &Clock,
    pool: &Pool,
    alone: impl FnOnce() -> bool,
) -> sqlx::Result<()> {
    if db.engine() == Engine::Sqlite
        && let Some(reading) = clock.reading()
    {
        clock.follow(reading.now, shared_clock::join(tx, pool, &reading, alone()).await?);
    }
    Ok(())
}
