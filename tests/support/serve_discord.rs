//! The tests' Discord as a program of its own, for trials with the real binary: `cargo run --example test-discord`
//! prints the settings with which Muster asks it.

mod discord;

use std::net::SocketAddr;

use clap::Parser;
use discord::TestDiscord;
use muster::model::Clock;

#[derive(Parser)]
struct Arguments {
    #[arg(long, default_value_t = 5056)]
    port: u16,
}

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    let address = SocketAddr::from(([127, 0, 0, 1], arguments.port));
    let discord = TestDiscord::start_on(address, Clock::machine()).await;
    for (name, value) in discord.settings() {
        println!("{name}={value}");
    }
    discord.run().await;
}
