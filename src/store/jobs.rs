//! The durable queue. A job is a row; doing it is a lease on the row; done, the row is gone.

use super::Conn;
use crate::model::job::{Class, Task};
use crate::model::{CampaignId, Job, JobId, Millis, UnknownWord};

/// `run_at` of a job whose campaign is paused.
pub const PAUSED: Millis = Millis(i64::MAX);

// What the index `jobs_ready` holds, in its own words: SQLite uses it only where a query repeats them.
macro_rules! free {
    () => {
        "owner IS NULL AND resort IS NULL AND run_at < 9223372036854775807"
    };
}

// The columns of a `Row`.
macro_rules! leased {
    () => {
        "id, kind, subject, class, attempts, created_at, resort, asked, owner"
    };
}

/// A job that this process holds.
#[derive(Clone, Debug)]
pub struct Leased {
    pub id: JobId,
    pub job: Job,
    pub class: Class,
    /// How often it failed so far.
    pub attempts: i64,
    pub created_at: Millis,
    /// Why it is done without a key.
    pub resort: Option<String>,
    /// How often it had been asked for when it was taken.
    asked: i64,
    /// Who took it. Once a lease ran out and somebody else took the job, it is not ours to finish or to give back.
    owner: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: JobId,
    kind: String,
    subject: i64,
    #[sqlx(try_from = "String")]
    class: Class,
    attempts: i64,
    created_at: Millis,
    resort: Option<String>,
    asked: i64,
    owner: String,
}

impl TryFrom<Row> for Leased {
    type Error = UnknownWord;

    fn try_from(row: Row) -> Result<Self, UnknownWord> {
        let job = Job::from_row(&row.kind, row.subject)?;
        let Row { id, class, attempts, created_at, resort, asked, owner, .. } = row;
        Ok(Self { id, job, class, attempts, created_at, resort, asked, owner })
    }
}

/// Which jobs are meant: those that would ask Gemini and are not to wait for a key any more, or those of a kind that
/// needs none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    Resort,
    Kind(&'static str),
}

pub const SENDS: Lane = Lane::Kind("send_message");
pub const DIRECT: Lane = Lane::Kind("send_direct");
pub const REPLIES: Lane = Lane::Kind("reply");
pub const ROLES: Lane = Lane::Kind("give_role");
pub const LOST_ROLES: Lane = Lane::Kind("take_role");
pub const SETUP: Lane = Lane::Kind("discord_setup");
pub const READS: Lane = Lane::Kind("read_resume");

fn order(class: Class) -> i64 {
    match class {
        Class::Person => 0,
        Class::Single => 1,
        Class::Bulk => 2,
    }
}

/// Queues a job. Asked for again while it waits, it keeps its place; while it runs, it will run once more.
pub async fn enqueue(
    conn: &mut Conn,
    job: Job,
    class: Class,
    now: Millis,
    run_at: Millis,
    deadline_at: Option<Millis>,
) -> sqlx::Result<()> {
    enqueue_with(conn, job, class, now, run_at, deadline_at, Needs::default()).await
}

/// What a job asks for beyond what its task says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Needs<'a> {
    /// The one model that can answer.
    pub model: Option<&'a str>,
    /// The one process that can do it.
    pub instance: Option<&'a str>,
    /// Input tokens, estimated.
    pub tokens: Option<u32>,
}

/// As [`enqueue`], for a job with needs of its own.
pub async fn enqueue_with(
    conn: &mut Conn,
    job: Job,
    class: Class,
    now: Millis,
    run_at: Millis,
    deadline_at: Option<Millis>,
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
    .bind(job.kind())
    .bind(job.subject())
    .bind(class.as_str())
    .bind(order(class))
    .bind(job.task().map(Task::as_str))
    .bind(now)
    .bind(run_at)
    .bind(deadline_at)
    .bind(needs.model)
    .bind(needs.instance)
    .bind(needs.tokens.map(i64::from))
    .execute(conn)
    .await?;
    Ok(())
}

/// Queues a job unless it is there already.
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
    .bind(job.kind())
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

