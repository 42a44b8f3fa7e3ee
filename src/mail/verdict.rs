//! What a mail server's answer means: whom it is about and what to do, as data. Pure.
//!
//! A refusal about the sender must burn no recipient; one about a recipient concerns only that one.

use std::time::Duration;

use super::smtp::Stage;

/// Whom an answer is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The sender's account or server: everything from this sender waits, the recipient loses nothing.
    Sender,
    /// This recipient alone.
    Recipient,
    /// All recipients at this domain.
    Domain,
    /// The mail itself, which we made wrongly.
    Muster,
}

/// What to do. Durations are real ones: the caller divides them by the trial's time scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing goes out from this sender until a person says so.
    StopSender,
    /// Nothing goes out from this sender for a while, then it goes on by itself: `pauses` for the first, second, …
    /// time in a row; the last one stays.
    PauseSender { pauses: &'static [Duration], then: Then },
    /// Stop the sender when `times` of its last `of` mails were answered so; until then only this one failed.
    StopSenderAfter { times: u32, of: u32 },
    /// This one failed for good.
    Fail {
        /// The address does not exist: nobody writes to it again.
        suppress: bool,
    },
    /// The same recipient again after the first, second, … pause; when there is none left, it failed.
    TryAgain { pauses: &'static [Duration] },
    /// Nothing to this domain for a while; the recipient keeps its turn.
    PauseDomain { pause: Duration },
    /// Nothing to this domain until a person says so.
    StopDomain,
}

/// How a paused sender goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// As before.
    AsBefore,
    /// With half the speed (half the connections).
    HalfSpeed,
    /// At most so many mails a minute; when it is paused a second time, it needs a person.
    AtMostAMinute(u32),
    /// At most so many connections and mails a minute.
    Connections { at_once: u32, a_minute: u32 },
    /// When the mails of the last 24 hours leave room again, at the latest after the pause.
    WhenTheDayFrees,
}

/// What an answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The row of the table, a word for logs and counters: `login`, `quota`, `no_such_user`.
    pub kind: &'static str,
    pub about: About,
    pub action: Action,
    /// What the organiser can do about it; empty when there is nothing to do.
    pub advice: &'static str,
}

impl Action {
    /// How long the `step`-th pause in a row is, counted from 0. `None`: not a pause, or no further try.
    pub fn pause(&self, step: u32) -> Option<Duration> {
        match self {
            Self::PauseSender { pauses, .. } => {
                pauses.get(step as usize).or(pauses.last()).copied()
            }
            Self::TryAgain { pauses } => pauses.get(step as usize).copied(),
            Self::PauseDomain { pause } => Some(*pause),
            Self::StopSender
            | Self::StopSenderAfter { .. }
            | Self::Fail { .. }
            | Self::StopDomain => None,
        }
    }
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
const fn minutes(minutes: u64) -> Duration {
    seconds(minutes * 60)
}
const fn hours(hours: u64) -> Duration {
    minutes(hours * 60)
}

const RECONNECTS: &[Duration] = &[seconds(30), minutes(1), minutes(2), minutes(5), minutes(15)];
/// With the first try 18 in not quite three days.
const OTHER_REFUSALS: &[Duration] = &[
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

const APP_PASSWORD: &str = "The server refuses the login. For Gmail: turn on 2-step verification, make an app password at myaccount.google.com/apppasswords, put it in SENDER_PASSWORD and start Muster again. For another server: check user and password in SMTP_URL.";
const OAUTH: &str = "This server takes no passwords any more, only OAuth, which Muster does not speak. Use an SMTP relay that takes a password.";
const SPF: &str = "Add the sending server to the SPF record: a TXT record of your domain such as \"v=spf1 include:_spf.google.com ~all\".";
const DKIM: &str = "Turn on DKIM signing at your mail provider and publish its public key as the TXT record <selector>._domainkey of your domain.";
const AUTHENTICATION: &str = "The recipient's server asks for SPF or DKIM. Publish an SPF record (TXT of your domain), turn on DKIM at your mail provider, and add a DMARC record (TXT of _dmarc.<your domain>: \"v=DMARC1; p=none\").";
const ALIGNMENT: &str = "The From address is of another domain than the one that signs or sends. Set SENDER_EMAIL to an address of the domain of your SMTP account, and add DKIM for it.";
const REVERSE_DNS: &str = "The sending machine needs a reverse DNS record (PTR) that names its host, and that host an A or AAAA record that leads back. Ask your mail provider or hoster.";
const TLS: &str = "The recipient's server asks for an encrypted connection. Send through your provider's server with ?tls=required at the end of SMTP_URL.";
const TOO_FAST: &str = "The provider finds that too much goes out at once. Muster waits and goes on more slowly; lower SENDS_PER_SECOND if it comes again.";
const DAY_IS_FULL: &str = "The account's daily limit is used up. Muster goes on by itself when it frees; set SENDS_PER_DAY below the limit.";
const UNWANTED: &str = "The text or the links look like spam to the server. Read the draft again: fewer links, plainer words, and an address at the end.";
const OUR_FAULT: &str = "The server finds that this mail is not put together properly. That is a fault of Muster: please report it with the server's words.";
const SENDER_REFUSED: &str = "The server does not let this sender through. Check that SENDER_EMAIL belongs to the account of SMTP_URL, and that the account is in order.";
const RELAY: &str = "The server passes on mail only for those who log in. Put user and password of an account of this server in SMTP_URL.";
const THEY_DEFER: &str = "This provider holds back mail from your server for now. Muster waits for this domain and goes on with the others.";
const THEY_REFUSE: &str = "This provider takes no mail from your server. Look at its postmaster page; the other recipients are not concerned.";
const NO_ADVICE: &str = "";

/// A row of the table. It fits when the code is listed, the enhanced code matches one of the patterns (`x` stands for
/// any number; no pattern: any), and one of the texts is in the answer (no text: any).
struct Row {
    kind: &'static str,
    codes: &'static [u16],
    enhanced: &'static [&'static str],
    texts: &'static [&'static str],
    about: About,
    action: Action,
    advice: &'static str,
}

