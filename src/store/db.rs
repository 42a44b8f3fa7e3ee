//! Opens the database, and begins reading and writing.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyPool, Executor, Transaction};
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

use super::engine::{Conn, Engine, OpenError};
use super::migrate;
use crate::model::{Millis, Secret};

/// How long a writer waits for another process's transaction on the same file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(20);

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    pool: AnyPool,
    engine: Engine,
    /// SQLite has one writer at a time. Those of this process wait here, in order, instead of polling the file.
    writer: Arc<Mutex<()>>,
    changes: watch::Sender<u64>,
}

/// A transaction that has the write lock from its beginning. Dropped without [`commit`](Self::commit), it is rolled
/// back.
pub struct Tx {
    inner: Transaction<'static, Any>,
    changes: watch::Sender<u64>,
    _writer: Option<OwnedMutexGuard<()>>,
}

impl Db {
    /// Opens the PostgreSQL database at `url`, or `muster.db` in `data_dir`, and migrates it. Processes that start at
    /// the same time do so one after the other.
    pub async fn open(url: Option<&Secret>, data_dir: &Path) -> Result<Self, OpenError> {
        Self::open_at_step(url, data_dir, Self::last_step()).await
    }

    /// The number of the newest migration that this program knows.
    pub fn last_step() -> i64 {
        migrate::last_step()
    }

    /// Opens as [`open`](Self::open) does, but only up to migration `step`, as an older Muster would. Tests use it to
    /// put rows into an old database before the next step runs.
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
            // A server may have gone away meanwhile; a file cannot.
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

    /// A transaction for reading that sees everything as it was at its first statement.
    pub async fn snapshot(&self) -> sqlx::Result<Transaction<'static, Any>> {
        self.pool
            .begin_with(match self.engine {
                Engine::Sqlite => "BEGIN",
                Engine::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            })
            .await
    }

    /// A transaction for writing. No network call may be made between this and its `commit`.
    pub async fn write(&self) -> sqlx::Result<Tx> {
        let changes = self.changes.clone();
        match self.engine {
            Engine::Sqlite => {
                let writer = self.writer.clone().lock_owned().await;
                // A deferred transaction that reads first and writes then fails at once with "database is locked".
                let inner = self.pool.begin_with("BEGIN IMMEDIATE").await?;
                Ok(Tx { inner, changes, _writer: Some(writer) })
            }
            Engine::Postgres => Ok(Tx { inner: self.pool.begin().await?, changes, _writer: None }),
        }
    }

    /// Changes with every commit of this process, and carries no data. Commits of other processes are not signalled, so
    /// whoever waits reads the rows from time to time anyway.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// The time of the database's clock, which several machines share; `None` on SQLite, whose processes share the
    /// clock of their machine.
    pub async fn time(&self) -> sqlx::Result<Option<Millis>> {
        if self.engine == Engine::Sqlite {
            return Ok(None);
        }
        // PostgreSQL only
        sqlx::query_scalar("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)")
            .fetch_optional(&mut *self.read().await?)
            .await
    }

    /// Removes erased data from the write-ahead log.
    pub async fn scrub(&self) -> sqlx::Result<()> {
        if self.engine == Engine::Sqlite {
            let _writer = self.writer.lock().await;
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

/// `synchronous=FULL`: with NORMAL a power cut may undo a committed delivery, and somebody would get an email twice.
/// `secure_delete`: without it erased addresses stay in the file.
const PRAGMAS: &str = "PRAGMA busy_timeout = 20000; PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; \
    PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16000;";

const _: () = assert!(BUSY_TIMEOUT.as_millis() == 20_000, "the same as in the pragma");

/// Creates the folder if it is missing. Other users of this machine must not read people's data in it.
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
