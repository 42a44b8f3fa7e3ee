//! Verification on Discord: a code by email, the account that it connects, and the role that follows.

use std::time::Duration;

use muster::model::setup::Resource;
use muster::model::{EmailAddress, PersonId};
use muster::people::{self, SuppressionReason};
use muster::store;
use serde_json::{Value, json};

use crate::support::app::{NOON, TestApp};
use crate::support::db::{Place, on_both_places};
use crate::support::discord::{Fault, GUILD};
use crate::support::interactions::{ADA, BO, Scene, ask, button, command, modal, text};

const SENT: &str = "If the organisers know this address, a code is on its way.";

pub async fn ask_for_code(app: &TestApp, user: &str, address: &str) -> Value {
    ask(app, &command(user, "verify", &[("email", address)])).await
}

pub async fn type_code(app: &TestApp, user: &str, code: &str) -> Value {
    ask(app, &modal(user, "verify:code", "code", code)).await
}

/// The code in the newest email to this address.
pub async fn code(app: &TestApp, address: &str) -> String {
    let mut conn = app.app.db.read().await.unwrap();
    let mails = store::deliveries::list(&mut conn, address, None, 1, 0).await.unwrap();
    let mail = store::deliveries::find(&mut conn, mails[0].id).await.unwrap().unwrap();
    let text = String::from_utf8(mail.bytes).unwrap();
    let (_, rest) = text.split_once("\r\n    ").expect("the code is on a line of its own");
    rest[..6].to_owned()
}