const STOP: Action = Action::StopSender;
const SLOW: Action = Action::PauseSender { pauses: RECONNECTS, then: Then::HalfSpeed };
const QUOTA: Action = Action::PauseSender { pauses: &[hours(24)], then: Then::WhenTheDayFrees };
const REPUTATION: Action =
    Action::PauseSender { pauses: &[hours(1)], then: Then::AtMostAMinute(10) };

const LOGINS: Action =
    Action::PauseSender { pauses: &[minutes(15), minutes(30), minutes(60)], then: Then::AsBefore };
const PEAK: Action = Action::PauseSender { pauses: &[minutes(10)], then: Then::HalfSpeed };
const CONNECTIONS: Action = Action::PauseSender {
    pauses: &[minutes(1), minutes(5)],
    then: Then::Connections { at_once: 3, a_minute: 30 },
};
const CONTENT: Action = Action::StopSenderAfter { times: 2, of: 20 };
const FULL: Action = Action::TryAgain { pauses: &[hours(4), hours(24), hours(72)] };
const RATE: Action = Action::TryAgain { pauses: &[hours(1), hours(6)] };
const LATER: Action = Action::TryAgain { pauses: OTHER_REFUSALS };
const GONE: Action = Action::Fail { suppress: true };
const DEFER: Action = Action::PauseDomain { pause: hours(4) };

/// Any code.
const ANY: &[u16] = &[];

