//! The pool against servers that count requests: with any jitter, failures, crashes and changes of the clock, no
//! request is refused, no job waits for ever, and no slot idles.

use proptest::prelude::*;

use super::server;
use super::*;
use crate::model::clock::Step;

/// The random events of one request. Times are in milliseconds.
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
            crashes: fate == 19,
            fails: fate == 18,
        },
    )
}

/// Every process ends, and one starts later with a changed clock. Times are in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Restart {
    /// Since the beginning, whatever the clock says.
    at: i64,
    down: i64,
    step: i64,
    /// The machine was restarted too, so the time without the change is unknown.
    reboot: bool,
}

fn restart() -> impl Strategy<Value = Restart> {
    (0..400_000_i64, 0..20_000_i64, -300_000..=300_000_i64, any::<bool>())
        .prop_map(|(at, down, step, reboot)| Restart { at, down, step, reboot })
}

struct Booking {
    project: String,
    free_at: Millis,
    /// The latest time at which it is free, by a clock that is never changed.
    free_by: i64,
    /// When its process will book the answer, and the slot's end from then on.
    answer: Option<(Millis, Millis)>,
    /// The job that it was made for, and whether that returns to the queue with the answer.
    asked: (Task, Class),
    returns: Option<(Task, Class)>,
}

#[derive(Clone, Copy, Debug)]
struct Job {
    task: Task,
    class: Class,
    /// Not before.
    at: Millis,
    /// It is added to the queue at that time. Other jobs wait for a lease to run out.
    arrives: bool,
}

struct World {
    view: View,
    now: Millis,
    /// How far the clock is ahead of one that is never changed.
    ahead: i64,
    /// The latest time that is written down.
    last_moment: Millis,
    jobs: Vec<Job>,
    restarts: Vec<Restart>,
    bookings: Vec<Booking>,
    /// By the clock that is never changed, like those of the servers.
    starts: Vec<(Task, Millis)>,
    arrivals: Vec<(String, Millis)>,
}

impl World {
    fn new(view: View, jobs: &[(Task, Class, Millis)], mut restarts: Vec<Restart>) -> Self {
        restarts.sort_by_key(|restart| std::cmp::Reverse(restart.at));
        let jobs = jobs.iter().map(|(task, class, at)| Job {
            task: *task,
            class: *class,
            at: *at,
            arrives: true,
        });
        Self {
            view,
            now: NOON,
            ahead: 0,
            last_moment: NOON,
            jobs: jobs.collect(),
            restarts,
            bookings: vec![],
            starts: vec![],
            arrivals: vec![],
        }
    }

    /// By the clock that is never changed.
    fn truly(&self, at: Millis) -> Millis {
        Millis(at.0 - self.ahead)
    }

    /// The longest time for which a booking is held.
    fn longest_hold(&self) -> i64 {
        self.view.pace.held_until(Millis(0)).0
    }

    /// The longest distance between two starts of a task.
    fn reach(&self) -> Duration {
        self.view.pace.spacing(Task::Skills, 1).max(self.view.pace.send_gap)
    }

