//! Limits a minute, spacing and pauses.

use super::*;

#[test]
fn a_slot_is_free_a_minute_and_a_guard_after_the_answer_or_two_seconds_after_sending() {
    let pace = Pace::new(&settings(Pacing::Full), 1);
    let ms = |n: i64| Millis(NOON.0 + n);
    assert_eq!(pace.free_at(NOON, Some(ms(700))), ms(60_950));
    assert_eq!(pace.free_at(NOON, Some(ms(7_000))), ms(62_250));
    assert_eq!(pace.free_at(NOON, None), ms(62_250));
    assert_eq!(pace.held_until(NOON), ms(62_750));
}

#[test]
fn a_full_minute_makes_work_wait_for_the_slot_that_comes_free_first() {
    let mut view = view(Pacing::Full, &[1, 2]);
    full_until(&mut view, "p1", seconds(9));
    full_until(&mut view, "p2", Millis(seconds(3).0 + 200));
    assert_eq!(
        decide(&view, &[bulk(Task::Outreach)], NOON),
        Verdict::Wait { until: Some(Millis(seconds(3).0 + 200)), why: "next slot in 3.2 s".into() }
    );
}

#[test]
fn a_lowered_limit_waits_until_enough_slots_are_free() {
    let mut view = view(Pacing::Full, &[1]);
    let ledger = &mut view.ledgers.get_mut("p1").unwrap()[0];
    ledger.per_minute = 3;
    ledger.slots = (1..=5).map(|n| Slot { free_at: seconds(n), tokens: 0 }).collect();
    assert_eq!(view.ready(&view.keys[0], 0, 0, NOON), When::At(seconds(3), Because::Slot));
}

#[test]
fn tokens_a_minute_are_respected_and_a_request_that_is_too_big_is_sent_alone() {
    let mut view = view(Pacing::Full, &[1]);
    let ledger = &mut view.ledgers.get_mut("p1").unwrap()[0];
    ledger.tokens_per_minute = 10_000;
    ledger.slots = vec![
        Slot { free_at: seconds(20), tokens: 3_000 },
        Slot { free_at: seconds(10), tokens: 6_000 },
    ];
    let ready = |tokens| view.ready(&view.keys[0], 0, tokens, NOON);
    assert_eq!(ready(1_000), When::At(NOON, Because::Slot));
    assert_eq!(ready(7_000), When::At(seconds(10), Because::Tokens));
    assert_eq!(ready(50_000), When::At(seconds(20), Because::Tokens));
}

#[test]
fn spacing_is_the_delay_times_two_by_the_projects_that_serve() {
    let last = |view: &mut View| {
        view.turns = Turns::default().after(Task::Outreach, Class::Bulk, true, NOON);
    };
    for (numbers, expected) in
        [(&[1][..], 10_000), (&[1, 2], 5_000), (&[1, 2, 3], 3_334), (&[0], 10_000)]
    {
        let mut view = view(Pacing::Spaced, numbers);
        last(&mut view);
        assert_eq!(view.spaced_from(Task::Outreach, NOON), Millis(NOON.0 + expected));
        assert_eq!(view.spaced_from(Task::Skills, NOON), NOON, "an idle task starts at once");
    }
    let mut one_away = view(Pacing::Spaced, &[1, 2]);
    last(&mut one_away);
    disable(&mut one_away.keys[1], "leaked");
    assert_eq!(one_away.spaced_from(Task::Outreach, NOON), seconds(10));

    let mut one_cooling_down = view(Pacing::Spaced, &[1, 2]);
    last(&mut one_cooling_down);
    one_cooling_down.ledgers.get_mut("p2").unwrap()[0].cooldown =
        Some(Cooldown { until: seconds(50), kind: CooldownKind::Minute });
    assert_eq!(one_cooling_down.spaced_from(Task::Outreach, NOON), seconds(5));
    cool_down_for_the_day(&mut one_cooling_down, "p2", 0);
    cool_down_for_the_day(&mut one_cooling_down, "p2", 1);
    assert_eq!(one_cooling_down.spaced_from(Task::Outreach, NOON), seconds(10));
}

#[test]
fn keys_of_one_project_share_its_ledger_and_count_once() {
    let mut view = view(Pacing::Spaced, &[1, 2]);
    view.keys[1].project = "p1".into();
    full_until(&mut view, "p1", seconds(9));
    assert_eq!(view.serving_projects(NOON), 1);
    assert_eq!(view.ready(&view.keys[1], 0, 0, NOON), When::At(seconds(9), Because::Slot));
}

#[test]
fn two_requests_of_one_key_keep_their_gap() {
    let mut view = view(Pacing::Full, &[1]);
    view.keys[0].last_sent_at = Some(NOON);
    let until = Some(Millis(NOON.0 + 100));
    assert!(
        matches!(decide(&view, &[bulk(Task::Match)], NOON), Verdict::Wait { until: at, .. } if at == until)
    );
}

#[test]
fn pauses_between_tries_grow_and_six_tries_fit_into_an_hour() {
    let pace = Pace::new(&settings(Pacing::Spaced), 1);
    let longest: Duration = (1..pace.failure_tries).map(|n| pace.pause_after_failure(n, 1.0)).sum();
    assert!(longest < Duration::from_hours(1), "{longest:?}");
    assert!(pace.pause_after_failure(3, 0.0) > pace.pause_after_failure(2, 0.9));
}