/// Rows that name words of the answer: tried first, in this order.
const BY_TEXT: &[Row] = &[
    Row {
        kind: "oauth",
        codes: &[535, 550],
        enhanced: &["5.7.30", "5.7.139"],
        texts: &["basic auth"],
        about: About::Sender,
        action: STOP,
        advice: OAUTH,
    },
    Row {
        kind: "login",
        codes: &[535],
        enhanced: &["5.7.8", "5.7.x"],
        texts: &["username and password not accepted", "authentication"],
        about: About::Sender,
        action: STOP,
        advice: APP_PASSWORD,
    },
    Row {
        kind: "login",
        codes: &[534, 535],
        enhanced: &["5.7.9", "5.7.14"],
        texts: &["application-specific password", "log in", "web browser"],
        about: About::Sender,
        action: STOP,
        advice: APP_PASSWORD,
    },
    Row {
        kind: "login",
        codes: &[530],
        enhanced: &["5.7.0", "5.5.1"],
        texts: &["authentication required"],
        about: About::Sender,
        action: STOP,
        advice: APP_PASSWORD,
    },
    Row {
        kind: "too_many_logins",
        codes: &[454, 421],
        enhanced: &["4.7.0"],
        texts: &["too many login attempts"],
        about: About::Sender,
        action: LOGINS,
        advice: "Too many logins in a short time. Muster waits; check that nothing else logs in to this account again and again.",
    },
    Row {
        kind: "slow",
        codes: &[421, 450, 451],
        enhanced: &["4.7.0", "4.3.0", "4.4.5", "4.4.2"],
        texts: &["try again later", "server busy", "connection expired", "timeout", "timed out"],
        about: About::Sender,
        action: SLOW,
        advice: TOO_FAST,
    },
    Row {
        kind: "quota",
        codes: &[421, 450, 452, 454, 550, 552, 554],
        enhanced: &["5.4.5", "4.4.5", "5.7.1", "4.7.1", "4.7.0"],
        texts: &[
            "daily user sending limit exceeded",
            "daily user sending quota exceeded",
            "daily sending quota exceeded",
            "daily sending limit exceeded",
            "daily smtp relay limit exceeded",
            "daily smtp relay sending limit exceeded",
            "daily smtp relay (sending) limit exceeded",
        ],
        about: About::Sender,
        action: QUOTA,
        advice: DAY_IS_FULL,
    },
    Row {
        kind: "peak",
        codes: &[450],
        enhanced: &["4.2.1"],
        texts: &["peak smtp relay limit exceeded"],
        about: About::Sender,
        action: PEAK,
        advice: TOO_FAST,
    },
    Row {
        kind: "reputation",
        codes: &[421, 550],
        enhanced: &["4.7.28", "5.7.28"],
        texts: &["unusual rate of"],
        about: About::Sender,
        action: REPUTATION,
        advice: TOO_FAST,
    },
    Row {
        kind: "malformed",
        codes: &[550, 554],
        enhanced: &["5.7.1"],
        texts: &[
            "rfc 5322",
            "rfc 2822",
            "missing header",
            "duplicate header",
            "header is missing",
            "headers are missing",
            "missing a valid",
            "multiple from",
            "multiple addresses in from",
            "message-id header",
            "messages missing",
        ],
        about: About::Muster,
        action: STOP,
        advice: OUR_FAULT,
    },
    Row {
        kind: "content",
        codes: &[550, 552, 554],
        enhanced: &["5.7.1", "5.7.0"],
        texts: &[
            "likely unsolicited",
            "likely suspicious",
            "very low reputation",
            "content",
            "links",
        ],
        about: About::Sender,
        action: CONTENT,
        advice: UNWANTED,
    },
    Row {
        kind: "malformed",
        codes: &[421],
        enhanced: &["4.7.28"],
        texts: &["message-id"],
        about: About::Muster,
        action: STOP,
        advice: OUR_FAULT,
    },
    Row {
        kind: "too_many_recipients",
        codes: &[452],
        enhanced: &["4.5.3"],
        texts: &["too many recipients", "recipients"],
        about: About::Muster,
        action: STOP,
        advice: OUR_FAULT,
    },
    Row {
        kind: "rate_of_recipient",
        codes: &[450, 550],
        enhanced: &["4.2.1", "5.2.1"],
        texts: &["too quickly", "rate that prevents", "rate prevents"],
        about: About::Recipient,
        action: RATE,
        advice: NO_ADVICE,
    },
    Row {
        kind: "no_such_user",
        codes: &[550],
        enhanced: &["5.1.1"],
        texts: &["no such user", "does not exist", "user unknown"],
        about: About::Recipient,
        action: GONE,
        advice: NO_ADVICE,
    },
    Row {
        kind: "no_such_user",
        codes: &[550],
        enhanced: &["5.2.1"],
        texts: &["disabled", "inactive"],
        about: About::Recipient,
        action: GONE,
        advice: NO_ADVICE,
    },
    Row {
        kind: "no_such_user",
        codes: &[550, 552, 554],
        enhanced: &["5.x.x"],
        texts: &["no longer valid", "mailbox not found"],
        about: About::Recipient,
        action: GONE,
        advice: NO_ADVICE,
    },
    Row {
        kind: "mailbox_full",
        codes: &[452, 552, 554],
        enhanced: &["4.2.2", "5.2.2"],
        texts: &["over quota", "quota exceeded", "mailbox full", "mailbox is full"],
        about: About::Recipient,
        action: FULL,
        advice: NO_ADVICE,
    },
    Row {
        kind: "domain_defers",
        codes: &[421],
        enhanced: &["4.7.0"],
        texts: &["[tss04]", "[tss"],
        about: About::Domain,
        action: DEFER,
        advice: THEY_DEFER,
    },
    Row {
        kind: "domain_refuses",
        codes: &[553],
        enhanced: &["5.7.2"],
        texts: &["[tss09]", "[tss11]"],
        about: About::Domain,
        action: Action::StopDomain,
        advice: THEY_REFUSE,
    },
    Row {
        kind: "domain_refuses",
        codes: &[553],
        enhanced: &["5.7.1"],
        texts: &["[bl21]", "[bl23]"],
        about: About::Domain,
        action: Action::StopDomain,
        advice: THEY_REFUSE,
    },
    Row {
        kind: "connections",
        codes: &[432, 421],
        enhanced: &["4.3.2"],
        texts: &["concurrent connections"],
        about: About::Sender,
        action: CONNECTIONS,
        advice: TOO_FAST,
    },
    Row {
        kind: "quota",
        codes: &[550, 554],
        enhanced: &["5.2.0", "5.1.90"],
        texts: &["submissionquotaexceeded", "daily limit", "recipient limit", "message limit"],
        about: About::Sender,
        action: QUOTA,
        advice: DAY_IS_FULL,
    },
    Row {
        kind: "relay",
        codes: &[550, 553, 554],
        enhanced: &["5.x.x"],
        texts: &[
            "relay access denied",
            "relaying denied",
            "unable to relay",
            "not permitted to relay",
        ],
        about: About::Sender,
        action: STOP,
        advice: RELAY,
    },
];

