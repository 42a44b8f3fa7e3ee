//! What each kind of refusal does.

use std::time::Duration;

use muster::keys::{self, KeyState};
use muster::model::job::{Class, Task};
use muster::model::{KeyNumber, Millis};

use super::bench::{Bench, By, NOON, full, request};
use crate::support::db::{TestDb, on_both_engines};
use crate::support::gemini::{Fault, Rules};

fn by_key(key: i64) -> By {
    By::Model { key: KeyNumber(key), model: "gemini-3.5-flash-lite".into() }
}

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn a_leaked_key_is_disabled_after_one_refusal_and_nothing_falls_back() {
    let mut bench = Bench::new(&[1, 2]).await;
    bench.gemini.fault_key(2, Some(Fault::Leaked));
    bench.bulk(Task::Outreach, 6);
    bench.run().await;
    assert_eq!(bench.makers(), [&by_key(1); 6]);
    assert!(bench.done.iter().all(|done| done.attempts == 0));
    assert_eq!(bench.gemini.keys_used().iter().filter(|key| **key == 2).count(), 1);
    let row = bench.key(2).await;
    assert_eq!(
        row.state,
        KeyState::Disabled { why: "Google reports this key as leaked; it needs a new one".into() }
    );
    assert_eq!(row.refusals, 1);
    assert!(row.last_error.unwrap().contains("reported as leaked"));
    // With one key left the distance is twice as long.
    let seen = bench.gemini.requests();
    let last_two = &seen[seen.len() - 2..];
    assert!(last_two[1].at.since(last_two[0].at) >= Duration::from_secs(10));
}

#[tokio::test]
async fn the_reserve_alone_does_the_work() {
    let mut bench = Bench::new(&[0]).await;
    bench.bulk(Task::Skills, 3);
    bench.run().await;
    assert_eq!(bench.makers(), [&by_key(0); 3]);
    bench.assert_spaced(Task::Skills, Duration::from_secs(14));
}

#[tokio::test]
async fn the_reserve_waits_while_another_key_serves_and_steps_in_when_none_does() {
    let mut bench = Bench::new(&[0, 1]).await;
    bench.bulk(Task::Skills, 3);
    bench.run().await;
    assert_eq!(bench.makers(), [&by_key(1); 3]);
    bench.gemini.fault_key(1, Some(Fault::Denied));
    bench.bulk(Task::Skills, 2);
    bench.run().await;
    assert_eq!(bench.makers()[3..], [&by_key(0); 2]);
}

#[tokio::test]
async fn when_all_keys_are_refused_the_fallback_does_everything_at_once() {
    on_both_engines(all_keys_are_refused).await;
}

async fn all_keys_are_refused(db: TestDb) {
    let mut bench = Bench::on(db, &[0, 1, 2], Rules::default(), |_| {}).await;
    bench.gemini.fault_key(0, Some(Fault::Expired));
    bench.gemini.fault_key(1, Some(Fault::Suspended));
    bench.gemini.fault_key(2, Some(Fault::Invalid));
    bench.bulk(Task::Outreach, 20);
    bench.run().await;
    assert_eq!((bench.done.len(), bench.by_model()), (20, 0));
    assert_eq!(bench.gemini.requests().len(), 3);
    assert!(bench.clock.now().since(NOON) < Duration::from_mins(1));
    let By::Fallback(why) = &bench.done[19].by else { panic!() };
    for part in ["key 1 is disabled: Google has suspended this key", "the reserve key", "key 2"] {
        assert!(why.contains(part), "{why}");
    }
    let words = bench.key(1).await.last_error.unwrap();
    assert!(!words.contains("AIza") && words.contains("[key]"), "{words}");
}

#[tokio::test]
async fn without_a_key_the_fallback_is_used_at_once() {
    let mut bench = Bench::new(&[]).await;
    bench.bulk(Task::Match, 3);
    bench.run().await;
    assert_eq!(bench.makers(), [&By::Fallback("no key is set".into()); 3]);
}

#[tokio::test]
async fn a_refusal_inside_our_own_budget_lowers_the_limit_for_a_day() {
    on_both_engines(a_refusal_lowers_the_limit).await;
}

async fn a_refusal_lowers_the_limit(db: TestDb) {
    let mut bench = Bench::on(db, &[1], Rules::default(), full).await;
    bench.gemini.fault_next([Fault::Minute]);
    bench.bulk(Task::Skills, 1);
    bench.run().await;
    assert_eq!(bench.makers(), [&by_key(1)]);
    assert_eq!(bench.done[0].attempts, 0, "it cost the job nothing");
    let rested = bench.done[0].at.since(NOON);
    assert!(rested >= Duration::from_millis(57_359), "{rested:?}");
    let row = bench.key(1).await;
    assert_eq!((row.per_minute, row.per_minute_learned), (14, true));
    bench.clock.advance(DAY);
    assert_eq!(bench.key(1).await.per_minute, 15);
}

