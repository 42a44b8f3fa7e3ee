//! SIGTERM drains: work in flight ends, nothing new is started, and the rest continues after the next start.

use std::time::Duration;

use super::{assert_settled, assert_written, rules, with_keys};
use crate::support::gemini::{Rules, TestGemini};
use crate::support::process::{Desk, wait_for};
use crate::support::smtp::{At, Reply, SmtpServer};
use muster::model::Clock;

const PEOPLE: usize = 12;

#[tokio::test(flavor = "multi_thread")]
async fn when_stopped_it_waits_for_the_mail_server_and_sends_no_other_email() {
    let server = SmtpServer::plain();
    let desk = Desk::new().mailing(&server);
    let muster = desk.start().await;
    muster.add_people(PEOPLE).await;
    server.after(4, At::Dot, Reply::Hold);
    let campaign = muster.start_campaign("send").await;
    server.wait_until_hanging(1).await;
    muster.terminate();
    muster.wait_for_log("Stopping").await;
    server.release();
    let (status, log) = muster.ended().await;
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("Muster has stopped"), "{log}");
    assert_eq!(server.mails().len(), 5, "the one in flight and none after it");

    let muster = desk.start().await;
    let done = muster.wait_until_done(&campaign).await;
    assert_eq!(assert_settled(&done, &server, PEOPLE), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn when_stopped_it_waits_for_geminis_answer_and_asks_nothing_twice() {
    let rules = Rules { latency: Duration::from_millis(1_500), ..rules() };
    let gemini = TestGemini::start(Clock::machine(), rules).await;
    let desk = with_keys(Desk::new(), &gemini, &[1, 2]);
    let muster = desk.start().await;
    muster.add_people(PEOPLE).await;
    let campaign = muster.start_campaign("test").await;
    wait_for("requests in flight", async || (gemini.requests().len() >= 3).then_some(())).await;
    muster.terminate();
    let (status, log) = muster.ended().await;
    assert_eq!(status.code(), Some(0), "{log}");
    let asked = gemini.requests().len();
    assert!(asked < PEOPLE, "it stopped before the end");
    assert!(gemini.requests().iter().all(|seen| seen.status == 200), "each was heard out");

    let muster = desk.start().await;
    let done = muster.wait_until_done(&campaign).await;
    assert_written(&done, "model", PEOPLE);
    assert_eq!(gemini.requests().len(), PEOPLE, "nothing was asked twice");
}
