//! The FAQ: how long a question takes to find its entry, and how well it does. The shares are printed, not measured by
//! divan.

use divan::{Bencher, black_box};
use muster::faq::nearness::{cosine, join};
use muster::faq::search::Index;
use muster::model::{EntryId, Millis};
use muster::store::faq::Entry;

use super::house::block_on;
use super::support::app::TestApp;
use super::support::db::Place;
use super::support::faq::{Set, patient_gemini, run, with_embeddings, with_keys};

const QUESTION: &str = "Do I have to pay anything for lunch, and is ther vegaterian food?";

/// The invented FAQ again and again, each time with other words among its own.
fn entries(count: usize) -> Vec<Entry> {
    let texts = Set::harbour().entries;
    let entry = |at: usize| {
        let text = &texts[at % texts.len()];
        let round = at / texts.len();
        let more = if round == 0 { String::new() } else { format!(" Hall {round}, door d{at}.") };
        Entry {
            id: EntryId(at as i64),
            section: text.section.clone(),
            question: text.question.clone(),
            answer: format!("{}{more}", text.answer),
            source: String::new(),
            position: at as i64,
            off_at: None,
            updated_at: Millis(0),
        }
    };
    (0..count).map(entry).collect()
}

/// As the first question after a change does it: the index is made anew.
#[divan::bench(args = [38, 1_000])]
fn a_first_question(bencher: Bencher, count: usize) {
    let entries = entries(count);
    bencher.bench(|| Index::new(&entries).search(black_box(QUESTION)));
}

#[divan::bench(args = [38, 1_000])]
fn searching_alone(bencher: Bencher, count: usize) {
    let index = Index::new(&entries(count));
    bencher.bench(|| index.search(black_box(QUESTION)));
}

/// Comparing what a question is about with every entry, and joining that with its words.
#[divan::bench(args = [38, 1_000])]
fn nearness(bencher: Bencher, count: usize) {
    let hits = Index::new(&entries(count)).search(QUESTION);
    let vector = |seed: usize| -> Vec<f32> {
        (0..768).map(|at| ((at * 31 + seed * 17) % 101) as f32 - 50.0).collect()
    };
    let (question, entries) = (vector(0), (1..=count).map(vector).collect::<Vec<_>>());
    bencher.bench(|| {
        let cosines: Vec<(usize, f64)> =
            entries.iter().map(|it| cosine(black_box(&question), it)).enumerate().collect();
        join(&hits, &cosines)
    });
}

/// Prints the shares, unless something else was asked for by name.
pub fn report() {
    if !super::is_wanted("faq") {
        return;
    }
    println!("faq (questions on invented FAQs)");
    block_on(async {
        for set in Set::all() {
            run(&TestApp::start().await, &set, "without a key").await;
        }
        for set in Set::all() {
            let gemini = patient_gemini().await;
            let app = with_keys(&gemini, Place::sqlite(), &[1, 2]).await;
            run(&app, &set, "with the tests' Gemini").await;
        }
        for set in Set::all() {
            let gemini = patient_gemini().await;
            let app = with_embeddings(&gemini, Place::sqlite(), &[1, 2]).await;
            run(&app, &set, "with the tests' Gemini and its embeddings").await;
        }
    });
}
