//! Claims jobs, and ends or releases what was claimed.

use super::pick::{Pick, free, order};
use crate::model::job::{Class, Task};
use crate::model::{Job, JobId, JobKind, Millis};
use crate::store::Conn;

// The columns of a `Row`.
macro_rules! leased {
    () => {
        "id, kind, subject, class, attempts, created_at, resort AS fallback, asked, owner"
    };
}

/// A job that this process has claimed.
#[derive(Clone, Debug)]
pub struct Leased {
    pub id: JobId,
    pub job: Job,
    pub class: Class,
    /// How often it failed so far.
    pub attempts: i64,
    pub created_at: Millis,
    /// Why it is done without a key.
    pub fallback: Option<String>,
    /// How often it had been queued when it was claimed.
    pub(super) asked: i64,
    /// Who claimed it. Once the lease ran out and another process claimed the job, it is not ours to finish or release.
    pub(super) owner: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: JobId,
    #[sqlx(try_from = "String")]
    kind: JobKind,
    subject: i64,
    #[sqlx(try_from = "String")]
    class: Class,
    attempts: i64,
    created_at: Millis,
    fallback: Option<String>,
    asked: i64,
    owner: String,
}

impl From<Row> for Leased {
    fn from(row: Row) -> Self {
        let Row { id, kind, subject, class, attempts, created_at, fallback, asked, owner } = row;
        let job = Job::new(kind, subject);
        Self { id, job, class, attempts, created_at, fallback, asked, owner }
    }
}

/// Claims the next due job for `owner`, until `leased_until`.
pub async fn claim(
    conn: &mut Conn,
    pick: Pick,
    owner: &str,
    now: Millis,
    leased_until: Millis,
) -> sqlx::Result<Option<Leased>> {
    let query = match pick {
        Pick::Fallback => sqlx::query_as::<_, Row>(concat!(
            "UPDATE jobs SET owner = $1, leased_until = $2 WHERE owner IS NULL AND id =
               (SELECT id FROM jobs WHERE owner IS NULL AND resort IS NOT NULL AND run_at <= $3
                ORDER BY class_order, created_at, id LIMIT 1) RETURNING ",
            leased!(),
        ))
        .bind(owner)
        .bind(leased_until)
        .bind(now),
        Pick::Kind(kind) => sqlx::query_as::<_, Row>(concat!(
            "UPDATE jobs SET owner = $1, leased_until = $2 WHERE owner IS NULL AND id =
               (SELECT id FROM jobs WHERE kind = $4 AND owner IS NULL AND run_at <= $3
                ORDER BY class_order, run_at, id LIMIT 1) RETURNING ",
            leased!(),
        ))
        .bind(owner)
        .bind(leased_until)
        .bind(now)
        .bind(kind.as_str()),
    };
    Ok(query.fetch_optional(conn).await?.map(Leased::from))
}

/// Claims the job that [`next_waiting`](super::next_waiting) returned; `None` when another process has claimed it.
pub async fn claim_next(
    conn: &mut Conn,
    id: JobId,
    owner: &str,
    leased_until: Millis,
) -> sqlx::Result<Option<Leased>> {
    let row: Option<Row> = sqlx::query_as(concat!(
        "UPDATE jobs SET owner = $1, leased_until = $2 WHERE id = $3 AND ",
        free!(),
        " RETURNING ",
        leased!(),
    ))
    .bind(owner)
    .bind(leased_until)
    .bind(id)
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Leased::from))
}

/// Claims up to `most` more jobs of the same task and class as `with`, when none of them waits for a key.
pub async fn claim_more(
    conn: &mut Conn,
    with: &Leased,
    most: i64,
    now: Millis,
    leased_until: Millis,
) -> sqlx::Result<Vec<Leased>> {
    let rows: Vec<Row> = sqlx::query_as(concat!(
        "UPDATE jobs SET owner = $1, leased_until = $2 WHERE owner IS NULL AND id IN
           (SELECT id FROM jobs WHERE task = $4 AND class_order = $5 AND run_at <= $3 AND ",
        free!(),
        " ORDER BY created_at, id LIMIT $6)
         RETURNING ",
        leased!(),
    ))
    .bind(&with.owner)
    .bind(leased_until)
    .bind(now)
    .bind(with.job.task().map(Task::as_str))
    .bind(order(with.class))
    .bind(most)
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Leased::from).collect())
}

/// Claims up to `most` messages of the same campaign that can be written in one request with the one in `with`: first
/// drafts without a hint.
pub async fn claim_companions(
    conn: &mut Conn,
    with: &Leased,
    most: i64,
    now: Millis,
    leased_until: Millis,
) -> sqlx::Result<Vec<Leased>> {
    let rows: Vec<Row> = sqlx::query_as(concat!(
        "UPDATE jobs SET owner = $1, leased_until = $2 WHERE owner IS NULL AND id IN
           (SELECT j.id FROM jobs j JOIN messages m ON m.id = j.subject
            WHERE j.kind = $4 AND j.task = 'outreach' AND j.class_order = $5 AND j.run_at <= $3 AND j.attempts = 0 AND ",
        free!(),
        " AND m.state = 'queued' AND m.drafts = 0 AND m.hint = ''
              AND m.campaign_id = (SELECT campaign_id FROM messages WHERE id = $6 AND drafts = 0 AND hint = '')
            ORDER BY j.created_at, j.id LIMIT $7)
         RETURNING ",
        leased!(),
    ))
    .bind(&with.owner)
    .bind(leased_until)
    .bind(now)
    .bind(with.job.kind().as_str())
    .bind(order(with.class))
    .bind(with.job.subject())
    .bind(most)
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Leased::from).collect())
}
