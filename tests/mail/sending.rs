//! Deliveries that the server accepts, and deliveries without a response.

use muster::mail::{Delivery, Stage};

use super::{A_WHILE, address, clock, deliver, plain_sender, sender};
use crate::support::smtp::{At, Options, Reply, SmtpServer};

#[tokio::test]
async fn an_email_arrives_byte_for_byte_and_the_response_is_kept() {
    let server = SmtpServer::plain();
    let delivery = deliver(&plain_sender(&server)).await;

    assert_eq!(delivery, Delivery::Sent { response: "2.0.0 taken".to_owned() });
    let [mail] = &server.mails()[..] else { panic!("one email") };
    assert_eq!(
        (mail.from.as_str(), &mail.to[..]),
        ("hello@example.org", &["ada@example.org".to_owned()][..])
    );
    let sent = b"Subject: Hello\r\n\r\n.a line that begins with a dot\r\nbye\r\n";
    assert!(mail.bytes.starts_with(sent), "{:?}", String::from_utf8_lossy(&mail.bytes));
}

#[tokio::test]
async fn one_connection_is_used_for_many_emails() {
    let server = SmtpServer::plain();
    let sender = plain_sender(&server);
    for _ in 0..5 {
        assert!(matches!(deliver(&sender).await, Delivery::Sent { .. }));
    }
    assert_eq!((server.mails().len(), server.connections()), (5, 1));
}

#[tokio::test]
async fn simultaneous_deliveries_share_one_connection() {
    let server = SmtpServer::plain();
    let sender = plain_sender(&server);
    let (a, b, c) = tokio::join!(deliver(&sender), deliver(&sender), deliver(&sender));
    assert!([a, b, c].iter().all(|it| matches!(it, Delivery::Sent { .. })));
    assert_eq!((server.mails().len(), server.connections()), (3, 1));
}

#[tokio::test]
async fn a_connection_closed_between_two_emails_loses_nothing() {
    let server = SmtpServer::start(Options { mails_per_connection: 2, ..Options::default() });
    let sender = plain_sender(&server);
    for _ in 0..5 {
        assert!(matches!(deliver(&sender).await, Delivery::Sent { .. }));
    }
    assert_eq!((server.mails().len(), server.connections()), (5, 3));

    // Closed without a response when the next email begins.
    server.next(At::Mail, Reply::Cut);
    assert!(matches!(deliver(&sender).await, Delivery::Sent { .. }));
    assert_eq!(server.mails().len(), 6);
}

#[tokio::test]
async fn a_lost_connection_means_not_sent_before_the_final_dot_and_uncertain_after_it() {
    for at in [At::Greeting, At::Ehlo, At::Mail, At::Rcpt, At::Data, At::Dot] {
        let server = SmtpServer::plain();
        server.next(at, Reply::Cut);
        let sender = plain_sender(&server);
        let delivery = deliver(&sender).await;
        let fits = match at {
            At::Dot => matches!(delivery, Delivery::Uncertain { .. }),
            _ => matches!(delivery, Delivery::NotSent { .. }),
        };
        assert!(fits, "{at:?}: {delivery:?}");
        assert_eq!(server.mails().len(), usize::from(at == At::Dot));
        // Nothing of the broken session is reused.
        assert!(matches!(deliver(&sender).await, Delivery::Sent { .. }), "after {at:?}");
    }
}

#[tokio::test]
async fn silence_means_not_sent_before_the_final_dot_and_uncertain_after_it() {
    for at in [At::Greeting, At::Ehlo, At::Mail, At::Rcpt, At::Data, At::Dot] {
        let server = SmtpServer::plain();
        server.next(at, Reply::Hang);
        let clock = clock();
        let sender = sender(&server.url(), &clock);
        let waiting = async {
            server.wait_until_hanging(1).await;
            clock.advance(A_WHILE);
        };
        let (delivery, ()) = tokio::join!(deliver(&sender), waiting);
        match (at, &delivery) {
            (At::Dot, Delivery::Uncertain { reason }) | (_, Delivery::NotSent { reason }) => {
                assert_eq!(reason, "The server did not answer in time.");
            }
            _ => panic!("{at:?}: {delivery:?}"),
        }
        assert!(matches!(deliver(&sender).await, Delivery::Sent { .. }), "after {at:?}");
    }
}