/// What the jobs of this kind that are there are about.
pub async fn subjects(conn: &mut Conn, kind: &str) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar("SELECT subject FROM jobs WHERE kind = $1").bind(kind).fetch_all(conn).await
}

/// Queues the writing of every queued message of a campaign.
pub async fn enqueue_drafts(
    conn: &mut Conn,
    campaign: CampaignId,
    task: Task,
    now: Millis,
    deadline_at: Millis,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO jobs (kind, subject, class, class_order, task, created_at, run_at, deadline_at)
         SELECT $2, id, 'bulk', 2, $3, $4, $4, $5 FROM messages WHERE campaign_id = $1 AND state = 'queued'
         ORDER BY id
         ON CONFLICT (kind, subject) DO UPDATE SET asked = jobs.asked + 1",
    )
    .bind(campaign)
    .bind(Job::Draft(crate::model::MessageId(0), task).kind())
    .bind(task.as_str())
    .bind(now)
    .bind(deadline_at)
    .execute(conn)
    .await?;
    Ok(())
}

/// Queues the delivery of every approved message of a campaign that waits for the word "send".
pub async fn enqueue_sends(conn: &mut Conn, campaign: CampaignId, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO jobs (kind, subject, class, class_order, created_at, run_at)
         SELECT 'send_message', id, 'bulk', 2, $2, $2 FROM messages
         WHERE campaign_id = $1 AND state = 'approved' AND released_at IS NOT NULL
         ORDER BY id
         ON CONFLICT (kind, subject) DO UPDATE SET asked = jobs.asked + 1",
    )
    .bind(campaign)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// Holds back what a campaign has in the queue.
pub async fn hold_campaign(conn: &mut Conn, campaign: CampaignId) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE jobs SET run_at = $2 WHERE kind IN ('draft_outreach', 'draft_match', 'send_message')
         AND subject IN (SELECT id FROM messages WHERE campaign_id = $1)",
    )
    .bind(campaign)
    .bind(PAUSED)
    .execute(conn)
    .await?;
    Ok(())
}

/// Lets go what was held back. Its patience begins anew: the pause was not the keys' fault.
pub async fn let_go_campaign(
    conn: &mut Conn,
    campaign: CampaignId,
    now: Millis,
    deadline_at: Millis,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE jobs SET run_at = $2, deadline_at = CASE WHEN deadline_at IS NULL THEN NULL ELSE CAST($3 AS BIGINT) END
         WHERE kind IN ('draft_outreach', 'draft_match', 'send_message')
         AND subject IN (SELECT id FROM messages WHERE campaign_id = $1)",
    )
    .bind(campaign)
    .bind(now)
    .bind(deadline_at)
    .execute(conn)
    .await?;
    Ok(())
}

/// Removes what a cancelled campaign has in the queue and nobody works on.
pub async fn drop_campaign(conn: &mut Conn, campaign: CampaignId) -> sqlx::Result<()> {
    sqlx::query(
        "DELETE FROM jobs WHERE owner IS NULL AND kind IN ('draft_outreach', 'draft_match', 'send_message')
         AND subject IN (SELECT id FROM messages WHERE campaign_id = $1)",
    )
    .bind(campaign)
    .execute(conn)
    .await?;
    Ok(())
}

/// What waits for Gemini, by task, class and model: how many, and the one that is next.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Waiting {
    #[sqlx(try_from = "String")]
    pub task: Task,
    #[sqlx(try_from = "String")]
    pub class: Class,
    pub waiting: i64,
    pub oldest: Millis,
    pub deadline_at: Option<Millis>,
    /// The one model that can answer; `None`: whichever of the chain serves.
    pub model: Option<String>,
    /// Input tokens of the one that is next, where it told; else as is usual for its task.
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

/// What waits for Gemini, by task and class, as the next job of each tells it: what a worker asks before every request.
/// Of what came through the door by model too, and only what `instance` can do: whoever asked holds a connection to it.
/// Unlike [`waiting`] it does not look at all of them, so `waiting` is 1 here.
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

