//! What changes between approval and delivery: the text, a consent, the campaign, the lease.

use std::time::Duration;

use axum::http::StatusCode;
use muster::model::MessageId;
use muster::model::campaign::CampaignKind;
use muster::model::message::MessageState;

use super::{mailing, on_sqlite, press, released, run_to_the_end, taken};
use crate::support::app::TestApp;
use crate::support::db::on_both_places;
use crate::support::smtp::{At, Reply, SmtpServer};

const ADA: &str = "ada@example.org";
const BO: &str = "bo@example.org";

fn of(id: MessageId, what: &str) -> String {
    format!("/outreach/1/messages/{id}/{what}")
}

#[tokio::test]
async fn a_message_that_changed_after_its_approval_goes_back_to_review() {
    on_both_places(async |place| {
        let server = SmtpServer::plain();
        let app = mailing(place, &server, |_| {}).await;
        let ids = released(&app, &[ADA]).await;
        app.change("UPDATE events SET organiser = 'Somebody else'").await;
        app.run_jobs().await;
        assert_eq!(taken(&server).len(), 0);
        let message = app.message(ids[0]).await;
        assert_eq!(message.state, MessageState::Drafted);
        assert!(message.approved_hash.is_none() && message.released_at.is_none());
        assert!(message.error.is_some(), "it says why");
        assert_eq!(app.count("SELECT COUNT(*) FROM mails").await, 0);
        assert_eq!(app.count("SELECT COUNT(*) FROM jobs").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_text_that_was_changed_behind_an_approval_is_not_sent() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    released(&app, &[ADA]).await;
    app.change("UPDATE messages SET subject = 'Win a prize at Hack the Harbour'").await;
    app.run_jobs().await;
    assert_eq!(taken(&server).len(), 0);
}

/// A match message to Ada that tells her Bo's address, approved and released.
async fn match_message(app: &TestApp) -> (MessageId, [String; 2]) {
    let ada = app.person("Ada Byron").address(ADA).skills(["Rust"]).insert().await;
    let bo = app.person("Bo Lind").address(BO).skills(["Rust"]).insert().await;
    let switches = [ada, bo].map(|person| format!("/people/{person}/consent"));
    for path in &switches {
        press(app, path, &[("shares_address", "yes")]).await;
    }
    press(app, "/matchmaking/run", &[]).await;
    press(app, "/matchmaking/mails", &[]).await;
    app.run_jobs().await;
    let campaign = muster::model::CampaignId(1);
    let mut to_ada = None;
    for id in app.messages(campaign).await {
        if app.message(id).await.person_id == ada {
            to_ada = Some(id);
        }
    }
    let id = to_ada.unwrap();
    assert!(app.message(id).await.body.contains(BO), "{}", app.message(id).await.body);
    press(app, &of(id, "approve"), &[]).await;
    press(app, "/outreach/1/send", &[("count", "1")]).await;
    (id, switches)
}

#[tokio::test]
async fn an_address_is_not_told_when_either_consent_was_withdrawn_after_the_approval() {
    for who in [0, 1] {
        let server = SmtpServer::plain();
        let app = on_sqlite(&server).await;
        let (id, switches) = match_message(&app).await;
        press(&app, &switches[who], &[]).await;
        assert_eq!(app.count("SELECT COUNT(*) FROM people WHERE shares_address_at > 0").await, 1);
        app.run_jobs().await;
        assert_eq!(taken(&server).len(), 0);
        assert_eq!(app.state(id).await, MessageState::Drafted);
    }
}

#[tokio::test]
async fn an_address_is_told_while_both_agree() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    let (id, _) = match_message(&app).await;
    app.run_jobs().await;
    assert_eq!((taken(&server), app.state(id).await), (vec![ADA.to_owned()], MessageState::Sent));
}

#[tokio::test]
async fn a_withdrawn_consent_takes_the_address_out_of_what_is_written_afterwards() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    let (id, switches) = match_message(&app).await;
    press(&app, &switches[1], &[]).await;
    app.run_jobs().await;
    press(&app, &of(id, "again"), &[("hint", "")]).await;
    app.run_jobs().await;
    let body = app.message(id).await.body;
    assert!(body.contains("Bo Lind") && !body.contains(BO), "{body}");
}

#[tokio::test]
async fn a_paused_campaign_sends_nothing_until_it_is_resumed() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    let ids = released(&app, &[ADA, BO]).await;
    press(&app, "/outreach/1/pause", &[]).await;
    app.app.clock.advance(Duration::from_hours(48));
    assert_eq!(app.run_jobs().await, None);
    assert_eq!(taken(&server).len(), 0);
    press(&app, "/outreach/1/resume", &[]).await;
    app.run_jobs().await;
    assert_eq!(taken(&server), [ADA, BO]);
    assert_eq!(app.state(ids[0]).await, MessageState::Sent);
}

