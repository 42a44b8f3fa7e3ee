//! Order, distance and limits while all is well.

use std::time::Duration;

use muster::keys;
use muster::llm::{Failure, prompts};
use muster::model::KeyNumber;
use muster::model::email::Purpose;
use muster::model::job::{Class, Task};

use super::bench::{Bench, By, NOON, facts, full, request};
use crate::support::db::{TestDb, on_both_engines};
use crate::support::gemini::{Rules, Window};

const TASKS: [Task; 3] = [Task::Outreach, Task::Skills, Task::Match];

#[tokio::test]
async fn two_keys_take_turns_keep_the_distances_and_are_never_refused() {
    on_both_engines(two_keys_take_turns).await;
}

async fn two_keys_take_turns(db: TestDb) {
    let mut bench = Bench::on(db, &[1, 2], Rules::default(), |_| {}).await;
    bench.bulk(Task::Outreach, 20);
    bench.bulk(Task::Skills, 10);
    bench.bulk(Task::Match, 10);
    bench.run().await;

    assert_eq!(bench.by_model(), 40);
    assert_eq!(bench.gemini.refusals(), 0);
    let used = bench.gemini.keys_used();
    assert!(used.windows(2).all(|pair| pair[0] != pair[1]), "{used:?}");
    bench.assert_spaced(Task::Outreach, Duration::from_secs(5));
    bench.assert_spaced(Task::Skills, Duration::from_secs(7));
    bench.assert_spaced(Task::Match, Duration::from_secs(6));
    let first: Vec<_> = bench.gemini.requests().iter().take(3).map(|seen| seen.at).collect();
    assert!(
        first.iter().all(|at| at.since(NOON) <= Duration::from_millis(100)),
        "all begin at once"
    );
}

#[tokio::test]
async fn one_key_has_twice_the_distance() {
    let mut bench = Bench::new(&[7]).await;
    for task in TASKS {
        bench.bulk(task, 4);
    }
    bench.run().await;
    bench.assert_spaced(Task::Outreach, Duration::from_secs(10));
    bench.assert_spaced(Task::Skills, Duration::from_secs(14));
    bench.assert_spaced(Task::Match, Duration::from_secs(12));
    assert_eq!(bench.gemini.refusals(), 0);
}

#[tokio::test]
async fn at_full_pace_ninety_requests_need_hardly_more_than_the_quota_and_meet_no_refusal() {
    for window in [Window::Rolling, Window::Calendar, Window::Bucket] {
        let rules = Rules { window, ..Rules::default() };
        let mut bench = Bench::with(&[1, 2], rules, full).await;
        for task in TASKS {
            bench.bulk(task, 30);
        }
        bench.run().await;
        assert_eq!((bench.by_model(), bench.gemini.refusals()), (90, 0), "{window:?}");
        let took = bench.clock.now().since(NOON);
        assert!(took <= Duration::from_millis(123_100), "{took:?}");
        let ones = bench.gemini.keys_used().iter().filter(|key| **key == 1).count();
        assert_eq!(ones, 45);
    }
}

#[tokio::test]
async fn the_minute_holds_across_a_restart() {
    let mut bench = Bench::with(&[1], Rules::default(), full).await;
    bench.bulk(Task::Skills, 40);
    while bench.done.len() < 15 {
        bench.run_now().await;
        bench.clock.advance(Duration::from_millis(100));
        assert!(bench.clock.now().since(NOON) < Duration::from_secs(2));
    }
    let (until, _) = bench.run_now().await;

    // A new process knows nothing but what the database says; its keys are in other variables.
    let settings = {
        let mut settings = super::bench::settings(&bench.gemini.url, &[1]);
        settings.keys[0].number = KeyNumber(9);
        full(&mut settings);
        settings
    };
    let salt = muster::model::Secret::new("a salt for tests");
    bench.pool = keys::Pool::new(&settings, 1, &salt);
    let mut tx = bench.db.write().await.unwrap();
    keys::sync(&mut tx, &bench.pool, bench.clock.now()).await.unwrap();
    tx.commit().await.unwrap();

    assert_eq!(bench.run_now().await.0, until);
    bench.run().await;
    assert_eq!((bench.by_model(), bench.gemini.refusals()), (40, 0));
}

#[tokio::test]
async fn an_answer_that_never_comes_keeps_its_slot() {
    let mut bench = Bench::with(&[1], Rules { per_minute: 3, ..Rules::default() }, |gemini| {
        full(gemini);
        gemini.limits.requests_per_minute = Some(3);
    })
    .await;
    bench.bulk(Task::Skills, 6);
    // Booked, and its process died: nobody settles it.
    for _ in 0..3 {
        bench.clock.advance(Duration::from_millis(100));
        let mut tx = bench.db.write().await.unwrap();
        assert!(bench.book(&mut tx).await.is_some());
        tx.commit().await.unwrap();
    }
    let (until, _) = bench.run_now().await;
    // Half a second until it was sent, two until it arrived, a minute and a guard.
    assert_eq!(until.unwrap().since(NOON), Duration::from_millis(100 + 62_750));
}

#[tokio::test]
async fn a_transaction_taken_back_books_nothing() {
    let mut bench = Bench::new(&[1, 2]).await;
    bench.bulk(Task::Outreach, 2);
    for _ in 0..3 {
        let mut tx = bench.db.write().await.unwrap();
        let grant = bench.book(&mut tx).await.expect("a start");
        assert_eq!(grant.key, KeyNumber(1));
        drop(tx);
    }
}

#[tokio::test]
async fn a_booking_that_grew_old_is_stamped_again_or_given_back() {
    on_both_engines(a_booking_grows_old).await;
}

