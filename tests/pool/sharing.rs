//! Keys that share a quota without anybody having said so, and keys that go while they are in use.

use muster::keys::{self, Decision};
use muster::model::job::Task;
use muster::model::{KeyNumber, Secret};

use super::bench::{Bench, full, request};
use crate::support::db::on_both_engines;
use crate::support::gemini::Rules;

fn sharing() -> Rules {
    let projects = [(1, "one".to_owned()), (2, "one".to_owned())].into();
    Rules { projects, ..Rules::default() }
}

#[tokio::test]
async fn keys_that_share_a_quota_are_found_out_and_once_grouped_never_refused() {
    on_both_engines(async |db| {
        let mut bench = Bench::on(db, &[1, 2, 3], sharing(), full).await;
        bench.bulk(Task::Skills, 90);
        let mut turns = 0;
        let proposals = loop {
            turns += 1;
            assert!(turns < 2_000, "it is never found out");
            let mut conn = bench.db.read().await.unwrap();
            let found = keys::proposals(&mut conn, &bench.pool, bench.clock.now()).await.unwrap();
            drop(conn);
            if !found.is_empty() {
                break found;
            }
            if let Decision::Wait { until, .. } = bench.step().await {
                bench.clock.advance_to(until.expect("something will happen"));
            }
        };
        assert_eq!(proposals.len(), 1, "{proposals:?}");
        assert_eq!((proposals[0].keys, proposals[0].limit), ([1, 2].map(KeyNumber), 15));
        let refusals = bench.gemini.refusals();
        assert_eq!(refusals, proposals[0].refusals);

        let now = bench.clock.now();
        let mut tx = bench.db.write().await.unwrap();
        let name = keys::group(&mut tx, &bench.pool, [1, 2].map(KeyNumber), now).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(name, "group-1");
        let (first, second) = (bench.key(1).await, bench.key(2).await);
        assert_eq!(first.project.as_deref(), Some("group-1"));
        assert_eq!(first.used_last_minute, second.used_last_minute, "one ledger");
        assert!(!first.per_minute_lowered, "it was the sharing, not the limit");

        bench.run().await;
        assert_eq!(bench.gemini.refusals(), refusals, "refused after they were grouped");
        assert_eq!(bench.by_model(), 90, "nothing is lost");
    })
    .await;
}

#[tokio::test]
async fn a_key_that_is_removed_between_booking_and_sending_gives_its_slot_back() {
    on_both_engines(async |db| {
        let mut bench = Bench::on(db, &[1], Rules::default(), full).await;
        bench.pool = bench.pool.clone().opening_with(&Secret::new("a secret for tests"));
        let (now, key) = (bench.clock.now(), Secret::new(crate::support::gemini::key(5)));
        let mut tx = bench.db.write().await.unwrap();
        let number = keys::add(&mut tx, &bench.pool, &key, None, now).await.unwrap();
        keys::pause(&mut tx, &bench.pool, KeyNumber(1), now).await.unwrap();
        tx.commit().await.unwrap();

        bench.bulk(Task::Skills, 2);
        let mut tx = bench.db.write().await.unwrap();
        let grant = bench.book(&mut tx).await.expect("a start");
        assert_eq!(grant.key, number);
        tx.commit().await.unwrap();
        let mut tx = bench.db.write().await.unwrap();
        keys::remove(&mut tx, &bench.pool, number).await.unwrap();
        tx.commit().await.unwrap();
        assert!(bench.keys().await.iter().all(|row| row.number != number));

        let asked = request(Task::Skills);
        let outcome = bench.asking().ask(&grant, &asked).await;
        let mut tx = bench.db.write().await.unwrap();
        let after = keys::settle(&mut tx, &bench.pool, &grant, &outcome, now).await.unwrap();
        assert_eq!(after, keys::After::Again { at: now });
        keys::resume(&mut tx, &bench.pool, KeyNumber(1)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(bench.gemini.keys_used(), Vec::<i64>::new());

        // The work goes on with the key that is left.
        bench.run().await;
        assert_eq!(bench.gemini.keys_used(), [1, 1]);
        assert_eq!(
            bench.db.count("SELECT COUNT(*) FROM bookings WHERE outcome = 'given_back'").await,
            1
        );
    })
    .await;
}
