use super::*;
use crate::model::Secret;

#[test]
fn gmail_is_encrypted_and_named_after_its_account() {
    let mail = config::Mail {
        transport: MailTransport::Gmail { password: Secret::new("abcdefgh") },
        from: Some(EmailAddress::parse("ada@example.org").unwrap()),
        sender_name: None,
        reply_to: None,
        sends_per_second: None,
        sends_per_day: None,
    };
    let sender = Sender::new(&mail, Timeouts::default(), Clock::test(Millis(0))).unwrap();
    assert_eq!(sender.server.security, Security::Required);
    assert_eq!(sender.name(), "ada@example.org at smtp.gmail.com:587");
    assert!(!sender.exposes_password());
}
