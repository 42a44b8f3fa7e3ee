//! What happens to a claimed job: the lease is prolonged, the job is finished, or it is released.

use super::claim::Leased;
use super::pick::PAUSED;
use crate::model::Millis;
use crate::store::Conn;

/// Whether the job is still ours; if so, it stays ours until the transaction ends. After a long silence (a machine that
/// slept) others may have claimed its jobs, and a process must not touch what they work on.
pub async fn still_owned(conn: &mut Conn, leased: &Leased) -> sqlx::Result<bool> {
    let done =
        sqlx::query("UPDATE jobs SET leased_until = leased_until WHERE id = $1 AND owner = $2")
            .bind(leased.id)
            .bind(&leased.owner)
            .execute(conn)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Deletes a job that is done, unless it was queued again meanwhile. Does nothing when the job is no longer ours.
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

/// Releases the job, to be run again at `run_at`. `attempts` is how often it failed so far. Does nothing when the job
/// is no longer ours.
pub async fn release(
    conn: &mut Conn,
    leased: &Leased,
    run_at: Millis,
    attempts: i64,
    error: Option<&str>,
) -> sqlx::Result<()> {
    // A job whose campaign was paused meanwhile stays paused.
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

/// Prolongs the leases of everything that `owner` works on.
pub async fn heartbeat(conn: &mut Conn, owner: &str, leased_until: Millis) -> sqlx::Result<()> {
    sqlx::query("UPDATE jobs SET leased_until = $2 WHERE owner = $1")
        .bind(owner)
        .bind(leased_until)
        .execute(conn)
        .await?;
    Ok(())
}

/// The owners of jobs whose lease has run out.
pub async fn silent_owners(conn: &mut Conn, now: Millis) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "SELECT DISTINCT owner FROM jobs WHERE owner IS NOT NULL AND leased_until < $1",
    )
    .bind(now)
    .fetch_all(conn)
    .await
}

/// Releases all jobs of an owner. Call `deliveries::settle_owner` first, which needs to see whose jobs these are.
pub async fn release_owner(conn: &mut Conn, owner: &str) -> sqlx::Result<u64> {
    let done = sqlx::query("UPDATE jobs SET owner = NULL, leased_until = NULL WHERE owner = $1")
        .bind(owner)
        .execute(conn)
        .await?;
    Ok(done.rows_affected())
}

/// Removes the gateway requests of a process that is gone: those whose deadline passed before this time. A living
/// process would have claimed them.
pub async fn forget_forwards(conn: &mut Conn, before: Millis) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM jobs WHERE kind = 'forward' AND owner IS NULL AND deadline_at < $1")
        .bind(before)
        .execute(conn)
        .await?;
    Ok(())
}
