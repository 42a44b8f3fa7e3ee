//! The rules one by one, on views made by hand.

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::config::{self, Pacing};
use crate::model::job::Task;
use crate::model::{BookingId, KeyId, KeyNumber};

pub(super) const NOON: Millis = Millis(1_795_521_600_000); // 2026-11-24T12:00:00Z, four in the morning in California

pub(super) fn settings(pacing: Pacing) -> config::Gemini {
    let vars = config::Vars::default();
    let mut gemini = config::Config::read(&vars).expect("no variable is set").gemini;
    gemini.pacing = pacing;
    gemini
}

pub(super) fn ledger() -> Ledger {
    Ledger {
        per_minute: 15,
        per_day: None,
        tokens_per_minute: 250_000,
        slots: Vec::new(),
        used_today: 0,
        cooldown: None,
        off: None,
    }
}

/// Keys of the given numbers, each its own project, two models.
pub(super) fn view(pacing: Pacing, numbers: &[i64]) -> View {
    let keys: Vec<KeyRecord> = numbers
        .iter()
        .map(|number| KeyRecord {
            id: KeyId(*number),
            fingerprint: format!("f{number}"),
            number: KeyNumber(*number),
            project: format!("p{number}"),
            named: None,
            paused_at: None,
            disabled_at: None,
            cooldown_until: None,
            cooldown_step: 0,
            reason: None,
            last_error: None,
            last_error_at: None,
            refusals: 0,
            last_sent_at: None,
            last_booking: BookingId(0),
        })
        .collect();
    let ledgers: BTreeMap<_, _> =
        keys.iter().map(|key| (key.project.clone(), vec![ledger(), ledger()])).collect();
    View {
        pace: Pace::new(&settings(pacing), 1),
        models: vec!["first".into(), "second".into()],
        chain: 2,
        keys,
        ledgers,
        turns: Turns::default(),
    }
}

pub(super) fn bulk(task: Task) -> Demand {
    Demand {
        task,
        class: Class::Bulk,
        waiting: 10,
        created_at: NOON,
        deadline_at: Some(NOON.plus(Duration::from_hours(24))),
        tokens: 1_000,
        model: None,
    }
}

fn watched(task: Task) -> Demand {
    let deadline_at = Some(NOON.plus(Duration::from_mins(2)));
    Demand { class: Class::Person, deadline_at, ..bulk(task) }
}

fn full_until(view: &mut View, project: &str, free_at: Millis) {
    let ledger = &mut view.ledgers.get_mut(project).unwrap()[0];
    ledger.slots = vec![Slot { free_at, tokens: 1_000 }; 15];
}

fn rest_for_the_day(view: &mut View, project: &str, model: usize) {
    let until = day::next(NOON).plus(view.pace.day_margin);
    view.ledgers.get_mut(project).unwrap()[model].cooldown =
        Some(Cooldown { until, kind: CooldownKind::Day });
}

fn disable(key: &mut KeyRecord, reason: &str) {
    (key.disabled_at, key.reason) = (Some(NOON), Some(reason.into()));
}

fn start(verdict: Verdict) -> (i64, String) {
    match verdict {
        Verdict::Start { key, model, .. } => (key.0, model),
        other => panic!("no start: {other:?}"),
    }
}

fn seconds(n: u64) -> Millis {
    NOON.plus(Duration::from_secs(n))
}

#[test]
fn the_key_that_rested_longest_goes_next() {
    let mut view = view(Pacing::Full, &[1, 2, 3]);
    view.keys[0].last_sent_at = Some(NOON.minus(Duration::from_secs(5)));
    view.keys[1].last_sent_at = Some(NOON.minus(Duration::from_secs(9)));
    view.keys[2].last_sent_at = Some(NOON.minus(Duration::from_secs(7)));
    assert_eq!(start(decide(&view, &[bulk(Task::Outreach)], NOON)).0, 2);
}

