//! Whoever must not be written to gets nothing, however far their message has come.

use std::time::Duration;

use axum::http::StatusCode;
use muster::model::campaign::CampaignKind;
use muster::model::message::MessageState;
use muster::model::{EmailAddress, MessageId, PersonId};
use muster::people::{self, SuppressionReason};

use super::{mailing, on_sqlite, press, released, run_to_the_end, taken};
use crate::support::app::{NOON, TestApp};
use crate::support::db::{Place, on_both_places};
use crate::support::smtp::{At, Reply, SmtpServer};

const ADA: &str = "ada@example.org";

/// How far a message has come.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Queued,
    Drafted,
    Approved,
    Released,
    Refused,
}

const STEPS: [Step; 5] =
    [Step::Queued, Step::Drafted, Step::Approved, Step::Released, Step::Refused];

/// A message to Ada that has come so far.
async fn at(app: &TestApp, server: &SmtpServer, step: Step) -> (PersonId, MessageId) {
    let ada = app.person("Ada Byron").address(ADA).insert().await;
    let kind = if step == Step::Queued { CampaignKind::Live } else { CampaignKind::Test };
    let campaign = app.campaign(kind).await;
    let id = app.messages(campaign).await[0];
    if step == Step::Queued {
        return (ada, id);
    }
    app.draft(id, None).await;
    if step == Step::Drafted {
        return (ada, id);
    }
    press(app, &format!("/outreach/{campaign}/messages/{id}/approve"), &[]).await;
    if step == Step::Approved {
        return (ada, id);
    }
    press(app, &format!("/outreach/{campaign}/send"), &[("count", "1")]).await;
    if step == Step::Refused {
        server.next(At::Rcpt, Reply::Say("451 4.3.5 greylisted"));
        app.run_jobs().await;
    }
    (ada, id)
}

/// Everything that could still send it.
async fn push(app: &TestApp, id: MessageId) {
    let campaign = app.message(id).await.campaign_id;
    app.form(&format!("/outreach/{campaign}/messages/{id}/approve"), &[("anyway", "yes")]).await;
    app.form(&format!("/outreach/{campaign}/send"), &[("count", "1")]).await;
    run_to_the_end(app, 9).await;
}

