use std::time::Duration;

use super::vars::parse_duration;
use super::{Config, ConfigError, MailTransport, Source, Vars};

fn vars(pairs: &[(&str, &str)]) -> Vars {
    let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Source { file: None, environment: pairs.collect() }.vars().unwrap()
}

fn read(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::read(&vars(pairs))
}

#[test]
fn every_setting_has_a_default() {
    let config = read(&[]).unwrap();
    assert_eq!((config.bind.to_string().as_str(), config.port), ("127.0.0.1", 5000));
    assert!(config.gemini.keys.is_empty());
    assert_eq!(config.gemini.embedding_model.as_deref(), Some("gemini-embedding-001"));
    assert_eq!(config.gemini.models, ["gemini-3.5-flash-lite", "gemini-3.1-flash-lite"]);
    assert_eq!(config.gemini.skills_delay, Duration::from_secs(7));
    assert!(matches!(config.mail.transport, MailTransport::Outbox));
}

#[test]
fn the_embedding_model_can_be_changed_or_switched_off() {
    let model = |value| read(&[("GEMINI_EMBEDDING_MODEL", value)]);
    assert_eq!(model("").unwrap().gemini.embedding_model, None);
    assert_eq!(model(" ").unwrap().gemini.embedding_model, None);
    assert_eq!(model("other-2").unwrap().gemini.embedding_model.as_deref(), Some("other-2"));
    assert!(model("a/b").is_err());
}

#[test]
fn numbered_keys_may_have_gaps_and_the_plain_one_is_the_reserve() {
    let config = read(&[
        ("GEMINI_API_KEY10", "ten"),
        ("GEMINI_API_KEY2", "two"),
        ("GEMINI_API_KEY", "reserve"),
        ("GEMINI_API_KEY3", ""),
        ("GEMINI_PROJECT2", "alpha"),
        ("KEY_REQUESTS_PER_MINUTE2", "5"),
    ])
    .unwrap();
    let numbers: Vec<i64> = config.gemini.keys.iter().map(|key| key.number.0).collect();
    assert_eq!(numbers, [0, 2, 10]);
    assert_eq!(config.gemini.keys[1].project.as_deref(), Some("alpha"));
    assert_eq!(config.gemini.keys[1].limits.requests_per_minute, Some(5));
}

#[test]
fn an_error_names_the_variable_the_value_and_what_was_expected() {
    let error = read(&[("OUTREACH_DELAY", "quick")]).unwrap_err().to_string();
    assert_eq!(error, "OUTREACH_DELAY is \"quick\"; expected a duration such as 5s, 250ms or 2m");
    for (name, value) in [
        ("PORT", "70000"),
        ("PACING", "fast"),
        ("GEMINI_BASE_URL", "http://example.org"),
        ("SENDER_EMAIL", "nobody"),
        ("EVENT_LINK", "register here"),
        ("EVENT_TIME_ZONE", "Mars/Base"),
        ("TIME_SCALE", "0"),
        ("KEY_REQUESTS_PER_MINUTE", "0"),
    ] {
        let error = read(&[(name, value)]).unwrap_err().to_string();
        assert!(
            error.contains(name) && error.contains(value) && error.contains("expected"),
            "{error}"
        );
    }
}

#[test]
fn errors_never_repeat_a_secret() {
    for name in ["DATABASE_URL", "MUSTER_SECRET", "SMTP_URL"] {
        let error =
            read(&[(name, "hunter2"), ("SENDER_EMAIL", "a@example.org")]).unwrap_err().to_string();
        assert!(error.contains(name) && !error.contains("hunter2"), "{error}");
    }
    let config = read(&[("GEMINI_API_KEY1", "hunter2"), ("ADMIN_PASSWORD", "hunter3")]).unwrap();
    assert!(!format!("{config:?}").contains("hunter"));
}

#[test]
fn other_machines_need_a_password() {
    assert!(read(&[("BIND", "0.0.0.0")]).is_err());
    assert!(read(&[("PUBLIC_URL", "https://muster.example")]).is_err());
    assert!(read(&[("BIND", "0.0.0.0"), ("ADMIN_PASSWORD", "x")]).is_ok());
    assert!(read(&[("BIND", "::1")]).is_ok());
}

