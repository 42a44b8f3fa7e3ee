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
