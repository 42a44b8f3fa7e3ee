//! One run: a queue, a Gemini, some processes of Muster, and what the server saw.

use std::fmt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use muster::model::Clock;
use muster::store::Db;

use crate::queue;
use crate::support::gemini::{self, Rules, Seen, TestGemini, Window};
use crate::support::postgres;
use crate::support::process::Desk;

/// From a request's arrival to its answer.
pub const LATENCY: Duration = Duration::from_millis(800);
/// A process is killed when the server has seen so many requests.
const KILLED_AT: usize = 40;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    Sqlite,
    Postgres,
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Run {
    pub base: Base,
    pub processes: usize,
    pub window: Window,
    /// Uplink jitter at most.
    pub jitter: Duration,
    pub scale: u32,
    /// One of the processes is killed on the way and started again.
    pub kill: bool,
    /// Other processes that want the processor.
    pub busy: usize,
    /// Of each task.
    pub jobs: usize,
    /// Ends then, whatever waits; `None`: when all is done.
    pub minutes: Option<u32>,
}

pub struct Outcome {
    pub seen: Vec<Seen>,
    /// Jobs that no model has done.
    pub lost: i64,
}

impl Run {
    pub fn new(base: Base, processes: usize, window: Window, jitter: u64, scale: u32) -> Self {
        let jitter = Duration::from_millis(jitter);
        Self {
            base,
            processes,
            window,
            jitter,
            scale,
            kill: false,
            busy: 0,
            jobs: 30,
            minutes: None,
        }
    }

    /// The first columns of its line.
    pub fn name(&self) -> String {
        let window = match self.window {
            Window::Rolling => "rolling",
            Window::Calendar => "calendar",
            Window::Bucket => "bucket",
        };
        let beside = match (self.kill, self.busy) {
            (false, 0) => String::new(),
            (true, 0) => "kill -9".into(),
            (false, busy) => format!("{busy} busy"),
            (true, busy) => format!("kill -9, {busy} busy"),
        };
        let jitter = self.jitter.as_secs_f64();
        format!("| {} | {} | {window} | {jitter:.1} | {beside} |", self.base, self.processes)
    }

    pub async fn carry_out(&self) -> Outcome {
        let rules = Rules {
            per_day: 10_000,
            window: self.window,
            latency: LATENCY / self.scale,
            jitter: self.jitter / self.scale,
            time_scale: self.scale,
            ..Rules::default()
        };
        let gemini = TestGemini::start(Clock::machine(), rules).await;
        let shared = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let url = match self.base {
            Base::Sqlite => None,
            Base::Postgres => Some(postgres::database().await.expect("PostgreSQL is installed")),
        };
        queue::fill(shared.path(), url.as_ref(), self.jobs).await;
        let desks: Vec<Desk> = (0..self.processes)
            .map(|_| {
                let desk = Desk::new()
                    .set("GEMINI_BASE_URL", gemini.url.clone())
                    .set("GEMINI_API_KEY1", gemini::key(1))
                    .set("GEMINI_API_KEY2", gemini::key(2))
                    .set("PACING", "full")
                    .set("TIME_SCALE", self.scale.to_string());
                match &url {
                    Some(url) => desk.set("DATABASE_URL", url.expose()),
                    None => desk.set("DATA_DIR", shared.path().display().to_string()),
                }
            })
            .collect();
        let _busy: Vec<Busy> = (0..self.busy).map(|_| Busy::start()).collect();
        let mut processes = futures_util::future::join_all(desks.iter().map(Desk::start)).await;
        if self.kill {
            while gemini.requests().len() < KILLED_AT {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            processes.remove(0).kill9();
            processes.push(desks[0].start().await);
        }
        let db = Db::open(url.as_ref(), shared.path()).await.expect("the database");
        match self.minutes {
            Some(minutes) => {
                tokio::time::sleep(Duration::from_mins(1) * minutes / self.scale).await;
            }
            None => {
                while queue::left(&db).await > 0 {
                    tokio::time::sleep(Duration::from_millis(500) / self.scale).await;
                }
            }
        }
        let seen = gemini.requests();
        let lost = match self.minutes {
            Some(_) => 0,
            None => 3 * self.jobs as i64 - queue::by_model(&db).await,
        };
        drop(processes);
        db.close().await;
        Outcome { seen, lost }
    }
}

/// A process that does nothing as fast as it can. Dropped, it ends.
struct Busy(Child);

impl Busy {
    fn start() -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", "while :; do :; done"]).stdin(Stdio::null());
        Self(shell.spawn().expect("a shell"))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
