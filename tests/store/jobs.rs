//! The queue: what workers find in it.

use muster::model::job::{Class, Task};
use muster::model::{Job, JobKind, MessageId, Millis};
use muster::store::jobs::{self, Needs};

use crate::support::db::on_both_engines;

const NOW: Millis = Millis(10_000);

#[tokio::test]
async fn the_next_job_of_each_task_and_class_is_the_one_that_is_claimed() {
    on_both_engines(async |db| {
        let mut tx = db.write().await.unwrap();
        let mut subject = 0;
        // Gateway requests are divided by model as well: see below.
        let tasks: Vec<_> = Task::ALL.iter().filter(|task| **task != Task::Gateway).collect();
        for task in &tasks {
            let kind = JobKind::ALL.iter().find(|kind| kind.task() == Some(**task)).unwrap();
            for class in Class::ALL {
                for (age, due) in [(1, NOW), (3, Millis(NOW.0 + 1)), (2, NOW)] {
                    subject += 1;
                    let job = Job::new(*kind, subject);
                    let made = Millis(NOW.0 - age);
                    let deadline = Some(Millis(NOW.0 + age));
                    jobs::enqueue(&mut tx, job, *class, made, due, deadline).await.unwrap();
                }
            }
        }
        let next = jobs::next_waiting(&mut tx, "here", NOW).await.unwrap();
        assert_eq!(next.len(), tasks.len() * Class::ALL.len());
        for next in next {
            assert_eq!(
                (next.oldest, next.deadline_at),
                (Millis(NOW.0 - 2), Some(Millis(NOW.0 + 2)))
            );
            let claimed = jobs::claim_next(&mut tx, next.next, "somebody", NOW).await.unwrap();
            let claimed = claimed.expect("nobody else takes it");
            assert_eq!((claimed.class, claimed.created_at), (next.class, next.oldest));
            assert_eq!(claimed.job.task(), Some(next.task));
        }
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_owner_with_a_heartbeat_keeps_its_jobs_and_a_silent_one_is_found() {
    on_both_engines(async |db| {
        let mut tx = db.write().await.unwrap();
        let job = Job::DraftOutreach(MessageId(1));
        jobs::enqueue(&mut tx, job, Class::Bulk, NOW, NOW, None).await.unwrap();
        let next = jobs::next_waiting(&mut tx, "here", NOW).await.unwrap()[0].next;
        let until = Millis(NOW.0 + 15);
        jobs::claim_next(&mut tx, next, "somebody", until).await.unwrap().unwrap();
        assert!(jobs::claim_next(&mut tx, next, "other", until).await.unwrap().is_none());
        assert!(jobs::next_waiting(&mut tx, "here", NOW).await.unwrap().is_empty());
        assert!(jobs::silent_owners(&mut tx, until).await.unwrap().is_empty());
        jobs::heartbeat(&mut tx, "somebody", Millis(until.0 + 15)).await.unwrap();
        jobs::heartbeat(&mut tx, "other", Millis(until.0 + 900)).await.unwrap();
        assert!(jobs::silent_owners(&mut tx, Millis(until.0 + 15)).await.unwrap().is_empty());
        let silent = jobs::silent_owners(&mut tx, Millis(until.0 + 16)).await.unwrap();
        assert_eq!(silent, ["somebody"]);
        assert_eq!(jobs::release_owner(&mut tx, "other").await.unwrap(), 0);
        assert_eq!(jobs::release_owner(&mut tx, "somebody").await.unwrap(), 1);
        assert_eq!(jobs::next_waiting(&mut tx, "here", NOW).await.unwrap().len(), 1);
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_job_is_done_only_by_its_owner_and_not_when_it_was_asked_for_again() {
    on_both_engines(async |db| {
        let mut tx = db.write().await.unwrap();
        let job = Job::DraftOutreach(MessageId(1));
        jobs::enqueue(&mut tx, job, Class::Bulk, NOW, NOW, None).await.unwrap();
        let next = jobs::next_waiting(&mut tx, "here", NOW).await.unwrap()[0].next;
        let lost = jobs::claim_next(&mut tx, next, "lost", NOW).await.unwrap().unwrap();
        jobs::release_owner(&mut tx, "lost").await.unwrap();
        let taken = jobs::claim_next(&mut tx, next, "new owner", NOW).await.unwrap().unwrap();
        jobs::finish(&mut tx, &lost).await.unwrap();
        assert_eq!(jobs::release_owner(&mut tx, "new owner").await.unwrap(), 1, "it kept the job");

        let held = jobs::claim_next(&mut tx, next, "new owner", NOW).await.unwrap().unwrap();
        jobs::enqueue(&mut tx, taken.job, Class::Bulk, NOW, NOW, None).await.unwrap();
        jobs::finish(&mut tx, &held).await.unwrap();
        assert_eq!(jobs::next_waiting(&mut tx, "here", NOW).await.unwrap().len(), 1, "once more");
        let again = jobs::claim_next(&mut tx, next, "new owner", NOW).await.unwrap().unwrap();
        jobs::finish(&mut tx, &again).await.unwrap();
        assert_eq!(jobs::count(&mut tx).await.unwrap(), 0);
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_released_job_stays_paused_when_its_campaign_was_paused_meanwhile() {
    on_both_engines(async |db| {
        let mut tx = db.write().await.unwrap();
        for (id, paused) in [(1, false), (2, true)] {
            let job = Job::DraftOutreach(MessageId(id));
            jobs::enqueue(&mut tx, job, Class::Bulk, NOW, NOW, None).await.unwrap();
            let next = jobs::next_waiting(&mut tx, "here", NOW).await.unwrap()[0].next;
            let leased = jobs::claim_next(&mut tx, next, "somebody", NOW).await.unwrap().unwrap();
            if paused {
                let pause = sqlx::query("UPDATE jobs SET run_at = $1").bind(jobs::PAUSED);
                pause.execute(&mut *tx).await.unwrap();
            }
            jobs::release(&mut tx, &leased, NOW, 0, None).await.unwrap();
            let waiting = jobs::next_waiting(&mut tx, "here", NOW).await.unwrap();
            assert_eq!(waiting.is_empty(), paused);
            let job = sqlx::query("DELETE FROM jobs").execute(&mut *tx).await.unwrap();
            assert_eq!(job.rows_affected(), 1);
        }
        tx.commit().await.unwrap();
    })
    .await;
}

/// The statement names the tasks one by one, so a new task is easily forgotten there.
#[tokio::test]
async fn every_kind_of_job_that_asks_gemini_is_found() {
    on_both_engines(async |db| {
        let mut tx = db.write().await.unwrap();
        for kind in JobKind::ALL.iter().filter(|kind| kind.task().is_some()) {
            let needs = Needs { instance: Some("here"), ..Needs::default() };
            let job = Job::new(*kind, 1);
            jobs::enqueue_with(&mut tx, job, Class::Bulk, NOW, needs).await.unwrap();
            let found = jobs::next_waiting(&mut tx, "here", NOW).await.unwrap();
            assert_eq!(found.len(), 1, "{kind}");
            assert_eq!(Some(found[0].task), kind.task());
            let claimed = jobs::claim_next(&mut tx, found[0].next, "somebody", NOW).await.unwrap();
            let claimed = claimed.unwrap();
            assert_eq!(claimed.job, job);
            jobs::finish(&mut tx, &claimed).await.unwrap();
        }
        tx.commit().await.unwrap();
    })
    .await;
}