/// Takes the job that [`next_waiting`] told of; `None`: somebody else did.
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
    row.map(leased).transpose()
}

/// Where a job stands that waits for Gemini.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub struct Place {
    #[sqlx(try_from = "String")]
    pub task: Task,
    /// Jobs of its task that go before it.
    pub ahead: i64,
}

/// The place of a job in the queue of its task; `None` when it does not wait for a key (any more).
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
    .bind(job.kind())
    .bind(job.subject())
    .bind(PAUSED)
    .fetch_optional(conn)
    .await
}

/// Whether a job of a lane is due: asked before the write lock is taken.
pub async fn is_due(conn: &mut Conn, lane: Lane, now: Millis) -> sqlx::Result<bool> {
    let query = match lane {
        Lane::Resort => sqlx::query_scalar(
            "SELECT id FROM jobs WHERE owner IS NULL AND resort IS NOT NULL AND run_at <= $1 LIMIT 1",
        )
        .bind(now),
        Lane::Kind(kind) => sqlx::query_scalar(
            "SELECT id FROM jobs WHERE kind = $2 AND owner IS NULL AND run_at <= $1 LIMIT 1",
        )
        .bind(now)
        .bind(kind),
    };
    let found: Option<i64> = query.fetch_optional(conn).await?;
    Ok(found.is_some())
}

