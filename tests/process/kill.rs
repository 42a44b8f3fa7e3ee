//! `kill -9` in the middle of a campaign: nobody gets two emails, nobody is forgotten, and what was in flight waits for
//! a person.

use std::time::Duration;

use super::{assert_settled, mails};
use crate::support::process::{Desk, Muster, wait_for};
use crate::support::smtp::{At, Reply, SmtpServer};

const PEOPLE: usize = 20;

/// Kills Muster while the server gives this reply at this stage of an email in the middle of the campaign.
async fn killed(at: At, reply: Reply, arrives: usize) {
    let server = SmtpServer::plain();
    let desk = Desk::new().mailing(&server);
    let muster = desk.start().await;
    muster.add_people(PEOPLE).await;
    server.after(7, at, reply);
    let campaign = muster.start_campaign("send").await;
    server.wait_until_hanging(1).await;
    muster.kill9();

    let muster = desk.start().await;
    let done = muster.wait_until_done(&campaign).await;
    let uncertain = assert_settled(&done, &server, PEOPLE);
    assert_eq!(uncertain.len(), 1, "{at:?}: only what was in flight");
    assert_eq!(mails(&server).get(&uncertain[0]).copied().unwrap_or_default(), arrives, "{at:?}");
    assert_left_alone(&desk, muster, &campaign, &server, &uncertain).await;
}

/// After another start and another campaign, what is uncertain stays uncertain.
async fn assert_left_alone(
    desk: &Desk,
    muster: Muster,
    campaign: &str,
    server: &SmtpServer,
    uncertain: &[String],
) {
    let before = mails(server);
    muster.kill9();
    let muster = desk.start().await;
    muster.add_person(PEOPLE + 1, &[]).await;
    let second = muster.start_campaign("send").await;
    let done = muster.wait_until_done(&second).await;
    assert_eq!(done["total_users"], 1, "only the new person is due");
    let mut after = mails(server);
    assert_eq!(after.remove(&format!("person-{}@example.org", PEOPLE + 1)), Some(1));
    assert_eq!(after, before);
    let still = muster.get(campaign).await;
    assert_eq!(still["counts"]["uncertain"], uncertain.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn when_killed_before_the_smtp_dialogue_it_continues_and_one_email_is_uncertain() {
    killed(At::Mail, Reply::Hang, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_killed_between_recipient_and_text_it_continues_and_one_email_is_uncertain() {
    killed(At::Rcpt, Reply::Hang, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_killed_while_sending_the_text_it_continues_and_one_email_is_uncertain() {
    killed(At::Data, Reply::SayThenHang("354 go ahead"), 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_killed_before_the_last_response_it_continues_and_nobody_gets_a_second_email() {
    killed(At::Dot, Reply::Hang, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_killed_repeatedly_at_any_moment_nobody_is_emailed_twice_or_forgotten() {
    let server = SmtpServer::plain();
    let desk = Desk::new().mailing(&server);
    let mut muster = desk.start().await;
    muster.add_people(PEOPLE).await;
    let campaign = muster.start_campaign("send").await;
    let mut kills = 0;
    for _ in 0..6 {
        // At a random point of the campaign, and there at a random moment.
        let mails = server.mails().len() + usize::from(rand::random::<u8>() % 4);
        let moment = Duration::from_millis(u64::from(rand::random::<u8>() % 40));
        wait_for("some emails, or the end", async || {
            let over = muster.get(&campaign).await["done"].as_bool().unwrap();
            (over || server.mails().len() >= mails).then_some(())
        })
        .await;
        tokio::time::sleep(moment).await;
        muster.kill9();
        kills += 1;
        muster = desk.start().await;
    }
    let done = muster.wait_until_done(&campaign).await;
    let uncertain = assert_settled(&done, &server, PEOPLE);
    assert!(uncertain.len() <= kills, "at most one for each kill: {uncertain:?}");
}
