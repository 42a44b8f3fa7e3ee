//! Google's own trouble, cut connections, and answers of no use.

use std::time::Duration;

use muster::model::KeyNumber;
use muster::model::job::{Class, Task};

use super::bench::{Bench, By, NOON};
use crate::support::gemini::Fault;

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn trouble_of_google_is_tried_again_with_another_key_after_a_pause() {
    for fault in [Fault::Overloaded, Fault::InternalError, Fault::Cut, Fault::CutInside] {
        let mut bench = Bench::new(&[1, 2]).await;
        bench.gemini.fault_next([fault]);
        bench.bulk(Task::Outreach, 1);
        bench.run().await;
        assert_eq!(bench.gemini.keys_used(), [1, 2], "{fault:?}");
        let done = &bench.done[0];
        assert!(
            matches!(done.by, By::Model { key: KeyNumber(2), .. }) && done.attempts == 1,
            "{done:?}"
        );
        let pause = done.at.since(NOON);
        assert!(pause >= Duration::from_millis(2_500) && pause <= Duration::from_millis(7_500));
    }
}

#[tokio::test]
async fn after_six_tries_the_fallback_is_used_and_says_why() {
    let mut bench = Bench::new(&[1, 2]).await;
    bench.gemini.fault_key(1, Some(Fault::Overloaded));
    bench.gemini.fault_key(2, Some(Fault::Overloaded));
    bench.bulk(Task::Outreach, 1);
    bench.run().await;
    assert_eq!(bench.gemini.requests().len(), 6);
    assert_eq!(
        bench.makers(),
        [&By::Fallback("the model is overloaded (503); tried 6 times".into())]
    );
    assert!(bench.clock.now().since(NOON) < Duration::from_hours(1));
}

#[tokio::test]
async fn a_waiting_person_gets_the_fallback_before_the_pauses_grow_too_long() {
    let mut bench = Bench::new(&[1, 2]).await;
    bench.gemini.fault_key(1, Some(Fault::InternalError));
    bench.gemini.fault_key(2, Some(Fault::InternalError));
    bench.add(Task::Skills, Class::Person, 1, Duration::from_mins(2));
    bench.run().await;
    assert!(matches!(bench.done[0].by, By::Fallback(_)));
    assert!(bench.clock.now().since(NOON) <= Duration::from_mins(2));
}

#[tokio::test]
async fn bulk_work_is_tried_again_although_its_deadline_passes_in_the_pause() {
    let mut bench = Bench::new(&[1, 2]).await;
    bench.gemini.fault_next([Fault::Overloaded]);
    bench.add(Task::Outreach, Class::Bulk, 1, Duration::from_secs(1));
    bench.run().await;
    assert_eq!(bench.by_model(), 1, "{:?}", bench.done);
}

#[tokio::test]
async fn unusable_answers_cost_an_attempt_and_after_three_the_fallback_is_used() {
    for fault in [
        Fault::Garbage,
        Fault::NoCandidates,
        Fault::PartsMissing,
        Fault::PromptBlocked,
        Fault::Safety,
        Fault::Recitation,
        Fault::MaxTokens,
        Fault::EmptyText,
        Fault::NotJson,
        Fault::NotTheSchema,
    ] {
        let mut bench = Bench::new(&[1, 2]).await;
        bench.gemini.fault_next([fault, fault]);
        bench.bulk(Task::Skills, 1);
        bench.run().await;
        assert_eq!((bench.by_model(), bench.done[0].attempts), (1, 2), "{fault:?}");

        bench.gemini.fault_next([fault, fault, fault]);
        bench.bulk(Task::Skills, 1);
        bench.run().await;
        let By::Fallback(why) = &bench.done[1].by else { panic!("{fault:?}") };
        assert!(why.ends_with(", 3 times"), "{why}");
    }
}

#[tokio::test]
async fn our_own_fault_is_not_tried_twice() {
    let mut bench = Bench::new(&[1, 2]).await;
    bench.gemini.fault_next([Fault::BadRequest]);
    bench.bulk(Task::Outreach, 1);
    bench.run().await;
    assert_eq!(bench.gemini.requests().len(), 1);
    assert!(matches!(&bench.done[0].by, By::Fallback(why) if why.contains("did not understand")));
}

#[tokio::test]
async fn a_server_that_is_not_there_holds_no_slot() {
    let mut bench = Bench::with(&[1, 2], crate::support::gemini::Rules::default(), |gemini| {
        gemini.base_url = "http://127.0.0.1:9".into();
    })
    .await;
    bench.bulk(Task::Outreach, 1);
    bench.run().await;
    assert!(
        matches!(&bench.done[0].by, By::Fallback(why) if why.contains("tried 6 times")),
        "{:?}",
        bench.done
    );
    assert!(bench.clock.now().since(NOON) < DAY);
    assert!(bench.keys().await.iter().all(|row| row.used_today == 0));
}