#[tokio::test]
async fn a_campaign_that_is_paused_after_a_job_was_claimed_sends_nothing_and_loses_nothing() {
    on_both_places(async |place| {
        let server = SmtpServer::plain();
        let app = mailing(place, &server, |_| {}).await;
        let ids = released(&app, &[ADA]).await;
        // Only the campaign: its jobs are with a worker already.
        app.change("UPDATE campaigns SET state = 'paused'").await;
        app.run_jobs().await;
        assert_eq!(taken(&server).len(), 0);
        assert_eq!(app.state(ids[0]).await, MessageState::Approved);
        press(&app, &format!("/outreach/{}/resume", app.message(ids[0]).await.campaign_id), &[])
            .await;
        app.run_jobs().await;
        assert_eq!(taken(&server), [ADA]);
    })
    .await;
}

#[tokio::test]
async fn what_a_person_sends_again_waits_for_a_paused_campaign_too() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    let ids = released(&app, &[ADA]).await;
    server.next(At::Rcpt, Reply::Say("550 5.7.300 not today"));
    app.run_jobs().await;
    app.change("UPDATE campaigns SET state = 'paused'").await;
    app.form(&of(ids[0], "settle"), &[("answer", "send")]).await;
    app.run_jobs().await;
    assert_eq!(taken(&server).len(), 0);
}

#[tokio::test]
async fn a_campaign_that_is_cancelled_between_claim_and_delivery_sends_nothing() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    let ids = released(&app, &[ADA]).await;
    app.change("UPDATE campaigns SET state = 'cancelled'").await;
    app.run_jobs().await;
    assert_eq!(taken(&server).len(), 0);
    assert_eq!(app.state(ids[0]).await, MessageState::Skipped);
    assert_eq!(app.count("SELECT COUNT(*) FROM jobs").await, 0);
    assert!(app.page("/outreach").await.contains("1 person is due"));
}

#[tokio::test]
async fn what_failed_in_a_cancelled_campaign_cannot_be_sent_again() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    let ids = released(&app, &[ADA, BO]).await;
    server.next(At::Rcpt, Reply::Say("550 5.7.300 not today"));
    app.change("UPDATE jobs SET run_at = run_at + 1 WHERE subject = 2 AND kind = 'send_message'")
        .await;
    app.run_jobs().await;
    press(&app, "/outreach/1/cancel", &[]).await;
    let again = app.form(&of(ids[0], "settle"), &[("answer", "send")]).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text());
    assert_eq!(app.state(ids[0]).await, MessageState::Failed);
    app.app.clock.advance(Duration::from_hours(1));
    app.run_jobs().await;
    assert_eq!(taken(&server).len(), 0);
}

#[tokio::test]
async fn what_was_not_released_is_not_sent_even_if_a_job_asks_for_it() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    app.person("Ada Byron").address(ADA).insert().await;
    app.person("Ada Byron").address(BO).insert().await;
    let campaign = app.campaign(CampaignKind::Test).await;
    let ids = app.messages(campaign).await;
    for id in &ids {
        app.draft(*id, None).await;
    }
    // The release of another message makes its campaign run.
    press(&app, &of(ids[1], "approve"), &[]).await;
    press(&app, "/outreach/1/send", &[("count", "1")]).await;
    press(&app, &of(ids[0], "approve"), &[]).await;
    app.change("DELETE FROM jobs").await;
    send_job(&app).await;
    app.run_jobs().await;
    assert_eq!(taken(&server), [BO]);
    assert_eq!(app.state(ids[0]).await, MessageState::Approved);
}

#[tokio::test]
async fn a_pause_between_two_tries_does_not_shorten_the_wait() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    released(&app, &[ADA]).await;
    server.next(At::Rcpt, Reply::Say("452 4.2.2 the mailbox is full"));
    app.run_jobs().await;
    press(&app, "/outreach/1/pause", &[]).await;
    press(&app, "/outreach/1/resume", &[]).await;
    app.run_jobs().await;
    assert_eq!(app.count("SELECT COUNT(*) FROM mails").await, 1);
    app.app.clock.advance(Duration::from_hours(4));
    app.run_jobs().await;
    assert_eq!(taken(&server), [ADA]);
}

