//! The queue from its row to its runner.

use muster::model::job::Class;
use muster::model::{Job, JobKind};
use muster::store::jobs::{self, Needs};

use super::keys::keys;
use crate::support::app::{NOON, TestApp};
use crate::support::db::Place;

/// Runs a job of each kind about a row that does not exist. Its runner finds that out and ends the job; a job that
/// reaches no runner stays in the queue.
async fn run_one_of_each(app: &TestApp) {
    for kind in JobKind::ALL {
        let mut tx = app.write().await;
        let needs = Needs { instance: Some(&app.app.instance), ..Needs::default() };
        let job = Job::new(*kind, 1_000_000);
        jobs::enqueue_with(&mut tx, job, Class::Bulk, NOON, needs).await.unwrap();
        tx.commit().await.unwrap();
        app.run_jobs().await;
        assert_eq!(app.count("SELECT COUNT(*) FROM jobs").await, 0, "{kind}");
    }
}

#[tokio::test]
async fn a_job_of_every_kind_reaches_its_runner() {
    run_one_of_each(&TestApp::start().await).await;
}

#[tokio::test]
async fn a_job_of_every_kind_reaches_its_runner_when_a_key_is_set() {
    run_one_of_each(&TestApp::start_with(Place::sqlite(), keys(&[1])).await).await;
}
