//! All SQL. One text serves SQLite and PostgreSQL through `sqlx::Any`: times are `BIGINT` epoch milliseconds, flags are
//! times that are there or not, ids come from `{id}` in the migrations.
//!
//! Functions take a connection and the time; whoever calls them owns the transaction. The store knows no rules beyond
//! those that its `WHERE` clauses repeat from `model`.

pub mod bookings;
pub mod campaigns;
pub mod discord;
pub mod discord_setup;
pub mod events;
pub mod faq;
pub mod jobs;
#[macro_use]
pub mod keys;
pub mod deliveries;
pub mod match_runs;
pub mod matches;
pub mod matchmaking;
pub mod messages;
mod migrate;
pub mod overview;
pub mod page_keys;
pub mod people;
pub mod person_skills;
pub mod resumes;
pub mod sessions;
pub mod shared_clock;
pub mod snapshot;
pub mod suppressions;
pub mod tokens;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyPool, Executor, Transaction};
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

use crate::model::{Millis, Secret};

/// What the store's functions take: a connection, or a transaction that somebody else will commit.
pub type Conn = sqlx::AnyConnection;

/// How long a writer waits for another process's transaction on the same file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// On which engine a connection is, for the few statements that need a text for each. Many rows travel as one JSON
    /// parameter, which the two unpack under different names: a statement a row would cost a round trip a row.
    fn of(conn: &Conn) -> Self {
        if conn.backend_name() == "PostgreSQL" { Self::Postgres } else { Self::Sqlite }
    }
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    pool: AnyPool,
    engine: Engine,
    /// SQLite has one writer at a time: within the process they queue here, in order, instead of polling the file.
    writer: Arc<Mutex<()>>,
    changes: watch::Sender<u64>,
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "the folder {path} cannot be written: {source}; set DATA_DIR to a folder that Muster may write"
    )]
    Folder { path: String, source: std::io::Error },
    #[error(
        "the database was written by a newer Muster (its step {found}, this one knows {known}); start that one"
    )]
    Newer { found: i64, known: i64 },
    #[error("the database cannot be opened: {0}")]
    Connect(sqlx::Error),
    #[error("the database cannot be brought up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

/// A transaction that holds the write lock from its beginning. Dropped without [`commit`](Self::commit), it takes
/// everything back.
pub struct Tx {
    inner: Transaction<'static, Any>,
    changes: watch::Sender<u64>,
    _turn: Option<OwnedMutexGuard<()>>,
}

impl Db {
    /// Opens the PostgreSQL database at `url`, or `muster.db` in `data_dir`, and brings it up to date. Processes that
    /// start at once take turns.
    pub async fn open(url: Option<&Secret>, data_dir: &Path) -> Result<Self, OpenError> {
        Self::open_at_step(url, data_dir, Self::last_step()).await
    }

    /// The number of the newest migration that this program knows.
    pub fn last_step() -> i64 {
        migrate::last_step()
    }