#[tokio::test]
async fn nobody_can_answer_for_a_message_that_cannot_be_an_email() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    app.person("Ada Byron").address(ADA).insert().await;
    let campaign = app.campaign(CampaignKind::Test).await;
    let id = app.messages(campaign).await[0];
    app.draft(id, None).await;
    app.change("UPDATE messages SET body = ''").await;
    let anyway = app.form(&of(id, "approve"), &[("anyway", "yes")]).await;
    assert_eq!(anyway.status, StatusCode::CONFLICT, "{}", anyway.text());
    assert_eq!(app.state(id).await, MessageState::Drafted);
}

#[tokio::test]
async fn a_message_that_was_skipped_and_restored_needs_a_new_approval() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    let ids = released(&app, &[ADA]).await;
    press(&app, &of(ids[0], "skip"), &[]).await;
    app.run_jobs().await;
    assert_eq!(taken(&server).len(), 0);
    press(&app, &of(ids[0], "unskip"), &[]).await;
    let message = app.message(ids[0]).await;
    assert!(message.approved_hash.is_none() && message.approved_by.is_none());
    assert!(message.released_at.is_none());
}

#[tokio::test]
async fn what_was_sent_is_not_sent_again_by_a_job_that_was_left_over() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    released(&app, &[ADA]).await;
    app.run_jobs().await;
    send_job(&app).await;
    app.run_jobs().await;
    assert_eq!(taken(&server), [ADA]);
    assert_eq!(app.count("SELECT COUNT(*) FROM jobs").await, 0);
}

/// Queues the delivery of every message once more.
async fn send_job(app: &TestApp) {
    app.change(
        "INSERT INTO jobs (kind, subject, class, class_order, created_at, run_at)
         SELECT 'send_message', id, 'bulk', 2, 0, 0 FROM messages",
    )
    .await;
}

#[tokio::test]
async fn a_worker_whose_lease_was_lost_sends_nothing() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    let ids = released(&app, &[ADA]).await;
    app.change("DELETE FROM jobs WHERE kind <> 'send_message'").await;
    // Whoever takes the job loses it at once to somebody who took them for dead.
    app.change(
        "CREATE TRIGGER steal AFTER UPDATE OF owner ON jobs WHEN NEW.owner <> 'somebody else'
         BEGIN UPDATE jobs SET owner = 'somebody else' WHERE id = NEW.id; END",
    )
    .await;
    app.run_jobs().await;
    assert_eq!(taken(&server).len(), 0);
    assert_eq!(app.state(ids[0]).await, MessageState::Approved);
    assert_eq!(app.count("SELECT COUNT(*) FROM mails").await, 0);
    assert_eq!(app.count("SELECT COUNT(*) FROM jobs WHERE owner = 'somebody else'").await, 1);
}

#[tokio::test]
async fn an_answer_that_comes_after_the_lease_was_lost_leaves_the_job_to_its_new_owner() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    let ids = released(&app, &[ADA]).await;
    server.next(At::Dot, Reply::Hold);
    let meanwhile = async {
        server.wait_until_hanging(1).await;
        // Somebody settled the attempt and took the job.
        app.change("UPDATE mails SET state = 'uncertain'").await;
        app.change("UPDATE messages SET state = 'failed'").await;
        app.change("UPDATE jobs SET owner = 'somebody else'").await;
        server.release();
    };
    tokio::join!(app.run_jobs(), meanwhile);
    assert_eq!(app.state(ids[0]).await, MessageState::Failed, "what a person said stays");
    assert_eq!(app.count("SELECT COUNT(*) FROM jobs WHERE owner = 'somebody else'").await, 1);
}

#[tokio::test]
async fn an_approval_cannot_be_taken_back_nor_a_text_edited_once_it_is_released() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    let ids = released(&app, &[ADA]).await;
    let before = app.message(ids[0]).await.body;
    let back = app.post(&of(ids[0], "disapprove")).await;
    assert_eq!(back.status, StatusCode::CONFLICT);
    let typed = [("subject", "Other"), ("body", "Hi Ada,\n\nHack the Harbour.")];
    let edited = app.form(&of(ids[0], "edit"), &typed).await;
    assert_eq!(edited.status, StatusCode::CONFLICT, "{}", edited.text());
    assert_eq!(app.message(ids[0]).await.body, before);
    run_to_the_end(&app, 3).await;
    assert_eq!(taken(&server), [ADA]);
    for what in ["skip", "again", "approve", "disapprove"] {
        let answer = app.form(&of(ids[0], what), &[("hint", "")]).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{what} after it was sent");
    }
    assert_eq!(app.state(ids[0]).await, MessageState::Sent);
}
