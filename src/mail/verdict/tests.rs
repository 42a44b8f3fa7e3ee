use std::time::Duration;

use super::table::*;
use super::*;

/// One line for each response that servers are known to give.
#[test]
#[expect(clippy::too_many_lines, reason = "a table: one line for each response")]
fn known_responses_are_classified_correctly() {
    use About::{Domain, Muster, Recipient, Sender};
    const KEPT: Action = Action::Fail { suppress: false };

    #[rustfmt::skip]
    let table: &[(u16, &str, &str, Stage, &str, About, Action)] = &[
        (535, "5.7.8", "Username and Password not accepted. For more information, go to", Stage::Login, "login", Sender, STOP),
        (534, "5.7.9", "Application-specific password required.", Stage::Login, "login", Sender, STOP),
        (535, "5.7.9", "Application-specific password required", Stage::Login, "login", Sender, STOP),
        (534, "5.7.14", "Please log in through your web browser and then try again.", Stage::Login, "login", Sender, STOP),
        (530, "5.7.0", "Authentication Required.", Stage::From, "login", Sender, STOP),
        (530, "5.5.1", "Authentication Required.", Stage::From, "login", Sender, STOP),
        (454, "4.7.0", "Too many login attempts, please try again later.", Stage::Login, "too_many_logins", Sender, LOGINS),
        (421, "4.7.0", "Try again later, closing connection.", Stage::From, "slow", Sender, SLOW),
        (421, "4.3.0", "Temporary System Problem.", Stage::To, "slow", Sender, SLOW),
        (421, "4.4.5", "Server busy, try again later.", Stage::Connect, "slow", Sender, SLOW),
        (421, "4.7.0", "Connection expired, try reconnecting", Stage::From, "slow", Sender, SLOW),
        (451, "4.4.2", "Timeout - closing connection", Stage::Data, "slow", Sender, SLOW),
        (550, "5.4.5", "Daily user sending limit exceeded. For more information on Gmail", Stage::Answer, "quota", Sender, QUOTA),
        (550, "5.4.5", "Daily sending quota exceeded", Stage::From, "quota", Sender, QUOTA),
        (550, "5.4.5", "Daily SMTP relay limit exceeded for user", Stage::To, "quota", Sender, QUOTA),
        (550, "5.7.1", "Daily SMTP relay sending limit exceeded for customer", Stage::To, "quota", Sender, QUOTA),
        (450, "4.2.1", "Peak SMTP relay limit exceeded for customer.", Stage::To, "peak", Sender, PEAK),
        (421, "4.7.28", "Our system has detected an unusual rate of unsolicited mail", Stage::Answer, "reputation", Sender, REPUTATION),
        (550, "5.7.28", "There is an unusual rate of mail originating from your IP", Stage::Answer, "reputation", Sender, REPUTATION),
        (421, "4.7.26", "unauthenticated email is not accepted", Stage::Answer, "set_up", Sender, STOP),
        (550, "5.7.26", "This mail has been blocked because the sender is unauthenticated", Stage::Answer, "set_up", Sender, STOP),
        (550, "5.7.27", "SPF did not pass", Stage::Answer, "set_up", Sender, STOP),
        (550, "5.7.30", "DKIM did not pass", Stage::Answer, "set_up", Sender, STOP),
        (421, "4.7.32", "From: header is not aligned", Stage::Answer, "set_up", Sender, STOP),
        (421, "4.7.23", "The IP address does not have a PTR record", Stage::Connect, "set_up", Sender, STOP),
        (550, "5.7.25", "The IP address does not have a PTR record", Stage::Answer, "set_up", Sender, STOP),
        (550, "5.7.29", "not sent over a TLS connection", Stage::Answer, "set_up", Sender, STOP),
        (550, "5.7.24", "SPF record", Stage::Answer, "set_up", Sender, STOP),
        (550, "5.7.1", "Our system has detected that this message is likely unsolicited mail.", Stage::Answer, "content", Sender, CONTENT),
        (550, "5.7.1", "due to the very low reputation of the sending domain", Stage::Answer, "content", Sender, CONTENT),
        (550, "5.7.1", "the content presents a potential security issue", Stage::Answer, "content", Sender, CONTENT),
        (421, "4.7.28", "too many messages with the same Message-ID", Stage::Answer, "malformed", Muster, STOP),
        (452, "4.5.3", "Your message has too many recipients.", Stage::To, "too_many_recipients", Muster, STOP),
        (550, "5.7.1", "this message is not RFC 5322 compliant: to reduce spam it has been blocked", Stage::Answer, "malformed", Muster, STOP),
        (550, "5.7.1", "Messages missing a valid address in From: header are not accepted", Stage::Answer, "malformed", Muster, STOP),
        (550, "5.1.1", "The email account that you tried to reach does not exist.", Stage::To, "no_such_user", Recipient, GONE),
        (550, "5.2.1", "The email account that you tried to reach is disabled.", Stage::To, "no_such_user", Recipient, GONE),
        (550, "5.2.1", "The email account that you tried to reach is inactive.", Stage::To, "no_such_user", Recipient, GONE),
        (554, "", "delivery error: dd This user's mailbox is no longer valid", Stage::Answer, "no_such_user", Recipient, GONE),
        (552, "", "1 Requested mail action aborted, mailbox not found", Stage::Answer, "no_such_user", Recipient, GONE),
        (452, "4.2.2", "The recipient's inbox is out of storage space.", Stage::To, "mailbox_full", Recipient, FULL),
        (552, "5.2.2", "The email account that you tried to reach is over quota.", Stage::To, "mailbox_full", Recipient, FULL),
        (450, "4.2.1", "The user you are trying to contact is receiving mail too quickly.", Stage::To, "rate_of_recipient", Recipient, RATE),
        (550, "5.2.1", "The user you are trying to contact is receiving mail at a rate that prevents", Stage::To, "rate_of_recipient", Recipient, RATE),
        (421, "4.7.0", "[TSS04] Messages from 192.0.2.1 temporarily deferred", Stage::Connect, "domain_defers", Domain, DEFER),
        (553, "5.7.2", "[TSS09] All messages from 192.0.2.1 will be permanently deferred", Stage::Connect, "domain_refuses", Domain, Action::StopDomain),
        (553, "5.7.2", "[TSS11] All messages will be permanently deferred", Stage::Connect, "domain_refuses", Domain, Action::StopDomain),
        (554, "5.7.9", "Message not accepted for policy reasons.", Stage::Answer, "domain_refuses", Domain, Action::StopDomain),
        (550, "5.7.9", "Message not accepted", Stage::Answer, "domain_refuses", Domain, Action::StopDomain),
        (553, "5.7.1", "[BL21] Connections will not be accepted from 192.0.2.1", Stage::Connect, "domain_refuses", Domain, Action::StopDomain),
        (553, "5.7.1", "[BL23] Connections not accepted", Stage::Connect, "domain_refuses", Domain, Action::StopDomain),
        (432, "4.3.2", "Concurrent connections limit exceeded", Stage::Login, "connections", Sender, CONNECTIONS),
        (554, "5.2.0", "STOREDRV.Submission.Exception:SubmissionQuotaExceededException", Stage::Answer, "quota", Sender, QUOTA),
        (550, "5.1.90", "Your message can't be sent because you've reached your daily limit", Stage::To, "quota", Sender, QUOTA),
        (550, "5.7.30", "Basic authentication is not supported for Client Submission.", Stage::Login, "oauth", Sender, STOP),
        (451, "4.3.0", "Mail server temporarily rejected message", Stage::Answer, "later", Recipient, LATER),
        (450, "4.1.1", "greylisted", Stage::To, "later", Recipient, LATER),
        (550, "5.1.2", "domain not found", Stage::To, "refused", Recipient, GONE),
        (550, "5.2.1", "mailbox cannot accept messages", Stage::To, "refused", Recipient, GONE),
        (550, "5.7.1", "access denied", Stage::To, "refused", Recipient, KEPT),
        (554, "", "no thanks", Stage::Answer, "refused", Recipient, KEPT),
    ];
    for (code, enhanced, text, stage, kind, about, action) in table {
        let enhanced = Some(*enhanced).filter(|it| !it.is_empty());
        let verdict = classify(*code, enhanced, text, *stage);
        assert_eq!(
            (verdict.kind, verdict.about, verdict.action),
            (*kind, *about, *action),
            "{code} {enhanced:?} {text}"
        );
    }
}

