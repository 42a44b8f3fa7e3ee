//! Time, which is passed in everywhere: a test lets a minute pass by adding 60,000.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::watch;

/// Milliseconds since 1970 (UTC), as in the databases.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    sqlx::Type,
)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct Millis(pub i64);

impl Millis {
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }

    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis(duration)))
    }

    /// How long after `earlier` this is; zero when it is before it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// A duration in milliseconds, as in the databases.
pub fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// The source of the time. Cheap to clone; all clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    /// Runs on the time since the machine's boot, so setting the wall clock changes nothing, and sleep counts. `offset`
    /// is added to it: at first it gives the time of the wall clock, then that of the clock that all processes on the
    /// database follow.
    Machine {
        offset: Arc<AtomicI64>,
    },
    Test(watch::Sender<i64>),
}

impl Clock {
    /// The machine's clock.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the wall clock"
    )]
    pub fn machine() -> Self {
        let wall = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
        Self(Kind::Machine { offset: Arc::new(AtomicI64::new(wall - since_boot())) })
    }

    /// A clock that does not move until it is [advanced](Self::advance).
    pub fn test(at: Millis) -> Self {
        Self(Kind::Test(watch::Sender::new(at.0)))
    }

    pub fn now(&self) -> Millis {
        match &self.0 {
            Kind::Machine { offset } => Millis(since_boot() + offset.load(Ordering::Relaxed)),
            Kind::Test(now) => Millis(*now.borrow()),
        }
    }

    /// The machine's uptime and the time shown. While the machine runs, their difference stays the same. `None` for a
    /// test's clock.
    pub fn reading(&self) -> Option<Reading> {
        match &self.0 {
            Kind::Machine { offset } => {
                let up = since_boot();
                let now = Millis(up + offset.load(Ordering::Relaxed));
                Some(Reading { boot: boot(), up, now })
            }
            Kind::Test(_) => None,
        }
    }

    /// From now on, show the time of others, whose clock reads `theirs` when this one reads `ours`.
    pub fn follow(&self, ours: Millis, theirs: Millis) {
        if let Kind::Machine { offset } = &self.0 {
            offset.fetch_add(theirs.0 - ours.0, Ordering::Relaxed);
        }
    }

    pub async fn sleep_until(&self, at: Millis) {
        match &self.0 {
            Kind::Machine { .. } => tokio::time::sleep(at.since(self.now())).await,
            Kind::Test(now) => {
                // The sender exists as long as the receiver, so the channel cannot be closed.
                let _ = now.subscribe().wait_for(|now| *now >= at.0).await;
            }
        }
    }

    pub async fn sleep(&self, duration: Duration) {
        self.sleep_until(self.now().plus(duration)).await;
    }

    /// Moves a test's clock forward; does nothing to the machine's.
    pub fn advance(&self, duration: Duration) {
        if let Kind::Test(now) = &self.0 {
            now.send_modify(|now| *now += millis(duration));
        }
    }

    /// Sets a test's clock to `at` unless that is in its past; does nothing to the machine's.
    pub fn advance_to(&self, at: Millis) {
        if let Kind::Test(now) = &self.0 {
            now.send_modify(|now| *now = (*now).max(at.0));
        }
    }
}

/// The state of a machine's clock at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Identifies one run of the machine; `None` if the system does not provide it.
    pub boot: Option<String>,
    /// Milliseconds since the boot.
    pub up: i64,
    pub now: Millis,
}

/// The clock was set: it would read `then`, and reads `now`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub then: Millis,
    pub now: Millis,
}

impl Step {
    /// Moves a time along with the clock. A time in the future stays as far ahead, one in the past by less than `reach`
    /// stays as far behind, and an older one never becomes a future time.
    pub fn carry(self, at: Millis, reach: Duration) -> Millis {
        if at.plus(reach) > self.then { Millis(at.0 + self.by()) } else { at.min(self.now) }
    }

    /// Milliseconds forward; negative when the clock was set back.
    pub fn by(self) -> i64 {
        self.now.0 - self.then.0
    }
}

/// Milliseconds since the machine's boot, sleep included: the same for all processes, and nobody can set it.
#[cfg(target_os = "linux")]
fn since_boot() -> i64 {
    let up = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    up.tv_sec * 1000 + up.tv_nsec / 1_000_000
}

/// Milliseconds since the first call in this process: other systems have no simple equivalent.
#[cfg(not(target_os = "linux"))]
fn since_boot() -> i64 {
    static START: std::sync::LazyLock<std::time::Instant> =
        std::sync::LazyLock::new(std::time::Instant::now);
    millis(START.elapsed())
}

#[cfg(target_os = "linux")]
fn boot() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned()).filter(|id| !id.is_empty())
}

#[cfg(not(target_os = "linux"))]
fn boot() -> Option<String> {
    None
}
