//! The tests' Gemini as a program of its own, for trials with the real binary:
//! `cargo run --example test-gemini -- --port 5055 --time-scale 10`, then `GEMINI_BASE_URL=http://127.0.0.1:5055` and
//! `GEMINI_API_KEY1=test-key-1`. `GET /test/summary` says what arrived.

mod gemini;

use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;
use gemini::{Rules, TestGemini, Window};
use muster::model::Clock;

#[derive(Parser)]
struct Arguments {
    #[arg(long, default_value_t = 5055)]
    port: u16,
    /// Requests a minute, a project and model.
    #[arg(long, default_value_t = 15)]
    per_minute: u32,
    #[arg(long, default_value_t = 500)]
    per_day: u32,
    /// rolling, calendar or bucket
    #[arg(long, default_value = "rolling", value_parser = window)]
    window: Window,
    /// Milliseconds to the answer, divided by the time scale.
    #[arg(long, default_value_t = 800)]
    latency: u64,
    /// Milliseconds of uplink jitter at most, divided by the time scale.
    #[arg(long, default_value_t = 0)]
    jitter: u64,
    #[arg(long, default_value_t = 1)]
    time_scale: u32,
}

fn window(word: &str) -> Result<Window, String> {
    serde_json::from_value(word.into()).map_err(|_| "rolling, calendar or bucket".into())
}

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    let rules = Rules {
        per_minute: arguments.per_minute,
        per_day: arguments.per_day,
        window: arguments.window,
        latency: Duration::from_millis(arguments.latency) / arguments.time_scale,
        jitter: Duration::from_millis(arguments.jitter) / arguments.time_scale,
        time_scale: arguments.time_scale,
        ..Rules::default()
    };
    let address = SocketAddr::from(([127, 0, 0, 1], arguments.port));
    let gemini = TestGemini::start_on(address, Clock::machine(), rules).await;
    println!("{}", gemini.url);
    gemini.run().await;
}
