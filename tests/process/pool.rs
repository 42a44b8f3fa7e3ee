//! The pool of keys at work in the real binary, ten times faster than life: never refused, nothing lost.

use std::time::Duration;

use muster::model::Clock;
use muster::store::Db;
use serde_json::{Value, json};

use super::{SCALE, assert_written, rules, with_keys};
use crate::support::gemini::{Fault, Rules, Seen, TestGemini};
use crate::support::process::{Desk, Muster, wait_for};

const INVITATIONS: usize = 20;
const RESUMES: usize = 10;
const MATCH_EMAILS: usize = INVITATIONS - RESUMES;

/// A start, as it is booked.
#[derive(Debug, sqlx::FromRow)]
struct Booking {
    task: String,
    key_number: i64,
    booked_at: i64,
    outcome: String,
}

impl Booking {
    /// On a machine that is too busy a slot may grow old before anything was sent: then it is released.
    fn is_sent(&self) -> bool {
        self.outcome != "given_back"
    }
}

/// All starts in order.
async fn bookings(desk: &Desk) -> Vec<Booking> {
    let db = Db::open(None, &desk.data_dir()).await.unwrap();
    let bookings = sqlx::query_as(
        "SELECT task, key_number, booked_at, outcome FROM bookings ORDER BY booked_at, id",
    )
    .fetch_all(&mut *db.read().await.unwrap())
    .await
    .unwrap();
    db.close().await;
    bookings
}

/// Starts of one task keep the distance of two keys.
fn assert_spaced(bookings: &[Booking], task: &str, delay: Duration) {
    let starts: Vec<i64> = bookings
        .iter()
        .filter(|it| it.task == task && it.is_sent())
        .map(|it| it.booked_at)
        .collect();
    let least = delay.as_millis() as i64 / i64::from(SCALE);
    for pair in starts.windows(2) {
        assert!(pair[1] - pair[0] >= least, "{task}: {} ms apart", pair[1] - pair[0]);
    }
}

/// The keys take turns. On a busy machine a slot that grew old (50 ms here) is stamped again, and so changes places
/// with the one after it: a few such pairs are let pass. With time standing still the pool's own tests know no
/// exception.
fn assert_taking_turns(bookings: &[Booking]) {
    let out_of_turn =
        bookings.windows(2).filter(|pair| pair[0].key_number == pair[1].key_number).count();
    assert!(out_of_turn <= bookings.len() / 10, "{out_of_turn} out of turn: {bookings:?}");
    let ones = bookings.iter().filter(|it| it.key_number == 1).count();
    assert!(ones.abs_diff(bookings.len() - ones) <= 3, "{bookings:?}");
}

/// Ten people whose skills nobody knows, and ten who can be matched; the first ten.
async fn add_people(muster: &Muster) -> Vec<i64> {
    let mut unknown = Vec::new();
    for number in 1..=RESUMES {
        unknown.push(muster.add_person(number, &[]).await);
    }
    for number in RESUMES + 1..=INVITATIONS {
        muster.add_person(number, &["Rust", "SQL"]).await;
    }
    unknown
}

/// Everybody gets a resume; where its progress is told.
async fn upload_resumes(muster: &Muster, people: &[i64]) -> Vec<String> {
    let mut resumes = Vec::new();
    for (number, person) in people.iter().enumerate() {
        let text = format!(
            "Noor Example {number}\n\nSkills\nPython, Docker, Kubernetes, SQL\n\nExperience\nBuilt services in Go.\n"
        );
        resumes.push(muster.upload_resume(*person, "resume.txt", text.as_bytes()).await);
    }
    resumes
}

async fn wait_for_resumes(muster: &Muster, resumes: &[String]) -> Vec<Value> {
    let mut read = Vec::new();
    for resume in resumes {
        let answer = wait_for("the skills of a resume", async || {
            let answer = muster.get(resume).await;
            answer["done"].as_bool().unwrap().then_some(answer)
        });
        read.push(answer.await);
    }
    read
}

