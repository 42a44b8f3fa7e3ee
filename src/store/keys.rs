//! The key pool's rows: keys without their material, quotas, and the ledger of bookings.

use super::Conn;
use crate::model::job::{Class, Task};
use crate::model::{BookingId, JobId, KeyId, KeyNumber, Millis};

/// Takes the pool's turn: the first statement of every transaction that books, settles or changes a key. On PostgreSQL
/// it makes them one after the other. Returns how many there were.
pub async fn lock(conn: &mut Conn) -> sqlx::Result<i64> {
    sqlx::query_scalar("UPDATE pool SET version = version + 1 WHERE id = 1 RETURNING version")
        .fetch_one(conn)
        .await
}

#[derive(Clone, Debug, sqlx::FromRow, serde::Deserialize)]
pub struct Key {
    pub id: KeyId,
    pub fingerprint: String,
    pub number: KeyNumber,
    pub project: String,
    /// The project that was named on the page.
    pub named: Option<String>,
    pub paused_at: Option<Millis>,
    pub aside_at: Option<Millis>,
    pub rest_until: Option<Millis>,
    pub rest_step: i64,
    pub reason: Option<String>,
    pub last_error: Option<String>,
    pub last_error_at: Option<Millis>,
    pub refusals: i64,
    pub last_sent_at: Option<Millis>,
    pub last_booking: BookingId,
}

macro_rules! key_columns {
    () => {
        "id, fingerprint, number, project, named, paused_at, aside_at, rest_until, rest_step, reason, last_error, \
         last_error_at, refusals, last_sent_at, last_booking"
    };
}

pub async fn list(conn: &mut Conn) -> sqlx::Result<Vec<Key>> {
    sqlx::query_as(concat!("SELECT ", key_columns!(), " FROM keys")).fetch_all(conn).await
}

pub async fn find(conn: &mut Conn, id: KeyId) -> sqlx::Result<Option<Key>> {
    sqlx::query_as(concat!("SELECT ", key_columns!(), " FROM keys WHERE id = $1"))
        .bind(id)
        .fetch_optional(conn)
        .await
}

