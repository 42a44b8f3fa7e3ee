//! Which key and model serve, and when the fallback is used instead.

use super::*;

#[test]
fn the_least_recently_used_key_is_next() {
    let mut view = view(Pacing::Full, &[1, 2, 3]);
    view.keys[0].last_sent_at = Some(NOON.minus(Duration::from_secs(5)));
    view.keys[1].last_sent_at = Some(NOON.minus(Duration::from_secs(9)));
    view.keys[2].last_sent_at = Some(NOON.minus(Duration::from_secs(7)));
    assert_eq!(start(decide(&view, &[bulk(Task::Outreach)], NOON)).0, 2);
}

#[test]
fn an_empty_queue_and_a_missing_key_have_their_reasons() {
    assert_eq!(
        decide(&view(Pacing::Full, &[1]), &[], NOON),
        Verdict::Wait { until: None, why: "nothing waits".into() }
    );
    assert_eq!(
        decide(&view(Pacing::Full, &[]), &[bulk(Task::Skills)], NOON),
        Verdict::Fallback { demand: 0, why: "no key is set".into() }
    );
}

#[test]
fn the_reserve_serves_only_when_no_primary_key_will_serve_soon() {
    let mut view = view(Pacing::Full, &[0, 1]);
    let demands = [bulk(Task::Outreach)];
    assert_eq!(start(decide(&view, &demands, NOON)), (1, "first".into()));

    full_until(&mut view, "p1", seconds(40));
    assert!(matches!(decide(&view, &demands, NOON), Verdict::Wait { .. }));

    cool_down_for_the_day(&mut view, "p1", 0);
    assert_eq!(start(decide(&view, &demands, NOON)), (0, "first".into()));

    cool_down_for_the_day(&mut view, "p0", 0);
    assert_eq!(start(decide(&view, &demands, NOON)), (1, "second".into()));

    cool_down_for_the_day(&mut view, "p1", 1);
    assert_eq!(start(decide(&view, &demands, NOON)), (0, "second".into()));
}

#[test]
fn a_person_whose_deadline_comes_before_the_slot_gets_the_reserve() {
    let mut view = view(Pacing::Full, &[0, 1]);
    full_until(&mut view, "p1", seconds(40));
    let mut demand = watched(Task::Skills);
    assert!(matches!(decide(&view, &[demand.clone()], NOON), Verdict::Wait { .. }));
    demand.deadline_at = Some(seconds(30));
    assert_eq!(start(decide(&view, &[demand], NOON)).0, 0);
}

#[test]
fn a_missed_deadline_means_the_fallback_but_for_bulk_a_full_minute_does_not() {
    let mut view = view(Pacing::Full, &[1]);
    for model in 0..2 {
        let ledger = &mut view.ledgers.get_mut("p1").unwrap()[model];
        ledger.slots = vec![Slot { free_at: seconds(50), tokens: 0 }; 15];
    }
    let mut person = watched(Task::Skills);
    person.deadline_at = Some(seconds(30));
    let Verdict::Fallback { why, .. } = decide(&view, &[person], NOON) else { panic!() };
    assert_eq!(why, "no key was free in time: next slot in 50.0 s");

    let mut late = bulk(Task::Outreach);
    late.deadline_at = Some(NOON.minus(Duration::from_secs(1)));
    assert!(matches!(decide(&view, &[late.clone()], NOON), Verdict::Wait { .. }));
    cool_down_for_the_day(&mut view, "p1", 0);
    cool_down_for_the_day(&mut view, "p1", 1);
    let Verdict::Fallback { why, .. } = decide(&view, &[late], NOON) else { panic!() };
    assert!(why.contains("the day's quota of the key is used until 08:01 UTC"), "{why}");
    assert!(matches!(decide(&view, &[bulk(Task::Outreach)], NOON), Verdict::Wait { .. }));
}

#[test]
fn a_free_key_serves_even_after_the_deadline() {
    let view = view(Pacing::Full, &[1]);
    let mut demand = watched(Task::Skills);
    demand.deadline_at = Some(NOON.minus(Duration::from_mins(1)));
    assert_eq!(start(decide(&view, &[demand], NOON)).0, 1);
}

