//! How well questions find their entries; held to floors that leave room for other questions. The table is printed by
//! `cargo bench -- faq`, or `cargo test --test suite faq_trial -- --nocapture`.

use crate::support::app::TestApp;
use crate::support::db::Place;
use crate::support::faq::{Set, patient_gemini, run, with_embeddings, with_keys};

#[tokio::test]
async fn without_a_key_a_question_finds_its_entry_or_nothing() {
    for set in Set::all() {
        let app = TestApp::start().await;
        let figures = run(&app, &set, "without a key").await;
        assert!(figures.share(figures.right) >= 75.0, "{}: {figures:?}", set.name);
        assert!(figures.share(figures.wrong) <= 5.0, "{}: {figures:?}", set.name);
        assert_eq!(figures.wrong_of("hostile"), 0, "{}", set.name);
    }
}

#[tokio::test]
async fn with_the_tests_gemini_questions_find_their_entries() {
    for set in Set::all() {
        let gemini = patient_gemini().await;
        let app = with_keys(&gemini, Place::sqlite(), &[1, 2]).await;
        let figures = run(&app, &set, "with the tests' Gemini").await;
        assert!(figures.share(figures.right) >= 60.0, "{}: {figures:?}", set.name);
        assert!(figures.share(figures.wrong) <= 10.0, "{}: {figures:?}", set.name);
        assert_eq!(figures.wrong_of("hostile"), 0, "{}", set.name);
        assert!(!gemini.requests().is_empty());
    }
}

#[tokio::test]
async fn with_embeddings_too_questions_find_their_entries() {
    for set in Set::all() {
        let gemini = patient_gemini().await;
        let app = with_embeddings(&gemini, Place::sqlite(), &[1, 2]).await;
        let figures = run(&app, &set, "with the tests' Gemini and its embeddings").await;
        assert!(figures.share(figures.right) >= 60.0, "{}: {figures:?}", set.name);
        assert!(figures.share(figures.wrong) <= 10.0, "{}: {figures:?}", set.name);
        assert_eq!(figures.wrong_of("hostile"), 0, "{}", set.name);
        assert!(gemini.requests().iter().any(|it| it.task == "embed"));
    }
}
