//! One clock for the processes that share a SQLite file. (Those that share PostgreSQL have the database's.)
//!
//! Bookings, rests and leases are times. A process tells the time by the machine's uptime and does not notice when the
//! wall clock is set; the next process starts with the new reading, and would take slots for free that the server still
//! counts, or wait for an hour that has passed. So the database says how uptime leads to the time: who starts beside
//! another process keeps its time, and who starts alone sets the clock right and carries every time that counts along.

use std::time::Duration;

use crate::keys::Pool;
use crate::model::Millis;
use crate::model::clock::{Reading, Step};
use crate::model::job::Task;
use crate::store::{self, Conn};

/// A shared clock may be wrong by so much before it is set right.
const TOLERATED: Duration = Duration::from_secs(1);
/// Google's day is never longer.
const DAY: Duration = Duration::from_hours(25);

/// What the time is, for a process that starts and whose clock says `reading`. `alone`: no other process lives that
/// goes by the shared clock. Inside a write transaction, so that processes which start at once take turns.
pub async fn join(
    conn: &mut Conn,
    pool: &Pool,
    reading: &Reading,
    alone: bool,
) -> sqlx::Result<Millis> {
    let now = reading.now;
    let shared = store::timeline::read(conn).await?.and_then(|value| shared(&value, reading));
    let apart = |time: Millis| time.since(now).max(now.since(time));
    match shared {
        Some(time) if !alone || apart(time) <= TOLERATED => return Ok(time),
        Some(then) => {
            let step = Step { then, now };
            tracing::warn!(
                clock.step = step.by(),
                "The clock was set by {:.1} s: what the pool holds goes with it",
                step.by() as f64 / 1000.0
            );
            carry(conn, pool, step, step.by()).await?;
        }
        None => {
            // The machine was started since, or this is the first time: nobody knows how long ago the last request
            // was. So it is taken to have been just now, which costs a minute at most. Everything else goes by the
            // clock, unless that is before what is written down.
            let then = store::timeline::last_moment(conn).await?.unwrap_or(now);
            let step = Step { then, now };
            carry(conn, pool, step, step.by().min(0)).await?;
        }
    }
    store::timeline::write(conn, &written(reading)).await?;
    Ok(now)
}

async fn carry(conn: &mut Conn, pool: &Pool, step: Step, queue_by: i64) -> sqlx::Result<()> {
    let pace = pool.pace();
    let distances = Task::ALL.iter().map(|task| pace.spacing(*task, 1));
    let reach = distances.fold(pace.send_gap, Duration::max);
    store::timeline::carry_pool(conn, step, reach).await?;
    let longest = store::timeline::Longest {
        fault: pace.fault_rest.1,
        day: DAY + pace.day_margin,
        lowered: pace.lowered_for,
    };
    store::timeline::cut_rests(conn, longest, step.now).await?;
    store::timeline::carry_queue(conn, queue_by, step.now).await
}

/// As it stands in the database: the boot, and what the time was when that began.
fn written(reading: &Reading) -> String {
    let boot = reading.boot.as_deref().unwrap_or("?");
    format!("{boot} {}", reading.now.0 - reading.up)
}

/// What the shared clock reads now; `None` where it was read in another run of the machine.
fn shared(written: &str, reading: &Reading) -> Option<Millis> {
    let (boot, began) = written.split_once(' ')?;
    let began: i64 = began.parse().ok()?;
    (reading.boot.as_deref()? == boot).then(|| Millis(began + reading.up))
}