#[test]
fn no_refusal_before_rcpt_is_about_the_recipient() {
    for stage in [Stage::Connect, Stage::StartTls, Stage::Login, Stage::From] {
        let verdict = classify(550, Some("5.2.1"), "This account is disabled", stage);
        assert_eq!((verdict.about, verdict.action), (About::Sender, STOP), "{stage:?}");
        for (code, enhanced) in
            [(421, None), (450, Some("4.7.1")), (550, None), (554, Some("5.7.1"))]
        {
            let verdict = classify(code, enhanced, "an unknown text", stage);
            assert_eq!(verdict.about, About::Sender, "{stage:?} {code}");
            let is_pause = matches!(verdict.action, Action::PauseSender { .. });
            assert_eq!(is_pause, code < 500, "{stage:?} {code}");
        }
    }
}

#[test]
fn a_response_without_an_enhanced_code_is_recognised_by_its_text() {
    let verdict = classify(550, None, "Daily user sending limit exceeded", Stage::Answer);
    assert_eq!(verdict.kind, "quota");
    let verdict = classify(554, None, "<ada@example.org>: Relay access denied", Stage::To);
    assert_eq!((verdict.kind, verdict.action), ("relay", STOP));
}

#[test]
fn a_server_that_greylists_delays_only_its_own_recipient() {
    for (enhanced, text) in [
        (None, "Greylisted, please try again later"),
        (Some("4.2.0"), "Recipient address rejected: Greylisted, try again later"),
        (Some("4.7.1"), "try again later"),
    ] {
        let verdict = classify(450, enhanced, text, Stage::To);
        assert_eq!((verdict.about, verdict.action), (About::Recipient, LATER), "{text}");
    }
}

#[test]
fn a_refused_sender_address_does_not_suppress_the_recipient() {
    let verdict = classify(550, Some("5.1.8"), "Access denied, bad outbound sender", Stage::Answer);
    assert_eq!((verdict.about, verdict.action), (About::Sender, STOP));
}

#[test]
fn pauses_grow_and_other_refusals_end_after_eighteen_tries_within_three_days() {
    assert_eq!(SLOW.pause(0), Some(seconds(30)));
    assert_eq!(SLOW.pause(9), Some(minutes(15)));
    let later = Action::TryAgain { pauses: OTHER_REFUSALS };
    assert_eq!((later.pause(16).is_some(), later.pause(17)), (true, None));
    assert_eq!(OTHER_REFUSALS.len() + 1, 18);
    assert!(OTHER_REFUSALS.is_sorted());
    let all: Duration = OTHER_REFUSALS.iter().sum();
    assert!(all <= hours(72) && all > hours(60), "{all:?}");
}

#[test]
fn every_stop_has_advice_for_the_organiser() {
    for row in BY_TEXT.iter().chain(BY_ENHANCED) {
        let Verdict { kind, action, advice, .. } = row.verdict();
        let is_stop = matches!(action, Action::StopSender | Action::StopDomain);
        assert!(!is_stop || !advice.is_empty(), "{kind}");
    }
}
