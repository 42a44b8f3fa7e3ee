//! Time, which is passed in everywhere: a minute goes by in a test by adding 60,000.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;

/// Milliseconds since 1970 (UTC): how the databases hold times.
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

/// A duration as the databases hold it.
pub fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Where the time comes from. Cheap to clone; all clones tell the same time.
#[derive(Clone, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    /// Runs on `Instant` from the wall clock's reading at the start, so a step of the wall clock moves nothing.
    /// `offset` leads to the database's clock where several machines share one.
    Machine {
        start: Instant,
        wall: i64,
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
        Self(Kind::Machine { start: Instant::now(), wall, offset: Arc::new(AtomicI64::new(0)) })
    }

    /// A clock that stands still until it is [advanced](Self::advance).
    pub fn test(at: Millis) -> Self {
        Self(Kind::Test(watch::Sender::new(at.0)))
    }

    pub fn now(&self) -> Millis {
        match &self.0 {
            Kind::Machine { start, wall, offset } => {
                Millis(wall + millis(start.elapsed()) + offset.load(Ordering::Relaxed))
            }
            Kind::Test(now) => Millis(*now.borrow()),
        }
    }

    /// From now on tell the time of the database, which read `theirs` when this clock reads `ours`.
    pub fn follow(&self, ours: Millis, theirs: Millis) {
        if let Kind::Machine { offset, .. } = &self.0 {
            offset.fetch_add(theirs.0 - ours.0, Ordering::Relaxed);
        }
    }

    pub async fn sleep_until(&self, at: Millis) {
        match &self.0 {
            Kind::Machine { .. } => tokio::time::sleep(at.since(self.now())).await,
            Kind::Test(now) => {
                // The sender stands beside the receiver, so the channel cannot be closed.
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

    /// Sets a test's clock to `at` unless it is past it already; does nothing to the machine's.
    pub fn advance_to(&self, at: Millis) {
        if let Kind::Test(now) = &self.0 {
            now.send_modify(|now| *now = (*now).max(at.0));
        }
    }
}
