//! Puts jobs into the queue.

use super::pick::order;
use crate::model::job::Class;
use crate::model::job::Task;
use crate::model::{Job, JobKind, Millis};
use crate::store::Conn;

/// Queues a job. Queued again while it waits, it keeps its place; while it runs, it will run once more.
pub async fn enqueue(
    conn: &mut Conn,
    job: Job,
    class: Class,
    now: Millis,
    run_at: Millis,
    deadline_at: Option<Millis>,
) -> sqlx::Result<()> {
    let needs = Needs { deadline_at, ..Needs::default() };
    insert(conn, job, class, now, run_at, needs).await
}

/// What a job needs beyond what its task says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Needs<'a> {
    /// From then on it no longer waits for a key.
    pub deadline_at: Option<Millis>,
    /// The only model that can answer.
    pub model: Option<&'a str>,
    /// The only process that can run it.
    pub instance: Option<&'a str>,
    /// Input tokens, estimated.
    pub tokens: Option<u32>,
}

/// As [`enqueue`], for a job that is due now and has needs of its own.
pub async fn enqueue_with(
    conn: &mut Conn,
    job: Job,
    class: Class,
    now: Millis,
    needs: Needs<'_>,
) -> sqlx::Result<()> {
    insert(conn, job, class, now, now, needs).await
}

async fn insert(
    conn: &mut Conn,
    job: Job,
    class: Class,
    now: Millis,
    run_at: Millis,
    needs: Needs<'_>,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO jobs
             (kind, subject, class, class_order, task, created_at, run_at, deadline_at, model, instance, tokens)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (kind, subject) DO UPDATE SET class = excluded.class, class_order = excluded.class_order,
             run_at = excluded.run_at, deadline_at = excluded.deadline_at, model = excluded.model,
             instance = excluded.instance, tokens = excluded.tokens, attempts = 0, resort = NULL,
             asked = jobs.asked + 1",
    )
    .bind(job.kind().as_str())
    .bind(job.subject())
    .bind(class.as_str())
    .bind(order(class))
    .bind(job.task().map(Task::as_str))
    .bind(now)
    .bind(run_at)
    .bind(needs.deadline_at)
    .bind(needs.model)
    .bind(needs.instance)
    .bind(needs.tokens.map(i64::from))
    .execute(conn)
    .await?;
    Ok(())
}

/// Queues a job unless it is already queued.
pub async fn enqueue_once(
    conn: &mut Conn,
    job: Job,
    class: Class,
    now: Millis,
    needs: Needs<'_>,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO jobs (kind, subject, class, class_order, task, created_at, run_at, model, tokens)
         VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8) ON CONFLICT (kind, subject) DO NOTHING",
    )
    .bind(job.kind().as_str())
    .bind(job.subject())
    .bind(class.as_str())
    .bind(order(class))
    .bind(job.task().map(Task::as_str))
    .bind(now)
    .bind(needs.model)
    .bind(needs.tokens.map(i64::from))
    .execute(conn)
    .await?;
    Ok(())
}

/// The ids of the rows that the queued jobs of this kind are about.
pub async fn subjects(conn: &mut Conn, kind: JobKind) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar("SELECT subject FROM jobs WHERE kind = $1")
        .bind(kind.as_str())
        .fetch_all(conn)
        .await
}