/// Rows that name only an enhanced code.
const BY_ENHANCED: &[Row] = &[
    Row {
        kind: "login",
        codes: &[535],
        enhanced: &["5.7.8"],
        texts: &[],
        about: About::Sender,
        action: STOP,
        advice: APP_PASSWORD,
    },
    Row {
        kind: "login",
        codes: &[534, 535],
        enhanced: &["5.7.9", "5.7.14"],
        texts: &[],
        about: About::Sender,
        action: STOP,
        advice: APP_PASSWORD,
    },
    Row {
        kind: "login",
        codes: &[530],
        enhanced: &["5.7.0", "5.5.1"],
        texts: &[],
        about: About::Sender,
        action: STOP,
        advice: APP_PASSWORD,
    },
    Row {
        kind: "slow",
        codes: &[421],
        enhanced: &["4.3.0", "4.4.5", "4.4.2"],
        texts: &[],
        about: About::Sender,
        action: SLOW,
        advice: TOO_FAST,
    },
    Row {
        kind: "slow",
        codes: &[451],
        enhanced: &["4.4.2"],
        texts: &[],
        about: About::Sender,
        action: SLOW,
        advice: TOO_FAST,
    },
    Row {
        kind: "quota",
        codes: &[550],
        enhanced: &["5.4.5"],
        texts: &[],
        about: About::Sender,
        action: QUOTA,
        advice: DAY_IS_FULL,
    },
    Row {
        kind: "reputation",
        codes: &[421, 550],
        enhanced: &["4.7.28", "5.7.28"],
        texts: &[],
        about: About::Sender,
        action: REPUTATION,
        advice: TOO_FAST,
    },
    Row {
        kind: "set_up",
        codes: ANY,
        enhanced: &["x.7.26"],
        texts: &[],
        about: About::Sender,
        action: STOP,
        advice: AUTHENTICATION,
    },
    Row {
        kind: "set_up",
        codes: ANY,
        enhanced: &["x.7.27", "x.7.24"],
        texts: &[],
        about: About::Sender,
        action: STOP,
        advice: SPF,
    },
    Row {
        kind: "set_up",
        codes: ANY,
        enhanced: &["x.7.30"],
        texts: &[],
        about: About::Sender,
        action: STOP,
        advice: DKIM,
    },
    Row {
        kind: "set_up",
        codes: ANY,
        enhanced: &["x.7.32"],
        texts: &[],
        about: About::Sender,
        action: STOP,
        advice: ALIGNMENT,
    },
    Row {
        kind: "set_up",
        codes: ANY,
        enhanced: &["x.7.23", "x.7.25"],
        texts: &[],
        about: About::Sender,
        action: STOP,
        advice: REVERSE_DNS,
    },
    Row {
        kind: "set_up",
        codes: ANY,
        enhanced: &["x.7.29"],
        texts: &[],
        about: About::Sender,
        action: STOP,
        advice: TLS,
    },
    Row {
        kind: "too_many_recipients",
        codes: &[452],
        enhanced: &["4.5.3"],
        texts: &[],
        about: About::Muster,
        action: STOP,
        advice: OUR_FAULT,
    },
    Row {
        kind: "mailbox_full",
        codes: ANY,
        enhanced: &["4.2.2", "5.2.2"],
        texts: &[],
        about: About::Recipient,
        action: FULL,
        advice: NO_ADVICE,
    },
    Row {
        kind: "domain_refuses",
        codes: &[554, 550],
        enhanced: &["5.7.9"],
        texts: &[],
        about: About::Domain,
        action: Action::StopDomain,
        advice: THEY_REFUSE,
    },
    Row {
        kind: "connections",
        codes: &[432],
        enhanced: &["4.3.2"],
        texts: &[],
        about: About::Sender,
        action: CONNECTIONS,
        advice: TOO_FAST,
    },
    Row {
        kind: "quota",
        codes: &[550],
        enhanced: &["5.1.90"],
        texts: &[],
        about: About::Sender,
        action: QUOTA,
        advice: DAY_IS_FULL,
    },
    // RFC 3463: 5.1.7 and 5.1.8 speak of the sender's address, unlike the rest of 5.1.
    Row {
        kind: "set_up",
        codes: ANY,
        enhanced: &["5.1.7", "5.1.8"],
        texts: &[],
        about: About::Sender,
        action: STOP,
        advice: SENDER_REFUSED,
    },
];

