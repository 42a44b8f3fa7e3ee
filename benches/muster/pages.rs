//! What an organiser waits for in the browser: a request through the whole router, to the last byte of the answer.
//! 10,000 people are matched, a campaign of 10,000 messages waits for review, another went into the outbox.

use std::sync::LazyLock;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use divan::Bencher;
use muster::model::campaign::CampaignKind;
use tower::ServiceExt as _;

use super::house::{House, block_on};

const PEOPLE: usize = 10_000;

static HOUSE: LazyLock<House> = LazyLock::new(|| block_on(full_house()));

/// A body as long as they are, with a word that few have.
const BODY: &str = "'Dear ' || (SELECT name FROM people WHERE id = person_id) || ',' || char(10, 10) || \
    replace(hex(zeroblob(12)), '00', 'we would like to see you at the harbour with your friends and what you know. ') \
    || CASE WHEN person_id % 1000 = 7 THEN 'lighthouse' ELSE '' END";

async fn full_house() -> House {
    let house = House::with_people(PEOPLE).await;
    house.match_all().await;
    house.start_campaign(CampaignKind::Live).await;
    house.sql("DELETE FROM jobs").await;
    house
        .sql(&format!(
            "UPDATE messages SET state = 'sent', subject = 'Come to the Harbour Hack', body = {BODY}, \
             made_by = 'template', made_why = 'no key is set', sent_at = created_at, drafted_at = created_at"
        ))
        .await;
    house.sql("UPDATE campaigns SET state = 'finished', finished_at = created_at").await;
    house
        .sql(
            "INSERT INTO mails (message_id, recipient, subject, header_id, transport, state, bytes, started_at, ended_at)
             SELECT m.id, p.address, m.subject, 'bench-' || m.id, 'outbox', 'sent', zeroblob(6000), m.sent_at, m.sent_at
             FROM messages m JOIN people p ON p.id = m.person_id",
        )
        .await;
    house.start_campaign(CampaignKind::Match).await;
    house.sql("DELETE FROM jobs").await;
    house
        .sql(&format!(
            "UPDATE messages SET state = 'drafted', subject = 'Your teammates', body = {BODY}, \
             made_by = 'template', made_why = 'no key is set', drafted_at = created_at WHERE kind = 'match'"
        ))
        .await;
    house
}

#[divan::bench(sample_count = 30, sample_size = 1, args = [
    "/people",
    "/people?page=100",
    "/people?q=raghunathan",
    "/people?q=no+such+person",
    "/people?show=not-invited",
    "/people?show=skills&page=100",
    "/people/5000",
    "/people/people.csv",
    "/",
    "/outreach",
    "/outreach/1",
    "/outreach/2",
    "/outreach/2?page=100",
    "/outreach/2?message=15000",
    "/outreach/2?q=lighthouse",
    "/outbox",
    "/outbox?page=100",
    "/matchmaking",
    "/matchmaking?page=100",
    "/keys",
    "/healthz",
    "/api/matchmaking/stats",
    "/api/campaigns/1",
])]
fn page(bencher: Bencher, path: &str) {
    let router = muster::web::router(HOUSE.app.clone());
    bencher.bench_local(|| {
        block_on(async {
            let request = Request::get(path).header("Host", "localhost").body(Body::empty());
            let answer =
                router.clone().oneshot(request.expect("a request")).await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            to_bytes(answer.into_body(), usize::MAX).await.expect("a body").len()
        })
    });
}
