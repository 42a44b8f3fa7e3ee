//! Two processes on one database share the work: one campaign, one mail each.

use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;

use super::{assert_settled, rules, with_keys};
use crate::support::gemini::TestGemini;
use crate::support::postgres;
use crate::support::process::{Desk, wait_for};
use crate::support::smtp::{At, Reply, SmtpServer};
use muster::model::Clock;

const PEOPLE: usize = 16;
const SECRET: &str = "the same on all machines";

/// Two places from which processes reach the same database.
struct Pair {
    desks: [Desk; 2],
    _shared: Option<TempDir>,
}

impl Pair {
    /// On one machine, by the same file.
    fn sqlite(server: &SmtpServer) -> Self {
        let shared = tempfile::tempdir().unwrap();
        let data = shared.path().join("data").display().to_string();
        let desks = [(); 2].map(|()| Desk::new().mailing(server).set("DATA_DIR", data.clone()));
        Self { desks, _shared: Some(shared) }
    }

    /// As on two machines: nothing in common but the database and the secret. `None` where there is no PostgreSQL.
    async fn postgres(server: &SmtpServer) -> Option<Self> {
        let url = postgres::database().await?;
        let desks = [(); 2].map(|()| {
            let desk = Desk::new().mailing(server);
            desk.set("DATABASE_URL", url.expose()).set("MUSTER_SECRET", SECRET)
        });
        Some(Self { desks, _shared: None })
    }
}

async fn share_a_campaign(pair: Pair, server: &SmtpServer) {
    let [a, b] = &pair.desks;
    // Both at once, on a database that is not there yet.
    let (a, b) = tokio::join!(a.start(), b.start());
    a.add_people(PEOPLE).await;
    let send = "/api/campaign/send";
    let (one, other) = tokio::join!(a.post(send, Value::Null), b.post(send, Value::Null));
    let mut answers = [one.0, other.0];
    answers.sort();
    assert_eq!(answers, [StatusCode::ACCEPTED, StatusCode::CONFLICT], "{one:?} {other:?}");
    let started = if one.0 == StatusCode::ACCEPTED { one.1 } else { other.1 };
    let campaign = started["progress_url"].as_str().unwrap();
    assert_eq!(started["total_users"], PEOPLE);

    a.wait_until_done(campaign).await;
    let done = wait_for("the campaign's last word", async || {
        let campaign = b.get(campaign).await;
        (campaign["state"] == "finished").then_some(campaign)
    })
    .await;
    assert_eq!(assert_settled(&done, server, PEOPLE), Vec::<String>::new());
    for muster in [a, b] {
        assert!(!muster.log().contains("ERROR"), "{}", muster.log());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_file_send_one_campaign_once() {
    let server = SmtpServer::plain();
    share_a_campaign(Pair::sqlite(&server), &server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_postgres_send_one_campaign_once() {
    let server = SmtpServer::plain();
    if let Some(pair) = Pair::postgres(&server).await {
        share_a_campaign(pair, &server).await;
    }
}

/// The other process is on another machine: it learns of the death by the lease that runs out.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_process_held_goes_to_the_one_that_lives() {
    let server = SmtpServer::plain();
    let Some(pair) = Pair::postgres(&server).await else { return };
    let [a, b] = pair.desks.map(|desk| desk.set("TIME_SCALE", "10"));
    let a = a.start().await;
    a.add_people(PEOPLE).await;
    server.after(3, At::Rcpt, Reply::Hang);
    let campaign = a.start_campaign("send").await;
    server.wait_until_hanging(1).await;
    let b = b.start().await;
    a.kill9();
    let done = wait_for("the campaign's last word", async || {
        let campaign = b.get(&campaign).await;
        (campaign["state"] == "finished").then_some(campaign)
    })
    .await;
    let uncertain = assert_settled(&done, &server, PEOPLE);
    assert_eq!(uncertain.len(), 1, "what the dead one was sending");
}

async fn share_the_keys(pair: Pair) {
    let gemini = TestGemini::start(Clock::machine(), rules()).await;
    let [a, b] = pair.desks.map(|desk| with_keys(desk, &gemini, &[1, 2]));
    let (a, b) = tokio::join!(a.start(), b.start());
    a.add_people(PEOPLE).await;
    let campaign = a.start_campaign("test").await;
    let done = b.wait_until_done(&campaign).await;
    super::assert_written(&done, "model", PEOPLE);
    assert_eq!((gemini.refusals(), gemini.requests().len()), (0, PEOPLE));
    let told: usize =
        [&a, &b].iter().map(|muster| muster.log().matches("Using API key").count()).sum();
    assert!(told >= PEOPLE, "every request is told of in one log or the other");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_share_the_keys() {
    let server = SmtpServer::plain();
    share_the_keys(Pair::sqlite(&server)).await;
    if let Some(pair) = Pair::postgres(&server).await {
        share_the_keys(pair).await;
    }
}