    /// Opens as [`open`](Self::open) does, but goes no further than migration `step`, as a Muster of that time would.
    /// With it a test puts rows into an old database and lets the next step meet them.
    pub async fn open_at_step(
        url: Option<&Secret>,
        data_dir: &Path,
        step: i64,
    ) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        let (engine, url) = match url {
            Some(url) => (Engine::Postgres, url.expose().to_owned()),
            None => (Engine::Sqlite, sqlite_url(data_dir)?),
        };
        let options: AnyConnectOptions = url.parse().map_err(OpenError::Connect)?;
        let pool = AnyPoolOptions::new()
            .max_connections(match engine {
                Engine::Sqlite => 8,
                Engine::Postgres => 16,
            })
            .acquire_timeout(Duration::from_secs(30))
            // A server may have gone away meanwhile; a file has not.
            .test_before_acquire(engine == Engine::Postgres)
            .after_connect(move |conn, _| {
                Box::pin(async move {
                    if engine == Engine::Sqlite {
                        conn.execute(PRAGMAS).await?;
                    }
                    Ok(())
                })
            })
            .connect_with(options)
            .await
            .map_err(OpenError::Connect)?;
        let db = Self { pool, engine, writer: Arc::default(), changes: watch::Sender::new(0) };
        migrate::run(&db.pool, engine, data_dir, step).await?;
        Ok(db)
    }

    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// A connection for reading.
    pub async fn read(&self) -> sqlx::Result<PoolConnection<Any>> {
        self.pool.acquire().await
    }

    /// A transaction for reading, in which everything is as it was at its first statement.
    pub async fn snapshot(&self) -> sqlx::Result<Transaction<'static, Any>> {
        self.pool
            .begin_with(match self.engine {
                Engine::Sqlite => "BEGIN",
                Engine::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            })
            .await
    }

    /// A transaction for writing. No network call may stand between this and its `commit`.
    pub async fn write(&self) -> sqlx::Result<Tx> {
        let changes = self.changes.clone();
        match self.engine {
            Engine::Sqlite => {
                let turn = self.writer.clone().lock_owned().await;
                // A deferred transaction that reads first and writes then fails at once with "database is locked".
                let inner = self.pool.begin_with("BEGIN IMMEDIATE").await?;
                Ok(Tx { inner, changes, _turn: Some(turn) })
            }
            Engine::Postgres => Ok(Tx { inner: self.pool.begin().await?, changes, _turn: None }),
        }
    }

    /// Changes with every commit of this process and carries no data: "look again". What another process commits is
    /// not seen; whoever waits looks anyway from time to time.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// What the database's clock says, where it is the one that several machines share; `None` on SQLite, whose
    /// processes share the machine's.
    pub async fn time(&self) -> sqlx::Result<Option<Millis>> {
        if self.engine == Engine::Sqlite {
            return Ok(None);
        }
        // PostgreSQL only
        sqlx::query_scalar("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)")
            .fetch_optional(&mut *self.read().await?)
            .await
    }

    /// After an erasure: what was erased must not linger in the write-ahead log.
    pub async fn scrub(&self) -> sqlx::Result<()> {
        if self.engine == Engine::Sqlite {
            let _turn = self.writer.lock().await;
            self.read().await?.execute("PRAGMA wal_checkpoint(TRUNCATE)").await?;
        }
        Ok(())
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }
}

impl Tx {
    pub async fn commit(self) -> sqlx::Result<()> {
        self.inner.commit().await?;
        self.changes.send_modify(|count| *count += 1);
        Ok(())
    }
}

impl std::ops::Deref for Tx {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.inner
    }
}

impl std::ops::DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.inner
    }
}

/// Waits for other transactions that took this turn, until they end: what counts rows and then adds one has to be alone.
/// On SQLite every transaction that writes is.
pub async fn take_turn(conn: &mut Conn, name: &str) -> sqlx::Result<()> {
    if Engine::of(conn) == Engine::Postgres {
        // PostgreSQL only
        sqlx::query("SELECT CAST(pg_advisory_xact_lock(hashtextextended($1, 0)) AS TEXT)")
            .bind(name)
            .execute(conn)
            .await?;
    }
    Ok(())
}

/// Rows as the one parameter in which they travel.
fn json(rows: &impl serde::Serialize) -> String {
    serde_json::to_string(rows).expect("rows of words and numbers are JSON")
}

/// `synchronous=FULL`: with NORMAL a power cut may take back a committed attempt, and somebody would be mailed twice.
/// `secure_delete`: without it erased addresses stay in the file.
const PRAGMAS: &str = "PRAGMA busy_timeout = 20000; PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; \
    PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16000;";

const _: () = assert!(BUSY_TIMEOUT.as_millis() == 20_000, "the pragma says the same");

/// Makes the folder if it is not there; nobody else on this machine reads people's data in it.
fn create_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn sqlite_url(data_dir: &Path) -> Result<String, OpenError> {
    let folder = |source| OpenError::Folder { path: data_dir.display().to_string(), source };
    create_private(data_dir).map_err(folder)?;
    let path = std::path::absolute(data_dir).map_err(folder)?.join("muster.db");
    let mut url = reqwest::Url::parse("sqlite:///").expect("a constant that parses");
    url.set_path(&path.to_string_lossy());
    url.set_query(Some("mode=rwc"));
    Ok(url.into())
}