async fn match_everybody(muster: &Muster) -> String {
    let (status, answer) = muster.post("/matchmaking/bulk-match", Value::Null).await;
    assert_eq!(status, 202, "{answer}");
    answer["progress_url"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn with_two_keys_invitations_resumes_and_matches_at_once_are_never_refused() {
    let rules =
        Rules { latency: Duration::from_millis(80), jitter: Duration::from_millis(20), ..rules() };
    let gemini = TestGemini::start(Clock::machine(), rules).await;
    let desk = with_keys(Desk::new(), &gemini, &[1, 2]);
    let muster = desk.start().await;
    let people = add_people(&muster).await;
    let invitations = muster.start_campaign("test").await;
    let match_emails = match_everybody(&muster).await;
    let resumes = upload_resumes(&muster, &people).await;

    let invitations = muster.wait_until_done(&invitations).await;
    let match_emails = muster.wait_until_done(&match_emails).await;
    let resumes = wait_for_resumes(&muster, &resumes).await;
    assert_written(&invitations, "model", INVITATIONS);
    assert_written(&match_emails, "model", MATCH_EMAILS);
    for resume in &resumes {
        assert_eq!((&resume["state"], &resume["made_by"]["by"]), (&json!("done"), &json!("model")));
        assert!(resume["extracted_skills"].as_array().unwrap().contains(&json!("Kubernetes")));
    }

    let seen = gemini.requests();
    assert_eq!(gemini.refusals(), 0);
    assert!(seen.iter().all(|seen| seen.status == 200));
    assert_eq!(seen.len(), INVITATIONS + RESUMES + MATCH_EMAILS, "each was asked for once");
    let bookings = bookings(&desk).await;
    assert_eq!(bookings.iter().filter(|it| it.is_sent()).count(), seen.len());
    assert_spaced(&bookings, "outreach", Duration::from_secs(5));
    assert_spaced(&bookings, "skills", Duration::from_secs(7));
    assert_spaced(&bookings, "match", Duration::from_secs(6));
    assert_taking_turns(&bookings);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_killed_while_gemini_writes_every_message_is_written_in_the_end() {
    let rules = Rules { latency: Duration::from_millis(400), ..rules() };
    let gemini = TestGemini::start(Clock::machine(), rules).await;
    let desk = with_keys(Desk::new(), &gemini, &[1, 2]);
    let mut muster = desk.start().await;
    let people = 14;
    muster.add_people(people).await;
    let campaign = muster.start_campaign("test").await;
    let mut cut = 0;
    for asked in [3, 7] {
        wait_for("requests", async || (gemini.requests().len() >= asked).then_some(())).await;
        muster.kill9();
        cut += gemini.requests().iter().filter(|seen| seen.status == 0).count();
        muster = desk.start().await;
    }
    let done = muster.wait_until_done(&campaign).await;
    assert_written(&done, "model", people);
    assert_eq!(done["counts"]["drafted"], people);
    assert_eq!(gemini.refusals(), 0, "slots of the dead are not given away early");
    let asked = gemini.requests().len();
    assert!(asked <= people + cut, "{asked} requests: {people} messages, {cut} cut off");

    let names = |seen: &Seen| seen.body["contents"][0]["parts"][0]["text"].to_string();
    let mut whom: Vec<String> = gemini.requests().iter().map(names).collect();
    whom.sort();
    whom.dedup();
    assert_eq!(whom.len(), people, "each is asked for");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_every_key_refused_templates_and_word_list_finish_and_say_so() {
    let gemini = TestGemini::start(Clock::machine(), rules()).await;
    for number in [0, 1, 2] {
        gemini.fault_key(number, Some(Fault::Invalid));
    }
    let desk = with_keys(Desk::new(), &gemini, &[0, 1, 2]);
    let muster = desk.start().await;
    let people = add_people(&muster).await;
    let invitations = muster.start_campaign("send").await;
    let match_emails = match_everybody(&muster).await;
    let resumes = upload_resumes(&muster, &people).await;

    let invitations = muster.wait_until_done(&invitations).await;
    let match_emails = muster.wait_until_done(&match_emails).await;
    assert_eq!(invitations["counts"]["sent"], INVITATIONS);
    for (campaign, people) in [(&invitations, INVITATIONS), (&match_emails, MATCH_EMAILS)] {
        assert_written(campaign, "template", people);
        for email in campaign["emails"].as_array().unwrap() {
            let why = email["made_by"]["why"].as_str().unwrap();
            assert!(!why.is_empty(), "{email}");
        }
    }
    for resume in wait_for_resumes(&muster, &resumes).await {
        assert_eq!(
            (&resume["state"], &resume["made_by"]["by"]),
            (&json!("done"), &json!("taxonomy"))
        );
        assert!(!resume["made_by"]["why"].as_str().unwrap().is_empty());
    }
    // One request of each task may be on its way before the first refusal comes.
    let asked = gemini.keys_used();
    for number in [0, 1, 2] {
        let times = asked.iter().filter(|key| **key == number).count();
        assert!((1..=3).contains(&times), "key {number} in {asked:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reserve_key_alone_writes_everything() {
    let gemini = TestGemini::start(Clock::machine(), rules()).await;
    let desk = with_keys(Desk::new(), &gemini, &[0]);
    let muster = desk.start().await;
    let people = 6;
    muster.add_people(people).await;
    let campaign = muster.start_campaign("test").await;
    let done = muster.wait_until_done(&campaign).await;
    assert_written(&done, "model", people);
    assert_eq!(gemini.keys_used(), vec![0; people]);
    assert_eq!(gemini.refusals(), 0);
    assert!(muster.log().contains("Using the reserve API key"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaked_second_key_is_disabled_after_one_refusal_and_nothing_falls_back() {
    let gemini = TestGemini::start(Clock::machine(), rules()).await;
    gemini.fault_key(2, Some(Fault::Leaked));
    let desk = with_keys(Desk::new(), &gemini, &[1, 2]);
    let muster = desk.start().await;
    let people = 10;
    muster.add_people(people).await;
    let campaign = muster.start_campaign("test").await;
    let done = muster.wait_until_done(&campaign).await;
    assert_written(&done, "model", people);
    let twos = gemini.keys_used().iter().filter(|key| **key == 2).count();
    assert_eq!((twos, gemini.requests().len()), (1, people + 1));
    assert!(done["emails"].as_array().unwrap().iter().all(|it| it["made_by"]["key"] == 1));
}
