//! The pool against servers that count: whatever the jitter, the failures and the crashes, nobody is refused, nobody
//! waits for ever, and no slot idles.

use std::time::Duration;

use proptest::prelude::*;

use super::rules::{NOON, bulk, view};
use super::*;
use crate::config::Pacing;

/// What chance does to one request. Times in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Luck {
    /// From the booking's stamp to the first byte.
    departs: i64,
    /// From the first byte to the server's count.
    travels: i64,
    /// From the server's count to the answer.
    answers: i64,
    /// The answer is never booked: the process died.
    crashes: bool,
    /// The answer is a failure: the job goes back.
    fails: bool,
}

fn luck() -> impl Strategy<Value = Luck> {
    (0..=500_i64, 0..=2_000_i64, 0..=9_000_i64, 0..20_u8).prop_map(
        |(departs, travels, answers, fate)| Luck {
            departs,
            travels,
            answers,
            crashes: fate == 0,
            fails: fate == 1,
        },
    )
}

struct Booking {
    project: String,
    free_at: Millis,
    /// When its process will book the answer, and the slot's end from then on.
    answer: Option<(Millis, Millis)>,
    /// The job comes back with the answer.
    returns: Option<(Task, Class)>,
}

struct World {
    view: View,
    now: Millis,
    jobs: Vec<(Task, Class, Millis)>,
    bookings: Vec<Booking>,
    starts: Vec<(Task, Millis)>,
    arrivals: Vec<(String, Millis)>,
}

impl World {
    fn new(view: View, jobs: Vec<(Task, Class, Millis)>) -> Self {
        Self { view, now: NOON, jobs, bookings: vec![], starts: vec![], arrivals: vec![] }
    }

    fn demands(&self) -> Vec<Demand> {
        let mut demands: Vec<Demand> = Vec::new();
        for (task, class, created_at) in &self.jobs {
            if *created_at > self.now {
                continue;
            }
            match demands.iter_mut().find(|it| (it.task, it.class) == (*task, *class)) {
                Some(known) => {
                    known.waiting += 1;
                    known.created_at = known.created_at.min(*created_at);
                }
                None => demands.push(Demand {
                    class: *class,
                    waiting: 1,
                    created_at: *created_at,
                    deadline_at: None,
                    ..bulk(*task)
                }),
            }
        }
        demands
    }

    /// Runs until all jobs are done. Panics when work waits for nothing.
    fn run(&mut self, luck: &[Luck]) {
        let mut lucks = luck.iter().cycle();
        loop {
            self.book_answers();
            self.refresh();
            let demands = self.demands();
            match decide(&self.view, &demands, self.now) {
                Verdict::Start { demand, key, project, .. } => {
                    self.start(&demands, demand, key, project, *lucks.next().unwrap());
                }
                Verdict::Resort { why, .. } => panic!("resort: {why}"),
                Verdict::Wait { until, .. } => {
                    let waits = demands.iter().any(|demand| demand.waiting > 0);
                    assert!(
                        !waits || until.is_some_and(|until| until > self.now),
                        "waits for ever"
                    );
                    if waits && self.view.pace.pacing == Pacing::Full {
                        self.assert_nothing_idles();
                    }
                    let answers = self.bookings.iter().filter_map(|it| it.answer).map(|it| it.0);
                    let comes = self.jobs.iter().map(|job| job.2).filter(|at| *at > self.now);
                    match answers.chain(comes).chain(until).min() {
                        Some(next) => self.now = next,
                        None => break,
                    }
                }
            }
        }
        assert!(self.jobs.is_empty());
    }

    fn start(&mut self, demands: &[Demand], at: usize, key: i64, project: String, luck: Luck) {
        let demand = &demands[at];
        let (task, class) = (demand.task, demand.class);
        let oldest = (0..self.jobs.len())
            .filter(|at| (self.jobs[*at].0, self.jobs[*at].1) == (task, class))
            .min_by_key(|at| self.jobs[*at].2)
            .unwrap();
        self.jobs.remove(oldest);
        let sent = Millis(self.now.0 + luck.departs);
        let arrives = Millis(sent.0 + luck.travels);
        let answered = Millis(arrives.0 + luck.answers);
        let freed = self.view.pace.free_at(sent, Some(answered));
        self.arrivals.push((project.clone(), arrives));
        self.starts.push((task, self.now));
        self.bookings.push(Booking {
            project,
            free_at: self.view.pace.held_until(self.now),
            answer: (!luck.crashes).then_some((answered, freed)),
            returns: (luck.fails || luck.crashes).then_some((task, class)),
        });
        if luck.crashes {
            // Its lease runs out.
            self.jobs.push((task, class, Millis(self.now.0 + 15_000)));
        }
        let bulk_waits = demands.iter().any(|it| it.class == Class::Bulk);
        self.view.turns = self.view.turns.after(task, class, bulk_waits, self.now);
        let key = self.view.keys.iter_mut().find(|it| it.number == key).unwrap();
        key.last_sent = Some(self.now);
        key.last_booking = self.starts.len() as i64;
    }

