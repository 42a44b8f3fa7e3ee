//! Quotas: what is known of each project's limits for each model, and how much of the day is used.

use super::Conn;
use crate::model::Millis;

#[derive(Clone, Debug, sqlx::FromRow, serde::Deserialize)]
pub struct Quota {
    pub project: String,
    pub model: String,
    pub per_minute: Option<i64>,
    pub per_day: Option<i64>,
    pub tokens_per_minute: Option<i64>,
    pub lowered_by: i64,
    pub lowered_until: Option<Millis>,
    #[sqlx(rename = "rest_until")]
    pub cooldown_until: Option<Millis>,
    #[sqlx(rename = "rest_step")]
    pub cooldown_step: i64,
    /// The word of a `CooldownKind` of pacing.
    #[sqlx(rename = "rest_kind")]
    pub cooldown_kind: Option<String>,
    /// Set when the project cannot use the model at all.
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

pub async fn list(conn: &mut Conn) -> sqlx::Result<Vec<Quota>> {
    sqlx::query_as(concat!("SELECT ", quota_columns!(), " FROM quotas")).fetch_all(conn).await
}

pub async fn find(conn: &mut Conn, project: &str, model: &str) -> sqlx::Result<Option<Quota>> {
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

/// Writes a quota, except for its day, which [`recount`] counts.
pub async fn put(conn: &mut Conn, quota: &Quota) -> sqlx::Result<()> {
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
    .bind(quota.cooldown_until)
    .bind(quota.cooldown_step)
    .bind(&quota.cooldown_kind)
    .bind(quota.off_at)
    .bind(&quota.reason)
    .execute(conn)
    .await?;
    Ok(())
}

/// Deletes the quotas of a project that no key belongs to any more.
pub async fn delete_project(conn: &mut Conn, project: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM quotas WHERE project = $1").bind(project).execute(conn).await?;
    Ok(())
}

/// Ends the project's cooldowns, turns its models on and undoes a lowered limit. Learned limits stay, except for a
/// used-up limit of the day, which would keep the project from being used.
pub async fn clear_refusals(conn: &mut Conn, project: &str) -> sqlx::Result<()> {
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

/// The day by which Google counts: it begins at midnight in California.
#[derive(Clone, Copy, Debug)]
pub struct Day<'a> {
    /// As `2026-11-24`.
    pub date: &'a str,
    /// Requests booked from here on may count for this day: a little before its midnight.
    pub from: Millis,
}

/// Counts a request for the day. Its booking must be written already.
pub(super) async fn count_for_day(
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

/// Takes a request that was never sent out of the count of its day.
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

/// Counts the day of a project again, from the bookings.
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

/// Limits that Google named; `None` leaves the known limit.
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

/// Lowers the limit of the minute by `by` until `until`.
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

pub async fn cool_down(
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

pub async fn turn_off_model(
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

/// Ends cooldowns that began before `booked`: the project served a request booked then.
pub async fn served(
    conn: &mut Conn,
    project: &str,
    model: &str,
    booked: Millis,
) -> sqlx::Result<()> {
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
