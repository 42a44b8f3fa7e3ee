//! A whole Muster in a folder of its own, as it runs at an organiser's: SQLite, no key, no mail server.

use std::future::Future;
use std::sync::LazyLock;

use muster::app::App;
use muster::campaigns::NewCampaign;
use muster::config::{Config, Vars};
use muster::events::CURRENT;
use muster::model::campaign::CampaignKind;
use muster::model::message::MessageState;
use muster::model::{CampaignId, Clock, Secret};
use muster::people::{Source, import};
use muster::store::{self, Db};
use muster::{campaigns, matching};
use sqlx::AssertSqlSafe;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::invented;
use super::support::postgres;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));

pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    RUNTIME.block_on(work)
}

/// Where a transaction is dropped outside [`block_on`], to take back what it did.
pub fn enter() -> tokio::runtime::EnterGuard<'static> {
    RUNTIME.enter()
}

/// Muster's program, for what runs in a process of its own.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_muster");

pub struct House {
    pub app: App,
    folder: TempDir,
}

/// A folder on the disk on which the repository is: what a commit costs is the disk's to say.
pub fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder")
}

impl House {
    pub async fn new() -> Self {
        Self::at(folder(), None).await
    }

    /// On PostgreSQL, whose commits reach no disk here: what it needs itself is what counts.
    pub async fn on_postgres() -> Self {
        let url = postgres::database().await.expect("PostgreSQL is installed");
        Self::at(folder(), Some(&url)).await
    }

    /// The same house after Muster was stopped and started.
    pub async fn restarted(self) -> Self {
        self.app.db.close().await;
        Self::at(self.folder, None).await
    }

    async fn at(folder: TempDir, url: Option<&Secret>) -> Self {
        // A second installation is refused, and that is fine: the first one holds.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut config = Config::read(&Vars::default()).expect("no setting is a bad one");
        config.data_dir = folder.path().to_owned();
        config.event.name = Some("Harbour Hack".into());
        config.event.dates = Some("16–17 January 2027".into());
        config.event.place = Some("Pier 4, Rotterdam".into());
        config.event.link = Some("https://harbour.example/register".into());
        config.event.community_link = Some("https://harbour.example/community".into());
        config.event.organiser = Some("The Harbour Hack team".into());
        let db = Db::open(url, folder.path()).await.expect("a database");
        let app = App::new(config, db, Clock::machine(), PROGRAM.into()).await.expect("an app");
        Self { app, folder }
    }

    pub async fn with_people(people: usize) -> Self {
        Self::new().await.and_people(people).await
    }

    pub async fn and_people(self, people: usize) -> Self {
        self.import(&invented::table(people)).await;
        self
    }

    pub fn data_dir(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub async fn import(&self, table: &str) -> import::Report {
        let table = import::read(table.as_bytes()).expect("a table");
        let mut tx = self.app.db.write().await.expect("a transaction");
        let now = self.app.clock.now();
        let report = import::store(&mut tx, table, Source::Import, now).await.expect("stored");
        tx.commit().await.expect("committed");
        report
    }

    pub async fn match_all(&self) -> matching::Outcome {
        matching::run_all(&self.app.db, CURRENT, self.app.clock.now()).await.expect("matched")
    }

    pub async fn start_campaign(&self, kind: CampaignKind) -> campaigns::Started {
        let mut tx = self.app.db.write().await.expect("a transaction");
        let now = self.app.clock.now();
        let new = NewCampaign { event: CURRENT, kind, guidance: "", by: "bench" };
        let started =
            campaigns::start(&mut tx, &self.app.config, &new, now).await.expect("people are due");
        tx.commit().await.expect("committed");
        started
    }

    pub async fn approve_all(&self, campaign: CampaignId) {
        let mut tx = self.app.db.write().await.expect("a transaction");
        let (config, now) = (&self.app.config, self.app.clock.now());
        let drafts = store::messages::ids(&mut tx, campaign, MessageState::Drafted).await;
        for id in drafts.expect("drafts") {
            campaigns::messages::approve(&mut tx, config, id, "bench", true, now)
                .await
                .expect("approved");
        }
        tx.commit().await.expect("committed");
    }

    pub async fn send_approved(&self, campaign: CampaignId) {
        let mut tx = self.app.db.write().await.expect("a transaction");
        campaigns::send_approved(&mut tx, campaign, self.app.clock.now()).await.expect("released");
        tx.commit().await.expect("committed");
    }

    /// For what takes too long to bring about as it comes about in life.
    pub async fn sql(&self, statement: &str) {
        let mut tx = self.app.db.write().await.expect("a transaction");
        sqlx::query(AssertSqlSafe(statement)).execute(&mut *tx).await.expect("a statement");
        tx.commit().await.expect("committed");
    }

    pub async fn number(&self, select: &str) -> i64 {
        let mut conn = self.app.db.read().await.expect("a connection");
        sqlx::query_scalar(AssertSqlSafe(select)).fetch_one(&mut *conn).await.expect("a number")
    }
}
