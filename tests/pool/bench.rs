//! A pool with its database, its Gemini and a small queue.

use std::collections::BTreeMap;
use std::time::Duration;

use muster::config::{self, Pacing};
use muster::keys::{self, After, Decision, Grant, KeyRow, KeyState, Pool};
use muster::llm::pacing::Demand;
use muster::llm::{Answer, Client, Failure, Request, prompts};
use muster::model::email::{EmailFacts, EventFacts, Purpose, Recipient, Teammate};
use muster::model::job::{Class, Task};
use muster::model::{Clock, JobId, KeyNumber, Millis, Secret};
use muster::store::Conn;

use crate::support::db::{Place, TestDb};
use crate::support::gemini::{self, Rules, TestGemini};

/// 2026-11-24T12:00:00Z: four in the morning in California.
pub const NOON: Millis = Millis(1_795_521_600_000);

pub struct Bench {
    pub db: TestDb,
    pub pool: Pool,
    pub client: Client,
    pub clock: Clock,
    pub gemini: TestGemini,
    pub jobs: Vec<Waiting>,
    pub done: Vec<Done>,
    next_job: i64,
}

#[derive(Clone, Debug)]
pub struct Waiting {
    pub id: i64,
    pub task: Task,
    pub class: Class,
    pub created_at: Millis,
    pub deadline_at: Millis,
    pub run_at: Millis,
    pub attempts: u32,
}

#[derive(Clone, Debug)]
pub struct Done {
    pub task: Task,
    pub at: Millis,
    pub attempts: u32,
    pub by: By,
}

#[derive(Clone, Debug, PartialEq)]
pub enum By {
    Model { key: KeyNumber, model: String },
    Fallback(String),
}

/// Settings as they come from an environment without variables, with keys of these numbers.
pub fn settings(url: &str, numbers: &[i64]) -> config::Gemini {
    let mut gemini = config::Config::read(&config::Vars::default()).expect("it is empty").gemini;
    url.clone_into(&mut gemini.base_url);
    gemini.keys = numbers
        .iter()
        .map(|number| config::Key {
            number: KeyNumber(*number),
            key: Secret::new(gemini::key(*number)),
            project: None,
            limits: config::Limits::default(),
        })
        .collect();
    gemini
}

impl Bench {
    /// On SQLite, with a Gemini as it is on the free tier.
    pub async fn new(numbers: &[i64]) -> Self {
        Self::with(numbers, Rules::default(), |_| {}).await
    }

    pub async fn with(
        numbers: &[i64],
        rules: Rules,
        change: impl FnOnce(&mut config::Gemini),
    ) -> Self {
        Self::on(TestDb::open(Place::sqlite()).await, numbers, rules, change).await
    }

    pub async fn on(
        db: TestDb,
        numbers: &[i64],
        rules: Rules,
        change: impl FnOnce(&mut config::Gemini),
    ) -> Self {
        // A second installation is refused, and that is fine: the first one holds.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = Clock::test(NOON);
        let gemini = TestGemini::start(clock.clone(), rules).await;
        let mut settings = settings(&gemini.url, numbers);
        change(&mut settings);
        let pool = Pool::new(&settings, 1, &Secret::new("a salt for tests"));
        let client = Client::new(&settings, 1).expect("a client");
        let mut tx = db.write().await.unwrap();
        keys::sync(&mut tx, &pool, NOON).await.unwrap();
        tx.commit().await.unwrap();
        Self { db, pool, client, clock, gemini, jobs: Vec::new(), done: Vec::new(), next_job: 1 }
    }

    pub fn bulk(&mut self, task: Task, count: usize) {
        self.add(task, Class::Bulk, count, Duration::from_hours(24));
    }

    pub fn add(&mut self, task: Task, class: Class, count: usize, deadline: Duration) {
        for _ in 0..count {
            let now = self.clock.now();
            self.jobs.push(Waiting {
                id: self.next_job,
                task,
                class,
                created_at: now,
                deadline_at: now.plus(deadline),
                run_at: now,
                attempts: 0,
            });
            self.next_job += 1;
        }
    }

    pub fn demands(&self) -> Vec<Demand> {
        let now = self.clock.now();
        let mut demands: BTreeMap<(Class, Task), Demand> = BTreeMap::new();
        for job in self.jobs.iter().filter(|job| job.run_at <= now) {
            demands
                .entry((job.class, job.task))
                .or_insert_with(|| Demand {
                    task: job.task,
                    class: job.class,
                    waiting: 0,
                    created_at: job.created_at,
                    deadline_at: Some(job.deadline_at),
                    tokens: 1_000,
                    model: None,
                })
                .waiting += 1;
        }
        demands.into_values().collect()
    }

    fn claim(&mut self, demand: &Demand) -> Waiting {
        let now = self.clock.now();
        let ready = |job: &Waiting| {
            (job.task, job.class) == (demand.task, demand.class) && job.run_at <= now
        };
        let at = self.jobs.iter().position(ready).expect("what was decided on waits");
        self.jobs.remove(at)
    }

