//! The queue.

use muster::model::job::{Class, Task};
use muster::model::{Job, MessageId, Millis, QuestionId, ResumeId};
use muster::store::jobs;

use crate::support::db::on_both_engines;

const NOW: Millis = Millis(10_000);

#[tokio::test]
async fn the_next_job_of_each_task_and_class_is_the_one_that_is_claimed() {
    on_both_engines(async |db| {
        let mut tx = db.write().await.unwrap();
        let mut subject = 0;
        let tasks = [Task::Outreach, Task::Skills, Task::Match, Task::Faq];
        for task in &tasks {
            for class in Class::ALL {
                for (age, due) in [(1, NOW), (3, Millis(NOW.0 + 1)), (2, NOW)] {
                    subject += 1;
                    let job = match task {
                        Task::Skills => Job::FindSkills(ResumeId(subject)),
                        Task::Faq => Job::AnswerFaq(QuestionId(subject)),
                        task => Job::Draft(MessageId(subject), *task),
                    };
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
