//! What a refusal means: for this recipient, for all of its domain, or for the sending account.

use std::time::Duration;

use muster::model::message::MessageState;

use super::{on_sqlite, press, released, run_to_the_end, taken};
use crate::support::app::NOON;
use crate::support::smtp::{At, Reply, SmtpServer};

const ADA: &str = "ada@example.org";
const BO: &str = "bo@example.org";

#[tokio::test]
async fn an_address_that_does_not_exist_fails_at_once_and_is_never_mailed_again() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    let ids = released(&app, &[ADA, BO]).await;
    server.next(At::Rcpt, Reply::Say("550 5.1.1 no such user"));
    assert_eq!(app.run_jobs().await, None, "nothing is tried again");
    assert_eq!(app.state(ids[0]).await, MessageState::Failed);
    assert_eq!(app.state(ids[1]).await, MessageState::Sent, "others are not concerned");
    assert_eq!(taken(&server), [BO]);
    let hard =
        "SELECT COUNT(*) FROM suppressions s JOIN people p ON p.address_hash = s.address_hash
                WHERE s.reason = 'hard_bounce' AND p.address = 'ada@example.org'";
    assert_eq!(app.count(hard).await, 1);
    assert_eq!(app.count("SELECT COUNT(*) FROM suppressions").await, 1);
    // Not by the review panel either, nor by making people due again.
    app.form(&format!("/outreach/1/messages/{}/settle", ids[0]), &[("answer", "send")]).await;
    app.post("/api/users/reset").await;
    app.form("/outreach", &[("start", "live-now"), ("guidance", "")]).await;
    run_to_the_end(&app, 9).await;
    assert_eq!(taken(&server), [BO]);
    assert_eq!(app.count("SELECT COUNT(*) FROM mails").await, 2);
}

#[tokio::test]
async fn a_permanent_refusal_that_says_nothing_of_the_address_suppresses_nobody() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    let ids = released(&app, &[ADA]).await;
    server.next(At::Rcpt, Reply::Say("550 5.7.300 not today"));
    assert_eq!(app.run_jobs().await, None);
    assert_eq!(app.state(ids[0]).await, MessageState::Failed);
    assert_eq!(app.count("SELECT COUNT(*) FROM suppressions").await, 0);
    assert_eq!(app.count("SELECT COUNT(*) FROM mails WHERE state = 'refused'").await, 1);
}

#[tokio::test]
async fn a_temporary_refusal_is_tried_again_after_growing_pauses_and_then_fails() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    let ids = released(&app, &[ADA]).await;
    server.always(At::Rcpt, Reply::Say("451 4.3.5 greylisted"));
    assert_eq!(app.run_jobs().await, Some(NOON.plus(Duration::from_mins(5))));
    let message = app.message(ids[0]).await;
    assert_eq!((message.state, message.sends), (MessageState::Approved, 1));
    app.app.clock.advance(Duration::from_mins(5) - Duration::from_millis(1));
    app.run_jobs().await;
    assert_eq!(app.count("SELECT COUNT(*) FROM mails").await, 1, "not before its time");

    let last = run_to_the_end(&app, 40).await;
    assert_eq!(app.state(ids[0]).await, MessageState::Failed);
    assert_eq!(app.count("SELECT COUNT(*) FROM mails").await, 18, "tries");
    let days = last.since(NOON);
    assert!(days > Duration::from_hours(60) && days < Duration::from_hours(72), "{days:?}");
    assert_eq!(app.count("SELECT COUNT(*) FROM suppressions").await, 0);
    assert_eq!(app.count("SELECT COUNT(*) FROM jobs").await, 0);
}

#[tokio::test]
async fn a_temporary_refusal_holds_nobody_else_back() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    let ids = released(&app, &[ADA, BO]).await;
    server.next(At::Rcpt, Reply::Say("452 4.2.2 the mailbox is full"));
    assert_eq!(app.run_jobs().await, Some(NOON.plus(Duration::from_hours(4))));
    assert_eq!(taken(&server), [BO]);
    app.app.clock.advance(Duration::from_hours(4));
    app.run_jobs().await;
    assert_eq!(taken(&server), [BO, ADA]);
    assert_eq!(app.message(ids[0]).await.sends, 1);
}

#[tokio::test]
async fn a_refusal_about_the_account_pauses_everything_and_costs_no_recipient_a_try() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    let ids = released(&app, &[ADA, BO]).await;
    server.always(At::Mail, Reply::Say("421 4.3.0 server busy, try again later"));
    let first = app.run_jobs().await.expect("a pause that ends").since(NOON);
    assert_eq!(app.count("SELECT COUNT(*) FROM mails").await, 1, "the second is not even tried");
    app.app.clock.advance(first);
    let second = app.run_jobs().await.unwrap().since(NOON.plus(first));
    assert!(second >= first, "{first:?} {second:?}");
    assert_eq!(app.count("SELECT COUNT(*) FROM mails").await, 2);
    for _ in 0..20 {
        let next = app.run_jobs().await.unwrap();
        app.app.clock.advance_to(next);
    }
    for id in &ids {
        let message = app.message(*id).await;
        assert_eq!((message.state, message.sends), (MessageState::Approved, 0));
    }

    server.usual(At::Mail);
    run_to_the_end(&app, 5).await;
    assert_eq!(taken(&server).len(), 2);
    let calm =
        "SELECT COUNT(*) FROM senders WHERE step = 0 AND paused_until IS NULL AND words IS NULL";
    assert_eq!(app.count(calm).await, 1, "what was taken ends the row of pauses");
}

