//! Emails as recipients see them, and deliveries to a scripted mail server.

mod emails;
mod refusals;
mod sending;
mod tls;

use std::time::Duration;

use muster::config::{Mail, MailTransport};
use muster::mail::{Sender, Timeouts};
use muster::model::{Clock, EmailAddress, Millis, Secret};

use crate::support::smtp::SmtpServer;

/// Time moves only when a test moves it, so a slow machine causes no time-out.
fn clock() -> Clock {
    Clock::test(Millis(1_800_000_000_000))
}

fn sender(url: &str, clock: &Clock) -> Sender {
    let mail = Mail {
        transport: MailTransport::Url(Secret::new(url)),
        from: Some(address("hello@example.org")),
        sender_name: None,
        reply_to: None,
        sends_per_second: None,
        sends_per_day: None,
    };
    Sender::new(&mail, Timeouts::default(), clock.clone()).expect("a URL that can be read")
}

fn plain_sender(server: &SmtpServer) -> Sender {
    sender(&server.url(), &clock())
}

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("an address")
}

async fn deliver(sender: &Sender) -> muster::mail::Delivery {
    let mail = b"Subject: Hello\r\n\r\n.a line that begins with a dot\r\nbye\r\n";
    sender.deliver(&address("hello@example.org"), &address("ada@example.org"), mail).await
}

/// Longer than every time-out together.
const A_WHILE: Duration = Duration::from_hours(24);
