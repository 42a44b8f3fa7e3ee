//! The clock is set while no process runs, or while one does.

use std::time::Duration;

use muster::llm::pacing::CooldownKind;
use muster::model::clock::Reading;
use muster::model::job::{Class, Task};
use muster::model::{Clock, Job, Millis, ResumeId};
use muster::shared_clock;
use muster::store::{self, jobs, keys, quotas};

use super::bench::{Bench, NOON, full};
use crate::support::gemini::Rules;

/// How long the machine runs at noon.
const UP: i64 = 90_000;
const MINUTES: i64 = 60_000;

/// A key whose minute is used, the process that used it dead.
struct Used {
    bench: Bench,
    /// When its next slot comes free.
    until: Millis,
}

impl Used {
    async fn new() -> Self {
        let mut bench = Bench::with(&[1], Rules::default(), full).await;
        assert_eq!(join(&bench, "first", UP, NOON, true).await, NOON);
        bench.bulk(Task::Skills, 40);
        while bench.done.len() < 15 {
            bench.run_now().await;
            bench.clock.advance(Duration::from_millis(100));
        }
        let until = bench.run_now().await.0.unwrap();
        Self { bench, until }
    }

    /// What the clock shows that nobody sets, two seconds later.
    fn then(&self) -> Millis {
        self.bench.clock.now().plus(Duration::from_secs(2))
    }

    /// A process starts when the wall clock says `now`. Returns the time it goes by.
    async fn restart(&mut self, boot: &str, now: Millis, alone: bool) -> Millis {
        let up = match boot {
            "first" => UP + (self.then().0 - NOON.0),
            _ => 5_000,
        };
        let told = join(&self.bench, boot, up, now, alone).await;
        self.set_clock(told);
        told
    }

    fn set_clock(&mut self, now: Millis) {
        self.bench.clock = Clock::test(now);
        // This bench's queue is in memory.
        for job in &mut self.bench.jobs {
            (job.run_at, job.deadline_at) = (now, now.plus(Duration::from_hours(24)));
        }
    }

    /// How long its next request waits from now on.
    async fn waits(&mut self) -> Duration {
        let until = self.bench.run_now().await.0.expect("a slot comes free");
        until.since(self.bench.clock.now())
    }
}

async fn join(bench: &Bench, boot: &str, up: i64, now: Millis, alone: bool) -> Millis {
    let reading = Reading { boot: Some(boot.into()), up, now };
    let mut tx = bench.db.write().await.unwrap();
    let told = shared_clock::join(&mut tx, &bench.pool, &reading, alone).await.unwrap();
    tx.commit().await.unwrap();
    told
}

#[tokio::test]
async fn a_quick_restart_loses_nothing() {
    for slewed in [0, 400, -400] {
        let mut used = Used::new().await;
        let then = used.then();
        assert_eq!(used.restart("first", Millis(then.0 + slewed), true).await, then);
        assert_eq!(used.waits().await, used.until.since(then));
    }
}

#[tokio::test]
async fn a_slot_stays_held_as_long_as_it_was_to_be_however_the_clock_is_set() {
    for step in [5 * MINUTES, -5 * MINUTES, 3_000, -3_000, 90 * 24 * 60 * MINUTES] {
        let mut used = Used::new().await;
        let then = used.then();
        let now = Millis(then.0 + step);
        assert_eq!(used.restart("first", now, true).await, now, "it goes by the clock as set");
        assert_eq!(used.waits().await, used.until.since(then), "{step} ms");

        // The next start finds the new time, and changes nothing.
        let up = UP + (then.0 - NOON.0) + 1_000;
        let later = Millis(now.0 + 1_000);
        assert_eq!(join(&used.bench, "first", up, later, true).await, later);
        used.set_clock(later);
        assert_eq!(used.waits().await + Duration::from_secs(1), used.until.since(then));
    }
}

#[tokio::test]
async fn who_starts_beside_another_goes_by_its_time() {
    let mut used = Used::new().await;
    let then = used.then();
    assert_eq!(used.restart("first", Millis(then.0 + 5 * MINUTES), false).await, then);
    assert_eq!(used.waits().await, used.until.since(then));
}

