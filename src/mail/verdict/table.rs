//! The table of responses: codes and texts of Gmail, Yahoo and Exchange Online, and what each is about.

use std::time::Duration;

use super::action::About::{Domain, Muster, Recipient, Sender};
use super::action::{About, Action, Then, Verdict};
use crate::mail::stage::Stage;

pub const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub const fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

pub const fn hours(hours: u64) -> Duration {
    Duration::from_hours(hours)
}

pub const RECONNECTS: &[Duration] = &[seconds(30), minutes(1), minutes(2), minutes(5), minutes(15)];
/// Together with the first try: 18 tries in less than three days.
pub const OTHER_REFUSALS: &[Duration] = &[
    minutes(5),
    minutes(10),
    minutes(20),
    minutes(40),
    hours(1),
    hours(2),
    hours(3),
    hours(4),
    hours(5),
    hours(6),
    hours(6),
    hours(6),
    hours(7),
    hours(7),
    hours(7),
    hours(8),
    hours(8),
];
/// For a server that cannot be reached; it does not count as a try.
pub const UNREACHABLE: &[Duration] =
    &[seconds(30), minutes(1), minutes(2), minutes(5), minutes(15), minutes(30)];

pub const APP_PASSWORD: &str = "The server refuses the login. For Gmail: turn on 2-step verification, create an app password at myaccount.google.com/apppasswords, put it in SENDER_PASSWORD and restart Muster. For another server: check the user and the password in SMTP_URL.";
pub const OAUTH: &str = "This server no longer accepts passwords, only OAuth, which Muster does not support. Use an SMTP relay that accepts a password.";
pub const SPF: &str = "Add the sending server to the SPF record: a TXT record of your domain such as \"v=spf1 include:_spf.google.com ~all\".";
pub const DKIM: &str = "Turn on DKIM signing at your mail provider and publish its public key as the TXT record <selector>._domainkey of your domain.";
pub const AUTHENTICATION: &str = "The recipient's server requires SPF or DKIM. Publish an SPF record (TXT of your domain), turn on DKIM at your mail provider, and add a DMARC record (TXT of _dmarc.<your domain>: \"v=DMARC1; p=none\").";
pub const ALIGNMENT: &str = "The From address belongs to another domain than the one that signs or sends. Set SENDER_EMAIL to an address in the domain of your SMTP account, and turn on DKIM for it.";
pub const REVERSE_DNS: &str = "The sending machine needs a reverse DNS record (PTR) with its host name, and that name needs an A or AAAA record with the machine's address. Ask your mail provider or hosting company.";
pub const TLS: &str = "The recipient's server requires an encrypted connection. Send through your provider's server, with ?tls=required at the end of SMTP_URL.";
pub const TOO_FAST: &str = "The provider says that too many emails are sent at once. Muster waits and then sends more slowly. Lower SENDS_PER_SECOND if this happens again.";
pub const DAY_IS_FULL: &str = "The account's daily limit is used up. Muster continues by itself when the limit allows it. Set SENDS_PER_DAY below the limit.";
pub const UNWANTED: &str = "The text or the links look like spam to the server. Edit the draft: use fewer links and plainer language, and put a postal address at the end.";
pub const OUR_FAULT: &str = "The server says that this email is malformed. This is a bug in Muster: please report it with the server's response.";
pub const SENDER_REFUSED: &str = "The server does not accept this sender. Check that SENDER_EMAIL belongs to the account of SMTP_URL, and that the account is not suspended.";
pub const RELAY: &str = "The server accepts emails to others only after a login. Put the user and the password of an account on this server in SMTP_URL.";
pub const THEY_DEFER: &str = "This provider does not accept emails from your server for now. Muster pauses this domain and continues with the others.";
pub const THEY_REFUSE: &str = "This provider does not accept emails from your server. Read its postmaster page. Recipients at other providers are not affected.";
pub const NO_ADVICE: &str = "";

/// A row of the table. It matches if the code is listed (no codes: any code), the enhanced code matches one of the
/// patterns (`x` matches any number), and the response contains one of the texts (no texts: any text).
pub struct Row {
    kind: &'static str,
    codes: &'static [u16],
    enhanced: &'static [&'static str],
    texts: &'static [&'static str],
    about: About,
    action: Action,
    advice: &'static str,
}

/// A row without codes, enhanced codes or texts.
const fn row(kind: &'static str, about: About, action: Action, advice: &'static str) -> Row {
    Row { kind, codes: &[], enhanced: &[], texts: &[], about, action, advice }
}

impl Row {
    const fn codes(self, codes: &'static [u16]) -> Self {
        Self { codes, ..self }
    }

    const fn enhanced(self, enhanced: &'static [&'static str]) -> Self {
        Self { enhanced, ..self }
    }

    const fn texts(self, texts: &'static [&'static str]) -> Self {
        Self { texts, ..self }
    }
}

pub const STOP: Action = Action::StopSender;
pub const SLOW: Action = Action::PauseSender { pauses: RECONNECTS, then: Then::HalfSpeed };
pub const QUOTA: Action = Action::PauseSender { pauses: &[hours(24)], then: Then::WhenTheDayFrees };
pub const REPUTATION: Action =
    Action::PauseSender { pauses: &[hours(1)], then: Then::AtMostAMinute(10) };

