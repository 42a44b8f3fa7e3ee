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
    /// Tells this process from others on the same database.
    pub instance: String,
    /// What other programs ask through this process.
    pub pending: PendingRequests,
    pub guesses: Guesses,
    pub pool: Pool,
    pub gemini: llm::Client,
    /// `None`: mail goes into the outbox.
    pub smtp: Option<Sender>,
    /// `None`: not all that the bot needs is set.
    pub discord: Option<discord::Rest>,
    pub reader: Reader,
    /// Set when Muster is asked to stop: workers take nothing new, event streams end.
    pub stopping: CancellationToken,
}

impl App {
    /// Puts the parts together. `program` is the binary that reads resumes as a child; a TLS provider must be installed.
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

    /// The account that mail is sent from: its pauses and limits go by this name.
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

/// The pool with the keys of the environment; those of the page join it when it is brought in step with the database.
pub async fn pool(config: &Config, db: &Db) -> anyhow::Result<Pool> {
    let secret = access::secret(config).map_err(|error| {
        let path = config.data_dir.join("secret");
        anyhow::anyhow!(
            "the file {} cannot be used: {error}; mend it, or set DATA_DIR to a folder that Muster may write",
            path.display()
        )
    })?;
    let mut tx = db.write().await?;
    // In the database: machines that share it must know one key by the same fingerprint.
    let salt = Secret::new(store::keys::salt(&mut tx, &access::random_token()).await?);
    tx.commit().await?;
    Ok(Pool::new(&config.gemini, config.time_scale, &salt).opening_with(&secret))
}

/// Several machines that share a database share its clock.
pub async fn follow_database(db: &Db, clock: &Clock) -> sqlx::Result<()> {
    let before = clock.now();
    if let Some(theirs) = db.time().await? {
        // It was read somewhere between asking and being answered.
        let ours = before.plus(clock.now().since(before) / 2);
        clock.follow(ours, theirs);
    }
    Ok(())
}

/// Processes that share a file share one clock, which is set right by one that starts `alone`.
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