#[tokio::test]
async fn a_limit_is_learned_and_kept() {
    let rules = Rules { per_minute: 5, ..Rules::default() };
    let mut bench = Bench::with(&[1], rules, full).await;
    bench.bulk(Task::Skills, 30);
    bench.run().await;
    assert_eq!((bench.by_model(), bench.gemini.refusals()), (30, 1));
    let row = bench.key(1).await;
    assert_eq!((row.per_minute, row.per_minute_learned), (5, true));
}

#[tokio::test]
async fn the_count_of_a_day_begins_anew_at_midnight_in_california() {
    let mut bench = Bench::with(&[1], Rules::default(), full).await;
    bench.bulk(Task::Skills, 3);
    bench.run().await;
    assert_eq!(bench.key(1).await.used_today, 3);
    bench.clock.advance_to(Millis(NOON.0 + 21 * 3_600_000));
    assert_eq!(bench.key(1).await.used_today, 0);
    bench.bulk(Task::Skills, 1);
    bench.run().await;
    assert_eq!(bench.key(1).await.used_today, 1);
}

#[tokio::test]
async fn a_key_refused_for_the_day_cools_down_until_a_minute_after_midnight_in_california() {
    on_both_engines(a_day_is_refused).await;
}

async fn a_day_is_refused(db: TestDb) {
    let mut bench = Bench::on(db, &[1, 2], Rules::default(), full).await;
    bench.gemini.fault_key(1, Some(Fault::Day));
    bench.bulk(Task::Skills, 4);
    bench.run().await;
    assert_eq!(bench.makers(), [&by_key(2); 4]);
    let midnight = Millis(NOON.0 + 20 * 3_600_000);
    let until = midnight.plus(Duration::from_mins(1));
    assert_eq!(
        bench.state(1).await,
        KeyState::CoolingDown { until, why: "the day's quota is used".into() }
    );
    assert_eq!(bench.key(1).await.per_day, Some(500));

    // Refused again after midnight: one try an hour.
    bench.gemini.fault_key(2, Some(Fault::Invalid));
    bench.clock.advance_to(until);
    bench.bulk(Task::Skills, 1);
    bench.run_now().await;
    let KeyState::CoolingDown { until: again, .. } = bench.state(1).await else { panic!() };
    assert_eq!(again.since(until), Duration::from_hours(1));

    bench.gemini.fault_key(1, None);
    bench.clock.advance_to(again);
    bench.bulk(Task::Skills, 1);
    bench.run_now().await;
    assert!(bench.by_model() >= 5, "{:?}", bench.done);
}

#[tokio::test]
async fn the_next_model_serves_when_the_first_is_used_up_for_the_day_or_gone() {
    for fault in [Fault::DayWithTrueDelay, Fault::NoQuota, Fault::ModelGone] {
        let mut bench = Bench::new(&[1]).await;
        bench.gemini.fault_next([fault]);
        bench.bulk(Task::Outreach, 2);
        bench.run().await;
        let second = By::Model { key: KeyNumber(1), model: "gemini-3.1-flash-lite".into() };
        assert_eq!(bench.makers(), [&second; 2], "{fault:?}");
        let off = bench.key(1).await.models_off;
        assert_eq!(off.len(), usize::from(fault != Fault::DayWithTrueDelay), "{off:?}");
        assert!(bench.clock.now().since(NOON) < Duration::from_mins(1));
    }
}

#[tokio::test]
async fn a_fault_of_a_key_that_may_pass_makes_it_cool_down_longer_each_time() {
    for fault in
        [Fault::ServiceDisabled, Fault::Address, Fault::Referrer, Fault::Location, Fault::Credits]
    {
        let mut bench = Bench::new(&[1, 2]).await;
        bench.gemini.fault_key(2, Some(fault));
        bench.bulk(Task::Skills, 3);
        bench.run().await;
        assert_eq!(bench.by_model(), 3);
        let cooldown = async |bench: &Bench| match bench.state(2).await {
            KeyState::CoolingDown { until, .. } => until.since(bench.gemini_last(2)),
            other => panic!("{fault:?}: {other:?}"),
        };
        assert_eq!(cooldown(&bench).await, Duration::from_mins(15), "{fault:?}");
        bench.clock.advance(Duration::from_mins(16));
        bench.bulk(Task::Skills, 2);
        bench.run().await;
        assert_eq!(cooldown(&bench).await, Duration::from_mins(30), "{fault:?}");

        bench.gemini.fault_key(2, None);
        bench.clock.advance(Duration::from_mins(31));
        bench.bulk(Task::Skills, 2);
        bench.run().await;
        assert_eq!(bench.state(2).await, KeyState::Ready);
    }
}

impl Bench {
    /// When the key was used last.
    fn gemini_last(&self, key: i64) -> Millis {
        let seen = self.gemini.requests();
        seen.iter().rev().find(|seen| seen.key == key).expect("it was used").at
    }
}

