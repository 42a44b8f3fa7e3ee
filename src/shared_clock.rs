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
    let written = store::shared_clock::read(conn).await?;
    let shared = written.as_deref().and_then(|value| shared(value, reading));
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
            let since = written.as_deref().and_then(carried_at);
            let then = store::shared_clock::last_moment(conn).await?.max(since).unwrap_or(now);
            let step = Step { then, now };
            carry(conn, pool, step, step.by().min(0)).await?;
        }
    }
    store::shared_clock::write(conn, &as_written(reading)).await?;
    Ok(now)
}

async fn carry(conn: &mut Conn, pool: &Pool, step: Step, queue_by: i64) -> sqlx::Result<()> {
    let pace = pool.pace();
    let distances = Task::ALL.iter().map(|task| pace.spacing(*task, 1));
    let reach = distances.fold(pace.send_gap, Duration::max);
    store::shared_clock::carry_pool(conn, step, reach).await?;
    let longest = store::shared_clock::Longest {
        fault: pace.fault_cooldown.1,
        day: DAY + pace.day_margin,
        lowered: pace.lowered_for,
    };
    store::shared_clock::cut_rests(conn, longest, step.now).await?;
    store::shared_clock::carry_queue(conn, queue_by, step.now).await
}

/// As it stands in the database: the boot, what the time was when that began, and the time now, to which everything was
/// carried: after another boot it must not be carried from an earlier moment once more.
fn as_written(reading: &Reading) -> String {
    let boot = reading.boot.as_deref().unwrap_or("?");
    format!("{boot} {} {}", reading.now.0 - reading.up, reading.now.0)
}

fn carried_at(written: &str) -> Option<Millis> {
    written.split(' ').nth(2)?.parse().ok().map(Millis)
}

/// What the shared clock reads now; `None` where it was read in another run of the machine.
fn shared(written: &str, reading: &Reading) -> Option<Millis> {
    let mut words = written.split(' ');
    let (boot, began) = (words.next()?, words.next()?);
    let began: i64 = began.parse().ok()?;
    (reading.boot.as_deref()? == boot).then(|| Millis(began + reading.up))
}