fn wrong(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

pub async fn account(app: &TestApp, person: PersonId) -> Option<String> {
    let mut conn = app.app.db.read().await.unwrap();
    store::discord::account(&mut conn, person).await.unwrap().map(|it| it.discord_user)
}

pub async fn make_role(app: &TestApp, scene: &Scene) -> String {
    let role = scene.add_role("Verified", 1);
    let mut tx = app.write().await;
    store::discord_setup::put_resource(&mut tx, GUILD, Resource::VerifiedRole, &role)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    role
}

#[tokio::test]
async fn the_button_leads_through_two_modals_to_the_role() {
    on_both_places(async |place| {
        let scene = Scene::new().await;
        let app = scene.muster(place).await;
        let ada = app.person("Ada").address("Ada@example.org").insert().await;
        let role = make_role(&app, &scene).await;
        scene.add_member(ADA);

        let window = ask(&app, &button(ADA, "verify")).await;
        assert_eq!(window["type"], 9, "{window}");
        assert_eq!(window["data"]["custom_id"], "verify:address");
        assert_eq!(window["data"]["components"][0]["component"]["custom_id"], "email");
        let sent = ask(&app, &modal(ADA, "verify:address", "email", " ada@EXAMPLE.org ")).await;
        assert!(text(&sent).starts_with(SENT), "{sent}");
        assert_eq!(sent["data"]["components"][0]["components"][0]["custom_id"], "verify:code");
        let window = ask(&app, &button(ADA, "verify:code")).await;
        assert_eq!(
            (&window["type"], &window["data"]["custom_id"]),
            (&json!(9), &json!("verify:code"))
        );

        let code = code(&app, "Ada@example.org").await;
        assert!(code.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
        assert_eq!(account(&app, ada).await, None);
        let reply = type_code(&app, ADA, &format!("{} {}", &code[..3], &code[3..])).await;
        assert!(text(&reply).starts_with("Welcome, Ada!"), "{reply}");
        assert_eq!(account(&app, ada).await.as_deref(), Some(ADA));
        assert_eq!(app.run_jobs().await, None);
        assert_eq!(scene.roles_of(ADA), [role]);
        let organiser =
            app.another(|config| (config.admin_password, config.public_url) = (None, None)).await;
        let page = organiser.page(&format!("/people/{ada}")).await;
        assert!(page.contains("Verified on Discord, "), "{page}");
        // The same code works once.
        assert!(text(&type_code(&app, ADA, &code).await).starts_with("There is no valid code"));
        app.run_jobs().await;
        assert_eq!(scene.count("PUT "), 1);
    })
    .await;
}

#[tokio::test]
async fn an_unknown_address_gets_the_same_reply_and_no_email() {
    on_both_places(async |place| {
        let scene = Scene::new().await;
        let app = scene.muster(place).await;
        app.person("Ada").address("ada@example.org").insert().await;
        let known = ask_for_code(&app, ADA, "ada@example.org").await;
        let unknown = ask_for_code(&app, BO, "nobody@example.org").await;
        assert_eq!(known, unknown);
        assert_eq!(app.count("SELECT COUNT(*) FROM mails").await, 1);
        assert_eq!(app.count("SELECT COUNT(*) FROM mails WHERE person_id IS NULL").await, 0);
        let bad = wrong(&code(&app, "ada@example.org").await);
        for _ in 0..6 {
            assert_eq!(type_code(&app, ADA, &bad).await, type_code(&app, BO, &bad).await);
        }
        // Too many codes for one address, even if it is nobody's.
        for address in ["ada@example.org", "nobody@example.org"] {
            let mut said = Vec::new();
            for user in ["1", "2", "3"] {
                said.push(ask_for_code(&app, &format!("{user}{}", address.len()), address).await);
            }
            assert!(
                text(&said[1]).starts_with(SENT)
                    && text(&said[2]).contains("Try again in 60 minutes.")
            );
        }
        let odd = ask_for_code(&app, ADA, "no address").await;
        assert!(text(&odd).starts_with("This is not an email address"), "{odd}");
    })
    .await;
}

#[tokio::test]
async fn an_address_that_cannot_be_emailed_gets_the_same_reply_too() {
    let scene = Scene::new().await;
    let app = scene.muster(Place::sqlite()).await;
    // A form accepts this domain, but in ASCII it is too long for an email.
    let label: String = (0..21).filter_map(|n| char::from_u32(0x4e00 + 997 * n)).collect();
    app.person("Ada").address(&format!("ada@{label}.example")).insert().await;
    let known = ask_for_code(&app, ADA, &format!("ada@{label}.example")).await;
    assert!(text(&known).starts_with(SENT), "{known}");
    assert_eq!(known, ask_for_code(&app, BO, &format!("bo@{label}.example")).await);
    assert_eq!(app.count("SELECT COUNT(*) FROM mails").await, 0);
}

#[tokio::test]
async fn a_code_may_be_tried_five_times_within_ten_minutes() {
    on_both_places(async |place| {
        let scene = Scene::new().await;
        let app = scene.muster(place).await;
        let ada = app.person("Ada").address("ada@example.org").insert().await;
        ask_for_code(&app, ADA, "ada@example.org").await;
        let good = code(&app, "ada@example.org").await;
        for left in ["4 tries", "3 tries", "2 tries", "1 try"] {
            let reply = type_code(&app, ADA, &wrong(&good)).await;
            assert_eq!(text(&reply), format!("This is not the code. You have {left} left."));
        }
        assert!(text(&type_code(&app, ADA, "").await).contains("that was the last try"));
        assert!(text(&type_code(&app, ADA, &good).await).starts_with("There is no valid code"));

        ask_for_code(&app, ADA, "ada@example.org").await;
        let good = code(&app, "ada@example.org").await;
        app.app.clock.advance(Duration::from_mins(10));
        assert!(text(&type_code(&app, ADA, &good).await).starts_with("There is no valid code"));
        assert_eq!(account(&app, ada).await, None);

        // A newer code takes the place of the older, and is nobody else's.
        ask_for_code(&app, ADA, "ada@example.org").await;
        let good = code(&app, "ada@example.org").await;
        assert!(text(&type_code(&app, BO, &good).await).starts_with("There is no valid code"));
        let reply = ask(&app, &command(ADA, "verify", &[("code", &good)])).await;
        assert!(text(&reply).starts_with("Welcome, Ada!"));
    })
    .await;
}

#[tokio::test]
async fn one_account_may_request_five_codes_an_hour() {
    let scene = Scene::new().await;
    let app = scene.muster(Place::sqlite()).await;
    for number in 0..5 {
        let reply = ask_for_code(&app, ADA, &format!("{number}@example.org")).await;
        assert!(text(&reply).starts_with(SENT));
    }
    let reply = ask_for_code(&app, ADA, "6@example.org").await;
    assert!(text(&reply).contains("Try again in 60 minutes."), "{reply}");
    app.app.clock.advance(Duration::from_hours(1));
    assert!(text(&ask_for_code(&app, ADA, "6@example.org").await).starts_with(SENT));
    // The counters cannot be traced back to anybody.
    let open = "SELECT COUNT(*) FROM discord_code_asks WHERE length(asker) <> 64";
    assert_eq!(app.count(open).await, 0);
}

#[tokio::test]
async fn simultaneous_requests_get_no_more_codes() {
    on_both_places(async |place| {
        let scene = Scene::new().await;
        let app = scene.muster(place).await;
        let addresses: Vec<String> = (0..9).map(|n| format!("p{n}@example.org")).collect();
        let asking = addresses.iter().map(|address| ask_for_code(&app, ADA, address));
        let replies = futures_util::future::join_all(asking).await;
        let sent = replies.iter().filter(|it| text(it).starts_with(SENT)).count();
        assert_eq!(sent, 5, "{replies:?}");
    })
    .await;
}

#[tokio::test]
async fn a_code_that_is_entered_twice_at_once_counts_once() {
    on_both_places(async |place| {
        let scene = Scene::new().await;
        let app = scene.muster(place).await;
        let ada = app.person("Ada").address("ada@example.org").insert().await;
        ask_for_code(&app, ADA, "ada@example.org").await;
        let code = code(&app, "ada@example.org").await;
        let (one, other) = tokio::join!(type_code(&app, ADA, &code), type_code(&app, ADA, &code));
        let said = [text(&one), text(&other)];
        let count = |words| said.iter().filter(|it| it.starts_with(words)).count();
        assert_eq!((count("Welcome, Ada!"), count("There is no valid code")), (1, 1), "{said:?}");
        assert_eq!(account(&app, ada).await.as_deref(), Some(ADA));
        assert_eq!(app.count("SELECT COUNT(*) FROM jobs WHERE kind = 'give_role'").await, 1);
    })
    .await;
}

#[tokio::test]
async fn the_email_has_the_code_as_text_and_html_and_no_links() {
    let scene = Scene::new().await;
    let app = scene.muster(Place::sqlite()).await;
    let address = EmailAddress::parse("zoe@example.org").unwrap();
    app.person("Zoë <b>").address("zoe@example.org").insert().await;
    let mut tx = app.write().await;
    // Somebody who unsubscribed may still request this email.
    people::suppress(&mut tx, &address, SuppressionReason::OptedOut, None, NOON).await.unwrap();
    tx.commit().await.unwrap();
    ask_for_code(&app, ADA, "zoe@example.org").await;
    let code = code(&app, "zoe@example.org").await;
    let mut conn = app.app.db.read().await.unwrap();
    let mail = store::deliveries::list(&mut conn, "", None, 1, 0).await.unwrap().remove(0);
    assert_eq!(mail.subject, "Your code for Hack the Harbour on Discord");
    assert_eq!(mail.name.as_deref(), Some("Zoë <b>"), "the outbox names the person");
    let bytes = store::deliveries::find(&mut conn, mail.id).await.unwrap().unwrap().bytes;
    let mail = mail_parser::MessageParser::default().parse(&bytes).unwrap();
    let (plain, html) = (mail.body_text(0).unwrap(), mail.body_html(0).unwrap());
    assert!(plain.contains(&code) && html.contains(&code));
    assert!(plain.contains("The Harbour team") && html.contains("Zoë &#60;b&#62;"), "{html}");
    assert!(!plain.contains("http") && !html.contains("href"), "{plain}");
    assert!(mail.header("List-Unsubscribe").is_none());
    assert!(!String::from_utf8_lossy(&bytes).contains("localhost"));
    // Nothing in the database contains the code, except the email itself.
    assert_eq!(
        app.count("SELECT COUNT(*) FROM discord_codes WHERE length(code_hash) <> 64").await,
        0
    );
}

#[tokio::test]
async fn a_new_verification_moves_the_account() {
    on_both_places(async |place| {
        let scene = Scene::new().await;
        let app = scene.muster(place).await;
        let ada = app.person("Ada").address("ada@example.org").insert().await;
        let bo = app.person("Bo").address("bo@example.org").insert().await;
        let verify = async |user: &str, address: &str| {
            ask_for_code(&app, user, address).await;
            let code = code(&app, address).await;
            assert!(text(&type_code(&app, user, &code).await).starts_with("Welcome"));
        };
        verify(ADA, "ada@example.org").await;
        verify(ADA, "bo@example.org").await;
        assert_eq!(account(&app, ada).await, None);
        assert_eq!(account(&app, bo).await.as_deref(), Some(ADA));
        verify(BO, "bo@example.org").await;
        assert_eq!(account(&app, bo).await.as_deref(), Some(BO));
        verify(ADA, "ada@example.org").await;
        assert_eq!(app.count("SELECT COUNT(*) FROM discord_people").await, 2);
        // No role is there yet: nothing is asked, and nothing is lost.
        app.run_jobs().await;
        assert_eq!((scene.count("PUT "), scene.count("DELETE ")), (0, 0));
        let role = make_role(&app, &scene).await;
        scene.add_member(ADA);
        scene.add_member(BO);
        let mut tx = app.write().await;
        muster::discord_accounts::give_missing_roles(&mut tx, NOON).await.unwrap();
        tx.commit().await.unwrap();
        app.run_jobs().await;
        assert_eq!(scene.roles_of(ADA), std::slice::from_ref(&role));
        assert_eq!(scene.roles_of(BO), [role]);
    })
    .await;
}

#[tokio::test]
async fn the_role_moves_along_to_another_account() {
    on_both_places(async |place| {
        let scene = Scene::new().await;
        let app = scene.muster(place).await;
        app.person("Ada").address("ada@example.org").insert().await;
        let role = make_role(&app, &scene).await;
        scene.add_member(ADA);
        scene.add_member(BO);
        let verify = async |user: &str| {
            ask_for_code(&app, user, "ada@example.org").await;
            let code = code(&app, "ada@example.org").await;
            assert!(text(&type_code(&app, user, &code).await).starts_with("Welcome"));
        };
        verify(ADA).await;
        app.run_jobs().await;
        assert_eq!(scene.roles_of(ADA), std::slice::from_ref(&role));

        scene.fault("DELETE ", Fault::Status(503));
        verify(BO).await;
        while let Some(next) = app.run_jobs().await {
            app.app.clock.advance_to(next);
        }
        assert_eq!(scene.roles_of(ADA), [""; 0]);
        assert_eq!(scene.roles_of(BO), std::slice::from_ref(&role));
        assert_eq!(app.count("SELECT COUNT(*) FROM discord_lost_roles").await, 0);

        // And back again before anything was done about it: the account keeps the role.
        app.app.clock.advance(Duration::from_hours(1));
        verify(ADA).await;
        verify(BO).await;
        app.run_jobs().await;
        assert_eq!(scene.roles_of(ADA), [""; 0]);
        assert_eq!(scene.roles_of(BO), [role]);
        assert_eq!(app.count("SELECT COUNT(*) FROM jobs").await, 0);
        assert_eq!(app.count("SELECT COUNT(*) FROM discord_lost_roles").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_role_that_cannot_be_given_yet_is_given_later_and_for_who_left_never() {
    let scene = Scene::new().await;
    let app = scene.muster(Place::sqlite()).await;
    app.person("Ada").address("ada@example.org").insert().await;
    let role = make_role(&app, &scene).await;
    scene.add_member(ADA);
    ask_for_code(&app, ADA, "ada@example.org").await;
    let good = code(&app, "ada@example.org").await;
    scene.fault("PUT ", Fault::TooMany { retry_after: 20.0, global: false });
    scene.fault("PUT ", Fault::Status(500));
    scene.fault("PUT ", Fault::MissingPermissions);
    type_code(&app, ADA, &good).await;
    let restarted = app.another(|_| {}).await;
    while let Some(next) = restarted.run_jobs().await {
        restarted.app.clock.advance_to(next);
    }
    assert_eq!(scene.roles_of(ADA), [role]);

    app.person("Bo").address("bo@example.org").insert().await;
    ask_for_code(&app, BO, "bo@example.org").await;
    type_code(&app, BO, &code(&app, "bo@example.org").await).await;
    assert_eq!(app.run_jobs().await, None, "Bo is no member");
    assert_eq!(app.count("SELECT COUNT(*) FROM jobs").await, 0);
}
