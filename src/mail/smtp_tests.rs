use super::*;

fn parsed(url: &str) -> (String, u16, Security) {
    let server = Server::parse(url).expect(url);
    (server.host, server.port, server.security)
}

#[test]
fn a_url_is_read_as_lettre_reads_it() {
    for (url, host, port, security) in [
        ("smtp://127.0.0.1:2525", "127.0.0.1", 2525, Security::None),
        ("smtp://mail.example.org", "mail.example.org", 25, Security::None),
        ("smtp://mail.example.org?tls=required", "mail.example.org", 587, Security::Required),
        (
            "smtp://mail.example.org?tls=opportunistic",
            "mail.example.org",
            587,
            Security::Opportunistic,
        ),
        ("smtps://mail.example.org", "mail.example.org", 465, Security::Wrapped),
        ("smtps://[::1]:4650", "::1", 4650, Security::Wrapped),
    ] {
        assert_eq!(parsed(url), (host.to_owned(), port, security), "{url}");
    }
    for url in ["smtp://", "http://example.org", "smtp://h?tls=never", "nonsense"] {
        assert!(Server::parse(url).is_none(), "{url}");
    }
}

#[test]
fn user_and_password_may_hold_any_character() {
    let server = Server::parse(
        "smtps://ada%40example.org:p%2Fw%3A%20%C3%A9@mail.example.org/me.example.org",
    )
    .unwrap();
    assert_eq!(server.user.as_deref(), Some("ada@example.org"));
    assert_eq!(server.password.as_ref().map(Secret::expose), Some("p/w: é"));
    assert_eq!(server.hello.as_deref(), Some("me.example.org"));
    assert!(!format!("{server:?}").contains("p/w"));
}

#[test]
fn gmail_is_encrypted_and_named_by_its_account() {
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

#[test]
fn the_enhanced_code_is_read_only_where_it_is_one() {
    for (words, code) in [
        ("5.7.8 Username and Password not accepted", Some("5.7.8")),
        ("5.1.90 Your message", Some("5.1.90")),
        ("192.0.2.1 is blocked", None),
        ("no such user", None),
        ("", None),
    ] {
        assert_eq!(enhanced_code(words).as_deref(), code, "{words}");
    }
}
