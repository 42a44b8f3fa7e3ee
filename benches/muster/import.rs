//! Importing 10,000 rows.

use divan::Bencher;
use divan::counter::ItemsCount;
use muster::people::import;

use super::house::{House, block_on};
use super::invented;

const ROWS: usize = 10_000;

#[divan::bench(sample_count = 5, sample_size = 1)]
fn reading(bencher: Bencher) {
    let table = invented::table(ROWS);
    bencher.counter(ItemsCount::new(ROWS)).bench(|| import::read(table.as_bytes()));
}

/// From the file's bytes to the commit.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn the_first_time(bencher: Bencher) {
    let table = invented::table(ROWS);
    bencher.counter(ItemsCount::new(ROWS)).with_inputs(|| block_on(House::new())).bench_refs(
        |house| {
            assert_eq!(block_on(house.import(&table)).new, ROWS);
        },
    );
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn again_with_nothing_new(bencher: Bencher) {
    let table = invented::table(ROWS);
    let house = block_on(House::with_people(ROWS));
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        assert_eq!(block_on(house.import(&table)).same, ROWS);
    });
}
