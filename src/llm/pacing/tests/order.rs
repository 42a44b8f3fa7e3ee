//! Which work comes first: people, bulk and the shares of the tasks.

use super::*;

#[test]
fn people_come_first_and_one_of_four_starts_is_bulk() {
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
fn an_idle_task_gathers_no_credit() {
    let mut turns = Turns::default();
    for _ in 0..100 {
        turns = turns.after(Task::Outreach, Class::Bulk, true, NOON);
    }
    turns = turns.after(Task::Skills, Class::Bulk, true, NOON);
    assert!(turns.place(Task::Outreach) < turns.place(Task::Skills));
}

#[test]
fn questions_to_the_faq_are_not_spaced() {
    let mut view = view(Pacing::Spaced, &[1]);
    view.turns = Turns::default().after(Task::Faq, Class::Person, true, NOON);
    assert_eq!(view.spaced_from(Task::Faq, NOON), NOON);
    view.turns = view.turns.after(Task::Outreach, Class::Bulk, true, NOON);
    assert!(view.spaced_from(Task::Outreach, NOON) > NOON, "invitations are spaced");
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
    // Nothing else waits: no start is held back.
    for _ in 0..8 {
        let Verdict::Start { demand, .. } = decide(&view, &[asked()], NOON) else { panic!() };
        assert_eq!(demand, 0);
        view.turns = view.turns.after(Task::Faq, Class::Person, true, NOON);
    }
}

#[test]
fn the_gateway_is_scheduled_as_bulk_and_refused_when_its_deadline_cannot_be_met() {
    let mut view = view(Pacing::Full, &[1]);
    let gateway = Demand { deadline_at: Some(seconds(5)), ..bulk(Task::Gateway) };
    let people_first = decide(&view, &[gateway.clone(), watched(Task::Faq)], NOON);
    assert!(matches!(people_first, Verdict::Start { demand: 1, .. }), "{people_first:?}");

    full_until(&mut view, "p1", seconds(9));
    view.models.truncate(1);
    view.chain = 1;
    assert!(matches!(outlook(&view, &gateway, NOON), Outlook::Fallback { .. }));
    let patient = Demand { deadline_at: Some(seconds(9)), ..gateway };
    assert!(
        matches!(outlook(&view, &patient, NOON), Outlook::Wait { until, .. } if until == seconds(9))
    );
    let invitations = Demand { deadline_at: Some(seconds(5)), ..bulk(Task::Outreach) };
    assert!(matches!(outlook(&view, &invitations, NOON), Outlook::Wait { .. }), "it may be late");
}

#[test]
fn the_gateway_and_a_campaign_share_the_starts() {
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
