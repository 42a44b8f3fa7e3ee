//! Refusals at every stage: whom they are about, and what remains usable.

use std::time::Duration;

use muster::mail::verdict::About;
use muster::mail::{Action, Delivery, Stage};

use super::{clock, deliver, plain_sender, sender};
use crate::support::smtp::{At, Encryption, Options, Reply, SmtpServer};

fn with_account() -> Options {
    Options { account: Some(("muster".to_owned(), "right one".to_owned())), ..Options::default() }
}

#[tokio::test]
async fn a_refusal_tells_its_stage_and_whom_it_is_about() {
    for (at, text, stage, about) in [
        (At::Greeting, "554 5.7.1 not from there", Stage::Connect, About::Sender),
        (At::Ehlo, "550 5.7.1 who are you", Stage::Connect, About::Sender),
        (At::Mail, "550 5.4.5 Daily user sending limit exceeded.", Stage::From, About::Sender),
        (At::Rcpt, "550 5.1.1 The account does not exist", Stage::To, About::Recipient),
        (At::Data, "452 4.3.1 disk full", Stage::Data, About::Recipient),
        (
            At::Dot,
            "550-5.7.1 This mail is likely unsolicited\n550 5.7.1 mail.",
            Stage::Answer,
            About::Sender,
        ),
    ] {
        let server = SmtpServer::plain();
        server.next(at, Reply::Say(text));
        let delivery = deliver(&plain_sender(&server)).await;
        let Delivery::Refused { stage: found, code, enhanced, response: told, verdict } = delivery
        else {
            panic!("{at:?}: {delivery:?}")
        };
        assert_eq!((found, verdict.about), (stage, about), "{at:?}");
        assert_eq!(code.to_string(), text[..3]);
        assert_eq!(enhanced.as_deref(), Some(&text[4..9]));
        assert!(told.starts_with(&text[4..9]), "{told}");
    }
}

#[tokio::test]
async fn a_refused_recipient_does_not_close_the_connection() {
    let server = SmtpServer::plain();
    let sender = plain_sender(&server);
    for at in [At::Mail, At::Rcpt, At::Data, At::Dot] {
        server.next(at, Reply::Say("550 5.1.1 no such user"));
        assert!(matches!(deliver(&sender).await, Delivery::Refused { .. }), "{at:?}");
        assert!(matches!(deliver(&sender).await, Delivery::Sent { .. }), "after {at:?}");
    }
    assert_eq!(server.connections(), 1);
    assert_eq!(server.mails().iter().filter(|mail| mail.accepted).count(), 4);
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_until_somebody_fixes_it() {
    let server = SmtpServer::start(with_account());
    let url = format!("smtp://muster:wrong%20one@127.0.0.1:{}", server.port());
    let clock = clock();
    let sender = sender(&url, &clock);

    for _ in 0..3 {
        let Delivery::Refused { stage, code, response, verdict, .. } = deliver(&sender).await
        else {
            panic!("the login was accepted")
        };
        assert_eq!((stage, code, verdict.action), (Stage::Login, 535, Action::StopSender));
        assert!(response.contains("Username and Password not accepted"), "{response}");
        assert!(verdict.advice.contains("app password"));
    }
    let logins = server.logins();
    assert_eq!(logins.len(), 1);
    assert_eq!((logins[0].user.as_str(), logins[0].password.as_str()), ("muster", "wrong one"));

    sender.forget_refused_login().await;
    deliver(&sender).await;
    assert_eq!(server.logins().len(), 2);
    clock.advance(Duration::from_hours(1));
    deliver(&sender).await;
    assert_eq!(server.logins().len(), 3);
}

#[tokio::test]
async fn the_right_password_logs_in_once_for_many_emails() {
    let server = SmtpServer::start(with_account());
    let sender =
        sender(&format!("smtp://muster:right%20one@127.0.0.1:{}", server.port()), &clock());
    for _ in 0..3 {
        assert!(matches!(deliver(&sender).await, Delivery::Sent { .. }));
    }
    assert_eq!((server.logins().len(), server.mails().len()), (1, 3));
    sender.close().await;
    assert!(matches!(deliver(&sender).await, Delivery::Sent { .. }));
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_connection_lost_during_login_is_not_a_refusal() {
    let server = SmtpServer::start(with_account());
    server.next(At::Auth, Reply::Cut);
    let sender =
        sender(&format!("smtp://muster:right%20one@127.0.0.1:{}", server.port()), &clock());
    assert!(matches!(deliver(&sender).await, Delivery::NotSent { .. }));
    assert!(matches!(deliver(&sender).await, Delivery::Sent { .. }));
}

#[tokio::test]
async fn a_server_that_requires_a_login_refuses_without_one() {
    let server = SmtpServer::start(with_account());
    let Delivery::Refused { verdict, .. } = deliver(&plain_sender(&server)).await else {
        panic!("accepted without a login")
    };
    assert_eq!((verdict.kind, verdict.about), ("login", About::Sender));
}

#[tokio::test]
async fn a_refused_starttls_sends_nothing_unencrypted() {
    let server = SmtpServer::start(Options { tls: Encryption::StartTls, ..with_account() });
    server.next(At::StartTls, Reply::Say("454 4.7.0 TLS not available"));
    let url = format!("smtp://muster:right%20one@localhost:{}?tls=required", server.port());
    let sender = sender(&url, &clock()).trusting(server.root());
    let delivery = deliver(&sender).await;
    assert!(matches!(delivery, Delivery::Refused { stage: Stage::StartTls, .. }), "{delivery:?}");
    assert!(server.logins().is_empty() && server.mails().is_empty());
}
