//! The ledger: one booking for each request to Gemini, from the moment its slot is taken.

use super::Conn;
use super::quotas::{Day, count_for_day};
use crate::model::job::{Class, Task};
use crate::model::{BookingId, JobId, KeyId, KeyNumber, Millis};

/// A request that is about to be booked, and the key that will send it.
#[derive(Clone, Debug)]
pub struct NewBooking {
    pub project: String,
    pub model: String,
    pub key: KeyId,
    pub number: KeyNumber,
    /// Of the key. The number may belong to another key by the time the request is sent.
    pub fingerprint: String,
    pub task: Task,
    pub class: Class,
    /// Input tokens, estimated.
    pub tokens: u32,
    /// The job's deadline. Not stored.
    pub deadline_at: Option<Millis>,
    pub turn: NewTurn,
}

/// The fair-queueing state after this start.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewTurn {
    pub finish: i64,
    pub clock: i64,
    pub since_bulk: i64,
}

/// Writes a booking and counts it for its day. With `job`, the job's tries can be counted.
pub async fn insert(
    conn: &mut Conn,
    new: &NewBooking,
    job: Option<JobId>,
    free_at: Millis,
    day: Day<'_>,
    now: Millis,
) -> sqlx::Result<BookingId> {
    let id: BookingId = sqlx::query_scalar(
        "INSERT INTO bookings
             (project, model, key_id, key_number, task, class, booked_at, free_at, tokens_estimated, job_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
    )
    .bind(&new.project)
    .bind(&new.model)
    .bind(new.key)
    .bind(new.number)
    .bind(new.task.as_str())
    .bind(new.class.as_str())
    .bind(now)
    .bind(free_at)
    .bind(i64::from(new.tokens))
    .bind(job)
    .fetch_one(&mut *conn)
    .await?;
    sqlx::query("UPDATE keys SET last_sent_at = $2, last_booking = $3 WHERE id = $1")
        .bind(new.key)
        .bind(now)
        .bind(id)
        .execute(&mut *conn)
        .await?;
    count_for_day(conn, &new.project, &new.model, day).await?;
    Ok(id)
}

/// Stores the fair-queueing state after a start of `task`.
pub async fn set_turn(
    conn: &mut Conn,
    task: Task,
    turn: NewTurn,
    started: Millis,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO task_turns (task, last_start_at, finish) VALUES ($1, $2, $3)
         ON CONFLICT (task) DO UPDATE SET last_start_at = $2, finish = $3",
    )
    .bind(task.as_str())
    .bind(started)
    .bind(turn.finish)
    .execute(&mut *conn)
    .await?;
    sqlx::query("UPDATE pool SET turn = $1, since_bulk = $2 WHERE id = 1")
        .bind(turn.clock)
        .bind(turn.since_bulk)
        .execute(conn)
        .await?;
    Ok(())
}

/// Stores the name that a program gave to the work a booking was made for.
pub async fn label(conn: &mut Conn, booking: BookingId, label: &str) -> sqlx::Result<()> {
    sqlx::query("UPDATE bookings SET label = $2 WHERE id = $1")
        .bind(booking)
        .bind(label)
        .execute(conn)
        .await?;
    Ok(())
}

/// Moves the bookings of a key to `project`: the key was found to belong there.
pub async fn move_to_project(conn: &mut Conn, key: KeyId, project: &str) -> sqlx::Result<()> {
    sqlx::query("UPDATE bookings SET project = $2 WHERE key_id = $1")
        .bind(key)
        .bind(project)
        .execute(conn)
        .await?;
    Ok(())
}

/// What must be known before an outdated booking is stamped again.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Stale {
    pub booked_at: Millis,
    pub free_at: Millis,
    /// Of its key and of its task: later than `booked_at` if another request went since.
    pub last_sent_at: Option<Millis>,
    pub last_start_at: Option<Millis>,
}

/// `None` if the booking is not open any more.
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
    /// Set if the day changed since the booking: the request counts for both days.
    pub new_day: Option<Day<'a>>,
}

/// Gives a booking a new start time: now.
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

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BookingOutcome {
    Ok,
    Unusable,
    Refused,
    Failed,
    /// Muster asked for something wrong.
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
    pub response: Option<&'a str>,
}

/// Stores how a request ended; false if that is stored already.
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
    .bind(settled.response)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The project that a booking counts for now: its key may have been moved since. `None` if it was deleted.
pub async fn project_of(conn: &mut Conn, booking: BookingId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("SELECT project FROM bookings WHERE id = $1")
        .bind(booking)
        .fetch_optional(conn)
        .await
}

/// Records that a request was refused for its minute although its project was within this limit.
pub async fn refused_inside(conn: &mut Conn, booking: BookingId, limit: u32) -> sqlx::Result<()> {
    sqlx::query("UPDATE bookings SET inside_limit = $2 WHERE id = $1")
        .bind(booking)
        .bind(i64::from(limit))
        .execute(conn)
        .await?;
    Ok(())
}

/// How many requests for this booking's job ended like this since then, this one included.
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

/// Deletes bookings from before then.
pub async fn forget(conn: &mut Conn, before: Millis) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM bookings WHERE booked_at < $1 AND free_at < $1")
        .bind(before)
        .execute(conn)
        .await?;
    Ok(())
}