#[tokio::test]
async fn a_response_that_does_not_fit_the_command_is_not_trusted() {
    let server = SmtpServer::plain();
    let sender = plain_sender(&server);
    server.next(At::Data, Reply::Say("250 2.0.0 fine"));
    assert!(matches!(deliver(&sender).await, Delivery::NotSent { .. }));
    server.next(At::Dot, Reply::Say("354 go ahead"));
    assert!(matches!(deliver(&sender).await, Delivery::Uncertain { .. }));
    server.next(At::Dot, Reply::Say("quite fine"));
    assert!(matches!(deliver(&sender).await, Delivery::Uncertain { .. }));
}

/// More than the buffers of a connection: it cannot be sent completely while nobody reads.
const LARGE: usize = 64 << 20;

#[tokio::test]
async fn an_incomplete_email_is_not_sent() {
    let large = vec![b'x'; LARGE];
    let (from, to) = (address("hello@example.org"), address("ada@example.org"));

    let server = SmtpServer::plain();
    server.next(At::Data, Reply::SayThenCut("354 go ahead"));
    let delivery = plain_sender(&server).deliver(&from, &to, &large).await;
    assert!(matches!(delivery, Delivery::NotSent { .. }), "{delivery:?}");

    server.next(At::Data, Reply::SayThenHang("354 go ahead"));
    let clock = clock();
    let sender = sender(&server.url(), &clock);
    let delivery = tokio::select! {
        delivery = sender.deliver(&from, &to, &large) => delivery,
        // The server hangs before the client begins to wait: time passes until it does.
        () = async {
            server.wait_until_hanging(1).await;
            loop {
                clock.advance(A_WHILE);
                tokio::task::yield_now().await;
            }
        } => unreachable!("time never ends"),
    };
    assert!(matches!(delivery, Delivery::NotSent { .. }), "{delivery:?}");
    assert!(server.mails().is_empty());
}

#[tokio::test]
async fn an_abandoned_delivery_does_not_affect_the_next() {
    let server = SmtpServer::plain();
    server.always(At::Rcpt, Reply::Hang);
    let sender = plain_sender(&server);
    tokio::select! {
        delivery = deliver(&sender) => panic!("{delivery:?}"),
        () = server.wait_until_hanging(1) => {}
    }
    server.usual(At::Rcpt);
    assert!(matches!(deliver(&sender).await, Delivery::Sent { .. }));
    server.wait_for_mails(1).await;
    assert_eq!((server.mails().len(), server.mails()[0].connection), (1, 2));
}

#[tokio::test]
async fn emails_arrive_in_the_order_in_which_they_were_sent() {
    let server = SmtpServer::plain();
    let sender = plain_sender(&server);
    for name in ["ada", "bob", "cleo"] {
        let to = address(&format!("{name}@example.org"));
        sender.deliver(&address("hello@example.org"), &to, b"Subject: x\r\n\r\nx\r\n").await;
    }
    let mails = server.mails();
    let to: Vec<&str> = mails.iter().map(|mail| mail.to[0].as_str()).collect();
    assert_eq!(to, ["ada@example.org", "bob@example.org", "cleo@example.org"]);
    assert!(mails.is_sorted_by_key(|mail| mail.at));
}

#[tokio::test]
async fn an_unreachable_server_means_not_sent() {
    // Nobody uses port 1, and no test can bind it.
    let delivery = deliver(&sender("smtp://127.0.0.1:1", &clock())).await;
    assert!(matches!(delivery, Delivery::NotSent { .. }), "{delivery:?}");
}

#[tokio::test]
async fn an_address_that_the_server_cannot_take_affects_only_its_recipient() {
    let server = SmtpServer::plain();
    let sender = plain_sender(&server);
    let to = address("jörg@example.org");
    let delivery =
        sender.deliver(&address("hello@example.org"), &to, b"Subject: x\r\n\r\nx\r\n").await;
    assert!(
        matches!(delivery, Delivery::Refused { stage: Stage::To, code: 553, .. }),
        "{delivery:?}"
    );
    let to = address("ada@exämple.org");
    sender.deliver(&address("hello@example.org"), &to, b"Subject: x\r\n\r\nx\r\n").await;
    assert_eq!(server.mails()[0].to, ["ada@xn--exmple-cua.org"]);
    assert_eq!(server.connections(), 1);
}
