//! A live campaign for 10,000 people, written by template and delivered into the outbox by the workers.

use std::time::Duration;

use divan::Bencher;
use divan::counter::ItemsCount;
use muster::jobs::Workers;
use muster::model::campaign::CampaignKind;

use super::house::{House, block_on};

const PEOPLE: usize = 10_000;

#[divan::bench(sample_count = 3, sample_size = 1)]
fn starting(bencher: Bencher) {
    bencher.with_inputs(|| block_on(House::with_people(PEOPLE))).bench_refs(|house| {
        assert_eq!(block_on(house.start_campaign(CampaignKind::Live)).total, PEOPLE as i64);
    });
}

/// From the first draft to the last email in the outbox. "items/s" are emails a second.
#[divan::bench(sample_count = 1, sample_size = 1)]
fn writing_and_delivering(bencher: Bencher) {
    let start = || {
        block_on(async {
            let house = House::with_people(PEOPLE).await;
            house.start_campaign(CampaignKind::Live).await;
            house
        })
    };
    bencher.counter(ItemsCount::new(PEOPLE)).with_inputs(start).bench_refs(|house| {
        block_on(async {
            work(house).await;
            assert_eq!(house.number(DELIVERED).await, PEOPLE as i64);
        });
    });
}

/// Approved messages, from "send" to the last email in the outbox.
#[divan::bench(sample_count = 1, sample_size = 1)]
fn delivering(bencher: Bencher) {
    let write = || {
        block_on(async {
            let house = House::with_people(PEOPLE).await;
            let campaign = house.start_campaign(CampaignKind::Test).await.id;
            work(&house).await;
            house.approve_all(campaign).await;
            // The workers that wrote have stopped: those that send are another process's.
            (house.restarted().await, campaign)
        })
    };
    bencher.counter(ItemsCount::new(PEOPLE)).with_inputs(write).bench_refs(|(house, campaign)| {
        block_on(async {
            house.send_approved(*campaign).await;
            work(house).await;
            assert_eq!(house.number(DELIVERED).await, PEOPLE as i64);
        });
    });
}

const DELIVERED: &str = "SELECT COUNT(*) FROM mails WHERE state = 'sent'";

/// Lets the workers work until nothing waits.
async fn work(house: &House) {
    let workers = Workers::start(house.app.clone()).await.expect("workers");
    while house.number("SELECT COUNT(*) FROM jobs").await > 0 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    house.app.stopping.cancel();
    workers.drain().await.expect("drained");
}