/// When the next job that is not due yet becomes due (`None`: the next one for Gemini); paused ones never do.
pub async fn next_due(
    conn: &mut Conn,
    lane: Option<Lane>,
    now: Millis,
) -> sqlx::Result<Option<Millis>> {
    let query = match lane {
        Some(Lane::Kind(kind)) => sqlx::query_scalar(
            "SELECT MIN(run_at) FROM jobs WHERE owner IS NULL AND run_at > $1 AND run_at < $2 AND kind = $3",
        )
        .bind(now)
        .bind(PAUSED)
        .bind(kind),
        Some(Lane::Resort) => sqlx::query_scalar(
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

/// Takes the next due job of a lane, for `owner`, until `leased_until`.
pub async fn claim(
    conn: &mut Conn,
    lane: Lane,
    owner: &str,
    now: Millis,
    leased_until: Millis,
) -> sqlx::Result<Option<Leased>> {
    let query = match lane {
        Lane::Resort => sqlx::query_as::<_, Row>(concat!(
            "UPDATE jobs SET owner = $1, leased_until = $2 WHERE owner IS NULL AND id =
               (SELECT id FROM jobs WHERE owner IS NULL AND resort IS NOT NULL AND run_at <= $3
                ORDER BY class_order, created_at, id LIMIT 1) RETURNING ",
            leased!(),
        ))
        .bind(owner)
        .bind(leased_until)
        .bind(now),
        Lane::Kind(kind) => sqlx::query_as::<_, Row>(concat!(
            "UPDATE jobs SET owner = $1, leased_until = $2 WHERE owner IS NULL AND id =
               (SELECT id FROM jobs WHERE kind = $4 AND owner IS NULL AND run_at <= $3
                ORDER BY class_order, run_at, id LIMIT 1) RETURNING ",
            leased!(),
        ))
        .bind(owner)
        .bind(leased_until)
        .bind(now)
        .bind(kind),
    };
    let row = query.fetch_optional(conn).await?;
    row.map(leased).transpose()
}

/// Takes up to `most` jobs of the same task and class as `with`, where no key stands between them and being done.
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
    rows.into_iter().map(leased).collect()
}

/// Takes up to `most` first letters of the same campaign, which may stand in one request with the one in `with`: never
/// written before and nothing special asked for.
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
    .bind(with.job.kind())
    .bind(order(with.class))
    .bind(with.job.subject())
    .bind(most)
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(leased).collect()
}

fn leased(row: Row) -> sqlx::Result<Leased> {
    Leased::try_from(row).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// Lets the letters of a campaign that are not written yet wait for no key; returns how many those are.
pub async fn send_to_resort(conn: &mut Conn, campaign: CampaignId, why: &str) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "UPDATE jobs SET resort = $2 WHERE kind IN ('draft_outreach', 'draft_match')
         AND subject IN (SELECT id FROM messages WHERE campaign_id = $1 AND state IN ('queued', 'drafting'))",
    )
    .bind(campaign)
    .bind(why)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Whether the job is still ours, and it stays so until the transaction ends. A process that was silent for too long
/// (a machine that slept) finds its jobs with others, and must not touch what they work on.
pub async fn hold(conn: &mut Conn, leased: &Leased) -> sqlx::Result<bool> {
    let done =
        sqlx::query("UPDATE jobs SET leased_until = leased_until WHERE id = $1 AND owner = $2")
            .bind(leased.id)
            .bind(&leased.owner)
            .execute(conn)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// The job is done: its row goes, unless it was asked for again meanwhile. Nothing happens when it is not ours any more.
pub async fn finish(conn: &mut Conn, leased: &Leased) -> sqlx::Result<()> {
    let gone = sqlx::query("DELETE FROM jobs WHERE id = $1 AND asked = $2 AND owner = $3")
        .bind(leased.id)
        .bind(leased.asked)
        .bind(&leased.owner)
        .execute(&mut *conn)
        .await?;
    if gone.rows_affected() == 0 {
        sqlx::query(
            "UPDATE jobs SET owner = NULL, leased_until = NULL WHERE id = $1 AND owner = $2",
        )
        .bind(leased.id)
        .bind(&leased.owner)
        .execute(conn)
        .await?;
    }
    Ok(())
}

/// Gives the job back, to be looked at again at `run_at`. `attempts` is what it has failed so far. Nothing happens when
/// it is not ours any more.
pub async fn give_back(
    conn: &mut Conn,
    leased: &Leased,
    run_at: Millis,
    attempts: i64,
    error: Option<&str>,
) -> sqlx::Result<()> {
    // A campaign that was paused meanwhile stays held.
    sqlx::query(
        "UPDATE jobs SET owner = NULL, leased_until = NULL, attempts = $3, last_error = COALESCE($4, last_error),
                run_at = CASE WHEN run_at = $5 THEN run_at ELSE $2 END
         WHERE id = $1 AND owner = $6",
    )
    .bind(leased.id)
    .bind(run_at)
    .bind(attempts)
    .bind(error)
    .bind(PAUSED)
    .bind(&leased.owner)
    .execute(conn)
    .await?;
    Ok(())
}

/// A sign of life for everything that `owner` works on.
pub async fn heartbeat(conn: &mut Conn, owner: &str, leased_until: Millis) -> sqlx::Result<()> {
    sqlx::query("UPDATE jobs SET leased_until = $2 WHERE owner = $1")
        .bind(owner)
        .bind(leased_until)
        .execute(conn)
        .await?;
    Ok(())
}

/// Who holds jobs without a sign of life since their lease ran out.
pub async fn silent_owners(conn: &mut Conn, now: Millis) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "SELECT DISTINCT owner FROM jobs WHERE owner IS NOT NULL AND leased_until < $1",
    )
    .bind(now)
    .fetch_all(conn)
    .await
}

/// Puts back what an owner held. Call `messages::settle_sending` first: it needs to see what was held.
pub async fn release_owner(conn: &mut Conn, owner: &str) -> sqlx::Result<u64> {
    let done = sqlx::query("UPDATE jobs SET owner = NULL, leased_until = NULL WHERE owner = $1")
        .bind(owner)
        .execute(conn)
        .await?;
    Ok(done.rows_affected())
}

/// Removes what came through the door of a process that is no more: its deadline passed before then, and nobody who held
/// a connection has taken it.
pub async fn forget_forwards(conn: &mut Conn, before: Millis) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM jobs WHERE kind = 'forward' AND owner IS NULL AND deadline_at < $1")
        .bind(before)
        .execute(conn)
        .await?;
    Ok(())
}

/// How many jobs there are at all, held or not.
pub async fn count(conn: &mut Conn) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT COUNT(*) FROM jobs").fetch_one(conn).await
}