async fn a_booking_grows_old(db: TestDb) {
    let mut bench = Bench::on(db, &[1, 2], Rules::default(), |_| {}).await;
    bench.bulk(Task::Outreach, 3);
    let book = async |bench: &Bench| {
        let mut tx = bench.db.write().await.unwrap();
        let grant = bench.book(&mut tx).await.expect("a start");
        tx.commit().await.unwrap();
        grant
    };
    let ask = async |bench: &Bench, grant: &keys::Grant| {
        let request = request(Task::Outreach);
        bench.asking().ask(grant, &request).await
    };

    // Four seconds between the booking and the first byte: the distance counts from then.
    let first = book(&bench).await;
    bench.clock.advance(Duration::from_secs(4));
    assert!(ask(&bench, &first).await.is_ok());
    let until = bench.run_now().await.0.unwrap();
    assert_eq!(until.since(NOON), Duration::from_secs(9));

    // Another start went meanwhile: too close to it, so the older one goes back.
    bench.clock.advance_to(until);
    let second = book(&bench).await;
    bench.clock.advance(Duration::from_secs(5));
    let third = book(&bench).await;
    assert!(ask(&bench, &third).await.is_ok());
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(ask(&bench, &second).await, Err(Failure::GivenBack));
    assert_eq!(bench.gemini.requests().len(), 2);

    let mut tx = bench.db.write().await.unwrap();
    let now = bench.clock.now();
    let after =
        keys::settle(&mut tx, &bench.pool, &second, &Err(Failure::GivenBack), now).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(after, keys::After::Again { at: now });
    let used: u32 = bench.keys().await.iter().map(|row| row.used_today).sum();
    assert_eq!(used, 2, "what was never sent does not count for the day");
}

#[tokio::test]
async fn people_come_before_bulk_and_bulk_does_not_starve() {
    let mut bench = Bench::with(&[1, 2], Rules::default(), full).await;
    bench.bulk(Task::Outreach, 30);
    bench.add(Task::Skills, Class::Person, 18, Duration::from_mins(2));
    let (_, why) = bench.run_now().await;
    bench.clock.advance(Duration::from_secs(2));
    while bench.done.len() < 24 {
        assert!(bench.clock.now().since(NOON) < Duration::from_secs(10), "{why}");
        bench.run_now().await;
        bench.clock.advance(Duration::from_millis(100));
    }
    let order: String = bench.done[..24]
        .iter()
        .map(|done| if done.task == Task::Skills { 'p' } else { 'b' })
        .collect();
    assert_eq!(order, "pppb".repeat(6));
}

#[tokio::test]
async fn the_answers_are_letters_and_skills() {
    let bench = Bench::new(&[1]).await;
    let ask = async |request: &muster::llm::Request| {
        let key = &bench.pool.key(KeyNumber(1)).unwrap().secret;
        let departure = Box::pin(async { Ok(()) });
        bench.client.generate(key, "gemini-3.5-flash-lite", request, departure).await.unwrap()
    };
    let email = prompts::read_email(&ask(&prompts::invitation(&facts(Purpose::Invitation))).await);
    let email = email.unwrap();
    for part in ["Ada Sample", "Harbour Hack", "Harbour Club", "Rust", "matchmaking"] {
        assert!(email.body.contains(part), "{part} in {}", email.body);
    }
    let email = prompts::read_email(&ask(&request(Task::Match)).await).unwrap();
    assert!(email.body.contains("Bo Sample") && email.body.contains("Cy Sample"));
    let skills = prompts::read_skills(&ask(&request(Task::Skills)).await).unwrap();
    assert_eq!(skills, ["Rust", "Python", "Go"]);
}

#[tokio::test]
async fn the_day_s_quota_of_both_keys_lets_work_wait_until_midnight_in_california() {
    let mut bench = Bench::with(&[1, 2], Rules { per_day: 4, ..Rules::default() }, |gemini| {
        full(gemini);
        gemini.limits.requests_per_day = Some(4);
        gemini.models.truncate(1);
    })
    .await;
    bench.bulk(Task::Skills, 10);
    bench.clock.advance(Duration::from_secs(1));
    let mut why = String::new();
    for _ in 0..20 {
        why = bench.run_now().await.1;
        bench.clock.advance(Duration::from_millis(100));
    }
    assert_eq!(bench.done.len(), 8);
    assert_eq!(why, "the day's quota of both keys is used until 08:01 UTC on 25 November");
    bench.run().await;
    assert_eq!((bench.by_model(), bench.gemini.refusals()), (10, 0));
    assert!(bench.done.iter().all(|done| matches!(done.by, By::Model { .. })));
    assert!(bench.clock.now().since(NOON) > Duration::from_hours(20));
}

#[tokio::test]
async fn processes_that_book_at_once_never_book_a_slot_twice() {
    on_both_engines(processes_book_at_once).await;
}

async fn processes_book_at_once(db: TestDb) {
    let mut bench = Bench::on(db, &[1, 2], Rules::default(), |gemini| {
        full(gemini);
        gemini.send_gap = Duration::ZERO;
    })
    .await;
    bench.bulk(Task::Skills, 100);
    let one = || async {
        let mut tx = bench.db.write().await.unwrap();
        let grant = bench.book(&mut tx).await?;
        tx.commit().await.unwrap();
        Some((grant.key.0, grant.booking.0))
    };
    let booked: Vec<(i64, i64)> = futures_util::future::join_all((0..50).map(|_| one()))
        .await
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(booked.len(), 30);
    assert_eq!(booked.iter().filter(|(key, _)| *key == 1).count(), 15);
    let mut bookings: Vec<i64> = booked.iter().map(|(_, booking)| *booking).collect();
    bookings.sort_unstable();
    bookings.dedup();
    assert_eq!(bookings.len(), 30);
}