/// Notes that the key is in the environment, under this number and project.
pub async fn see(
    conn: &mut Conn,
    fingerprint: &str,
    number: KeyNumber,
    project: &str,
    now: Millis,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO keys (fingerprint, number, project, seen_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (fingerprint) DO UPDATE SET number = $2, project = $3, seen_at = $4",
    )
    .bind(fingerprint)
    .bind(number)
    .bind(project)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// What a key sent counts for `project` from now on: it was found to belong there.
pub async fn move_bookings(conn: &mut Conn, key: KeyId, project: &str) -> sqlx::Result<()> {
    sqlx::query("UPDATE bookings SET project = $2 WHERE key_id = $1")
        .bind(key)
        .bind(project)
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn pause(conn: &mut Conn, key: KeyId, now: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query("UPDATE keys SET paused_at = $2 WHERE id = $1 AND paused_at IS NULL")
        .bind(key)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn resume(conn: &mut Conn, key: KeyId) -> sqlx::Result<bool> {
    let done =
        sqlx::query("UPDATE keys SET paused_at = NULL WHERE id = $1 AND paused_at IS NOT NULL")
            .bind(key)
            .execute(conn)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets why the key was set aside or rests.
pub async fn forgive(conn: &mut Conn, key: KeyId) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE keys SET aside_at = NULL, rest_until = NULL, rest_step = 0, reason = NULL WHERE id = $1",
    )
    .bind(key)
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets why the project's models rest or are off, and that its limit was lowered. Learned limits stay, but for one
/// of the day that is used up: it is what keeps the project from being asked.
pub async fn forgive_project(conn: &mut Conn, project: &str) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE quotas SET rest_until = NULL, rest_step = 0, rest_kind = NULL, off_at = NULL, reason = NULL,
             lowered_by = 0, lowered_until = NULL,
             per_day = CASE WHEN day_count >= per_day THEN NULL ELSE per_day END
         WHERE project = $1",
    )
    .bind(project)
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes what Google said against the key.
pub async fn refused(conn: &mut Conn, key: KeyId, words: &str, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE keys SET refusals = refusals + 1, last_error = $2, last_error_at = $3 WHERE id = $1",
    )
    .bind(key)
    .bind(words)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn set_aside(conn: &mut Conn, key: KeyId, reason: &str, now: Millis) -> sqlx::Result<()> {
    sqlx::query("UPDATE keys SET aside_at = $2, reason = $3 WHERE id = $1")
        .bind(key)
        .bind(now)
        .bind(reason)
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn rest(
    conn: &mut Conn,
    key: KeyId,
    until: Millis,
    step: i64,
    reason: &str,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE keys SET rest_until = $2, rest_step = $3, reason = $4 WHERE id = $1")
        .bind(key)
        .bind(until)
        .bind(step)
        .bind(reason)
        .execute(conn)
        .await?;
    Ok(())
}

/// The key served a request that was booked at `booked`: what rested before then is over.
pub async fn served(
    conn: &mut Conn,
    key: KeyId,
    project: &str,
    model: &str,
    booked: Millis,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE keys SET rest_until = NULL, rest_step = 0, reason = NULL
         WHERE id = $1 AND aside_at IS NULL AND rest_until <= $2",
    )
    .bind(key)
    .bind(booked)
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "UPDATE quotas SET rest_until = NULL, rest_step = 0, rest_kind = NULL
         WHERE project = $1 AND model = $2 AND rest_until <= $3",
    )
    .bind(project)
    .bind(model)
    .bind(booked)
    .execute(conn)
    .await?;
    Ok(())
}

#[derive(Clone, Debug, sqlx::FromRow, serde::Deserialize)]
pub struct Quota {
    pub project: String,
    pub model: String,
    pub per_minute: Option<i64>,
    pub per_day: Option<i64>,
    pub tokens_per_minute: Option<i64>,
    pub lowered_by: i64,
    pub lowered_until: Option<Millis>,
    pub rest_until: Option<Millis>,
    pub rest_step: i64,
    pub rest_kind: Option<String>,
    pub off_at: Option<Millis>,
    pub reason: Option<String>,
    pub day: String,
    pub day_count: i64,
}

macro_rules! quota_columns {
    () => {
        "project, model, per_minute, per_day, tokens_per_minute, lowered_by, lowered_until, rest_until, rest_step, \
         rest_kind, off_at, reason, day, day_count"
    };
}

pub async fn quotas(conn: &mut Conn) -> sqlx::Result<Vec<Quota>> {
    sqlx::query_as(concat!("SELECT ", quota_columns!(), " FROM quotas")).fetch_all(conn).await
}

pub async fn quota(conn: &mut Conn, project: &str, model: &str) -> sqlx::Result<Option<Quota>> {
    sqlx::query_as(concat!(
        "SELECT ",
        quota_columns!(),
        " FROM quotas WHERE project = $1 AND model = $2"
    ))
    .bind(project)
    .bind(model)
    .fetch_optional(conn)
    .await
}

/// Writes what is known of a quota, but for its day: [`recount`] counts that.
pub async fn put_quota(conn: &mut Conn, quota: &Quota) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO quotas (project, model, per_minute, per_day, tokens_per_minute, rest_until, rest_step, rest_kind,
             off_at, reason)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (project, model) DO UPDATE SET per_minute = excluded.per_minute, per_day = excluded.per_day,
             tokens_per_minute = excluded.tokens_per_minute, lowered_by = 0, lowered_until = NULL,
             rest_until = excluded.rest_until, rest_step = excluded.rest_step, rest_kind = excluded.rest_kind,
             off_at = excluded.off_at, reason = excluded.reason",
    )
    .bind(&quota.project)
    .bind(&quota.model)
    .bind(quota.per_minute)
    .bind(quota.per_day)
    .bind(quota.tokens_per_minute)
    .bind(quota.rest_until)
    .bind(quota.rest_step)
    .bind(&quota.rest_kind)
    .bind(quota.off_at)
    .bind(&quota.reason)
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets what is known of a project that no key belongs to any more.
pub async fn forget_quotas(conn: &mut Conn, project: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM quotas WHERE project = $1").bind(project).execute(conn).await?;
    Ok(())
}

/// Counts the day of a project again, from the ledger.
pub async fn recount(conn: &mut Conn, project: &str, day: Day<'_>) -> sqlx::Result<()> {
    sqlx::query("UPDATE quotas SET day = $2, day_count = 0 WHERE project = $1")
        .bind(project)
        .bind(day.date)
        .execute(&mut *conn)
        .await?;
    sqlx::query(
        "INSERT INTO quotas (project, model, day, day_count)
         SELECT project, model, $2, COUNT(*) FROM bookings
         WHERE project = $1 AND booked_at >= $3 AND outcome <> 'given_back' GROUP BY project, model
         ON CONFLICT (project, model) DO UPDATE SET day_count = excluded.day_count",
    )
    .bind(project)
    .bind(day.date)
    .bind(day.from)
    .execute(conn)
    .await?;
    Ok(())
}

