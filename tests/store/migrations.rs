//! Bringing a database up to date, from nothing and from every older step with rows in it.

use muster::store::{Db, Engine, OpenError};
use sqlx::{AssertSqlSafe, Executor as _};

use crate::support::db::{Place, count, on_both_engines, on_both_places};
use crate::support::repository;

const STEPS_TAKEN: &str = "SELECT COUNT(*) FROM _sqlx_migrations WHERE success";

#[tokio::test]
async fn a_fresh_database_is_brought_up_to_date_and_doing_it_again_changes_nothing() {
    on_both_places(async |place| {
        for _ in 0..2 {
            let db = place.open().await.unwrap();
            assert_eq!(db.engine(), place.engine());
            let mut conn = db.read().await.unwrap();
            assert_eq!(count(&mut conn, STEPS_TAKEN).await, Db::last_step());
            assert_eq!(count(&mut conn, "SELECT COUNT(*) FROM events").await, 1);
            drop(conn);
            db.close().await;
        }
    })
    .await;
}

/// sqlx alone fails here more often than not on SQLite.
#[tokio::test]
async fn many_that_start_at_once_on_nothing_all_come_up() {
    on_both_places(async |place| {
        let opened = futures_util::future::join_all((0..6).map(|_| place.open())).await;
        for db in opened {
            let db = db.unwrap();
            assert_eq!(count(&mut db.read().await.unwrap(), STEPS_TAKEN).await, Db::last_step());
            db.close().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_database_of_a_newer_muster_is_refused_in_one_clear_line() {
    on_both_places(async |place| {
        place.open().await.unwrap().close().await;
        let older = Db::open_at_step(place.url(), place.data_dir(), Db::last_step() - 1).await;
        let Err(error) = older else { panic!("it was opened") };
        assert!(matches!(error, OpenError::Newer { .. }), "{error:?}");
        assert_eq!(
            error.to_string(),
            format!(
                "the database was written by a newer Muster (its step {}, this one knows {}); start that one",
                Db::last_step(),
                Db::last_step() - 1,
            ),
        );
    })
    .await;
}

#[tokio::test]
async fn every_step_meets_the_rows_of_all_steps_before_it() {
    on_both_places(async |place| {
        for step in 1..=Db::last_step() {
            let db = Db::open_at_step(place.url(), place.data_dir(), step).await;
            let db = db.unwrap_or_else(|error| panic!("step {step}: {error}"));
            let path = repository().join(format!("tests/data/migrations/{step:04}.sql"));
            let rows = std::fs::read_to_string(&path).unwrap_or_else(|error| {
                panic!(
                    "step {step} needs rows for the next one to meet: {}: {error}",
                    path.display()
                )
            });
            let mut tx = db.write().await.unwrap();
            let inserted = tx.execute(sqlx::raw_sql(AssertSqlSafe(rows))).await;
            inserted.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            tx.commit().await.unwrap();
            db.close().await;
        }
        let db = place.open().await.unwrap();
        let mut conn = db.read().await.unwrap();
        assert_eq!(count(&mut conn, "SELECT COUNT(*) FROM people WHERE name <> ''").await, 2);
        assert_eq!(count(&mut conn, "SELECT COUNT(*) FROM messages").await, 2);
    })
    .await;
}

#[tokio::test]
async fn an_id_is_given_by_both_engines() {
    on_both_engines(async |db| {
        let mut tx = db.write().await.unwrap();
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO match_runs (event_id, rule, people, pairs, finished_at) VALUES (1, 'weighted', 0, 0, 0)
             RETURNING id",
        )
        .fetch_one(&mut *tx)
        .await
        .unwrap();
        assert_eq!(id, 1);
    })
    .await;
}

#[tokio::test]
async fn a_transaction_that_is_dropped_takes_everything_back_and_frees_the_lock() {
    on_both_engines(async |db| {
        for _ in 0..2 {
            let mut tx = db.write().await.unwrap();
            let changed = tx.execute("UPDATE events SET name = 'never'").await.unwrap();
            assert_eq!(changed.rows_affected(), 1);
        }
        assert_eq!(db.count("SELECT COUNT(*) FROM events WHERE name = 'never'").await, 0);
    })
    .await;
}

#[tokio::test]
async fn sqlite_waits_for_a_power_cut_and_erases_what_is_erased() {
    let place = Place::sqlite();
    let db = place.open().await.unwrap();
    assert_eq!(db.engine(), Engine::Sqlite);
    let mut conn = db.read().await.unwrap();
    for (pragma, expected) in
        [("PRAGMA synchronous", 2), ("PRAGMA foreign_keys", 1), ("PRAGMA secure_delete", 1)]
    {
        assert_eq!(count(&mut conn, pragma).await, expected, "{pragma}");
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let place = Place::sqlite();
    let file = place.data_dir().join("a-file");
    std::fs::write(&file, "").unwrap();
    let Err(error) = Db::open(None, &file.join("data")).await else { panic!("it was opened") };
    let line = error.to_string();
    assert!(line.contains("a-file") && line.contains("cannot be written"), "{line}");
}
