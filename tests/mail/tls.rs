//! Encryption: the certificate must be valid, and nothing is sent unencrypted if encryption is required.

use muster::mail::Delivery;

use super::{clock, deliver, sender};
use crate::support::smtp::{Encryption, Options, SmtpServer};

fn options(tls: Encryption) -> Options {
    Options {
        tls,
        account: Some(("ada@example.org".to_owned(), "p/w:1".to_owned())),
        ..Options::default()
    }
}

fn url(scheme: &str, server: &SmtpServer, rest: &str) -> String {
    format!("{scheme}://ada%40example.org:p%2Fw%3A1@localhost:{}{rest}", server.port())
}

#[tokio::test]
async fn starttls_with_a_trusted_certificate_encrypts_login_and_mail() {
    let server = SmtpServer::start(options(Encryption::StartTls));
    for rest in ["?tls=required", "?tls=opportunistic"] {
        let sender = sender(&url("smtp", &server, rest), &clock()).trusting(server.root());
        let delivery = deliver(&sender).await;
        assert!(matches!(delivery, Delivery::Sent { .. }), "{delivery:?}");
    }
    assert!(server.logins().iter().all(|login| login.encrypted));
    assert!(server.mails().iter().all(|mail| mail.encrypted));
    assert_eq!(server.mails().len(), 2);
}

#[tokio::test]
async fn tls_from_the_first_byte_works_too() {
    let server = SmtpServer::start(options(Encryption::Wrapped));
    let sender = sender(&url("smtps", &server, ""), &clock()).trusting(server.root());
    let delivery = deliver(&sender).await;
    assert!(matches!(delivery, Delivery::Sent { .. }), "{delivery:?}");
    assert!(server.mails()[0].encrypted);
}

#[tokio::test]
async fn an_untrusted_certificate_is_refused_before_the_login() {
    let server = SmtpServer::start(options(Encryption::StartTls));
    let other = SmtpServer::start(options(Encryption::StartTls));
    for rest in ["?tls=required", "?tls=opportunistic"] {
        let sender = sender(&url("smtp", &server, rest), &clock()).trusting(other.root());
        assert!(matches!(deliver(&sender).await, Delivery::NotSent { .. }));
    }
    assert!(server.logins().is_empty() && server.mails().is_empty());
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let names = vec!["mail.example.org".to_owned()];
    let server = SmtpServer::start(Options { names, ..options(Encryption::StartTls) });
    let sender = sender(&url("smtp", &server, "?tls=required"), &clock()).trusting(server.root());
    assert!(matches!(deliver(&sender).await, Delivery::NotSent { .. }));
    assert!(server.logins().is_empty() && server.mails().is_empty());
}

#[tokio::test]
async fn nothing_is_sent_unencrypted_if_encryption_is_required() {
    let server = SmtpServer::start(options(Encryption::None));
    let sender = sender(&url("smtp", &server, "?tls=required"), &clock());
    let Delivery::NotSent { reason } = deliver(&sender).await else { panic!("sent unencrypted") };
    assert!(reason.contains("STARTTLS"), "{reason}");
    assert!(server.logins().is_empty() && server.mails().is_empty());
}