#[test]
fn nothing_waits_and_no_key_are_said_plainly() {
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
fn tokens_a_minute_are_kept_and_a_request_too_big_for_any_minute_goes_alone() {
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

    let mut one_resting = view(Pacing::Spaced, &[1, 2]);
    last(&mut one_resting);
    one_resting.ledgers.get_mut("p2").unwrap()[0].cooldown =
        Some(Cooldown { until: seconds(50), kind: CooldownKind::Minute });
    assert_eq!(one_resting.spaced_from(Task::Outreach, NOON), seconds(5));
    rest_for_the_day(&mut one_resting, "p2", 0);
    rest_for_the_day(&mut one_resting, "p2", 1);
    assert_eq!(one_resting.spaced_from(Task::Outreach, NOON), seconds(10));
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
fn people_go_first_and_one_of_four_starts_is_bulk() {
    let mut view = view(Pacing::Full, &[1]);
    let demands = [bulk(Task::Outreach), watched(Task::Skills)];
    let mut classes = String::new();
    for _ in 0..8 {
        let Verdict::Start { demand, .. } = decide(&view, &demands, NOON) else { panic!() };
        let chosen = &demands[demand];
        classes.push(if chosen.class == Class::Bulk { 'b' } else { 'p' });
        view.turns = view.turns.after(chosen.task, chosen.class, true, NOON);
    }
    assert_eq!(classes, "pppbpppb");
}

#[test]
fn without_spacing_waiting_tasks_share_the_starts_by_five_seven_and_six() {
    let mut view = view(Pacing::Full, &[1]);
    let tasks = [Task::Outreach, Task::Skills, Task::Match];
    let demands = tasks.map(bulk);
    let mut counts = BTreeMap::new();
    for _ in 0..1_070 {
        let Verdict::Start { demand, .. } = decide(&view, &demands, NOON) else { panic!() };
        *counts.entry(tasks[demand]).or_insert(0) += 1;
        view.turns = view.turns.after(tasks[demand], Class::Bulk, true, NOON);
    }
    assert_eq!(tasks.map(|task| counts[&task]), [420, 300, 350]);
}

#[test]
fn a_task_that_was_idle_brings_no_credit_along() {
    let mut turns = Turns::default();
    for _ in 0..100 {
        turns = turns.after(Task::Outreach, Class::Bulk, true, NOON);
    }
    turns = turns.after(Task::Skills, Class::Bulk, true, NOON);
    assert!(turns.place(Task::Outreach) < turns.place(Task::Skills));
}

#[test]
fn the_reserve_serves_only_when_no_primary_key_will_serve_soon() {
    let mut view = view(Pacing::Full, &[0, 1]);
    let demands = [bulk(Task::Outreach)];
    assert_eq!(start(decide(&view, &demands, NOON)), (1, "first".into()));

    full_until(&mut view, "p1", seconds(40));
    assert!(matches!(decide(&view, &demands, NOON), Verdict::Wait { .. }));

    rest_for_the_day(&mut view, "p1", 0);
    assert_eq!(start(decide(&view, &demands, NOON)), (0, "first".into()));

    rest_for_the_day(&mut view, "p0", 0);
    assert_eq!(start(decide(&view, &demands, NOON)), (1, "second".into()));

    rest_for_the_day(&mut view, "p1", 1);
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
fn who_waits_too_long_gets_the_resort_but_bulk_never_for_want_of_a_minute() {
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
    rest_for_the_day(&mut view, "p1", 0);
    rest_for_the_day(&mut view, "p1", 1);
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
fn when_every_key_is_away_the_resort_is_taken_at_once_with_the_reasons() {
    let mut view = view(Pacing::Spaced, &[1, 2]);
    disable(&mut view.keys[0], "Google reports it as leaked");
    view.keys[1].paused_at = Some(NOON);
    let Verdict::Fallback { why, .. } = decide(&view, &[bulk(Task::Match)], NOON) else { panic!() };
    assert_eq!(
        why,
        "no key can be used: key 1 is set aside: Google reports it as leaked; key 2 is paused"
    );
}

#[test]
fn a_model_that_is_off_or_used_up_for_the_day_leaves_the_work_to_the_next() {
    let mut view = view(Pacing::Full, &[1]);
    view.ledgers.get_mut("p1").unwrap()[0].off = Some("it has retired".into());
    assert_eq!(start(decide(&view, &[bulk(Task::Match)], NOON)).1, "second");

    let ledger = &mut view.ledgers.get_mut("p1").unwrap()[0];
    (ledger.off, ledger.per_day, ledger.used_today) = (None, Some(20), 20);
    assert_eq!(start(decide(&view, &[bulk(Task::Match)], NOON)).1, "second");
}

#[test]
fn two_sends_of_one_key_keep_their_gap() {
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

#[test]
fn of_two_keys_sent_in_one_moment_the_one_that_went_first_goes_first() {
    let mut view = view(Pacing::Full, &[1, 2]);
    for (key, booking) in view.keys.iter_mut().zip([8, 7]) {
        key.last_sent_at = Some(NOON.minus(Duration::from_secs(1)));
        key.last_booking = BookingId(booking);
    }
    assert_eq!(start(decide(&view, &[bulk(Task::Outreach)], NOON)).0, 2);
}

/// Somebody asks the FAQ and waits on the page.
fn asked() -> Demand {
    let deadline_at = Some(NOON.plus(Duration::from_secs(8)));
    Demand { deadline_at, tokens: 1_500, ..watched(Task::Faq) }
}

#[test]
fn questions_to_the_faq_keep_no_distance() {
    let mut view = view(Pacing::Spaced, &[1]);
    view.turns = Turns::default().after(Task::Faq, Class::Person, true, NOON);
    assert_eq!(view.spaced_from(Task::Faq, NOON), NOON);
    view.turns = view.turns.after(Task::Outreach, Class::Bulk, true, NOON);
    assert!(view.spaced_from(Task::Outreach, NOON) > NOON, "letters do");
    let demands = [bulk(Task::Outreach), asked()];
    let Verdict::Start { demand, .. } = decide(&view, &demands, NOON) else { panic!() };
    assert_eq!(demand, 1);
    let Verdict::Wait { until, .. } = decide(&view, &demands[..1], NOON) else { panic!() };
    assert_eq!(until, Some(view.spaced_from(Task::Outreach, NOON)));
}

#[test]
fn the_faq_goes_before_bulk_but_one_of_four_starts_is_bulk_while_bulk_waits() {
    let mut view = view(Pacing::Full, &[1]);
    let demands = [bulk(Task::Outreach), bulk(Task::Match), asked()];
    let mut starts = String::new();
    for _ in 0..12 {
        let Verdict::Start { demand, .. } = decide(&view, &demands, NOON) else { panic!() };
        let chosen = &demands[demand];
        starts.push(if chosen.task == Task::Faq { 'f' } else { 'b' });
        view.turns = view.turns.after(chosen.task, chosen.class, true, NOON);
    }
    assert_eq!(starts, "fffbfffbfffb");
    // Nothing else waits: no start is kept back.
    for _ in 0..8 {
        let Verdict::Start { demand, .. } = decide(&view, &[asked()], NOON) else { panic!() };
        assert_eq!(demand, 0);
        view.turns = view.turns.after(Task::Faq, Class::Person, true, NOON);
    }
}

#[test]
fn a_question_that_no_key_serves_in_its_eight_seconds_gets_the_resort_at_once() {
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
    // In a chat there is time, and it waits for the same key.
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
fn a_demand_for_one_model_has_that_model_s_own_quota_and_no_other_serves_it() {
    let mut view = view(Pacing::Full, &[1, 2]);
    view.models.push("third".into());
    for ledgers in view.ledgers.values_mut() {
        ledgers.push(ledger());
    }
    let third = Demand { model: Some("third".into()), ..watched(Task::Embed) };
    let second = Demand { model: Some("second".into()), ..watched(Task::Gateway) };
    assert_eq!(start(decide(&view, std::slice::from_ref(&third), NOON)).1, "third");
    assert_eq!(start(decide(&view, &[second], NOON)).1, "second");

    // What is used of it says nothing about the chain, which never comes to it.
    for project in ["p1", "p2"] {
        view.ledgers.get_mut(project).unwrap()[2].off = Some("no such model".into());
    }
    assert!(matches!(outlook(&view, &third, NOON), Outlook::Fallback { .. }));
    assert_eq!(view.serving_projects(NOON), 2);
    for project in ["p1", "p2"] {
        view.ledgers.get_mut(project).unwrap()[2] = ledger();
        rest_for_the_day(&mut view, project, 0);
        rest_for_the_day(&mut view, project, 1);
    }
    assert_eq!(view.serving_projects(NOON), 0);
    assert!(matches!(outlook(&view, &watched(Task::Faq), NOON), Outlook::Fallback { .. }));
    assert_eq!(start(decide(&view, &[third], NOON)).1, "third");

    let unknown = Demand { model: Some("nobody".into()), ..watched(Task::Gateway) };
    assert!(matches!(outlook(&view, &unknown, NOON), Outlook::Fallback { .. }));
}

#[test]
fn the_door_takes_its_turn_among_bulk_and_is_told_when_its_time_cannot_be_kept() {
    let mut view = view(Pacing::Full, &[1]);
    let door = Demand { deadline_at: Some(seconds(5)), ..bulk(Task::Gateway) };
    let people_first = decide(&view, &[door.clone(), watched(Task::Faq)], NOON);
    assert!(matches!(people_first, Verdict::Start { demand: 1, .. }), "{people_first:?}");

    full_until(&mut view, "p1", seconds(9));
    view.models.truncate(1);
    view.chain = 1;
    assert!(matches!(outlook(&view, &door, NOON), Outlook::Fallback { .. }));
    let patient = Demand { deadline_at: Some(seconds(9)), ..door };
    assert!(
        matches!(outlook(&view, &patient, NOON), Outlook::Wait { until, .. } if until == seconds(9))
    );
    let letters = Demand { deadline_at: Some(seconds(5)), ..bulk(Task::Outreach) };
    assert!(matches!(outlook(&view, &letters, NOON), Outlook::Wait { .. }), "it may be late");
}

#[test]
fn the_door_and_a_campaign_share_the_starts() {
    let mut view = view(Pacing::Full, &[1, 2]);
    let demands = [bulk(Task::Gateway), bulk(Task::Outreach)];
    let mut starts = [0_u32; 2];
    for n in 0..110 {
        let Verdict::Start { demand, .. } = decide(&view, &demands, NOON) else { panic!("{n}") };
        view.turns = view.turns.after(demands[demand].task, Class::Bulk, true, NOON);
        starts[demand] += 1;
    }
    assert_eq!(starts, [50, 60]);
}
