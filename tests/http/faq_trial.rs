//! Forty questions and some more on an invented FAQ: how many are answered from the right entry, how many are refused
//! though the FAQ answers them, how many are answered though it does not, or from the wrong entry. Printed with
//! `cargo test --test suite faq_trial -- --nocapture`; held to floors that leave room for other questions.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use muster::config;
use muster::events::CURRENT;
use muster::faq::{entries, import};
use muster::model::{Clock, Secret};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::app::{NOON, TestApp};
use crate::support::db::Place;
use crate::support::gemini::{self, Rules, TestGemini};
use crate::support::repository;

#[derive(Deserialize)]
struct Trial {
    kind: String,
    question: String,
    /// Any of them answers it; none: it must not be answered.
    entries: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Figures {
    right: usize,
    refused: usize,
    wrong: usize,
}

impl Figures {
    fn all(self) -> usize {
        self.right + self.refused + self.wrong
    }

    fn share(self, part: usize) -> f64 {
        100.0 * part as f64 / self.all() as f64
    }
}

fn file(name: &str) -> String {
    std::fs::read_to_string(repository().join("tests/data/faq").join(name)).unwrap()
}

pub async fn fill(app: &TestApp) {
    let parsed = import::read(&file("harbour.txt"));
    assert_eq!(parsed.bad, []);
    assert!(parsed.entries.len() >= 30);
    let mut tx = app.write().await;
    entries::import(&mut tx, CURRENT, &parsed.entries, app.app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
}

/// One whose minute is not counted: the app's time moves, its own stands still.
pub async fn patient_gemini() -> TestGemini {
    let rules = Rules { per_minute: 10_000, per_day: 10_000, ..Rules::default() };
    TestGemini::start(Clock::test(NOON), rules).await
}

/// With keys of these numbers, served by this Gemini.
pub async fn with_keys(gemini: &TestGemini, place: Place, numbers: &[i64]) -> TestApp {
    let keys = numbers.iter().map(|number| config::Key {
        number: *number,
        key: Secret::new(gemini::key(*number)),
        project: None,
        limits: config::Limits::default(),
    });
    let keys = keys.collect();
    TestApp::start_with(place, |config| {
        gemini.url.clone_into(&mut config.gemini.base_url);
        config.gemini.keys = keys;
    })
    .await
}

/// Asks while the workers work.
pub async fn ask(app: &TestApp, question: &str) -> Value {
    let body = json!({ "question": question });
    // A person does not type faster, and by then a key serves again.
    app.app.clock.advance(Duration::from_secs(5));
    let work = async {
        loop {
            // What is tried once more is tried when its time has come.
            if let Some(at) = app.run_jobs().await {
                app.app.clock.advance_to(at);
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let answer = tokio::select! {
        answer = app.post_json("/api/faq/ask", &body) => answer,
        () = work => unreachable!("the work does not end"),
    };
    assert_eq!(answer.status, 200, "{question}: {}", answer.text());
    answer.json()
}

async fn run(app: &TestApp, name: &str) -> Figures {
    let trials: Vec<Trial> = serde_json::from_str(&file("questions.json")).unwrap();
    assert!(trials.len() >= 40);
    let mut kinds: BTreeMap<&str, Figures> = BTreeMap::new();
    let mut sum = Figures::default();
    let mut report = String::new();
    for trial in &trials {
        let answer = ask(app, &trial.question).await;
        let cited = answer["citations"].as_array().unwrap();
        let unknown = answer["unknown"].as_bool().unwrap();
        assert_eq!(unknown, cited.is_empty(), "{answer}");
        let from = cited.first().map_or("", |it| it["question"].as_str().unwrap());
        let right = if unknown {
            trial.entries.is_empty()
        } else {
            trial.entries.iter().any(|entry| entry == from)
        };
        for figures in [&mut sum, kinds.entry(&trial.kind).or_default()] {
            match (right, unknown) {
                (true, _) => figures.right += 1,
                (false, true) => figures.refused += 1,
                (false, false) => figures.wrong += 1,
            }
        }
        if !right {
            let from = if unknown { "refused" } else { from };
            let _ = writeln!(report, "  {}: {:?} -> {from}", trial.kind, trial.question);
        }
    }
    println!("FAQ, {name}: {} questions", sum.all());
    for (kind, figures) in kinds.iter().chain([(&"all", &sum)]) {
        println!(
            "  {kind:<11} {:>2} right, {} wrongly refused, {} wrongly answered ({:.0} %, {:.0} %, {:.0} %)",
            figures.right,
            figures.refused,
            figures.wrong,
            figures.share(figures.right),
            figures.share(figures.refused),
            figures.share(figures.wrong),
        );
    }
    println!("{report}");
    sum
}

#[tokio::test]
async fn without_a_key_a_question_finds_its_entry_or_nothing() {
    let app = TestApp::start().await;
    fill(&app).await;
    let figures = run(&app, "without a key").await;
    assert!(figures.share(figures.right) >= 50.0, "{figures:?}");
    assert!(figures.share(figures.wrong) <= 10.0, "{figures:?}");
}

#[tokio::test]
async fn with_the_tests_gemini_questions_find_their_entries() {
    let gemini = patient_gemini().await;
    let app = with_keys(&gemini, Place::sqlite(), &[1, 2]).await;
    fill(&app).await;
    let figures = run(&app, "with the tests' Gemini").await;
    assert!(figures.share(figures.right) >= 40.0, "{figures:?}");
    assert!(!gemini.requests().is_empty());
}
