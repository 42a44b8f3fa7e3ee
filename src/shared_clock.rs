//! One clock for the processes that share a SQLite file. (Those that share PostgreSQL have the database's.)
//!
//! Bookings, cooldowns and leases are times. A running process uses the machine's uptime and does not notice when the
//! wall clock is set. The next process starts with the new time: it would use slots that Google still counts, or wait
//! for an hour that has passed. So the database stores how uptime relates to the time. A process that starts beside
//! another one uses the same time; a process that starts alone corrects the clock and shifts every stored time that
//! matters.

use std::time::Duration;

use crate::keys::Pool;
use crate::model::Millis;
use crate::model::clock::{Reading, Step};
use crate::model::job::Task;
use crate::store::{self, Conn};

/// The shared clock is corrected only if it is wrong by more than this.
const TOLERATED: Duration = Duration::from_secs(1);
/// The longest possible day of Google's.
const DAY: Duration = Duration::from_hours(25);

/// The time for a process that starts and whose clock shows `reading`. `alone`: no other process uses the shared clock.
/// Runs inside a write transaction, so that processes that start at the same time do it one after the other.
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
                "The clock was set by {:.1} s: the stored times of the pool are shifted too",
                step.by() as f64 / 1000.0
            );
            shift(conn, pool, step, step.by()).await?;
        }
        None => {
            // The machine was restarted since, or this is the first start: nobody knows how long ago the last request
            // was. Assuming that it was just now costs a minute at most. Everything else follows the clock, unless the
            // clock is behind the stored times.
            let since = written.as_deref().and_then(shifted_to);
            let then = store::shared_clock::last_moment(conn).await?.max(since).unwrap_or(now);
            let step = Step { then, now };
            shift(conn, pool, step, step.by().min(0)).await?;
        }
    }
    store::shared_clock::write(conn, &as_stored(reading)).await?;
    Ok(now)
}

async fn shift(conn: &mut Conn, pool: &Pool, step: Step, queue_by: i64) -> sqlx::Result<()> {
    let pace = pool.pace();
    let distances = Task::ALL.iter().map(|task| pace.spacing(*task, 1));
    let reach = distances.fold(pace.send_gap, Duration::max);
    store::shared_clock::shift_pool(conn, step, reach).await?;
    let longest = store::shared_clock::Longest {
        fault: pace.fault_cooldown.1,
        day: DAY + pace.day_margin,
        lowered: pace.lowered_for,
    };
    store::shared_clock::cap_cooldowns(conn, longest, step.now).await?;
    store::shared_clock::shift_queue(conn, queue_by, step.now).await
}

/// The text in the database: the boot, the time at which it began, and the time now, to which everything was shifted.
/// After another boot, times must not be shifted again from an earlier moment.
fn as_stored(reading: &Reading) -> String {
    let boot = reading.boot.as_deref().unwrap_or("?");
    format!("{boot} {} {}", reading.now.0 - reading.up, reading.now.0)
}

fn shifted_to(written: &str) -> Option<Millis> {
    written.split(' ').nth(2)?.parse().ok().map(Millis)
}

/// The time of the shared clock; `None` if it was stored before the machine was restarted.
fn shared(written: &str, reading: &Reading) -> Option<Millis> {
    let mut words = written.split(' ');
    let (boot, began) = (words.next()?, words.next()?);
    let began: i64 = began.parse().ok()?;
    (reading.boot.as_deref()? == boot).then(|| Millis(began + reading.up))
}
