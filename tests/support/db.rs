//! A database for one test.

use std::ops::Deref;
use std::path::Path;

use muster::model::Secret;
use muster::store::{Conn, Db, Engine, OpenError};
use tempfile::TempDir;

use super::postgres;

/// An open, migrated database that nobody else uses.
pub struct TestDb {
    db: Db,
    _place: Place,
}

/// Where a database is or will be. Its folder is removed when this is dropped.
pub struct Place {
    folder: TempDir,
    /// PostgreSQL's; `None` is SQLite in `folder`.
    url: Option<Secret>,
}

impl Place {
    pub fn sqlite() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), url: None }
    }

    /// `None` without PostgreSQL.
    pub async fn postgres() -> Option<Self> {
        let url = postgres::database().await?;
        Some(Self { folder: tempfile::tempdir().unwrap(), url: Some(url) })
    }

    pub fn engine(&self) -> Engine {
        if self.url.is_some() { Engine::Postgres } else { Engine::Sqlite }
    }

    pub fn data_dir(&self) -> &Path {
        self.folder.path()
    }

    pub fn url(&self) -> Option<&Secret> {
        self.url.as_ref()
    }

    pub async fn open(&self) -> Result<Db, OpenError> {
        Db::open(self.url(), self.data_dir()).await
    }
}

impl TestDb {
    pub async fn open(place: Place) -> Self {
        let db = place.open().await.unwrap();
        Self { db, _place: place }
    }

    /// The number that `SELECT COUNT(*) …` finds.
    pub async fn count(&self, select: &'static str) -> i64 {
        count(&mut self.db.read().await.unwrap(), select).await
    }
}

impl Deref for TestDb {
    type Target = Db;

    fn deref(&self) -> &Db {
        &self.db
    }
}

/// The number that `SELECT COUNT(*) …` finds.
pub async fn count(conn: &mut Conn, select: &'static str) -> i64 {
    sqlx::query_scalar(select).fetch_one(conn).await.unwrap()
}

/// Runs a test on a fresh database of each engine, SQLite first.
///
/// ```ignore
/// on_both_engines(async |db| assert_eq!(db.count("SELECT COUNT(*) FROM people").await, 0)).await;
/// ```
pub async fn on_both_engines(test: impl AsyncFn(TestDb)) {
    on_both_places(async |place| test(TestDb::open(place).await).await).await;
}

/// As [`on_both_engines`], before the database exists.
pub async fn on_both_places(test: impl AsyncFn(Place)) {
    eprintln!("on SQLite:");
    test(Place::sqlite()).await;
    if let Some(place) = Place::postgres().await {
        eprintln!("on PostgreSQL:");
        test(place).await;
    }
}
