//! What waits in the queue, for workers and for pages.

use super::pick::{PAUSED, Pick, free};
use crate::model::job::{Class, Task};
use crate::model::{Job, JobId, Millis};
use crate::store::Conn;

/// Jobs that wait for Gemini, by task, class and model: how many, and the one that is next.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Waiting {
    #[sqlx(try_from = "String")]
    pub task: Task,
    #[sqlx(try_from = "String")]
    pub class: Class,
    pub waiting: i64,
    pub oldest: Millis,
    pub deadline_at: Option<Millis>,
    /// The only model that can answer; `None` for any of the chain.
    pub model: Option<String>,
    /// Input tokens of the one that is next; `None` when its task's usual number applies.
    pub tokens: Option<i64>,
    /// The one that is next.
    pub next: JobId,
}

/// Everything that waits, for pages.
pub async fn waiting(conn: &mut Conn, now: Millis) -> sqlx::Result<Vec<Waiting>> {
    sqlx::query_as(
        "SELECT task, class, COUNT(*) AS waiting, MIN(created_at) AS oldest, MIN(deadline_at) AS deadline_at, model,
             MIN(tokens) AS tokens, MIN(id) AS next
         FROM jobs WHERE task IS NOT NULL AND owner IS NULL AND resort IS NULL AND run_at <= $1
         GROUP BY task, class, class_order, model ORDER BY class_order, MIN(created_at)",
    )
    .bind(now)
    .fetch_all(conn)
    .await
}

/// The next job of each task and class that waits for Gemini: what a worker reads before every request. Of gateway
/// requests it is the next of each model too, and only of those whose connection `instance` has. Unlike [`waiting`]
/// this does not read all jobs, so `waiting` is 1 here.
pub async fn next_waiting(
    conn: &mut Conn,
    instance: &str,
    now: Millis,
) -> sqlx::Result<Vec<Waiting>> {
    sqlx::query_as(concat!(
        "SELECT j.task, j.class, CAST(1 AS BIGINT) AS waiting, j.created_at AS oldest, j.deadline_at, j.model, j.tokens,
             j.id AS next
         FROM jobs j WHERE j.id IN (
             SELECT (SELECT x.id FROM jobs x WHERE x.task = t.task AND x.class_order = c.class_order AND ",
        free!(),
        " AND x.run_at <= $1 ORDER BY x.created_at, x.id LIMIT 1)
             FROM (SELECT 'outreach' AS task UNION ALL SELECT 'skills' UNION ALL SELECT 'match' UNION ALL SELECT 'faq'
                   UNION ALL SELECT 'embed') t
             CROSS JOIN (SELECT 0 AS class_order UNION ALL SELECT 1 UNION ALL SELECT 2) c
             UNION ALL
             SELECT MIN(x.id) FROM jobs x WHERE x.task = 'door' AND x.instance = $2 AND ",
        free!(),
        " AND x.run_at <= $1 GROUP BY x.class_order, x.model)
         ORDER BY j.class_order, j.created_at, j.id",
    ))
    .bind(now)
    .bind(instance)
    .fetch_all(conn)
    .await
}

/// The place of a job in the queue for Gemini.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub struct Place {
    #[sqlx(try_from = "String")]
    pub task: Task,
    /// Jobs of its task that are served before it.
    pub ahead: i64,
}

/// The place of a job in the queue of its task; `None` when it does not, or no longer, wait for a key.
pub async fn place(conn: &mut Conn, job: Job) -> sqlx::Result<Option<Place>> {
    sqlx::query_as(
        "SELECT j.task, (SELECT COUNT(*) FROM jobs x WHERE x.task = j.task AND x.owner IS NULL AND x.resort IS NULL
                           AND x.run_at <= j.run_at
                           AND (x.class_order < j.class_order
                                OR (x.class_order = j.class_order
                                    AND (x.created_at < j.created_at OR (x.created_at = j.created_at AND x.id < j.id)))))
                AS ahead
         FROM jobs j WHERE j.kind = $1 AND j.subject = $2 AND j.task IS NOT NULL AND j.owner IS NULL
           AND j.resort IS NULL AND j.run_at < $3",
    )
    .bind(job.kind().as_str())
    .bind(job.subject())
    .bind(PAUSED)
    .fetch_optional(conn)
    .await
}

/// Whether a job is due: read before the write lock is taken.
pub async fn is_due(conn: &mut Conn, pick: Pick, now: Millis) -> sqlx::Result<bool> {
    let query = match pick {
        Pick::Fallback => sqlx::query_scalar(
            "SELECT id FROM jobs WHERE owner IS NULL AND resort IS NOT NULL AND run_at <= $1 LIMIT 1",
        )
        .bind(now),
        Pick::Kind(kind) => sqlx::query_scalar(
            "SELECT id FROM jobs WHERE kind = $2 AND owner IS NULL AND run_at <= $1 LIMIT 1",
        )
        .bind(now)
        .bind(kind.as_str()),
    };
    let found: Option<i64> = query.fetch_optional(conn).await?;
    Ok(found.is_some())
}

/// When the next job becomes due that is not due yet; `pick` is `None` for those that ask Gemini. Paused jobs never do.
pub async fn next_due(
    conn: &mut Conn,
    pick: Option<Pick>,
    now: Millis,
) -> sqlx::Result<Option<Millis>> {
    let query = match pick {
        Some(Pick::Kind(kind)) => sqlx::query_scalar(
            "SELECT MIN(run_at) FROM jobs WHERE owner IS NULL AND run_at > $1 AND run_at < $2 AND kind = $3",
        )
        .bind(now)
        .bind(PAUSED)
        .bind(kind.as_str()),
        Some(Pick::Fallback) => sqlx::query_scalar(
            "SELECT MIN(run_at) FROM jobs WHERE owner IS NULL AND run_at > $1 AND run_at < $2 AND resort IS NOT NULL",
        )
        .bind(now)
        .bind(PAUSED),
        None => sqlx::query_scalar(
            "SELECT MIN(run_at) FROM jobs WHERE owner IS NULL AND run_at > $1 AND run_at < $2 AND task IS NOT NULL",
        )
        .bind(now)
        .bind(PAUSED),
    };
    query.fetch_one(conn).await
}

/// The number of all jobs, claimed or not.
pub async fn count(conn: &mut Conn) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT COUNT(*) FROM jobs").fetch_one(conn).await
}