    fn demands(&self) -> Vec<Demand> {
        let mut demands: Vec<Demand> = Vec::new();
        for Job { task, class, at: created_at, .. } in &self.jobs {
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
        // Failures end at some point.
        let calm = luck.iter().map(|luck| Luck { crashes: false, fails: false, ..*luck });
        let mut lucks = luck.iter().copied().chain(calm.cycle());
        loop {
            self.restart_if_due();
            self.book_answers();
            self.refresh();
            let demands = self.demands();
            match decide(&self.view, &demands, self.now) {
                Verdict::Start { demand, key, project, .. } => {
                    self.start(&demands, demand, key, project, lucks.next().unwrap());
                }
                Verdict::Fallback { why, .. } => panic!("fallback: {why}"),
                Verdict::Wait { until, .. } => {
                    let waits = demands.iter().any(|demand| demand.waiting > 0);
                    let longest = self.longest_hold() + self.reach().as_millis() as i64;
                    assert!(
                        !waits
                            || until.is_some_and(|until| {
                                (1..=longest).contains(&(until.0 - self.now.0))
                            }),
                        "waits for ever"
                    );
                    if waits && self.view.pace.pacing == Pacing::Full {
                        self.assert_nothing_idles();
                    }
                    let answers = self.bookings.iter().filter_map(|it| it.answer).map(|it| it.0);
                    let comes = self.jobs.iter().map(|job| job.at).filter(|at| *at > self.now);
                    let Some(next) = answers.chain(comes).chain(until).min() else { break };
                    self.now = self.next_restart().map_or(next, |at| at.max(self.now).min(next));
                }
            }
        }
        assert!(self.jobs.is_empty());
    }

    fn start(
        &mut self,
        demands: &[Demand],
        at: usize,
        key: KeyNumber,
        project: String,
        luck: Luck,
    ) {
        let demand = &demands[at];
        let (task, class) = (demand.task, demand.class);
        let oldest = (0..self.jobs.len())
            .filter(|at| (self.jobs[*at].task, self.jobs[*at].class) == (task, class))
            .min_by_key(|at| self.jobs[*at].at)
            .unwrap();
        self.jobs.remove(oldest);
        let sent = Millis(self.now.0 + luck.departs);
        let arrives = Millis(sent.0 + luck.travels);
        let answered = Millis(arrives.0 + luck.answers);
        let freed = self.view.pace.free_at(sent, Some(answered));
        self.arrivals.push((project.clone(), self.truly(arrives)));
        self.starts.push((task, self.truly(self.now)));
        self.last_moment = self.last_moment.max(self.now);
        let free_at = self.view.pace.held_until(self.now);
        self.bookings.push(Booking {
            project,
            free_at,
            free_by: self.truly(free_at).0,
            answer: (!luck.crashes).then_some((answered, freed)),
            asked: (task, class),
            returns: (luck.fails || luck.crashes).then_some((task, class)),
        });
        if luck.crashes {
            // Its lease runs out.
            let at = Millis(self.now.0 + 15_000);
            self.jobs.push(Job { task, class, at, arrives: false });
        }
        let bulk_waits = demands.iter().any(|it| it.class == Class::Bulk);
        self.view.turns = self.view.turns.after(task, class, bulk_waits, self.now);
        let key = self.view.keys.iter_mut().find(|it| it.number == key).unwrap();
        key.last_sent_at = Some(self.now);
        key.last_booking = BookingId(self.starts.len() as i64);
    }

    fn book_answers(&mut self) {
        for booking in &mut self.bookings {
            if let Some((at, freed)) = booking.answer
                && at <= self.now
            {
                booking.free_at = freed;
                booking.answer = None;
                self.last_moment = self.last_moment.max(self.now);
                if let Some((task, class)) = booking.returns {
                    self.jobs.push(Job { task, class, at: self.now, arrives: false });
                }
            }
        }
    }

    fn next_restart(&self) -> Option<Millis> {
        self.restarts.last().map(|next| Millis(NOON.0 + next.at + self.ahead))
    }

    fn restart_if_due(&mut self) {
        while self.next_restart().is_some_and(|at| at <= self.now) {
            let restart = self.restarts.pop().unwrap();
            self.restart(restart);
        }
    }

    fn restart(&mut self, restart: Restart) {
        // The processes lose the answers they waited for, and their jobs return to the queue.
        for booking in &mut self.bookings {
            if booking.answer.take().is_some() {
                let (task, class) = booking.asked;
                self.jobs.push(Job { task, class, at: self.now, arrives: false });
            }
        }
        for job in self.jobs.iter_mut().filter(|job| !job.arrives) {
            job.at = job.at.min(self.now);
        }
        let waits = self.jobs.iter().map(|job| job.at).filter(|at| *at <= self.now);
        self.last_moment = waits.chain([self.last_moment]).max().unwrap();
        let before = self.now;
        self.now = Millis(before.0 + restart.down + restart.step);
        self.ahead += restart.step;
        let then = if restart.reboot { self.last_moment } else { Millis(before.0 + restart.down) };
        let step = Step { then, now: self.now };
        let reach = self.reach();
        let most = self.truly(self.now).0 + self.longest_hold();
        for booking in &mut self.bookings {
            booking.free_at = step.carry(booking.free_at, Duration::ZERO);
            if restart.reboot {
                booking.free_by = most;
            }
        }
        for key in &mut self.view.keys {
            key.last_sent_at = key.last_sent_at.map(|last| step.carry(last, reach));
        }
        for turn in self.view.turns.tasks.values_mut() {
            turn.last_start = turn.last_start.map(|last| step.carry(last, reach));
        }
        let queue_by = if restart.reboot { step.by().min(0) } else { step.by() };
        for job in &mut self.jobs {
            job.at.0 += if job.at > before { restart.step } else { queue_by };
        }
        self.last_moment = self.now;
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
        for booking in self.bookings.iter().filter(|it| it.free_at > self.now) {
            assert!(self.truly(booking.free_at).0 <= booking.free_by, "held for too long");
        }
        for key in &self.view.keys {
            let in_gap =
                key.last_sent_at.is_some_and(|last| self.now.since(last) < self.view.pace.send_gap);
            let ledger = &self.view.ledgers[&key.project][0];
            assert!(
                in_gap || ledger.slots.len() >= ledger.per_minute as usize,
                "key {} idles",
                key.number
            );
        }
    }
}

fn jobs() -> impl Strategy<Value = Vec<(Task, Class, Millis)>> {
    let job = (0..3_usize, 0..3_usize, 0..240_000_i64).prop_map(|(task, class, at)| {
        // Half of them arrive at the same moments.
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
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_time: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn no_server_ever_refuses_and_every_job_is_done(
        full in any::<bool>(),
        keys in 1..4_i64,
        limit in 1..16_u32,
        jobs in jobs(),
        luck in prop::collection::vec(luck(), 1..200),
        phase in 0..60_000_i64,
        restarts in prop::collection::vec(restart(), 0..4),
    ) {
        let pacing = if full { Pacing::Full } else { Pacing::Spaced };
        let numbers: Vec<i64> = (1..=keys).collect();
        let mut view = view(pacing, &numbers);
        for ledgers in view.ledgers.values_mut() {
            ledgers[0].per_minute = limit;
            ledgers[1].off = Some("one model is enough here".into());
        }
        let mut world = World::new(view, &jobs, restarts);
        world.run(&luck);
        server::assert_never_refused(&world.arrivals, limit as usize, phase);
        server::assert_spaced(&world.starts, &world.view.pace, numbers.len());
    }
}

#[test]
fn ninety_requests_with_two_keys_take_hardly_longer_than_the_quota_needs() {
    for (latency, jitter) in [(800, 0), (800, 300), (800, 1_000)] {
        let tasks = [Task::Outreach, Task::Skills, Task::Match];
        let jobs: Vec<_> = (0..90).map(|n| (tasks[n % 3], Class::Bulk, NOON)).collect();
        let luck: Vec<Luck> = (0..97_i64)
            .map(|n| Luck {
                departs: 0,
                travels: if jitter == 0 { 0 } else { n * 7_919 % (jitter + 1) },
                answers: latency,
                crashes: false,
                fails: false,
            })
            .collect();
        let mut world = World::new(view(Pacing::Full, &[1, 2]), &jobs, vec![]);
        world.run(&luck);
        server::assert_never_refused(&world.arrivals, 15, 17_000);
        let last = world.arrivals.iter().map(|it| it.1).max().unwrap();
        let took = last.since(NOON);
        let may_take =
            Duration::from_millis(121_700 + 2 * (latency + jitter).min(2_000) as u64 + 1_400);
        assert!(took <= may_take, "{took:?} of {may_take:?} at jitter {jitter}");
    }
}