    fn book_answers(&mut self) {
        for booking in &mut self.bookings {
            if let Some((at, freed)) = booking.answer
                && at <= self.now
            {
                booking.free_at = freed;
                booking.answer = None;
                if let Some((task, class)) = booking.returns {
                    self.jobs.push((task, class, self.now));
                }
            }
        }
    }

    fn refresh(&mut self) {
        self.bookings.retain(|it| it.free_at > self.now || it.answer.is_some());
        for (project, ledgers) in &mut self.view.ledgers {
            ledgers[0].slots = self
                .bookings
                .iter()
                .filter(|it| it.project == *project && it.free_at > self.now)
                .map(|it| Slot { free_at: it.free_at, tokens: 0 })
                .collect();
        }
    }

    /// Every key is within its gap, or its project has as many requests as the server may still count, guard included.
    fn assert_nothing_idles(&self) {
        for key in &self.view.keys {
            let in_gap =
                key.last_sent.is_some_and(|last| self.now.since(last) < self.view.pace.send_gap);
            let ledger = &self.view.ledgers[&key.project][0];
            assert!(
                in_gap || ledger.slots.len() >= ledger.per_minute as usize,
                "key {} idles",
                key.number
            );
        }
    }

    fn assert_never_refused(&self, limit: usize, phase: i64) {
        let mut projects: Vec<&String> = self.view.ledgers.keys().collect();
        projects.dedup();
        for project in projects {
            let mut at: Vec<i64> =
                self.arrivals.iter().filter(|it| it.0 == *project).map(|it| it.1.0).collect();
            at.sort_unstable();
            for pair in at.windows(limit + 1) {
                assert!(pair[limit] - pair[0] >= 60_000, "rolling: {pair:?}");
            }
            let minute = |at: i64| (at + phase) / 60_000;
            for run in at.chunk_by(|a, b| minute(*a) == minute(*b)) {
                assert!(run.len() <= limit, "calendar: {run:?}");
            }
            // A bucket of `limit` that refills evenly; in units of 1/60,000 of a token.
            let full = limit as i64 * 60_000;
            let (mut tokens, mut last) = (full, 0);
            for at in at {
                tokens = full.min(tokens.saturating_add((at - last).saturating_mul(limit as i64)));
                assert!(tokens >= 60_000, "bucket");
                (tokens, last) = (tokens - 60_000, at);
            }
        }
    }

    fn assert_spaced(&self, projects: usize) {
        for task in [Task::Outreach, Task::Skills, Task::Match] {
            let at: Vec<Millis> =
                self.starts.iter().filter(|it| it.0 == task).map(|it| it.1).collect();
            for pair in at.windows(2) {
                assert!(pair[1].since(pair[0]) >= self.view.pace.spacing(task, projects));
            }
        }
    }
}

fn jobs() -> impl Strategy<Value = Vec<(Task, Class, Millis)>> {
    let job = (0..3_usize, 0..3_usize, 0..240_000_i64).prop_map(|(task, class, at)| {
        // Half of them come in heaps.
        let at = if at % 2 == 0 { at / 60_000 * 60_000 } else { at };
        (
            [Task::Outreach, Task::Skills, Task::Match][task],
            [Class::Person, Class::Single, Class::Bulk][class],
            Millis(NOON.0 + at),
        )
    });
    prop::collection::vec(job, 1..160)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_server_ever_refuses_and_every_job_is_done(
        full in any::<bool>(),
        keys in 1..4_i64,
        limit in 1..16_u32,
        jobs in jobs(),
        luck in prop::collection::vec(luck(), 1..200),
        phase in 0..60_000_i64,
    ) {
        let pacing = if full { Pacing::Full } else { Pacing::Spaced };
        let numbers: Vec<i64> = (1..=keys).collect();
        let mut view = view(pacing, &numbers);
        for ledgers in view.ledgers.values_mut() {
            ledgers[0].per_minute = limit;
            ledgers[1].off = Some("one model is enough here".into());
        }
        let mut world = World::new(view, jobs);
        world.run(&luck);
        world.assert_never_refused(limit as usize, phase);
        world.assert_spaced(numbers.len());
    }
}

#[test]
fn ninety_requests_with_two_keys_take_hardly_longer_than_the_quota_needs() {
    for (latency, jitter) in [(800, 0), (800, 300), (800, 1_000)] {
        let tasks = [Task::Outreach, Task::Skills, Task::Match];
        let jobs = (0..90).map(|n| (tasks[n % 3], Class::Bulk, NOON)).collect();
        let luck: Vec<Luck> = (0..97_i64)
            .map(|n| Luck {
                departs: 0,
                travels: if jitter == 0 { 0 } else { n * 7_919 % (jitter + 1) },
                answers: latency,
                crashes: false,
                fails: false,
            })
            .collect();
        let mut world = World::new(view(Pacing::Full, &[1, 2]), jobs);
        world.run(&luck);
        world.assert_never_refused(15, 17_000);
        let last = world.arrivals.iter().map(|it| it.1).max().unwrap();
        let took = last.since(NOON);
        let may_take =
            Duration::from_millis(121_700 + 2 * (latency + jitter).min(2_000) as u64 + 1_400);
        assert!(took <= may_take, "{took:?} of {may_take:?} at jitter {jitter}");
    }
}