#[tokio::test]
async fn a_suppressed_address_gets_nothing_at_whatever_step_it_was_suppressed() {
    on_both_places(async |place| {
        let server = SmtpServer::plain();
        let mut place = Some(place);
        for step in STEPS {
            let place = place.take().unwrap_or_else(Place::sqlite);
            let app = mailing(place, &server, |_| {}).await;
            let (_, id) = at(&app, &server, step).await;
            app.change(
                "INSERT INTO suppressions (address_hash, reason, since)
                 SELECT address_hash, 'opted_out', 0 FROM people",
            )
            .await;
            push(&app, id).await;
            assert_eq!(taken(&server).len(), 0, "{step:?}");
            assert_eq!(app.state(id).await, MessageState::Skipped, "{step:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn whoever_unsubscribes_gets_nothing_at_whatever_step() {
    let server = SmtpServer::plain();
    for step in STEPS {
        let app = on_sqlite(&server).await;
        let (_, id) = at(&app, &server, step).await;
        let mut conn = app.app.db.read().await.unwrap();
        let code: String =
            sqlx::query_scalar("SELECT code FROM people").fetch_one(&mut *conn).await.unwrap();
        drop(conn);
        assert_eq!(app.post(&format!("/u/{code}")).await.status, StatusCode::OK);
        assert_eq!(app.state(id).await, MessageState::Skipped, "{step:?}");
        push(&app, id).await;
        assert_eq!(taken(&server).len(), 0, "{step:?}");
        assert_eq!(app.state(id).await, MessageState::Skipped, "{step:?}");
        assert_eq!(app.count("SELECT COUNT(*) FROM jobs").await, 0, "{step:?}");
    }
}

#[tokio::test]
async fn whoever_registers_gets_no_invitation_at_whatever_step() {
    let server = SmtpServer::plain();
    for step in STEPS {
        let app = on_sqlite(&server).await;
        let (ada, id) = at(&app, &server, step).await;
        press(&app, &format!("/people/{ada}/consent"), &[("registered", "yes")]).await;
        push(&app, id).await;
        assert_eq!(taken(&server).len(), 0, "{step:?}");
    }
}

#[tokio::test]
async fn whoever_unsubscribes_while_an_email_is_on_its_way_gets_no_other() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    let ids = released(&app, &[ADA]).await;
    server.next(At::Dot, Reply::Hold);
    let meanwhile = async {
        server.wait_until_hanging(1).await;
        press(&app, "/people/1/unsubscribe", &[]).await;
        server.release();
    };
    tokio::join!(app.run_jobs(), meanwhile);
    assert_eq!(app.state(ids[0]).await, MessageState::Sent);
    assert_eq!(app.count("SELECT COUNT(*) FROM suppressions").await, 1);
}

#[tokio::test]
async fn whoever_is_erased_between_approval_and_delivery_gets_nothing() {
    let server = SmtpServer::plain();
    for step in STEPS {
        let app = on_sqlite(&server).await;
        let (ada, _) = at(&app, &server, step).await;
        press(&app, &format!("/people/{ada}/erase"), &[("name", "Ada Byron")]).await;
        run_to_the_end(&app, 9).await;
        assert_eq!(taken(&server).len(), 0, "{step:?}");
        for gone in ["SELECT COUNT(*) FROM messages", "SELECT COUNT(*) FROM jobs"] {
            assert_eq!(app.count(gone).await, 0, "{step:?}: {gone}");
        }
    }
}

#[tokio::test]
async fn whoever_was_emailed_and_then_erased_is_not_invited_again() {
    for reply in [None, Some((At::Dot, Reply::Cut))] {
        let server = SmtpServer::plain();
        let app = on_sqlite(&server).await;
        released(&app, &[ADA]).await;
        if let Some((at, reply)) = reply {
            server.next(at, reply);
        }
        app.run_jobs().await;
        press(&app, "/people/1/erase", &[("name", "Ada Byron")]).await;
        assert_eq!(app.count("SELECT COUNT(*) FROM people").await, 0);
        assert_eq!(app.count("SELECT COUNT(*) FROM mails").await, 0, "the emails are erased too");
        app.person("Ada Byron").address("Ada@Example.org").insert().await;
        let started = app.form("/outreach", &[("start", "test"), ("guidance", "")]).await;
        assert_eq!(started.status, StatusCode::CONFLICT, "{}", started.text());
        run_to_the_end(&app, 3).await;
        assert_eq!(server.mails().len(), 1);
    }
}

#[tokio::test]
async fn whoever_was_erased_before_any_email_may_be_invited_when_they_come_back() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    released(&app, &[ADA]).await;
    press(&app, "/people/1/erase", &[("name", "Ada Byron")]).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM suppressions").await, 0);
    app.person("Ada Byron").address(ADA).insert().await;
    app.campaign(CampaignKind::Live).await;
    run_to_the_end(&app, 5).await;
    assert_eq!(taken(&server), [ADA]);
}

#[tokio::test]
async fn an_import_brings_nobody_back_who_unsubscribed() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    app.person("Ada Byron").address(ADA).insert().await;
    press(&app, "/people/1/unsubscribe", &[]).await;
    let table = "Name,Email\nAda Byron,ADA@example.org\nBo Lind,bo@example.org\n";
    let file = [("file", "people.csv", table.as_bytes())];
    app.multipart("/people/import", &[], &file).await;
    app.campaign(CampaignKind::Live).await;
    run_to_the_end(&app, 5).await;
    assert_eq!(taken(&server), ["bo@example.org"]);
    assert_eq!(app.count("SELECT COUNT(*) FROM messages").await, 1, "nothing is even written");
    assert_eq!(app.count("SELECT COUNT(*) FROM suppressions").await, 1);
    // Only a person takes it back.
    press(&app, "/people/1/resubscribe", &[]).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM suppressions").await, 0);
    app.campaign(CampaignKind::Live).await;
    run_to_the_end(&app, 5).await;
    assert_eq!(taken(&server), ["bo@example.org", ADA]);
}

#[tokio::test]
async fn nobody_is_invited_twice_by_a_second_campaign() {
    let server = SmtpServer::plain();
    let app = on_sqlite(&server).await;
    released(&app, &[ADA]).await;
    run_to_the_end(&app, 5).await;
    app.post("/api/users/reset").await;
    app.app.clock.advance(Duration::from_hours(24));
    let again = app.form("/outreach", &[("start", "live-now"), ("guidance", "")]).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text());
    app.person("Bo Lind").address("bo@example.org").insert().await;
    app.campaign(CampaignKind::Live).await;
    run_to_the_end(&app, 5).await;
    assert_eq!(taken(&server), [ADA, "bo@example.org"]);
}

#[tokio::test]
async fn the_first_reason_for_a_suppression_stays() {
    on_both_places(async |place| {
        let app = TestApp::start_with(place, |_| {}).await;
        let ada = EmailAddress::parse(ADA).unwrap();
        let mut tx = app.write().await;
        for reason in [SuppressionReason::OptedOut, SuppressionReason::HardBounce] {
            people::suppress(&mut tx, &ada, reason, Some("why"), NOON).await.unwrap();
        }
        tx.commit().await.unwrap();
        let opted_out = "SELECT COUNT(*) FROM suppressions WHERE reason = 'opted_out'";
        assert_eq!(app.count(opted_out).await, 1);
    })
    .await;
}
