//! Processes on one database share the work: one campaign, one email per person, and one pool of keys.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;

use super::{assert_settled, rules, with_keys};
use crate::support::gemini::{Rules, TestGemini};
use crate::support::postgres;
use crate::support::process::{Desk, wait_for};
use crate::support::smtp::{At, Reply, SmtpServer};
use muster::model::{Clock, Secret};
use muster::store::Db;

const PEOPLE: usize = 16;
const SECRET: &str = "the same on all machines";

/// Places from which processes reach the same database.
struct Places<const N: usize> {
    desks: [Desk; N],
    /// Where all can read it: the folder of the file, or the database.
    url: Option<Secret>,
    shared: Option<TempDir>,
}

impl<const N: usize> Places<N> {
    /// On one machine, by the same file.
    fn sqlite(server: &SmtpServer) -> Self {
        let shared = tempfile::tempdir().unwrap();
        let data = shared.path().join("data").display().to_string();
        let desks = [(); N].map(|()| Desk::new().mailing(server).set("DATA_DIR", data.clone()));
        Self { desks, url: None, shared: Some(shared) }
    }

    /// As on several machines, which share only the database and the secret. `None` without PostgreSQL.
    async fn postgres(server: &SmtpServer) -> Option<Self> {
        let url = postgres::database().await?;
        let desks = [(); N].map(|()| {
            let desk = Desk::new().mailing(server);
            desk.set("DATABASE_URL", url.expose()).set("MUSTER_SECRET", SECRET)
        });
        Some(Self { desks, url: Some(url), shared: None })
    }

    /// For which jobs requests were sent, in the order of their booking.
    async fn jobs_asked(&self) -> Vec<i64> {
        let folder = self
            .shared
            .as_ref()
            .map_or(self.desks[0].data_dir(), |shared| shared.path().join("data"));
        let db = Db::open(self.url.as_ref(), &folder).await.unwrap();
        let jobs = sqlx::query_scalar(
            "SELECT job_id FROM bookings WHERE outcome <> 'given_back' ORDER BY id",
        )
        .fetch_all(&mut *db.read().await.unwrap())
        .await
        .unwrap();
        db.close().await;
        jobs
    }
}

async fn share_a_campaign(pair: Places<2>, server: &SmtpServer) {
    let [a, b] = &pair.desks;
    // Both at once, on a database that does not exist yet.
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
    share_a_campaign(Places::sqlite(&server), &server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_postgres_send_one_campaign_once() {
    let server = SmtpServer::plain();
    if let Some(pair) = Places::postgres(&server).await {
        share_a_campaign(pair, &server).await;
    }
}

/// The other process is on another machine: it notices the death when the lease runs out.
#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_a_killed_process_are_taken_over_by_a_living_one() {
    let server = SmtpServer::plain();
    let Some(pair) = Places::postgres(&server).await else { return };
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

async fn share_the_keys<const N: usize>(mut places: Places<N>) {
    let gemini = TestGemini::start(Clock::machine(), rules()).await;
    places.desks = places.desks.map(|desk| with_keys(desk, &gemini, &[1, 2]));
    let all = join_all(places.desks.iter().map(Desk::start)).await;
    all[0].add_people(PEOPLE).await;
    let campaign = all[0].start_campaign("test").await;
    let done = all[N - 1].wait_until_done(&campaign).await;
    super::assert_written(&done, "model", PEOPLE);
    assert_eq!((gemini.refusals(), gemini.requests().len()), (0, PEOPLE));
    let told: usize = all.iter().map(|muster| muster.log().matches("Using API key").count()).sum();
    assert!(told >= PEOPLE, "every request is told of in one log or the other");
    let asked = places.jobs_asked().await;
    assert!(asked.is_sorted() && asked.len() == PEOPLE, "first come, first served: {asked:?}");
}

/// One of them is killed while requests are on their way, and started again.
async fn share_the_keys_with_one_that_is_killed<const N: usize>(mut places: Places<N>) {
    let rules = Rules { latency: Duration::from_millis(300), ..rules() };
    let gemini = TestGemini::start(Clock::machine(), rules).await;
    places.desks = places.desks.map(|desk| with_keys(desk, &gemini, &[1, 2]).set("PACING", "full"));
    let mut all = join_all(places.desks.iter().map(Desk::start)).await;
    let people = 3 * PEOPLE;
    all[0].add_people(people).await;
    let campaign = all[0].start_campaign("test").await;
    wait_for("requests", async || (gemini.requests().len() >= 10).then_some(())).await;
    all.remove(0).kill9();
    // What it had requested and not stored is requested again.
    let stored = all[0].get(&campaign).await["counts"]["drafted"].as_u64().unwrap();
    let cut = gemini.requests().len() - usize::try_from(stored).unwrap();
    all.push(places.desks[0].start().await);
    let done = all[0].wait_until_done(&campaign).await;
    super::assert_written(&done, "model", people);
    assert_eq!(done["counts"]["drafted"], people);
    assert_eq!(gemini.refusals(), 0, "no slot is given away twice");
    let asked = gemini.requests().len();
    assert!(asked <= people + cut, "{asked} requests: {people} messages, {cut} cut off");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_file_share_the_keys_and_outlive_one_of_them() {
    let server = SmtpServer::plain();
    share_the_keys(Places::<2>::sqlite(&server)).await;
    share_the_keys_with_one_that_is_killed(Places::<2>::sqlite(&server)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_postgres_share_the_keys_and_outlive_one_of_them() {
    let server = SmtpServer::plain();
    let Some(places) = Places::<2>::postgres(&server).await else { return };
    share_the_keys(places).await;
    let Some(places) = Places::<2>::postgres(&server).await else { return };
    share_the_keys_with_one_that_is_killed(places).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn four_processes_on_postgres_share_the_keys_and_outlive_one_of_them() {
    let server = SmtpServer::plain();
    let Some(places) = Places::<4>::postgres(&server).await else { return };
    share_the_keys(places).await;
    let Some(places) = Places::<4>::postgres(&server).await else { return };
    share_the_keys_with_one_that_is_killed(places).await;
}