    pub fn asking(&self) -> keys::Asking<'_> {
        keys::Asking { pool: &self.pool, client: &self.client, db: &self.db, clock: &self.clock }
    }

    /// Decides and books in this transaction; `None`: nothing can start.
    pub async fn book(&self, tx: &mut Conn) -> Option<Grant> {
        let now = keys::lock_pool(tx, &self.clock).await.unwrap();
        match keys::decide(tx, &self.pool, &self.demands(), now).await.unwrap() {
            Decision::Start { booking, .. } => {
                Some(keys::book(tx, &self.pool, booking, JobId(1), now).await.unwrap())
            }
            Decision::Fallback { .. } | Decision::Wait { .. } => None,
        }
    }

    /// Books once, and asks and settles when there was a start.
    pub async fn step(&mut self) -> Decision {
        let demands = self.demands();
        let mut tx = self.db.write().await.unwrap();
        let now = keys::lock_pool(&mut tx, &self.clock).await.unwrap();
        let decision = keys::decide(&mut tx, &self.pool, &demands, now).await.unwrap();
        match &decision {
            Decision::Start { demand, booking } => {
                let job = self.claim(&demands[*demand]);
                let (booking, id) = (booking.clone(), JobId(job.id));
                let grant = &keys::book(&mut tx, &self.pool, booking, id, now).await.unwrap();
                tx.commit().await.unwrap();
                let request = request(grant.task);
                let outcome = self.asking().ask(grant, &request).await;
                self.settle(job, grant, &outcome).await;
            }
            Decision::Fallback { demand, why } => {
                let job = self.claim(&demands[*demand]);
                tx.commit().await.unwrap();
                self.finish(&job, By::Fallback(why.clone()));
            }
            Decision::Wait { .. } => drop(tx),
        }
        decision
    }

    async fn settle(
        &mut self,
        mut job: Waiting,
        grant: &keys::Grant,
        outcome: &Result<Answer, Failure>,
    ) {
        let now = self.clock.now();
        let mut tx = self.db.write().await.unwrap();
        let after = keys::settle(&mut tx, &self.pool, grant, outcome, now).await.unwrap();
        tx.commit().await.unwrap();
        match after {
            After::Fine => {
                let by = By::Model { key: grant.key, model: grant.model.clone() };
                self.finish(&job, by);
            }
            After::Again { at } => {
                job.run_at = at;
                self.jobs.insert(0, job);
            }
            After::Attempt { at, .. } => {
                job.run_at = at;
                job.attempts += 1;
                self.jobs.insert(0, job);
            }
            After::Fallback { why } => self.finish(&job, By::Fallback(why)),
        }
    }

    fn finish(&mut self, job: &Waiting, by: By) {
        let at = self.clock.now();
        self.done.push(Done { task: job.task, at, attempts: job.attempts, by });
    }

    /// Works until nothing waits, letting the time pass that must.
    pub async fn run(&mut self) {
        let mut turns = 0;
        while !self.jobs.is_empty() {
            turns += 1;
            assert!(turns < 5_000, "work waits for ever: {:?}", self.jobs);
            if let Decision::Wait { until, why } = self.step().await {
                let now = self.clock.now();
                let comes = self.jobs.iter().map(|job| job.run_at).filter(|at| *at > now).min();
                let next = until.into_iter().chain(comes).min();
                let next = next.unwrap_or_else(|| panic!("nothing will happen: {why}"));
                assert!(next > now, "it waits for a time that is past: {why}");
                self.clock.advance_to(next);
            }
        }
    }

    /// Runs until the pool has nothing more to do now, and says what it waits for.
    pub async fn run_now(&mut self) -> (Option<Millis>, String) {
        for _ in 0..1_000 {
            if let Decision::Wait { until, why } = self.step().await {
                return (until, why);
            }
        }
        panic!("it never waits");
    }

    pub async fn keys(&self) -> Vec<KeyRow> {
        let mut conn = self.db.read().await.unwrap();
        keys::overview(&mut conn, &self.pool, self.clock.now()).await.unwrap()
    }

    pub async fn key(&self, number: i64) -> KeyRow {
        self.keys().await.into_iter().find(|row| row.number == KeyNumber(number)).expect("a key")
    }

    pub async fn state(&self, number: i64) -> KeyState {
        self.key(number).await.state
    }

    pub fn makers(&self) -> Vec<&By> {
        self.done.iter().map(|done| &done.by).collect()
    }

    pub fn by_model(&self) -> usize {
        self.done.iter().filter(|done| matches!(done.by, By::Model { .. })).count()
    }

    /// Between two starts of each task, as the server saw them.
    pub fn assert_spaced(&self, task: Task, least: Duration) {
        let seen = self.gemini.requests();
        let at: Vec<Millis> =
            seen.iter().filter(|it| it.task == task.as_str()).map(|it| it.at).collect();
        for pair in at.windows(2) {
            assert!(pair[1].since(pair[0]) >= least, "{task}: {:?}", pair[1].since(pair[0]));
        }
    }
}

pub fn full(gemini: &mut config::Gemini) {
    gemini.pacing = Pacing::Full;
}

pub fn request(task: Task) -> Request {
    match task {
        Task::Outreach => prompts::invitation(&facts(Purpose::Invitation)),
        Task::Match => {
            prompts::match_email(&facts(Purpose::Match(vec![mate("Bo Sample"), mate("Cy Sample")])))
        }
        Task::Skills => prompts::skills("Built services in Rust and Go; reads Python."),
        Task::Faq | Task::Embed | Task::Gateway => {
            prompts::faq("Is there food?", &[("Is there food?", "Yes.")])
        }
    }
}

fn mate(name: &str) -> Teammate {
    Teammate {
        name: name.into(),
        job_title: String::new(),
        shared: vec!["Rust".into()],
        address: None,
    }
}

pub fn facts(purpose: Purpose) -> EmailFacts {
    EmailFacts {
        event: EventFacts {
            name: "Harbour Hack".into(),
            organiser: Some("Harbour Club".into()),
            language: "en".into(),
            ..EventFacts::default()
        },
        to: Recipient {
            name: "Ada Sample".into(),
            job_title: "Engineer".into(),
            skills: vec!["Rust".into(), "SQL".into()],
        },
        purpose,
        hint: String::new(),
    }
}
