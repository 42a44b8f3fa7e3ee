//! The pool's transaction: decide, book and claim, as a worker does before every request to Gemini.

use std::time::Duration;

use divan::Bencher;
use muster::config::{Config, Key, Limits, Vars};
use muster::keys::{self, Decision, Pool};
use muster::llm::pacing::Demand;
use muster::model::campaign::CampaignKind;
use muster::model::{Clock, Millis, Secret};
use muster::store::jobs::Lane;
use muster::store::{self, Db};

use super::house::{House, block_on};

struct Queue {
    db: Db,
    pool: Pool,
    clock: Clock,
    _house: House,
}

impl Queue {
    /// Two keys, and a campaign that waits for them.
    async fn new(letters: usize) -> Self {
        let house = House::with_people(letters).await;
        house.start_campaign(CampaignKind::Test).await;
        let mut settings = Config::read(&Vars::default()).expect("no setting is a bad one").gemini;
        settings.keys = (1..=2)
            .map(|number| Key {
                number,
                key: Secret::new(format!("an invented key {number}")),
                project: None,
                limits: Limits::default(),
            })
            .collect();
        let pool = Pool::new(&settings, 1, &Secret::new("an invented salt"));
        let (db, clock) = (house.app.db.clone(), Clock::test(house.app.clock.now()));
        let mut tx = db.write().await.expect("a transaction");
        keys::sync(&mut tx, &pool, clock.now()).await.expect("keys");
        tx.commit().await.expect("committed");
        Self { db, pool, clock, _house: house }
    }

    /// What the worker does; the time between two claims has passed before.
    async fn claim(&self) -> bool {
        let now = self.clock.now();
        let mut tx = self.db.write().await.expect("a transaction");
        let waiting = store::jobs::next_waiting(&mut tx, now).await.expect("what waits");
        let demands: Vec<Demand> = waiting
            .iter()
            .map(|it| Demand {
                task: it.task,
                class: it.class,
                waiting: it.waiting,
                created_at: it.oldest,
                deadline_at: it.deadline_at,
                tokens: 900,
            })
            .collect();
        let decision = keys::book(&mut tx, &self.pool, &demands, now).await.expect("a decision");
        let Decision::Start { task, class, grant } = decision else { return false };
        let until = Millis(now.0 + 15_000);
        let lane = Lane::Gemini(task, class);
        let leased = store::jobs::claim(&mut tx, lane, "bench", now, until).await.expect("a claim");
        keys::attach(&mut tx, &grant, leased.expect("a job waits").id).await.expect("attached");
        tx.commit().await.expect("committed");
        true
    }
}

/// With so many letters that wait.
#[divan::bench(args = [100, 10_000], sample_count = 100, sample_size = 1)]
fn a_claim(bencher: Bencher, letters: usize) {
    let queue = block_on(Queue::new(letters));
    bencher.with_inputs(|| queue.clock.advance(Duration::from_secs(5))).bench_local_values(|()| {
        assert!(block_on(queue.claim()), "a key was free");
    });
}
