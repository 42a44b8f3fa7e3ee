use super::*;
use crate::mail::verdict::{About, all};

const NOW: Millis = Millis(1_800_000_000_000);

fn situation() -> Situation<'static> {
    Situation {
        response: "what the server said",
        sender: Sender { last_send_at: Some(NOW), ..Sender::default() },
        tries: 0,
        recent_refusals: 1,
        last_day: Recent { emails: 1, oldest: Some(NOW) },
        now: NOW,
        time_scale: 1,
    }
}

fn verdict(action: Action) -> Verdict {
    Verdict { kind: "test", about: About::Sender, action, advice: "what to do" }
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

#[test]
fn over_the_whole_table_a_refusal_concerns_only_what_it_is_about() {
    for verdict in all() {
        let Verdict { kind, about, action, advice } = verdict;
        let Consequence { sender, domain_paused_until, message } = decide(&verdict, &situation());
        let is_content = matches!(action, Action::StopSenderAfter { .. });
        match about {
            About::Sender | About::Muster => {
                assert_eq!(domain_paused_until, None, "{kind}");
                if is_content {
                    assert_eq!((sender, message), (None, Next::Fail), "{kind}");
                    continue;
                }
                let sender = sender.expect(kind);
                assert_eq!(message, Next::Wait { at: NOW, counts: false }, "{kind}");
                assert!(
                    sender.needs_attention_at.is_some() || sender.paused_until > Some(NOW),
                    "{kind}"
                );
                assert_eq!(sender.response.as_deref(), Some("what the server said"), "{kind}");
                assert_eq!(sender.advice.as_deref(), Some(advice), "{kind}");
                assert_eq!(sender.last_send_at, Some(NOW), "{kind}");
            }
            About::Recipient => {
                assert_eq!((sender, domain_paused_until), (None, None), "{kind}");
                match action {
                    Action::Fail { suppress } => {
                        assert_eq!(message, Next::FailRecipient { suppress }, "{kind}");
                    }
                    _ => assert!(
                        matches!(message, Next::Wait { at, counts: true } if at > NOW),
                        "{kind}"
                    ),
                }
            }
            About::Domain => {
                assert_eq!(sender, None, "{kind}");
                let until = domain_paused_until.expect(kind);
                let waits = Next::Wait { at: until, counts: false };
                assert_eq!(message, if until == PAUSED { Next::Fail } else { waits }, "{kind}");
            }
        }
    }
}

#[test]
fn only_an_address_that_does_not_exist_is_suppressed() {
    for verdict in all() {
        let consequence = decide(&verdict, &situation());
        let suppress = consequence.message == Next::FailRecipient { suppress: true };
        assert_eq!(suppress, verdict.kind == "no_such_user", "{}", verdict.kind);
    }
}

#[test]
fn a_soft_refusal_is_retried_until_its_pauses_are_used_up() {
    const PAUSES: &[Duration] = &[Duration::from_mins(5), Duration::from_mins(10)];
    let verdict = verdict(Action::TryAgain { pauses: PAUSES });
    for (tries, next) in [
        (0, Next::Wait { at: NOW.plus(minutes(5)), counts: true }),
        (1, Next::Wait { at: NOW.plus(minutes(10)), counts: true }),
        (2, Next::Fail),
    ] {
        let consequence = decide(&verdict, &Situation { tries, ..situation() });
        assert_eq!(consequence.message, next, "{tries}");
        assert_eq!(consequence.sender, None);
    }
}

#[test]
fn pauses_grow_and_never_end_before_one_that_is_known() {
    const PAUSES: &[Duration] = &[Duration::from_mins(1), Duration::from_mins(5)];
    let verdict = verdict(Action::PauseSender { pauses: PAUSES, then: Then::AsBefore });
    for (step, known, until) in [
        (0, None, NOW.plus(minutes(1))),
        (1, None, NOW.plus(minutes(5))),
        (7, None, NOW.plus(minutes(5))),
        (0, Some(NOW.plus(minutes(9))), NOW.plus(minutes(9))),
    ] {
        let sender = Sender { step, paused_until: known, ..Sender::default() };
        let after = decide(&verdict, &Situation { sender, ..situation() }).sender.unwrap();
        assert_eq!((after.paused_until, after.step), (Some(until), step + 1));
        assert_eq!(after.needs_attention_at, None);
    }
}

#[test]
fn the_gap_between_two_emails_doubles_within_bounds() {
    const PAUSES: &[Duration] = &[Duration::from_mins(1)];
    let verdict = verdict(Action::PauseSender { pauses: PAUSES, then: Then::HalfSpeed });
    for (before, after) in [(0, 1_000), (1_000, 2_000), (45_000, 60_000)] {
        let sender = Sender { min_gap: before, ..Sender::default() };
        let decided = decide(&verdict, &Situation { sender, ..situation() }).sender.unwrap();
        assert_eq!(decided.min_gap, after);
    }
}

#[test]
fn a_second_complaint_about_the_rate_needs_an_organiser() {
    const PAUSES: &[Duration] = &[Duration::from_hours(1)];
    let verdict = verdict(Action::PauseSender { pauses: PAUSES, then: Then::AtMostAMinute(10) });
    let first = decide(&verdict, &situation()).sender.unwrap();
    assert_eq!((first.min_gap, first.needs_attention_at), (6_000, None));
    let second = decide(&verdict, &Situation { sender: first, ..situation() }).sender.unwrap();
    assert_eq!((second.min_gap, second.needs_attention_at), (6_000, Some(NOW)));
}

#[test]
fn a_used_up_quota_waits_until_the_oldest_email_leaves_the_day() {
    const PAUSES: &[Duration] = &[Duration::from_hours(24)];
    let verdict = verdict(Action::PauseSender { pauses: PAUSES, then: Then::WhenTheDayFrees });
    let hours_ago = |hours| Some(NOW.minus(Duration::from_hours(hours)));
    for (emails, oldest, pause) in [
        (50, hours_ago(20), Duration::from_hours(4)),
        (50, hours_ago(24), minutes(10)),
        // The refused email alone says nothing about the limit.
        (1, hours_ago(20), Duration::from_hours(24)),
        (0, None, Duration::from_hours(24)),
    ] {
        let last_day = Recent { emails, oldest };
        let sender = decide(&verdict, &Situation { last_day, ..situation() }).sender.unwrap();
        assert_eq!(sender.paused_until, Some(NOW.plus(pause)), "{emails} {oldest:?}");
    }
}

#[test]
fn refused_content_stops_the_account_only_when_it_is_a_pattern() {
    let verdict = verdict(Action::StopSenderAfter { times: 2, of: 20 });
    for (recent_refusals, stops) in [(1, false), (2, true), (3, true)] {
        let consequence = decide(&verdict, &Situation { recent_refusals, ..situation() });
        assert_eq!(consequence.message, Next::Fail);
        let sender = consequence.sender;
        assert_eq!(sender.is_some_and(|it| it.needs_attention_at == Some(NOW)), stops);
    }
}

#[test]
fn an_unreachable_server_pauses_the_account_longer_each_time() {
    let mut known = situation();
    let mut last = Duration::ZERO;
    for _ in 0..8 {
        let consequence = unreachable(&known);
        assert_eq!(consequence.message, Next::Wait { at: NOW, counts: false });
        let sender = consequence.sender.unwrap();
        let pause = sender.paused_until.unwrap().since(NOW);
        assert!(pause >= last && pause <= minutes(30), "{pause:?}");
        last = pause;
        known.sender = sender;
    }
    assert_eq!(last, minutes(30));
}

#[test]
fn the_time_scale_divides_every_pause() {
    let verdict = verdict(Action::PauseDomain { pause: Duration::from_hours(4) });
    let consequence = decide(&verdict, &Situation { time_scale: 60, ..situation() });
    assert_eq!(consequence.domain_paused_until, Some(NOW.plus(minutes(4))));
}