/// Limits that Google named; `None` leaves what was known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Learned {
    pub per_minute: Option<u32>,
    pub per_day: Option<u32>,
    pub tokens_per_minute: Option<u32>,
}

pub async fn learn(
    conn: &mut Conn,
    project: &str,
    model: &str,
    learned: Learned,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE quotas SET per_minute = COALESCE($3, per_minute), per_day = COALESCE($4, per_day),
             tokens_per_minute = COALESCE($5, tokens_per_minute)
         WHERE project = $1 AND model = $2",
    )
    .bind(project)
    .bind(model)
    .bind(learned.per_minute.map(i64::from))
    .bind(learned.per_day.map(i64::from))
    .bind(learned.tokens_per_minute.map(i64::from))
    .execute(conn)
    .await?;
    Ok(())
}

/// Believes the minute's limit one lower until `until`.
pub async fn lower(
    conn: &mut Conn,
    project: &str,
    model: &str,
    by: i64,
    until: Millis,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE quotas SET lowered_by = $3, lowered_until = $4 WHERE project = $1 AND model = $2",
    )
    .bind(project)
    .bind(model)
    .bind(by)
    .bind(until)
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn rest_project(
    conn: &mut Conn,
    project: &str,
    model: &str,
    until: Millis,
    kind: &str,
    step: i64,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE quotas SET rest_until = $3, rest_kind = $4, rest_step = $5 WHERE project = $1 AND model = $2",
    )
    .bind(project)
    .bind(model)
    .bind(until)
    .bind(kind)
    .bind(step)
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn model_off(
    conn: &mut Conn,
    project: &str,
    model: &str,
    reason: &str,
    now: Millis,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO quotas (project, model, off_at, reason) VALUES ($1, $2, $3, $4)
         ON CONFLICT (project, model) DO UPDATE SET off_at = $3, reason = $4",
    )
    .bind(project)
    .bind(model)
    .bind(now)
    .bind(reason)
    .execute(conn)
    .await?;
    Ok(())
}

/// Bookings of a project and model that the server may still count.
#[derive(Clone, Debug)]
pub struct Held {
    pub project: String,
    pub model: String,
    pub slots: Vec<HeldSlot>,
}

#[derive(Clone, Copy, Debug)]
pub struct HeldSlot {
    pub free_at: Millis,
    pub tokens: i64,
}

/// As it travels in a [`Snapshot`](super::snapshot::Snapshot): all slots are one text, each its end and its tokens.
#[derive(serde::Deserialize)]
pub(super) struct HeldRow {
    project: String,
    model: String,
    slots: String,
}

impl From<HeldRow> for Held {
    fn from(row: HeldRow) -> Self {
        let slot = |text: &str| {
            let (free_at, tokens) = text.split_once(':')?;
            Some(HeldSlot { free_at: Millis(free_at.parse().ok()?), tokens: tokens.parse().ok()? })
        };
        let slots = row.slots.split(' ').filter_map(slot).collect();
        Self { project: row.project, model: row.model, slots }
    }
}

/// How many bookings of a project and model the server may still count.
pub async fn held(conn: &mut Conn, project: &str, model: &str, now: Millis) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "SELECT COUNT(*) FROM bookings WHERE free_at > $3 AND project = $1 AND model = $2",
    )
    .bind(project)
    .bind(model)
    .bind(now)
    .fetch_one(conn)
    .await
}

/// Of a task.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Turn {
    pub task: String,
    pub last_start_at: Millis,
    pub finish: i64,
}

pub async fn set_turn(
    conn: &mut Conn,
    task: Task,
    started: Millis,
    finish: i64,
    turn: i64,
    since_bulk: i64,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO task_turns (task, last_start_at, finish) VALUES ($1, $2, $3)
         ON CONFLICT (task) DO UPDATE SET last_start_at = $2, finish = $3",
    )
    .bind(task.as_str())
    .bind(started)
    .bind(finish)
    .execute(&mut *conn)
    .await?;
    sqlx::query("UPDATE pool SET turn = $1, since_bulk = $2 WHERE id = 1")
        .bind(turn)
        .bind(since_bulk)
        .execute(conn)
        .await?;
    Ok(())
}

