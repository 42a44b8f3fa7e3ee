//! Two invented FAQs with questions, and how many of these are answered from the right entry, wrongly refused, or
//! wrongly answered.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use muster::config;
use muster::events::CURRENT;
use muster::faq::{embeddings, entries, import};
use muster::model::{Clock, Secret};
use muster::store::faq::EntryText;
use serde::Deserialize;
use serde_json::{Value, json};

use super::app::{NOON, TestApp};
use super::db::Place;
use super::gemini::{self, Rules, TestGemini};
use super::repository;

/// A FAQ and what is asked of it.
pub struct Set {
    pub name: &'static str,
    pub entries: Vec<EntryText>,
    trials: Vec<Trial>,
}

#[derive(Deserialize)]
struct Trial {
    kind: String,
    question: String,
    /// The entries that answer it; none: it must not be answered.
    entries: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Figures {
    pub right: usize,
    pub refused: usize,
    pub wrong: usize,
    kinds: BTreeMap<String, Figures>,
}

impl Set {
    /// The FAQ that the search was tuned with, and one that it was not.
    pub fn all() -> [Self; 2] {
        [Self::harbour(), Self::read("alpine", "alpine.md")]
    }

    pub fn harbour() -> Self {
        Self::read("harbour", "harbour.txt")
    }

    fn read(name: &'static str, faq: &str) -> Self {
        let parsed = import::read(&file(faq));
        assert_eq!(parsed.bad, []);
        assert!(parsed.entries.len() >= 30);
        let trials: Vec<Trial> = serde_json::from_str(&file(&format!("{name}.json"))).unwrap();
        assert!(trials.len() >= 40);
        for entry in trials.iter().flat_map(|trial| &trial.entries) {
            assert!(parsed.entries.iter().any(|it| it.question == *entry), "{entry}");
        }
        Self { name, entries: parsed.entries, trials }
    }
}

fn file(name: &str) -> String {
    std::fs::read_to_string(repository().join("tests/data/faq").join(name)).unwrap()
}

impl Figures {
    fn all(&self) -> usize {
        self.right + self.refused + self.wrong
    }

    /// In per cent.
    pub fn share(&self, part: usize) -> f64 {
        100.0 * part as f64 / self.all() as f64
    }

    pub fn wrong_of(&self, kind: &str) -> usize {
        self.kinds[kind].wrong
    }

    fn count(&mut self, right: bool, unknown: bool) {
        match (right, unknown) {
            (true, _) => self.right += 1,
            (false, true) => self.refused += 1,
            (false, false) => self.wrong += 1,
        }
    }
}

/// Fills the FAQ with the entries of a hackathon.
pub async fn fill(app: &TestApp) {
    fill_with(app, &Set::harbour()).await;
}

async fn fill_with(app: &TestApp, set: &Set) {
    let mut tx = app.write().await;
    let now = app.app.clock.now();
    entries::import(&mut tx, CURRENT, &set.entries, now).await.unwrap();
    embeddings::catch_up(&mut tx, &app.app.pool, now).await.unwrap();
    tx.commit().await.unwrap();
}

/// A Gemini without rate limits: the app's clock moves, its own does not.
pub async fn patient_gemini() -> TestGemini {
    let rules = Rules {
        per_minute: 10_000,
        per_day: 10_000,
        embeddings_per_minute: 10_000,
        embeddings_per_day: 10_000,
        ..Rules::default()
    };
    TestGemini::start(Clock::test(NOON), rules).await
}

/// Starts Muster with keys of these numbers for this Gemini, and search by words only.
pub async fn with_keys(gemini: &TestGemini, place: Place, numbers: &[i64]) -> TestApp {
    with(gemini, place, numbers, None).await
}

/// Like [`with_keys`], with an embedding model.
pub async fn with_embeddings(gemini: &TestGemini, place: Place, numbers: &[i64]) -> TestApp {
    with(gemini, place, numbers, Some("gemini-embedding-001".into())).await
}

async fn with(
    gemini: &TestGemini,
    place: Place,
    numbers: &[i64],
    embedding_model: Option<String>,
) -> TestApp {
    let keys = numbers.iter().map(|number| config::Key {
        number: muster::model::KeyNumber(*number),
        key: Secret::new(gemini::key(*number)),
        project: None,
        limits: config::Limits::default(),
    });
    let keys = keys.collect();
    TestApp::start_with(place, |config| {
        gemini.url.clone_into(&mut config.gemini.base_url);
        config.gemini.keys = keys;
        config.gemini.embedding_model = embedding_model;
    })
    .await
}

/// Runs all jobs, however long that takes.
pub async fn work_off(app: &TestApp) {
    while let Some(at) = app.run_jobs().await {
        app.app.clock.advance_to(at);
    }
}

/// Asks while the workers work.
pub async fn ask(app: &TestApp, question: &str) -> Value {
    let body = json!({ "question": question });
    // A person does not type faster, and by then a key is free again.
    app.app.clock.advance(Duration::from_secs(5));
    let work = async {
        loop {
            // Retries run when they are due.
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

/// Fills the FAQ, asks every question of the set and prints the results.
pub async fn run(app: &TestApp, set: &Set, how: &str) -> Figures {
    fill_with(app, set).await;
    work_off(app).await;
    let mut sum = Figures::default();
    let mut report = String::new();
    for trial in &set.trials {
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
        sum.count(right, unknown);
        sum.kinds.entry(trial.kind.clone()).or_default().count(right, unknown);
        if !right {
            let from = if unknown { "refused" } else { from };
            let _ = writeln!(report, "  {}: {:?} -> {from}", trial.kind, trial.question);
        }
    }
    println!(
        "FAQ \"{}\", {how}: {} questions on {} entries",
        set.name,
        sum.all(),
        set.entries.len()
    );
    for (kind, figures) in
        sum.kinds.iter().map(|(kind, it)| (kind.as_str(), it)).chain([("all", &sum)])
    {
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
