//! The table of answers: codes and texts of Gmail, Yahoo and Exchange Online, and what each is about.

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
/// With the first try 18 in not quite three days.
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
/// For a server that cannot be reached; counts against nobody.
pub const UNREACHABLE: &[Duration] =
    &[seconds(30), minutes(1), minutes(2), minutes(5), minutes(15), minutes(30)];

pub const APP_PASSWORD: &str = "The server refuses the login. For Gmail: turn on 2-step verification, make an app password at myaccount.google.com/apppasswords, put it in SENDER_PASSWORD and start Muster again. For another server: check user and password in SMTP_URL.";
pub const OAUTH: &str = "This server takes no passwords any more, only OAuth, which Muster does not speak. Use an SMTP relay that takes a password.";
pub const SPF: &str = "Add the sending server to the SPF record: a TXT record of your domain such as \"v=spf1 include:_spf.google.com ~all\".";
pub const DKIM: &str = "Turn on DKIM signing at your mail provider and publish its public key as the TXT record <selector>._domainkey of your domain.";
pub const AUTHENTICATION: &str = "The recipient's server asks for SPF or DKIM. Publish an SPF record (TXT of your domain), turn on DKIM at your mail provider, and add a DMARC record (TXT of _dmarc.<your domain>: \"v=DMARC1; p=none\").";
pub const ALIGNMENT: &str = "The From address is of another domain than the one that signs or sends. Set SENDER_EMAIL to an address of the domain of your SMTP account, and add DKIM for it.";
pub const REVERSE_DNS: &str = "The sending machine needs a reverse DNS record (PTR) that names its host, and that host an A or AAAA record that leads back. Ask your mail provider or hoster.";
pub const TLS: &str = "The recipient's server asks for an encrypted connection. Send through your provider's server with ?tls=required at the end of SMTP_URL.";
pub const TOO_FAST: &str = "The provider finds that too much goes out at once. Muster waits and goes on more slowly; lower SENDS_PER_SECOND if it comes again.";
pub const DAY_IS_FULL: &str = "The account's daily limit is used up. Muster goes on by itself when it frees; set SENDS_PER_DAY below the limit.";
pub const UNWANTED: &str = "The text or the links look like spam to the server. Read the draft again: fewer links, plainer words, and an address at the end.";
pub const OUR_FAULT: &str = "The server finds that this mail is not put together properly. That is a fault of Muster: please report it with the server's words.";
pub const SENDER_REFUSED: &str = "The server does not let this sender through. Check that SENDER_EMAIL belongs to the account of SMTP_URL, and that the account is in order.";
pub const RELAY: &str = "The server passes on mail only for those who log in. Put user and password of an account of this server in SMTP_URL.";
pub const THEY_DEFER: &str = "This provider holds back mail from your server for now. Muster waits for this domain and goes on with the others.";
pub const THEY_REFUSE: &str = "This provider takes no mail from your server. Look at its postmaster page; the other recipients are not concerned.";
pub const NO_ADVICE: &str = "";

/// A row of the table. It fits when the code is listed, the enhanced code matches one of the patterns (`x` stands for
/// any number; no pattern: any), and one of the texts is in the answer (no text: any).
pub struct Row {
    kind: &'static str,
    codes: &'static [u16],
    enhanced: &'static [&'static str],
    texts: &'static [&'static str],
    about: About,
    action: Action,
    advice: &'static str,
}