#[tokio::test]
async fn a_refused_login_stops_everything_until_a_person_resumes() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    released(&app, &[ADA, BO]).await;
    server.next(At::Mail, Reply::Say("530 5.7.0 Authentication Required"));
    app.run_jobs().await;
    for _ in 0..5 {
        app.app.clock.advance(Duration::from_hours(24));
        app.run_jobs().await;
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM mails").await, 1);
    assert_eq!(taken(&server).len(), 0);
    press(&app, "/settings/mail/go-on", &[]).await;
    app.app.clock.advance(Duration::from_mins(1));
    run_to_the_end(&app, 5).await;
    assert_eq!(taken(&server), [ADA, BO]);
}

#[tokio::test]
async fn two_refusals_for_the_content_stop_the_sender_and_one_does_not() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    let ids = released(&app, &[ADA, BO, "cy@example.org", "di@example.org"]).await;
    let spam = "550 5.7.1 This mail is likely unsolicited mail";
    server.next(At::Dot, Reply::Say(spam));
    server.after(2, At::Dot, Reply::Say(spam));
    app.run_jobs().await;
    assert_eq!(app.state(ids[0]).await, MessageState::Failed);
    assert_eq!(app.state(ids[1]).await, MessageState::Sent, "one refusal stops nobody");
    assert_eq!(app.state(ids[2]).await, MessageState::Failed);
    assert_eq!(app.state(ids[3]).await, MessageState::Approved);
    assert_eq!(app.count("SELECT COUNT(*) FROM senders WHERE needs_attention_at > 0").await, 1);
    assert_eq!(app.count("SELECT COUNT(*) FROM suppressions").await, 0);
}

#[tokio::test]
async fn a_server_that_is_not_there_costs_no_recipient_a_try() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    let ids = released(&app, &[ADA, BO]).await;
    server.next(At::Greeting, Reply::Cut);
    assert_eq!(app.run_jobs().await, Some(NOON.plus(Duration::from_secs(30))));
    let message = app.message(ids[0]).await;
    assert_eq!((message.state, message.sends), (MessageState::Approved, 0));
    run_to_the_end(&app, 5).await;
    assert_eq!(taken(&server).len(), 2);
}

#[tokio::test]
async fn a_domain_that_defers_waits_and_other_domains_do_not() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    let ids = released(&app, &["ada@full.example", "bo@full.example", "cy@other.example"]).await;
    server.next(At::Rcpt, Reply::Say("421 4.7.0 [TSS04] Messages temporarily deferred"));
    app.run_jobs().await;
    assert_eq!(taken(&server), ["cy@other.example"]);
    assert_eq!(app.count("SELECT COUNT(*) FROM mails").await, 2, "bo waits without a try");
    app.app.clock.advance(Duration::from_hours(4) - Duration::from_millis(1));
    app.run_jobs().await;
    assert_eq!(taken(&server).len(), 1);
    app.app.clock.advance(Duration::from_millis(1));
    run_to_the_end(&app, 5).await;
    assert_eq!(taken(&server).len(), 3);
    assert_eq!(app.message(ids[0]).await.sends, 0);
}

#[tokio::test]
async fn a_domain_that_refuses_us_is_not_asked_again_until_a_person_resumes() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    let ids = released(&app, &["ada@no.example", "bo@no.example", "cy@other.example"]).await;
    server.next(At::Rcpt, Reply::Say("553 5.7.2 [TSS09] permanently deferred"));
    assert_eq!(app.run_jobs().await, None);
    assert_eq!(taken(&server), ["cy@other.example"]);
    assert_eq!(app.count("SELECT COUNT(*) FROM mails").await, 2);
    for id in &ids[..2] {
        assert_eq!(app.state(*id).await, MessageState::Failed);
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM suppressions").await, 0);
    press(&app, "/settings/mail/go-on", &[]).await;
    press(&app, &format!("/outreach/1/messages/{}/settle", ids[0]), &[("answer", "send")]).await;
    app.run_jobs().await;
    assert_eq!(app.state(ids[0]).await, MessageState::Sent);
}

#[tokio::test]
async fn what_may_have_arrived_is_never_sent_again_by_itself() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    let ids = released(&app, &[ADA, BO]).await;
    server.next(At::Dot, Reply::Cut);
    assert_eq!(run_to_the_end(&app, 5).await, NOON);
    assert_eq!(app.state(ids[0]).await, MessageState::Uncertain);
    assert_eq!(app.state(ids[1]).await, MessageState::Sent);
    assert_eq!(app.count("SELECT COUNT(*) FROM mails WHERE state = 'uncertain'").await, 1);
    app.post("/api/users/reset").await;
    app.form("/outreach", &[("start", "live-now"), ("guidance", "")]).await;
    run_to_the_end(&app, 5).await;
    assert_eq!(server.mails().len(), 2);
}
