//! The clock of the processes that share a SQLite file, and the shifting of stored times when it was set.

use std::time::Duration;

use super::Conn;
use super::jobs::PAUSED;
use crate::model::Millis;
use crate::model::clock::Step;

/// The stored clock: the boot of the machine, and how its uptime relates to the time.
pub async fn read(conn: &mut Conn) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("SELECT value FROM settings WHERE name = 'clock'").fetch_optional(conn).await
}

pub async fn write(conn: &mut Conn, value: &str) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO settings (event_id, name, value) SELECT MIN(id), 'clock', $1 FROM events WHERE 1 = 1
         ON CONFLICT (event_id, name) DO UPDATE SET value = excluded.value",
    )
    .bind(value)
    .execute(conn)
    .await?;
    Ok(())
}

/// The latest time in the database: the last process ended after it.
pub async fn last_moment(conn: &mut Conn) -> sqlx::Result<Option<Millis>> {
    sqlx::query_scalar(
        "SELECT MAX(at) FROM (
             SELECT MAX(booked_at) AS at FROM bookings UNION ALL
             SELECT MAX(answered_at) AS at FROM bookings UNION ALL
             SELECT MAX(created_at) AS at FROM jobs
         ) AS moments",
    )
    .fetch_one(conn)
    .await
}

/// Shifts the pool's ledger by a step of the clock: slots stay taken as long as before. `reach` is the longest delay
/// after an earlier start.
pub async fn shift_pool(conn: &mut Conn, step: Step, reach: Duration) -> sqlx::Result<()> {
    let (then, now, by) = (step.then, step.now, step.by());
    sqlx::query(
        "UPDATE bookings SET free_at = CASE WHEN free_at > $1 THEN free_at + $3 ELSE $2 END
         WHERE free_at > $1 OR free_at > $2",
    )
    .bind(then)
    .bind(now)
    .bind(by)
    .execute(&mut *conn)
    .await?;
    // Nothing was sent in the future: a later step must find the right last moment.
    sqlx::query(
        "UPDATE bookings SET booked_at = CASE WHEN booked_at > $1 THEN $1 ELSE booked_at END,
             sent_at = CASE WHEN sent_at > $1 THEN $1 ELSE sent_at END,
             answered_at = CASE WHEN answered_at > $1 THEN $1 ELSE answered_at END
         WHERE booked_at > $1 OR sent_at > $1 OR answered_at > $1",
    )
    .bind(now)
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "UPDATE keys SET last_sent_at = CASE WHEN last_sent_at > $1 THEN last_sent_at + $3 ELSE $2 END
         WHERE last_sent_at > $1 OR last_sent_at > $2",
    )
    .bind(then.minus(reach))
    .bind(now)
    .bind(by)
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "UPDATE task_turns SET last_start_at = CASE WHEN last_start_at > $1 THEN last_start_at + $3 ELSE $2 END
         WHERE last_start_at > $1 OR last_start_at > $2",
    )
    .bind(then.minus(reach))
    .bind(now)
    .bind(by)
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "UPDATE quotas SET rest_until = CASE WHEN rest_until > $1 THEN rest_until + $3 ELSE $2 END
         WHERE (rest_until > $1 OR rest_until > $2) AND rest_kind <> 'day'",
    )
    .bind(then)
    .bind(now)
    .bind(by)
    .execute(conn)
    .await?;
    Ok(())
}

/// The longest possible cooldowns. They end by the calendar, unless the calendar was wrong.
#[derive(Clone, Copy, Debug)]
pub struct Longest {
    pub fault: Duration,
    pub day: Duration,
    pub lowered: Duration,
}

pub async fn cap_cooldowns(conn: &mut Conn, longest: Longest, now: Millis) -> sqlx::Result<()> {
    sqlx::query("UPDATE keys SET rest_until = $1 WHERE rest_until > $1")
        .bind(now.plus(longest.fault))
        .execute(&mut *conn)
        .await?;
    sqlx::query("UPDATE quotas SET rest_until = $1 WHERE rest_until > $1")
        .bind(now.plus(longest.day))
        .execute(&mut *conn)
        .await?;
    sqlx::query("UPDATE quotas SET lowered_until = $1 WHERE lowered_until > $1")
        .bind(now.plus(longest.lowered))
        .execute(conn)
        .await?;
    Ok(())
}

/// Shifts the times of the queue by this many milliseconds, and moves the last delivery of each account into the past.
pub async fn shift_queue(conn: &mut Conn, by: i64, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE jobs SET created_at = created_at + $1, deadline_at = deadline_at + $1,
             leased_until = leased_until + $1,
             run_at = CASE WHEN run_at = $2 THEN run_at ELSE run_at + $1 END",
    )
    .bind(by)
    .bind(PAUSED)
    .execute(&mut *conn)
    .await?;
    sqlx::query("UPDATE senders SET last_send_at = $1 WHERE last_send_at > $1")
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}
