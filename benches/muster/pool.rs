//! The pool's transaction: decide, book and claim, as a worker does before every request to Gemini.

use std::time::Duration;

use divan::Bencher;
use muster::config::{Config, Key, Limits, Pacing, Vars};
use muster::keys::{self, Decision, Grant, Pool};
use muster::llm::pacing::Demand;
use muster::model::campaign::CampaignKind;
use muster::model::{Clock, JobId, KeyNumber, Millis, Secret};
use muster::store::{self, Conn, Db};

use super::house::{House, block_on, enter};

const MESSAGES: usize = 10_000;

/// Of fifteen requests that a key may send in its minute so many are held.
const HELD: usize = 14;

/// How long one is held whose answer is not there.
const HOLD: Duration = Duration::from_millis(62_750);

struct Queue {
    db: Db,
    pool: Pool,
    clock: Clock,
    /// Between two claims, so that every key is nearly full and none quite.
    step: Duration,
    _house: House,
}

impl Queue {
    /// A campaign that waits for keys which have been busy for a minute.
    async fn new(house: House, keys: usize) -> Self {
        let house = house.and_people(MESSAGES).await;
        house.start_campaign(CampaignKind::Test).await;
        let mut settings = Config::read(&Vars::default()).expect("no setting is a bad one").gemini;
        settings.pacing = Pacing::Full;
        settings.send_gap = Duration::ZERO;
        settings.keys = (1..=keys as i64)
            .map(|number| Key {
                number: KeyNumber(number),
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
        let step = HOLD / (HELD * keys) as u32;
        let queue = Self { db, pool, clock, step, _house: house };
        for _ in 0..HELD * keys {
            queue.claim().await;
            queue.clock.advance(step);
        }
        queue
    }

    /// What waits, and a slot for it.
    async fn book(&self, conn: &mut Conn) -> (JobId, Grant) {
        let now = keys::lock_pool(conn, &self.clock).await.expect("a turn");
        let waiting = store::jobs::next_waiting(conn, "here", now).await.expect("what waits");
        let demands: Vec<Demand> = waiting
            .iter()
            .map(|it| Demand {
                task: it.task,
                class: it.class,
                waiting: it.waiting,
                created_at: it.oldest,
                deadline_at: it.deadline_at,
                tokens: 900,
                model: None,
            })
            .collect();
        match keys::decide(conn, &self.pool, &demands, now).await.expect("a decision") {
            Decision::Start { demand, booking } => {
                let next = waiting[demand].next;
                let booked = keys::book(conn, &self.pool, booking, next, now).await;
                (next, booked.expect("a booking"))
            }
            other => panic!("a key is free: {other:?}"),
        }
    }

    /// What the worker does.
    async fn claim(&self) {
        let now = self.clock.now();
        let mut tx = self.db.write().await.expect("a transaction");
        let (next, _) = self.book(&mut tx).await;
        let until = Millis(now.0 + 15_000);
        let leased = store::jobs::claim_next(&mut tx, next, "bench", until).await.expect("a claim");
        assert!(leased.is_some(), "a job waits");
        tx.commit().await.expect("committed");
    }
}

const KEYS: [usize; 3] = [1, 10, 100];

/// Asking what waits and booking a slot for it, without the commit: what the disk costs is the disk's to say.
#[divan::bench(args = KEYS, sample_count = 100, sample_size = 1)]
fn booking_on_sqlite(bencher: Bencher, keys: usize) {
    booking(bencher, &block_on(async { Queue::new(House::new().await, keys).await }));
}

#[divan::bench(args = KEYS, sample_count = 100, sample_size = 1)]
fn booking_on_postgres(bencher: Bencher, keys: usize) {
    booking(bencher, &block_on(async { Queue::new(House::on_postgres().await, keys).await }));
}

/// The whole transaction, from the first word to the commit.
#[divan::bench(args = KEYS, sample_count = 100, sample_size = 1)]
fn claim_on_sqlite(bencher: Bencher, keys: usize) {
    claim(bencher, &block_on(async { Queue::new(House::new().await, keys).await }));
}

#[divan::bench(args = KEYS, sample_count = 100, sample_size = 1)]
fn claim_on_postgres(bencher: Bencher, keys: usize) {
    claim(bencher, &block_on(async { Queue::new(House::on_postgres().await, keys).await }));
}

fn booking(bencher: Bencher, queue: &Queue) {
    let _runtime = enter();
    bencher.with_inputs(|| block_on(queue.db.write()).expect("a transaction")).bench_local_values(
        |mut tx| {
            block_on(queue.book(&mut tx));
            // Dropped, it takes the booking back.
            tx
        },
    );
}

fn claim(bencher: Bencher, queue: &Queue) {
    bencher
        .with_inputs(|| queue.clock.advance(queue.step))
        .bench_local_values(|()| block_on(queue.claim()));
}