#[test]
fn durations_have_units() {
    assert_eq!(parse_duration("250ms"), Some(Duration::from_millis(250)));
    assert_eq!(parse_duration("0.5s"), Some(Duration::from_millis(500)));
    assert_eq!(parse_duration("2m"), Some(Duration::from_mins(2)));
    for bad in ["5", "s", "-1s", "5 parsecs", "", "1e30h"] {
        assert_eq!(parse_duration(bad), None, "{bad}");
    }
}

#[test]
fn a_time_scale_shortens_delays() {
    let config = read(&[("TIME_SCALE", "10")]).unwrap();
    assert_eq!(config.gemini.outreach_delay, Duration::from_millis(500));
}

#[test]
fn a_gmail_account_comes_with_gmails_limits() {
    let config =
        read(&[("SENDER_EMAIL", "a@example.org"), ("SENDER_PASSWORD", "abcd efgh")]).unwrap();
    let MailTransport::Gmail { password } = config.mail.transport else { panic!("not Gmail") };
    assert_eq!(password.expose(), "abcdefgh");
    assert_eq!((config.mail.sends_per_second, config.mail.sends_per_day), (Some(1.0), Some(450)));
    assert!(read(&[("SMTP_URL", "smtp://localhost")]).is_err());
}

#[test]
fn a_bot_needs_every_setting_and_a_public_https_address() {
    let key = "D7".repeat(32);
    let all = [
        ("ADMIN_PASSWORD", "x"),
        ("PUBLIC_URL", "https://muster.example/"),
        ("DISCORD_APPLICATION_ID", "1100000000000000001"),
        ("DISCORD_PUBLIC_KEY", &key),
        ("DISCORD_TOKEN", "hunter.2"),
        ("DISCORD_GUILD_ID", "1100000000000000002"),
    ];
    let config = read(&all).unwrap();
    let bot = config.bot().unwrap();
    assert_eq!(bot.public_key, "d7".repeat(32));
    assert_eq!(bot.public_url, "https://muster.example");
    assert_eq!(bot.base_url, "https://discord.com/api/v10");
    assert!(!format!("{config:?} {bot:?}").contains("hunter"));
    for left_out in 1..all.len() {
        let mut some = all.to_vec();
        some.remove(left_out);
        assert!(read(&some).unwrap().bot().is_none(), "without {}", all[left_out].0);
    }
    let mut plain = all.to_vec();
    plain[1].1 = "http://muster.example";
    assert!(read(&plain).unwrap().bot().is_none());
}

#[test]
fn discord_settings_are_checked_at_the_start() {
    for (name, value) in [
        ("DISCORD_APPLICATION_ID", "my application"),
        ("DISCORD_GUILD_ID", "-1"),
        ("DISCORD_PUBLIC_KEY", "d7d7"),
        ("DISCORD_BASE_URL", "http://discord.example"),
    ] {
        let error = read(&[(name, value)]).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains(value), "{error}");
    }
    let error = read(&[("DISCORD_TOKEN", "Bot hunter2")]).unwrap_err().to_string();
    assert!(error.contains("DISCORD_TOKEN") && !error.contains("hunter2"), "{error}");
}

/// Names of variables between quotes or at the beginning of a line, without the number of a key.
fn variables(text: &str, quoted: bool) -> std::collections::BTreeSet<String> {
    let words = text.split(|c: char| if quoted { c == '"' } else { "\n#=".contains(c) });
    words
        .map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()))
        .filter(|word| word.len() > 3 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_example_names_every_setting_and_no_other() {
    let source = [
        include_str!("mod.rs"),
        include_str!("discord.rs"),
        include_str!("event.rs"),
        include_str!("gemini.rs"),
        include_str!("mail.rs"),
        include_str!("server.rs"),
    ]
    .concat();
    let example = include_str!("../../.env.example");
    assert_eq!(variables(example, false), variables(&source, true));
}

#[test]
fn the_example_can_be_used_unchanged() {
    let text = include_str!("../../.env.example").replace("\n#", "\n");
    let settings: String = text
        .lines()
        .filter(|line| line.contains('=') && !line.starts_with(' '))
        .fold(String::new(), |all, line| all + line + "\n");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), settings).unwrap();
    let vars = Vars::from_file(file.path()).unwrap();
    let config = Config::read(&vars);
    // Without a password the public address and the mail server are refused; nothing else is.
    assert!(matches!(config, Err(ConfigError::Contradiction(_))), "{config:?}");
}