#[tokio::test]
async fn a_short_429_makes_the_project_cool_down_for_seconds_and_teaches_nothing() {
    let mut bench = Bench::with(&[1], Rules::default(), full).await;
    bench.gemini.fault_next([Fault::Capacity, Fault::Capacity, Fault::Capacity]);
    bench.bulk(Task::Skills, 1);
    bench.run().await;
    let at: Vec<u64> =
        bench.gemini.requests().iter().map(|seen| seen.at.since(NOON).as_secs()).collect();
    assert_eq!(at, [0, 5, 15, 35]);
    let row = bench.key(1).await;
    assert_eq!((row.per_minute, row.per_minute_learned), (15, false));
}

#[tokio::test]
async fn a_minute_that_google_shortens_ends_when_google_says() {
    let mut bench = Bench::with(&[1], Rules::default(), full).await;
    bench.gemini.fault_next([Fault::Minute]);
    bench.bulk(Task::Skills, 1);
    bench.run().await;
    let seen = bench.gemini.requests();
    let pause = seen[1].at.since(seen[0].at).as_millis();
    // 57.36 s, and the guard of a quarter of a second.
    assert!((57_609..58_000).contains(&pause), "{pause} ms");
}

#[tokio::test]
async fn a_refusal_for_the_minute_does_not_shorten_a_cooldown_for_the_day() {
    let mut bench = Bench::with(&[1], Rules::default(), full).await;
    bench.bulk(Task::Skills, 2);
    bench.gemini.fault_next([Fault::Day, Fault::Minute]);
    let mut answered = Vec::new();
    for _ in 0..2 {
        let mut tx = bench.db.write().await.unwrap();
        let grant = bench.book(&mut tx).await.expect("the key is free");
        tx.commit().await.unwrap();
        let outcome = bench.asking().ask(&grant, &request(Task::Skills)).await;
        answered.push((grant, outcome));
        bench.clock.advance(Duration::from_secs(1));
    }
    for (grant, outcome) in &answered {
        let mut tx = bench.db.write().await.unwrap();
        keys::settle(&mut tx, &bench.pool, grant, outcome, bench.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
    }
    let midnight = Millis(NOON.0 + 20 * 3_600_000);
    let KeyState::CoolingDown { until, .. } = bench.state(1).await else { panic!() };
    assert_eq!(until, midnight.plus(Duration::from_mins(1)));
}

#[tokio::test]
async fn a_waiting_person_is_not_kept_waiting_by_keys_that_cool_down() {
    let mut bench = Bench::new(&[1, 2]).await;
    bench.gemini.fault_key(1, Some(Fault::Address));
    bench.gemini.fault_key(2, Some(Fault::Address));
    bench.add(Task::Skills, Class::Person, 1, Duration::from_mins(2));
    bench.run().await;
    let By::Fallback(why) = &bench.done[0].by else { panic!("{:?}", bench.done) };
    assert!(why.starts_with("no key was free in time: key 1 cools down until 12:15 UTC"), "{why}");
    assert!(bench.clock.now().since(NOON) < Duration::from_mins(2));
}

#[tokio::test]
async fn keys_of_one_project_cool_down_together() {
    let rules = Rules {
        projects: [(1, "shared".to_owned()), (2, "shared".to_owned())].into(),
        ..Rules::default()
    };
    let mut bench = Bench::with(&[1, 2], rules, |gemini| {
        full(gemini);
        for key in &mut gemini.keys {
            key.project = Some("shared".into());
        }
    })
    .await;
    bench.bulk(Task::Skills, 40);
    bench.run().await;
    assert_eq!((bench.by_model(), bench.gemini.refusals()), (40, 0));
    let used = bench.gemini.keys_used();
    assert!(used.chunks(2).all(|pair| pair == [1, 2]), "{used:?}");
}

#[tokio::test]
async fn a_person_can_pause_a_key_and_try_one_again() {
    on_both_engines(a_key_is_paused_and_tried_again).await;
}

async fn a_key_is_paused_and_tried_again(db: TestDb) {
    let mut bench = Bench::on(db, &[1, 2], Rules::default(), |_| {}).await;
    let mut tx = bench.db.write().await.unwrap();
    assert!(keys::pause(&mut tx, &bench.pool, KeyNumber(1), NOON).await.unwrap());
    assert!(!keys::pause(&mut tx, &bench.pool, KeyNumber(1), NOON).await.unwrap());
    assert!(keys::pause(&mut tx, &bench.pool, KeyNumber(3), NOON).await.is_err());
    tx.commit().await.unwrap();
    assert_eq!(bench.state(1).await, KeyState::Paused);
    bench.gemini.fault_key(2, Some(Fault::Leaked));
    bench.bulk(Task::Skills, 1);
    bench.run().await;
    assert_eq!(bench.by_model(), 0);

    bench.gemini.fault_key(2, None);
    let mut tx = bench.db.write().await.unwrap();
    keys::retry(&mut tx, &bench.pool, KeyNumber(2)).await.unwrap();
    assert!(keys::resume(&mut tx, &bench.pool, KeyNumber(1)).await.unwrap());
    tx.commit().await.unwrap();
    bench.bulk(Task::Skills, 2);
    bench.run().await;
    assert_eq!(bench.makers()[1..], [&by_key(1), &by_key(2)]);
    assert_eq!((bench.state(1).await, bench.state(2).await), (KeyState::Ready, KeyState::Ready));
}
