//! Mails that belong to no campaign, through a mail server: codes that were asked for, and the organiser's own test.

use std::time::Duration;

use muster::config::MailTransport;
use muster::model::Secret;
use muster::model::delivery::DeliveryState;
use muster::store;
use muster::store::deliveries::Delivery;
use muster::store::senders::Sender;
use serde_json::Value;

use crate::support::app::{NOON, TestApp};
use crate::support::db::{Place, on_both_places};
use crate::support::interactions::{ADA, Scene, ask, command, modal, text};
use crate::support::smtp::{At, Reply, SmtpServer};

const ADDRESS: &str = "ada@example.org";

async fn muster(scene: &Scene, place: Place, server: &SmtpServer) -> TestApp {
    let url = server.url();
    let app = scene
        .muster_with(place, |config| config.mail.transport = MailTransport::Url(Secret::new(url)))
        .await;
    app.person("Ada").address(ADDRESS).insert().await;
    app
}

async fn ask_for_code(app: &TestApp) {
    let reply = ask(app, &command(ADA, "verify", &[("email", ADDRESS)])).await;
    assert!(text(&reply).starts_with("If the organisers know this address"));
}

async fn type_code(app: &TestApp, code: &str) -> Value {
    ask(app, &modal(ADA, "verify:code", "code", code)).await
}

/// The code in the last mail that arrived.
fn code(server: &SmtpServer) -> String {
    let mail = String::from_utf8(server.mails().last().unwrap().bytes.clone()).unwrap();
    mail.split_once("\r\n    ").unwrap().1[..6].to_owned()
}

/// The newest email, as it is in the outbox.
async fn newest(app: &TestApp) -> Delivery {
    let mut conn = app.app.db.read().await.unwrap();
    let id = store::deliveries::list(&mut conn, "", None, 1, 0).await.unwrap()[0].id;
    store::deliveries::find(&mut conn, id).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_code_arrives_and_is_not_kept() {
    on_both_places(async |place| {
        let (scene, server) = (Scene::new().await, SmtpServer::plain());
        let app = muster(&scene, place, &server).await;
        ask_for_code(&app).await;
        assert_eq!(server.mails().len(), 0, "nobody waited for the mail server");
        app.run_jobs().await;
        let [mail] = &server.mails()[..] else { panic!("one mail") };
        assert_eq!(mail.to, [ADDRESS]);
        let code = code(&server);
        let kept = newest(&app).await;
        assert_eq!((kept.state, kept.recipient.as_str()), (DeliveryState::Sent, ADDRESS));
        let bytes = String::from_utf8(kept.bytes).unwrap();
        assert!(bytes.contains("Its text is not kept") && !bytes.contains(&code), "{bytes}");
        // A job that was left over sends it no second time.
        app.run_jobs().await;
        assert_eq!(server.mails().len(), 1);
        assert!(text(&type_code(&app, &code).await).starts_with("Welcome, Ada!"));
    })
    .await;
}

#[tokio::test]
async fn a_code_waits_for_no_campaign_and_lets_none_go_on() {
    let (scene, server) = (Scene::new().await, SmtpServer::plain());
    let app = muster(&scene, Place::sqlite(), &server).await;
    let paused = Sender {
        needs_attention_at: Some(NOON),
        response: Some("550 not today".into()),
        ..Sender::default()
    };
    let mut tx = app.write().await;
    store::senders::save(&mut tx, &app.app.sender_name(), &paused).await.unwrap();
    tx.commit().await.unwrap();
    let words = async || {
        let mut conn = app.app.db.read().await.unwrap();
        store::senders::find(&mut conn, &app.app.sender_name()).await.unwrap().response
    };
    ask_for_code(&app).await;
    app.run_jobs().await;
    assert_eq!(server.mails().len(), 1);
    assert_eq!(words().await.as_deref(), Some("550 not today"), "that is for the organiser to say");

    // The organiser's own test is what says it.
    let mut tx = app.write().await;
    let event = muster::events::current(&mut tx, &app.app.config).await.unwrap();
    let to = muster::model::EmailAddress::parse("me@harbour.example").unwrap();
    muster::sending::direct::send_test(&mut tx, &app.app.config, &event, &to, NOON).await.unwrap();
    tx.commit().await.unwrap();
    app.run_jobs().await;
    assert_eq!(words().await, None);
    let test = newest(&app).await;
    assert_eq!((test.state, test.person_id), (DeliveryState::Sent, None));
    let bytes = String::from_utf8(test.bytes).unwrap();
    assert!(bytes.contains("List-Unsubscribe") && bytes.contains("SPF"), "a test is kept whole");
}

#[tokio::test]
async fn a_server_that_takes_no_mail_of_strangers_at_first_is_asked_again() {
    let (scene, server) = (Scene::new().await, SmtpServer::plain());
    let app = muster(&scene, Place::sqlite(), &server).await;
    server.next(At::Rcpt, Reply::Say("451 4.7.1 greylisted, try again later"));
    server.next(At::Greeting, Reply::Cut);
    ask_for_code(&app).await;
    while let Some(next) = app.run_jobs().await {
        assert_eq!(newest(&app).await.state, DeliveryState::Queued);
        app.app.clock.advance_to(next);
    }
    assert_eq!(newest(&app).await.state, DeliveryState::Sent);
    assert!(text(&type_code(&app, &code(&server)).await).starts_with("Welcome, Ada!"));
}

#[tokio::test]
async fn a_code_that_works_no_more_is_not_sent_any_more() {
    let (scene, server) = (Scene::new().await, SmtpServer::plain());
    let app = muster(&scene, Place::sqlite(), &server).await;
    server.always(At::Rcpt, Reply::Say("451 4.7.1 not today"));
    ask_for_code(&app).await;
    while let Some(next) = app.run_jobs().await {
        app.app.clock.advance_to(next);
    }
    assert!(app.app.clock.now() < NOON.plus(Duration::from_mins(10)));
    let mail = newest(&app).await;
    assert_eq!(mail.state, DeliveryState::Refused);
    assert!(mail.response.unwrap().contains("not today"));
    // Nor one that stood in the queue while Muster was off.
    server.usual(At::Rcpt);
    ask_for_code(&app).await;
    app.app.clock.advance(Duration::from_mins(10));
    app.run_jobs().await;
    assert_eq!(server.mails().len(), 0);
    assert_eq!(newest(&app).await.state, DeliveryState::Refused);
}

#[tokio::test]
async fn who_is_erased_before_the_mail_leaves_gets_none() {
    let (scene, server) = (Scene::new().await, SmtpServer::plain());
    let app = muster(&scene, Place::sqlite(), &server).await;
    ask_for_code(&app).await;
    let mut tx = app.write().await;
    let address = muster::model::EmailAddress::parse(ADDRESS).unwrap();
    let ada = store::people::find_by_address(&mut tx, &address).await.unwrap().unwrap();
    muster::people::erase(&mut tx, ada.id, NOON).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(app.run_jobs().await, None);
    assert_eq!(server.mails().len(), 0);
}
