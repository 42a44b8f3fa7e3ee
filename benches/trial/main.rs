//! The pool on trial: real processes of Muster against a Gemini that counts. Prints a table in Markdown.
//!
//! `cargo bench --bench trial -- trial` runs ninety requests in every configuration, with `--full-queue` behind it
//! twenty-five minutes with full queues, with `--full-time` one run as slowly as life. It takes half an hour, so it
//! only runs when its name is said. At `--time-scale` 10, which is the default, a minute lasts six seconds and every
//! figure is told as it would be in life: what Muster and the machine need themselves counts tenfold.

#[path = "../../tests/support/mod.rs"]
#[allow(dead_code, reason = "the tests use the rest of it")]
mod support;

mod queue;
mod run;
mod table;

use clap::Parser;
use run::{Base, Run};
use support::gemini::Window;

#[derive(Parser)]
struct Arguments {
    /// What is asked for, as of other benches.
    words: Vec<String>,
    /// How much faster than life.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10))]
    time_scale: u32,
    /// Twenty-five minutes of full queues instead.
    #[arg(long)]
    full_queue: bool,
    /// One run at full time instead.
    #[arg(long)]
    full_time: bool,
    /// Only configurations whose line holds this.
    #[arg(long, default_value = "")]
    only: String,
    /// Cargo says so.
    #[arg(long, hide = true)]
    bench: bool,
}

/// Uplink jitter in milliseconds.
const JITTERS: [u64; 3] = [0, 300, 1_000];
const SHARES: [(Base, usize); 5] = [
    (Base::Sqlite, 1),
    (Base::Sqlite, 2),
    (Base::Postgres, 1),
    (Base::Postgres, 2),
    (Base::Postgres, 4),
];

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    if !arguments.words.iter().any(|word| word == "trial") {
        return;
    }
    rustls::crypto::ring::default_provider().install_default().expect("nobody did before");
    let scale = if arguments.full_time { 1 } else { arguments.time_scale };
    let runs: Vec<Run> = if arguments.full_queue {
        full_queues(scale)
    } else if arguments.full_time {
        vec![Run::new(Base::Sqlite, 2, Window::Rolling, 300, scale)]
    } else {
        ninety(scale)
    };
    let runs = runs.into_iter().filter(|run| run.name().contains(&arguments.only));
    if arguments.full_queue {
        table::full_queue_head();
    } else {
        table::ninety_head();
    }
    let mut missed = 0;
    for run in runs {
        let outcome = run.carry_out().await;
        let holds = if arguments.full_queue {
            table::full_queue(&run, &outcome)
        } else {
            table::ninety(&run, &outcome)
        };
        missed += usize::from(!holds);
    }
    println!("\nTIME_SCALE {scale}; {missed} runs missed their bound.");
}

/// Every way to share the pool, at every jitter and window; then with a process that is killed, and on a machine where
/// ten other processes want the processor.
fn ninety(scale: u32) -> Vec<Run> {
    let mut runs = Vec::new();
    for (base, processes) in SHARES {
        for window in [Window::Rolling, Window::Calendar] {
            for jitter in JITTERS {
                runs.push(Run::new(base, processes, window, jitter, scale));
            }
        }
    }
    for (base, processes) in SHARES {
        for jitter in JITTERS {
            runs.push(Run {
                kill: true,
                ..Run::new(base, processes, Window::Rolling, jitter, scale)
            });
        }
        let run = Run::new(base, processes, Window::Calendar, 300, scale);
        runs.push(Run { kill: true, ..run });
    }
    for (base, processes) in SHARES {
        let run = Run::new(base, processes, Window::Rolling, 300, scale);
        runs.push(Run { busy: 10, ..run });
        runs.push(Run { busy: 10, kill: true, ..run });
    }
    runs
}

fn full_queues(scale: u32) -> Vec<Run> {
    [(Base::Sqlite, 1, 0), (Base::Sqlite, 2, 300), (Base::Postgres, 4, 1_000)]
        .into_iter()
        .map(|(base, processes, jitter)| Run {
            jobs: 350,
            minutes: Some(25),
            ..Run::new(base, processes, Window::Rolling, jitter, scale)
        })
        .collect()
}