pub struct NewBooking<'a> {
    pub project: &'a str,
    pub model: &'a str,
    pub key: KeyId,
    pub number: KeyNumber,
    pub task: Task,
    pub class: Class,
    pub tokens: u32,
    pub free_at: Millis,
    pub day: Day<'a>,
    /// The job that it is for, so that its tries can be counted.
    pub job: Option<JobId>,
}

/// The day in California by which Google counts.
#[derive(Clone, Copy, Debug)]
pub struct Day<'a> {
    /// As `2026-11-24`.
    pub date: &'a str,
    /// A request booked since then may be counted for it: a little before its midnight.
    pub from: Millis,
}

/// Writes a request into the ledger, and counts it for its day. Returns the booking's id.
pub async fn book(conn: &mut Conn, new: &NewBooking<'_>, now: Millis) -> sqlx::Result<BookingId> {
    let id: BookingId = sqlx::query_scalar(
        "INSERT INTO bookings
             (project, model, key_id, key_number, task, class, booked_at, free_at, tokens_estimated, job_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
    )
    .bind(new.project)
    .bind(new.model)
    .bind(new.key)
    .bind(new.number)
    .bind(new.task.as_str())
    .bind(new.class.as_str())
    .bind(now)
    .bind(new.free_at)
    .bind(i64::from(new.tokens))
    .bind(new.job)
    .fetch_one(&mut *conn)
    .await?;
    sqlx::query("UPDATE keys SET last_sent_at = $2, last_booking = $3 WHERE id = $1")
        .bind(new.key)
        .bind(now)
        .bind(id)
        .execute(&mut *conn)
        .await?;
    count_for_day(conn, new.project, new.model, new.day).await?;
    Ok(id)
}

/// Counts a request, whose booking is written already, for the day.
async fn count_for_day(
    conn: &mut Conn,
    project: &str,
    model: &str,
    day: Day<'_>,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO quotas (project, model, day, day_count) VALUES ($1, $2, $3, 1)
         ON CONFLICT (project, model) DO UPDATE SET
             day_count = CASE WHEN quotas.day = $3 THEN quotas.day_count + 1 ELSE (
                 SELECT COUNT(*) FROM bookings
                 WHERE project = $1 AND model = $2 AND booked_at >= $4 AND outcome <> 'given_back'
             ) END,
             day = $3",
    )
    .bind(project)
    .bind(model)
    .bind(day.date)
    .bind(day.from)
    .execute(conn)
    .await?;
    Ok(())
}

/// Says what a program calls the work that a booking was made for.
pub async fn label(conn: &mut Conn, booking: BookingId, label: &str) -> sqlx::Result<()> {
    sqlx::query("UPDATE bookings SET label = $2 WHERE id = $1")
        .bind(booking)
        .bind(label)
        .execute(conn)
        .await?;
    Ok(())
}

/// What a booking that grew old needs to know before it is stamped again.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Stale {
    pub booked_at: Millis,
    pub free_at: Millis,
    /// Of its key, and of its task: later than `booked_at` when another went since.
    pub last_sent_at: Option<Millis>,
    pub last_start_at: Option<Millis>,
}

/// `None`: it is not open any more.
pub async fn stale(conn: &mut Conn, booking: BookingId) -> sqlx::Result<Option<Stale>> {
    sqlx::query_as(
        "SELECT b.booked_at, b.free_at, k.last_sent_at, t.last_start_at
         FROM bookings b
         LEFT JOIN keys k ON k.id = b.key_id
         LEFT JOIN task_turns t ON t.task = b.task
         WHERE b.id = $1 AND b.outcome = 'open'",
    )
    .bind(booking)
    .fetch_optional(conn)
    .await
}

pub struct Stamp<'a> {
    pub booking: BookingId,
    pub key: KeyId,
    pub task: Task,
    pub project: &'a str,
    pub model: &'a str,
    pub free_at: Millis,
    /// Where it is another one than at the booking: the request counts for both.
    pub new_day: Option<Day<'a>>,
}