const fn row(
    kind: &'static str,
    codes: &'static [u16],
    enhanced: &'static [&'static str],
    texts: &'static [&'static str],
    about: About,
    action: Action,
    advice: &'static str,
) -> Row {
    Row { kind, codes, enhanced, texts, about, action, advice }
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

/// Any code.
const ANY: &[u16] = &[];

/// Rows that name words of the answer: tried first, in this order.
#[rustfmt::skip]
pub const BY_TEXT: &[Row] = &[
    row("oauth", &[535, 550], &["5.7.30", "5.7.139"], &["basic auth"], Sender, STOP, OAUTH),
    row("login", &[535], &["5.7.8", "5.7.x"], &["username and password not accepted", "authentication"], Sender, STOP, APP_PASSWORD),
    row("login", &[534, 535], &["5.7.9", "5.7.14"], &["application-specific password", "log in", "web browser"], Sender, STOP, APP_PASSWORD),
    row("login", &[530], &["5.7.0", "5.5.1"], &["authentication required"], Sender, STOP, APP_PASSWORD),
    row("too_many_logins", &[454, 421], &["4.7.0"], &["too many login attempts"], Sender, LOGINS, "Too many logins in a short time. Muster waits; check that nothing else logs in to this account again and again."),
    row("slow", &[421], &["4.7.0", "4.3.0", "4.4.5"], &["try again later", "server busy", "connection expired"], Sender, SLOW, TOO_FAST),
    row("slow", &[421, 451], &["4.4.2"], &["timeout", "timed out"], Sender, SLOW, TOO_FAST),
    row("quota", &[421, 450, 452, 454, 550, 552, 554], &["5.4.5", "4.4.5", "5.7.1", "4.7.1", "4.7.0"], &["daily user sending limit exceeded", "daily user sending quota exceeded", "daily sending quota exceeded", "daily sending limit exceeded", "daily smtp relay limit exceeded", "daily smtp relay sending limit exceeded", "daily smtp relay (sending) limit exceeded"], Sender, QUOTA, DAY_IS_FULL),
    row("peak", &[450], &["4.2.1"], &["peak smtp relay limit exceeded"], Sender, PEAK, TOO_FAST),
    row("reputation", &[421, 550], &["4.7.28", "5.7.28"], &["unusual rate of"], Sender, REPUTATION, TOO_FAST),
    row("malformed", &[550, 554], &["5.7.1"], &["rfc 5322", "rfc 2822", "missing header", "duplicate header", "header is missing", "headers are missing", "missing a valid", "multiple from", "multiple addresses in from", "message-id header", "messages missing"], Muster, STOP, OUR_FAULT),
    row("content", &[550, 552, 554], &["5.7.1", "5.7.0"], &["likely unsolicited", "likely suspicious", "very low reputation", "content", "links"], Sender, CONTENT, UNWANTED),
    row("malformed", &[421], &["4.7.28"], &["message-id"], Muster, STOP, OUR_FAULT),
    row("too_many_recipients", &[452], &["4.5.3"], &["too many recipients"], Muster, STOP, OUR_FAULT),
    row("rate_of_recipient", &[450, 550], &["4.2.1", "5.2.1"], &["too quickly", "rate that prevents", "rate prevents"], Recipient, RATE, NO_ADVICE),
    row("no_such_user", &[550], &["5.1.1"], &["no such user", "tried to reach does not exist", "user does not exist", "user unknown"], Recipient, GONE, NO_ADVICE),
    row("no_such_user", &[550], &["5.2.1"], &["disabled", "inactive"], Recipient, GONE, NO_ADVICE),
    row("no_such_user", &[550, 552, 554], &["5.x.x"], &["no longer valid", "mailbox not found"], Recipient, GONE, NO_ADVICE),
    row("mailbox_full", &[452, 552, 554], &["4.2.2", "5.2.2"], &["over quota", "quota exceeded", "mailbox full", "mailbox is full"], Recipient, FULL, NO_ADVICE),
    row("domain_defers", &[421], &["4.7.0"], &["[tss04]"], Domain, DEFER, THEY_DEFER),
    row("domain_refuses", &[553], &["5.7.2"], &["[tss09]", "[tss11]"], Domain, Action::StopDomain, THEY_REFUSE),
    row("domain_refuses", &[553], &["5.7.1"], &["[bl21]", "[bl23]"], Domain, Action::StopDomain, THEY_REFUSE),
    row("connections", &[432, 421], &["4.3.2"], &["concurrent connections"], Sender, CONNECTIONS, TOO_FAST),
    row("quota", &[550, 554], &["5.2.0", "5.1.90"], &["submissionquotaexceeded", "daily limit", "recipient limit", "message limit"], Sender, QUOTA, DAY_IS_FULL),
    row("relay", &[550, 553, 554], &["5.x.x"], &["relay access denied", "relaying denied", "unable to relay", "not permitted to relay"], Sender, STOP, RELAY),
];

/// Rows that name only an enhanced code.
#[rustfmt::skip]
pub const BY_ENHANCED: &[Row] = &[
    row("login", &[535], &["5.7.8"], &[], Sender, STOP, APP_PASSWORD),
    row("login", &[534, 535], &["5.7.9", "5.7.14"], &[], Sender, STOP, APP_PASSWORD),
    row("login", &[530], &["5.7.0", "5.5.1"], &[], Sender, STOP, APP_PASSWORD),
    row("slow", &[421], &["4.3.0", "4.4.5", "4.4.2"], &[], Sender, SLOW, TOO_FAST),
    row("slow", &[451], &["4.4.2"], &[], Sender, SLOW, TOO_FAST),
    row("quota", &[550], &["5.4.5"], &[], Sender, QUOTA, DAY_IS_FULL),
    row("reputation", &[421, 550], &["4.7.28", "5.7.28"], &[], Sender, REPUTATION, TOO_FAST),
    row("set_up", ANY, &["x.7.26"], &[], Sender, STOP, AUTHENTICATION),
    row("set_up", ANY, &["x.7.27", "x.7.24"], &[], Sender, STOP, SPF),
    row("set_up", ANY, &["x.7.30"], &[], Sender, STOP, DKIM),
    row("set_up", ANY, &["x.7.32"], &[], Sender, STOP, ALIGNMENT),
    row("set_up", ANY, &["x.7.23", "x.7.25"], &[], Sender, STOP, REVERSE_DNS),
    row("set_up", ANY, &["x.7.29"], &[], Sender, STOP, TLS),
    row("too_many_recipients", &[452], &["4.5.3"], &[], Muster, STOP, OUR_FAULT),
    row("mailbox_full", ANY, &["4.2.2", "5.2.2"], &[], Recipient, FULL, NO_ADVICE),
    row("domain_refuses", &[554, 550], &["5.7.9"], &[], Domain, Action::StopDomain, THEY_REFUSE),
    row("connections", &[432], &["4.3.2"], &[], Sender, CONNECTIONS, TOO_FAST),
    row("quota", &[550], &["5.1.90"], &[], Sender, QUOTA, DAY_IS_FULL),
    // RFC 3463: 5.1.7 and 5.1.8 speak of the sender's address, unlike the rest of 5.1.
    row("set_up", ANY, &["5.1.7", "5.1.8"], &[], Sender, STOP, SENDER_REFUSED),
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

    /// Whether it can be meant at this stage: before the recipient was named nothing is the recipient's fault.
    pub fn can_be_meant_at(&self, stage: Stage) -> bool {
        let is_named = matches!(stage, Stage::To | Stage::Data | Stage::Answer);
        is_named || self.about != Recipient
    }

    pub fn verdict(&self) -> Verdict {
        Verdict { kind: self.kind, about: self.about, action: self.action, advice: self.advice }
    }
}