/// Reads an answer of 400 and above. `text` is the whole answer without its codes; `stage` says what it answered: before
/// the recipient was named nothing can be the recipient's fault.
pub fn judge(code: u16, enhanced: Option<&str>, text: &str, stage: Stage) -> Verdict {
    let text = text.to_lowercase();
    BY_TEXT
        .iter()
        // An answer without an enhanced code is told by its words.
        .find(|row| {
            row.has_code(code)
                && row.has_text(&text)
                && enhanced.is_none_or(|it| row.has_enhanced(it))
        })
        .or_else(|| {
            let enhanced = enhanced?;
            BY_ENHANCED.iter().find(|row| row.has_code(code) && row.has_enhanced(enhanced))
        })
        .map_or_else(|| judge_by_stage(code, enhanced, stage), Row::verdict)
}

/// What no row names.
fn judge_by_stage(code: u16, enhanced: Option<&str>, stage: Stage) -> Verdict {
    let permanent = code >= 500;
    let verdict = |kind, about, action, advice| Verdict { kind, about, action, advice };
    match stage {
        Stage::Connect | Stage::StartTls | Stage::Login | Stage::From if !permanent => {
            verdict("slow", About::Sender, SLOW, TOO_FAST)
        }
        Stage::Login => verdict("login", About::Sender, STOP, APP_PASSWORD),
        Stage::Connect | Stage::StartTls | Stage::From => {
            verdict("set_up", About::Sender, STOP, SENDER_REFUSED)
        }
        Stage::To | Stage::Data | Stage::Answer if permanent => {
            let suppress = enhanced.is_some_and(|it| it.starts_with("5.1.") || it == "5.2.1");
            verdict("refused", About::Recipient, Action::Fail { suppress }, NO_ADVICE)
        }
        Stage::To | Stage::Data | Stage::Answer => {
            verdict("later", About::Recipient, LATER, NO_ADVICE)
        }
    }
}

impl Row {
    fn has_code(&self, code: u16) -> bool {
        self.codes.is_empty() || self.codes.contains(&code)
    }

    fn has_enhanced(&self, enhanced: &str) -> bool {
        self.enhanced.iter().any(|pattern| {
            let parts: Vec<&str> = enhanced.split('.').collect();
            let pattern: Vec<&str> = pattern.split('.').collect();
            parts.len() == pattern.len()
                && pattern.iter().zip(&parts).all(|(wanted, part)| *wanted == "x" || wanted == part)
        })
    }

    fn has_text(&self, text: &str) -> bool {
        self.texts.iter().any(|it| text.contains(it))
    }

    fn verdict(&self) -> Verdict {
        Verdict { kind: self.kind, about: self.about, action: self.action, advice: self.advice }
    }
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
