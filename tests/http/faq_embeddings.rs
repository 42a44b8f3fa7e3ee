//! Search by embeddings besides words: what is embedded when, and what happens to a question without an embedding.

use std::time::Duration;

use axum::http::StatusCode;
use muster::events::CURRENT;
use muster::faq::{self, Question};
use muster::model::Clock;
use muster::store::faq::EntryText;
use muster::{keys, store};

use crate::support::app::{NOON, TestApp};
use crate::support::db::{Place, on_both_places};
use crate::support::faq::{Set, ask, fill, patient_gemini, with_embeddings, with_keys, work_off};
use crate::support::gemini::{Fault, Rules, TestGemini};

/// Polish: none of its words is in Muster's tables or in the FAQ.
const FOREIGN: &str = "Gdzie można spać?";
const EMBEDDED: &str = "SELECT COUNT(*) FROM faq_embeddings WHERE model = 'gemini-embedding-001'";
const WAITING: &str = "SELECT COUNT(*) FROM jobs WHERE kind = 'embed_entry'";

/// What was asked for, in order, since that many requests.
fn tasks(gemini: &TestGemini, since: usize) -> Vec<String> {
    gemini.requests().into_iter().skip(since).map(|seen| seen.task).collect()
}

async fn save(app: &TestApp, path: &str, question: &str, answer: &str) {
    let fields = [("section", ""), ("question", question), ("answer", answer), ("source", "")];
    assert_eq!(app.form(path, &fields).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn each_entry_is_embedded_when_it_is_new_or_has_changed() {
    on_both_places(async |place| {
        let gemini = patient_gemini().await;
        let app = with_embeddings(&gemini, place, &[1]).await;
        save(&app, "/faq", "Is there lunch?", "At <https://lunch.example/menu>.").await;
        assert_eq!(app.count(WAITING).await, 1);
        assert_eq!(app.count("SELECT COUNT(*) FROM jobs WHERE class = 'bulk'").await, 1);
        work_off(&app).await;
        assert_eq!((app.count(EMBEDDED).await, app.count(WAITING).await), (1, 0));
        let bytes =
            "SELECT COUNT(*) FROM faq_embeddings WHERE length(vector) = 3072 AND length(hash) = 64";
        assert_eq!(app.count(bytes).await, 1, "768 numbers of four bytes");
        let body = gemini.requests()[0].body.clone();
        assert_eq!(body["taskType"], "RETRIEVAL_DOCUMENT");
        assert_eq!(body["outputDimensionality"], 768);
        assert!(!body.to_string().contains("lunch.example"), "links say nothing and stay here");

        // Saved as it was: nothing to do. Changed: once more, and no more than once.
        save(&app, "/faq/1", "Is there lunch?", "At <https://lunch.example/menu>.").await;
        assert_eq!(app.count(WAITING).await, 0);
        save(&app, "/faq/1", "Is there lunch?", "No.").await;
        save(&app, "/faq/1", "Is there lunch?", "Yes.").await;
        assert_eq!(app.count(WAITING).await, 1);
        work_off(&app).await;
        assert_eq!(gemini.requests().len(), 2);
        assert!(gemini.requests()[1].body.to_string().contains("Yes."));

        // What goes while it waits is not asked for, and what is gone leaves nothing.
        save(&app, "/faq", "Is there dinner?", "No.").await;
        app.post("/faq/2/off").await;
        app.post("/faq/1/delete").await;
        work_off(&app).await;
        assert_eq!(gemini.requests().len(), 2);
        assert_eq!(app.count("SELECT COUNT(*) FROM faq_embeddings").await, 0);
        assert_eq!(app.count("SELECT COUNT(*) FROM jobs").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_question_is_embedded_first_and_finds_an_entry_that_shares_no_word() {
    on_both_places(async |place| {
        let gemini = patient_gemini().await;
        let app = with_embeddings(&gemini, place, &[1]).await;
        fill(&app).await;
        work_off(&app).await;
        let before = gemini.requests().len();
        assert_eq!(before, Set::harbour().entries.len(), "one request each");

        let answer = ask(&app, FOREIGN).await;
        assert_eq!(answer["citations"][0]["question"], "Can I stay at the venue overnight?", "{answer}");
        assert_eq!(answer["made_by"]["by"], "model");
        assert_eq!(tasks(&gemini, before), ["embed", "faq"]);
        assert_eq!(gemini.requests()[before].body["taskType"], "RETRIEVAL_QUERY");
        assert_eq!(app.count("SELECT COUNT(*) FROM bookings WHERE task = 'faq'").await, 1);
        assert_eq!(
            app.count("SELECT COUNT(*) FROM bookings WHERE task = 'embed' AND model = 'gemini-embedding-001'").await,
            before as i64 + 1,
            "each with a booking of its own"
        );

        // The same again costs nothing; when the FAQ has changed, only the answer is asked for.
        assert_eq!(ask(&app, "gdzie można  SPAĆ").await, answer);
        assert_eq!(gemini.requests().len(), before + 2);
        app.post("/faq/1/off").await;
        ask(&app, FOREIGN).await;
        assert_eq!(tasks(&gemini, before + 2), ["faq"]);
    })
    .await;
}

#[tokio::test]
async fn without_embeddings_such_a_question_is_passed_on() {
    let gemini = patient_gemini().await;
    let app = with_keys(&gemini, Place::sqlite(), &[1]).await;
    fill(&app).await;
    let answer = ask(&app, FOREIGN).await;
    assert_eq!(answer["unknown"], true, "{answer}");
    assert_eq!(gemini.requests().len(), 0);
    assert_eq!(app.count("SELECT COUNT(*) FROM jobs").await, 0);
}

#[tokio::test]
async fn without_an_embedding_words_are_used_and_other_models_are_not_affected() {
    on_both_places(async |place| {
        let gemini = patient_gemini().await;
        let app = with_embeddings(&gemini, place, &[1]).await;
        save(&app, "/faq", "Is there Wi-Fi?", "Yes, everywhere.").await;
        work_off(&app).await;
        let before = gemini.requests().len();
        // Its day is used up: for this model, not for those that write.
        gemini.change(|rules| rules.embeddings_per_day = 1);
        let answer = ask(&app, "Is there wifi?").await;
        assert_eq!(answer["made_by"]["by"], "model", "{answer}");
        assert_eq!(answer["citations"][0]["question"], "Is there Wi-Fi?");
        assert_eq!(tasks(&gemini, before), ["embed", "faq"]);
        assert_eq!(gemini.requests()[before].status, 429);

        // The next one does not even try, and a new entry waits for another day.
        assert_eq!(ask(&app, "Do you have wifi?").await["made_by"]["by"], "model");
        assert_eq!(tasks(&gemini, before + 2), ["faq"]);
        save(&app, "/faq", "Is there a printer?", "Yes.").await;
        app.run_jobs().await;
        assert_eq!((app.count(WAITING).await, app.count(EMBEDDED).await), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn a_question_whose_embedding_fails_or_is_late_is_answered_by_its_words() {
    let gemini = patient_gemini().await;
    let app = with_embeddings(&gemini, Place::sqlite(), &[1]).await;
    fill(&app).await;
    work_off(&app).await;
    for (question, fault) in
        [("Is there wifi?", Fault::Garbage), ("Do you have wifi?", Fault::InternalError)]
    {
        // As often as it is tried.
        gemini.fault_next([fault; 2]);
        let answer = ask(&app, question).await;
        assert_eq!(answer["citations"][0]["question"], "Is there Wi-Fi?", "{fault:?}: {answer}");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM jobs").await, 0);
}

#[tokio::test]
async fn requests_to_the_embedding_model_are_counted_separately() {
    let rules = Rules { embeddings_per_minute: 3, ..Rules::default() };
    let gemini = TestGemini::start(Clock::test(NOON), rules).await;
    let app = with_embeddings(&gemini, Place::sqlite(), &[1]).await;
    for number in 0..3 {
        save(&app, "/faq", &format!("Is there a printer in hall {number}?"), "Yes.").await;
    }
    work_off(&app).await;
    assert_eq!(gemini.refusals(), 0);
    let now = app.app.clock.now();
    let mut conn = app.app.db.read().await.unwrap();
    let view = keys::view(&mut conn, &app.app.pool, &[], now).await.unwrap();
    let used: Vec<u32> = view
        .keys
        .iter()
        .flat_map(|key| view.chain_of(&key.project))
        .map(|it| it.used_today)
        .collect();
    assert_eq!(used, [0, 0], "nothing of the models that write");
}

/// A question waits for one short transaction, however much there is to catch up with.
#[tokio::test]
async fn with_a_new_key_and_a_long_faq_no_question_waits_for_all_embeddings() {
    on_both_places(async |place| {
        let gemini = patient_gemini().await;
        let app = with_embeddings(&gemini, place, &[1]).await;
        let mut tx = app.write().await;
        for number in 0..120 {
            let question = format!("What is in hall {number}?");
            let text = EntryText { question, answer: "A stage.".into(), ..EntryText::default() };
            store::faq::insert_entry(&mut tx, CURRENT, &text, NOON).await.unwrap();
        }
        tx.commit().await.unwrap();
        for (asked, waiting) in [(1, 50), (2, 100), (3, 120), (4, 120)] {
            let mut tx = app.write().await;
            let question = Question::parse(&format!("Anything else {asked}?")).unwrap();
            let patience = Duration::from_secs(8);
            faq::ask(&mut tx, &app.app.pool, &question, patience, NOON).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(app.count(WAITING).await, waiting, "after {asked}");
        }
    })
    .await;
}