/// Stamps a booking again: it starts now.
pub async fn stamp(conn: &mut Conn, stamp: &Stamp<'_>, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE bookings SET booked_at = $2, free_at = $3 WHERE id = $1 AND outcome = 'open'",
    )
    .bind(stamp.booking)
    .bind(now)
    .bind(stamp.free_at)
    .execute(&mut *conn)
    .await?;
    sqlx::query("UPDATE keys SET last_sent_at = $2 WHERE id = $1")
        .bind(stamp.key)
        .bind(now)
        .execute(&mut *conn)
        .await?;
    sqlx::query("UPDATE task_turns SET last_start_at = $2 WHERE task = $1")
        .bind(stamp.task.as_str())
        .bind(now)
        .execute(&mut *conn)
        .await?;
    if let Some(day) = stamp.new_day {
        count_for_day(conn, stamp.project, stamp.model, day).await?;
    }
    Ok(())
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BookingOutcome {
    Ok,
    Unusable,
    Refused,
    Failed,
    /// What we asked was wrong.
    Fault,
    /// Nothing was sent.
    GivenBack,
}

crate::model::words!(BookingOutcome, "outcome", {
    Ok => "ok",
    Unusable => "unusable",
    Refused => "refused",
    Failed => "failed",
    Fault => "fault",
    GivenBack => "given_back",
});

pub struct Settled<'a> {
    pub booking: BookingId,
    pub outcome: BookingOutcome,
    pub sent_at: Option<Millis>,
    pub free_at: Millis,
    pub tokens_in: Option<u32>,
    pub tokens_out: Option<u32>,
    pub words: Option<&'a str>,
}

/// Books what became of a request; false when that is booked already.
pub async fn settle(conn: &mut Conn, settled: &Settled<'_>, now: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE bookings SET outcome = $2, sent_at = $3, answered_at = $4, free_at = $5, tokens_in = $6,
             tokens_out = $7, words = $8
         WHERE id = $1 AND outcome = 'open'",
    )
    .bind(settled.booking)
    .bind(settled.outcome.as_str())
    .bind(settled.sent_at)
    .bind(now)
    .bind(settled.free_at)
    .bind(settled.tokens_in.map(i64::from))
    .bind(settled.tokens_out.map(i64::from))
    .bind(settled.words)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A request that was never sent does not count for its day.
pub async fn uncount(conn: &mut Conn, project: &str, model: &str, day: &str) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE quotas SET day_count = day_count - 1
         WHERE project = $1 AND model = $2 AND day = $3 AND day_count > 0",
    )
    .bind(project)
    .bind(model)
    .bind(day)
    .execute(conn)
    .await?;
    Ok(())
}

/// Whose quota a request counts for now: its key may have been found to belong elsewhere. `None`: it is forgotten.
pub async fn project_of(conn: &mut Conn, booking: BookingId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("SELECT project FROM bookings WHERE id = $1")
        .bind(booking)
        .fetch_optional(conn)
        .await
}

/// Notes that a request was refused for its minute although its project was inside this limit.
pub async fn refused_inside(conn: &mut Conn, booking: BookingId, limit: u32) -> sqlx::Result<()> {
    sqlx::query("UPDATE bookings SET inside_limit = $2 WHERE id = $1")
        .bind(booking)
        .bind(i64::from(limit))
        .execute(conn)
        .await?;
    Ok(())
}

/// How many of the requests for the job that `booking` was made for ended like this since then, itself included.
pub async fn tries(
    conn: &mut Conn,
    booking: BookingId,
    outcome: BookingOutcome,
    since: Millis,
) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "SELECT COUNT(*) FROM bookings
         WHERE (id = $1 OR job_id = (SELECT job_id FROM bookings WHERE id = $1)) AND outcome = $2
             AND booked_at >= $3",
    )
    .bind(booking)
    .bind(outcome.as_str())
    .bind(since)
    .fetch_one(conn)
    .await
}

/// Forgets bookings from before then.
pub async fn forget(conn: &mut Conn, before: Millis) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM bookings WHERE booked_at < $1 AND free_at < $1")
        .bind(before)
        .execute(conn)
        .await?;
    Ok(())
}

/// What keeps the fingerprints of keys from being tried against guesses: `fresh` the first time, the same ever after.
pub async fn salt(conn: &mut Conn, fresh: &str) -> sqlx::Result<String> {
    sqlx::query(
        "INSERT INTO settings (event_id, name, value) SELECT MIN(id), 'key_salt', $1 FROM events WHERE 1 = 1
         ON CONFLICT (event_id, name) DO NOTHING",
    )
    .bind(fresh)
    .execute(&mut *conn)
    .await?;
    sqlx::query_scalar("SELECT value FROM settings WHERE name = 'key_salt'").fetch_one(conn).await
}
