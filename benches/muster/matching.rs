//! Matching everybody.

use divan::Bencher;
use muster::matching::Everybody;
use muster::matching::score::Rule;

use super::house::{House, block_on};

#[divan::bench(args = [1_000, 10_000], sample_count = 3, sample_size = 1)]
fn comparing_alone(bencher: Bencher, people: usize) {
    let house = block_on(House::with_people(people));
    let everybody = block_on(async {
        let mut conn = house.app.db.read().await.expect("a connection");
        Everybody::read(&mut conn).await.expect("everybody")
    });
    bencher.bench(|| everybody.pairs(Rule::Weighted));
}

/// Reading, comparing and storing every pair.
#[divan::bench(args = [1_000, 10_000], sample_count = 3, sample_size = 1)]
fn the_first_time(bencher: Bencher, people: usize) {
    let house = block_on(House::with_people(people));
    bencher.with_inputs(|| block_on(house.sql("DELETE FROM matches"))).bench_local_values(|()| {
        assert_eq!(block_on(house.match_all()).people, people);
    });
}

#[divan::bench(args = [1_000, 10_000], sample_count = 3, sample_size = 1)]
fn again_with_nothing_changed(bencher: Bencher, people: usize) {
    let house = block_on(House::with_people(people));
    block_on(house.match_all());
    bencher.bench_local(|| block_on(house.match_all()));
}

/// One person among 10,000 who were matched before.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn one_person(bencher: Bencher) {
    let house = block_on(House::with_people(10_000));
    block_on(house.match_all());
    let mut person = 0;
    bencher.bench_local(|| {
        person += 1;
        block_on(async {
            let app = &house.app;
            let mut tx = app.db.write().await.expect("a transaction");
            let id = muster::model::PersonId(person);
            let event = muster::events::CURRENT;
            let rule = Rule::Weighted;
            let found = muster::matching::run_one(&mut tx, event, id, rule, app.clock.now())
                .await
                .expect("matched");
            tx.commit().await.expect("committed");
            found
        })
    });
}