#[tokio::test]
async fn after_a_boot_a_slot_is_held_as_if_the_last_request_had_just_been_sent() {
    let day = 24 * 60 * MINUTES;
    for step in [0, 30_000, 5 * MINUTES, -5 * MINUTES, -day, day] {
        let mut used = Used::new().await;
        let last = used.bench.clock.now();
        let now = Millis(used.then().0 + step);
        assert_eq!(used.restart("second", now, true).await, now);
        let waits = used.waits().await;
        // The last answer came a little before the clock was read last.
        assert!(waits >= used.until.since(last), "{step} ms: {waits:?}");
        assert!(waits <= Duration::from_millis(62_750), "{step} ms: {waits:?}");
    }
}

#[tokio::test]
async fn booted_again_without_any_work_between_a_slot_is_not_held_for_longer() {
    let mut used = Used::new().await;
    let first = Millis(used.then().0 + 5 * MINUTES);
    used.restart("second", first, true).await;
    let second = Millis(first.0 + 10 * MINUTES);
    used.restart("third", second, true).await;
    let waits = used.waits().await;
    assert!(waits <= Duration::from_millis(62_750), "{waits:?}");
}

#[tokio::test]
async fn twice_set_and_booted_the_slots_of_the_last_time_count() {
    let mut used = Used::new().await;
    let future = Millis(used.then().0 + 300 * MINUTES);
    used.restart("first", future, true).await;
    // Nothing more is sent; the clock is put right again, and then the machine is started.
    let up = UP + (used.then().0 - future.0) + (future.0 - NOON.0);
    let right = Millis(future.0 - 300 * MINUTES);
    assert_eq!(join(&used.bench, "first", up, right, true).await, right);
    used.set_clock(right);
    let waited = used.waits().await;
    used.restart("second", Millis(right.0 + 10_000), true).await;
    assert!(used.waits().await >= waited);
}

#[tokio::test]
async fn cooldowns_spacing_and_the_queue_move_with_the_clock() {
    let mut used = Used::new().await;
    let then = used.then();
    let ahead = |seconds| then.plus(Duration::from_secs(seconds));
    let mut tx = used.bench.db.write().await.unwrap();
    let key = keys::list(&mut tx).await.unwrap().remove(0);
    let model = "gemini-3.5-flash-lite";
    let minute = CooldownKind::Minute.as_str();
    quotas::cool_down(&mut tx, &key.project, model, ahead(40), minute, 0).await.unwrap();
    keys::cool_down(&mut tx, key.id, ahead(30 * 24 * 3_600), 1, "a year that was wrong")
        .await
        .unwrap();
    let due = Job::FindSkills(ResumeId(1));
    jobs::enqueue(&mut tx, due, Class::Person, then, then, Some(ahead(120))).await.unwrap();
    tx.commit().await.unwrap();

    let now = Millis(then.0 - 5 * MINUTES);
    used.restart("first", now, true).await;
    let mut conn = used.bench.db.read().await.unwrap();
    let quota = quotas::find(&mut conn, &key.project, model).await.unwrap().unwrap();
    assert_eq!(quota.cooldown_until.unwrap().since(now), Duration::from_secs(40));
    let row = keys::find(&mut conn, key.id).await.unwrap().unwrap();
    assert_eq!(row.cooldown_until.unwrap().since(now), Duration::from_hours(6));
    assert!(row.last_sent_at.unwrap() <= now && key.last_sent_at.unwrap() > now);
    let turn = store::snapshot::read(&mut conn, now).await.unwrap().turns.remove(0);
    assert!(turn.last_start_at <= now);
    let waiting = jobs::waiting(&mut conn, now).await.unwrap().remove(0);
    assert_eq!(
        (waiting.waiting, waiting.deadline_at.unwrap()),
        (1, now.plus(Duration::from_mins(2)))
    );
    let last = store::shared_clock::last_moment(&mut conn).await.unwrap().unwrap();
    assert!(last <= now, "nothing was sent in the future");
}