#[test]
fn without_a_usable_key_the_fallback_is_used_at_once_with_the_reasons() {
    let mut view = view(Pacing::Spaced, &[1, 2]);
    disable(&mut view.keys[0], "Google reports it as leaked");
    view.keys[1].paused_at = Some(NOON);
    let Verdict::Fallback { why, .. } = decide(&view, &[bulk(Task::Match)], NOON) else { panic!() };
    assert_eq!(
        why,
        "no key can be used: key 1 is disabled: Google reports it as leaked; key 2 is paused"
    );
}

#[test]
fn the_next_model_replaces_one_that_is_off_or_used_up_for_the_day() {
    let mut view = view(Pacing::Full, &[1]);
    view.ledgers.get_mut("p1").unwrap()[0].off = Some("it has retired".into());
    assert_eq!(start(decide(&view, &[bulk(Task::Match)], NOON)).1, "second");

    let ledger = &mut view.ledgers.get_mut("p1").unwrap()[0];
    (ledger.off, ledger.per_day, ledger.used_today) = (None, Some(20), 20);
    assert_eq!(start(decide(&view, &[bulk(Task::Match)], NOON)).1, "second");
}

#[test]
fn of_two_keys_used_at_the_same_moment_the_one_booked_first_is_next() {
    let mut view = view(Pacing::Full, &[1, 2]);
    for (key, booking) in view.keys.iter_mut().zip([8, 7]) {
        key.last_sent_at = Some(NOON.minus(Duration::from_secs(1)));
        key.last_booking = BookingId(booking);
    }
    assert_eq!(start(decide(&view, &[bulk(Task::Outreach)], NOON)).0, 2);
}

#[test]
fn a_question_that_no_key_can_serve_within_eight_seconds_gets_the_fallback_at_once() {
    let mut view = view(Pacing::Full, &[1]);
    let fill = |view: &mut View, free_at: Millis| {
        for ledger in view.ledgers.get_mut("p1").unwrap() {
            ledger.slots = vec![Slot { free_at, tokens: 0 }; 15];
        }
    };
    fill(&mut view, seconds(9));
    let Verdict::Fallback { why, .. } = decide(&view, &[asked()], NOON) else { panic!() };
    assert_eq!(why, "no key was free in time: next slot in 9.0 s");
    fill(&mut view, seconds(7));
    let verdict = decide(&view, &[asked()], NOON);
    assert!(
        matches!(verdict, Verdict::Wait { until, .. } if until == Some(seconds(7))),
        "{verdict:?}"
    );
    // In a chat the deadline is later, so the question waits for the same key.
    fill(&mut view, seconds(50));
    let deadline_at = Some(NOON.plus(Duration::from_mins(12)));
    let verdict = decide(&view, &[Demand { deadline_at, ..asked() }], NOON);
    assert!(
        matches!(verdict, Verdict::Wait { until, .. } if until == Some(seconds(50))),
        "{verdict:?}"
    );
    assert!(matches!(decide(&view, &[asked()], NOON), Verdict::Fallback { .. }));
}

#[test]
fn a_demand_for_one_model_uses_only_its_quota_and_no_other_model() {
    let mut view = view(Pacing::Full, &[1, 2]);
    view.models.push("third".into());
    for ledgers in view.ledgers.values_mut() {
        ledgers.push(ledger());
    }
    let third = Demand { model: Some("third".into()), ..watched(Task::Embed) };
    let second = Demand { model: Some("second".into()), ..watched(Task::Gateway) };
    assert_eq!(start(decide(&view, std::slice::from_ref(&third), NOON)).1, "third");
    assert_eq!(start(decide(&view, &[second], NOON)).1, "second");

    // Its quota is separate from the chain, which does not contain it.
    for project in ["p1", "p2"] {
        view.ledgers.get_mut(project).unwrap()[2].off = Some("no such model".into());
    }
    assert!(matches!(outlook(&view, &third, NOON), Outlook::Fallback { .. }));
    assert_eq!(view.serving_projects(NOON), 2);
    for project in ["p1", "p2"] {
        view.ledgers.get_mut(project).unwrap()[2] = ledger();
        cool_down_for_the_day(&mut view, project, 0);
        cool_down_for_the_day(&mut view, project, 1);
    }
    assert_eq!(view.serving_projects(NOON), 0);
    assert!(matches!(outlook(&view, &watched(Task::Faq), NOON), Outlook::Fallback { .. }));
    assert_eq!(start(decide(&view, &[third], NOON)).1, "third");

    let unknown = Demand { model: Some("nobody".into()), ..watched(Task::Gateway) };
    assert!(matches!(outlook(&view, &unknown, NOON), Outlook::Fallback { .. }));
}