pub const LOGINS: Action =
    Action::PauseSender { pauses: &[minutes(15), minutes(30), minutes(60)], then: Then::AsBefore };
pub const PEAK: Action = Action::PauseSender { pauses: &[minutes(10)], then: Then::HalfSpeed };
pub const CONNECTIONS: Action = Action::PauseSender {
    pauses: &[minutes(1), minutes(5)],
    then: Then::Connections { at_once: 3, a_minute: 30 },
};
pub const CONTENT: Action = Action::StopSenderAfter { times: 2, of: 20 };
pub const FULL: Action = Action::TryAgain { pauses: &[hours(4), hours(24), hours(72)] };
pub const RATE: Action = Action::TryAgain { pauses: &[hours(1), hours(6)] };
pub const LATER: Action = Action::TryAgain { pauses: OTHER_REFUSALS };
pub const GONE: Action = Action::Fail { suppress: true };
pub const DEFER: Action = Action::PauseDomain { pause: hours(4) };

/// Rows with texts of the response: tried first, in this order.
#[rustfmt::skip]
pub const BY_TEXT: &[Row] = &[
    row("oauth", Sender, STOP, OAUTH).codes(&[535, 550]).enhanced(&["5.7.30", "5.7.139"]).texts(&["basic auth"]),
    row("login", Sender, STOP, APP_PASSWORD).codes(&[535]).enhanced(&["5.7.8", "5.7.x"]).texts(&["username and password not accepted", "authentication"]),
    row("login", Sender, STOP, APP_PASSWORD).codes(&[534, 535]).enhanced(&["5.7.9", "5.7.14"]).texts(&["application-specific password", "log in", "web browser"]),
    row("login", Sender, STOP, APP_PASSWORD).codes(&[530]).enhanced(&["5.7.0", "5.5.1"]).texts(&["authentication required"]),
    row("too_many_logins", Sender, LOGINS, "Too many logins in a short time. Muster waits. Check that no other program keeps logging in to this account.").codes(&[454, 421]).enhanced(&["4.7.0"]).texts(&["too many login attempts"]),
    row("slow", Sender, SLOW, TOO_FAST).codes(&[421]).enhanced(&["4.7.0", "4.3.0", "4.4.5"]).texts(&["try again later", "server busy", "connection expired"]),
    row("slow", Sender, SLOW, TOO_FAST).codes(&[421, 451]).enhanced(&["4.4.2"]).texts(&["timeout", "timed out"]),
    row("quota", Sender, QUOTA, DAY_IS_FULL).codes(&[421, 450, 452, 454, 550, 552, 554]).enhanced(&["5.4.5", "4.4.5", "5.7.1", "4.7.1", "4.7.0"]).texts(&["daily user sending limit exceeded", "daily user sending quota exceeded", "daily sending quota exceeded", "daily sending limit exceeded", "daily smtp relay limit exceeded", "daily smtp relay sending limit exceeded", "daily smtp relay (sending) limit exceeded"]),
    row("peak", Sender, PEAK, TOO_FAST).codes(&[450]).enhanced(&["4.2.1"]).texts(&["peak smtp relay limit exceeded"]),
    row("reputation", Sender, REPUTATION, TOO_FAST).codes(&[421, 550]).enhanced(&["4.7.28", "5.7.28"]).texts(&["unusual rate of"]),
    row("malformed", Muster, STOP, OUR_FAULT).codes(&[550, 554]).enhanced(&["5.7.1"]).texts(&["rfc 5322", "rfc 2822", "missing header", "duplicate header", "header is missing", "headers are missing", "missing a valid", "multiple from", "multiple addresses in from", "message-id header", "messages missing"]),
    row("content", Sender, CONTENT, UNWANTED).codes(&[550, 552, 554]).enhanced(&["5.7.1", "5.7.0"]).texts(&["likely unsolicited", "likely suspicious", "very low reputation", "content", "links"]),
    row("malformed", Muster, STOP, OUR_FAULT).codes(&[421]).enhanced(&["4.7.28"]).texts(&["message-id"]),
    row("too_many_recipients", Muster, STOP, OUR_FAULT).codes(&[452]).enhanced(&["4.5.3"]).texts(&["too many recipients"]),
    row("rate_of_recipient", Recipient, RATE, NO_ADVICE).codes(&[450, 550]).enhanced(&["4.2.1", "5.2.1"]).texts(&["too quickly", "rate that prevents", "rate prevents"]),
    row("no_such_user", Recipient, GONE, NO_ADVICE).codes(&[550]).enhanced(&["5.1.1"]).texts(&["no such user", "tried to reach does not exist", "user does not exist", "user unknown"]),
    row("no_such_user", Recipient, GONE, NO_ADVICE).codes(&[550]).enhanced(&["5.2.1"]).texts(&["disabled", "inactive"]),
    row("no_such_user", Recipient, GONE, NO_ADVICE).codes(&[550, 552, 554]).enhanced(&["5.x.x"]).texts(&["no longer valid", "mailbox not found"]),
    row("mailbox_full", Recipient, FULL, NO_ADVICE).codes(&[452, 552, 554]).enhanced(&["4.2.2", "5.2.2"]).texts(&["over quota", "quota exceeded", "mailbox full", "mailbox is full"]),
    row("domain_defers", Domain, DEFER, THEY_DEFER).codes(&[421]).enhanced(&["4.7.0"]).texts(&["[tss04]"]),
    row("domain_refuses", Domain, Action::StopDomain, THEY_REFUSE).codes(&[553]).enhanced(&["5.7.2"]).texts(&["[tss09]", "[tss11]"]),
    row("domain_refuses", Domain, Action::StopDomain, THEY_REFUSE).codes(&[553]).enhanced(&["5.7.1"]).texts(&["[bl21]", "[bl23]"]),
    row("connections", Sender, CONNECTIONS, TOO_FAST).codes(&[432, 421]).enhanced(&["4.3.2"]).texts(&["concurrent connections"]),
    row("quota", Sender, QUOTA, DAY_IS_FULL).codes(&[550, 554]).enhanced(&["5.2.0", "5.1.90"]).texts(&["submissionquotaexceeded", "daily limit", "recipient limit", "message limit"]),
    row("relay", Sender, STOP, RELAY).codes(&[550, 553, 554]).enhanced(&["5.x.x"]).texts(&["relay access denied", "relaying denied", "unable to relay", "not permitted to relay"]),
];

/// Rows with only an enhanced code.
#[rustfmt::skip]
pub const BY_ENHANCED: &[Row] = &[
    row("login", Sender, STOP, APP_PASSWORD).codes(&[535]).enhanced(&["5.7.8"]),
    row("login", Sender, STOP, APP_PASSWORD).codes(&[534, 535]).enhanced(&["5.7.9", "5.7.14"]),
    row("login", Sender, STOP, APP_PASSWORD).codes(&[530]).enhanced(&["5.7.0", "5.5.1"]),
    row("slow", Sender, SLOW, TOO_FAST).codes(&[421]).enhanced(&["4.3.0", "4.4.5", "4.4.2"]),
    row("slow", Sender, SLOW, TOO_FAST).codes(&[451]).enhanced(&["4.4.2"]),
    row("quota", Sender, QUOTA, DAY_IS_FULL).codes(&[550]).enhanced(&["5.4.5"]),
    row("reputation", Sender, REPUTATION, TOO_FAST).codes(&[421, 550]).enhanced(&["4.7.28", "5.7.28"]),
    row("set_up", Sender, STOP, AUTHENTICATION).enhanced(&["x.7.26"]),
    row("set_up", Sender, STOP, SPF).enhanced(&["x.7.27", "x.7.24"]),
    row("set_up", Sender, STOP, DKIM).enhanced(&["x.7.30"]),
    row("set_up", Sender, STOP, ALIGNMENT).enhanced(&["x.7.32"]),
    row("set_up", Sender, STOP, REVERSE_DNS).enhanced(&["x.7.23", "x.7.25"]),
    row("set_up", Sender, STOP, TLS).enhanced(&["x.7.29"]),
    row("too_many_recipients", Muster, STOP, OUR_FAULT).codes(&[452]).enhanced(&["4.5.3"]),
    row("mailbox_full", Recipient, FULL, NO_ADVICE).enhanced(&["4.2.2", "5.2.2"]),
    row("domain_refuses", Domain, Action::StopDomain, THEY_REFUSE).codes(&[554, 550]).enhanced(&["5.7.9"]),
    row("connections", Sender, CONNECTIONS, TOO_FAST).codes(&[432]).enhanced(&["4.3.2"]),
    row("quota", Sender, QUOTA, DAY_IS_FULL).codes(&[550]).enhanced(&["5.1.90"]),
    // RFC 3463: 5.1.7 and 5.1.8 are about the sender's address, unlike the rest of 5.1.
    row("set_up", Sender, STOP, SENDER_REFUSED).enhanced(&["5.1.7", "5.1.8"]),
];

impl Row {
    pub fn has_code(&self, code: u16) -> bool {
        self.codes.is_empty() || self.codes.contains(&code)
    }

    pub fn has_enhanced(&self, enhanced: &str) -> bool {
        self.enhanced.iter().any(|pattern| {
            let parts: Vec<&str> = enhanced.split('.').collect();
            let pattern: Vec<&str> = pattern.split('.').collect();
            parts.len() == pattern.len()
                && pattern.iter().zip(&parts).all(|(wanted, part)| *wanted == "x" || wanted == part)
        })
    }

    pub fn has_text(&self, text: &str) -> bool {
        self.texts.iter().any(|it| text.contains(it))
    }

    /// Whether it applies at this stage: before RCPT TO no refusal is about the recipient.
    pub fn applies_at(&self, stage: Stage) -> bool {
        let recipient_is_known = matches!(stage, Stage::To | Stage::Data | Stage::Answer);
        recipient_is_known || self.about != Recipient
    }

    pub fn verdict(&self) -> Verdict {
        Verdict { kind: self.kind, about: self.about, action: self.action, advice: self.advice }
    }
}
