//! Who is in whose list of matches: ties, the threshold, and what changes when one person is matched again.

use muster::events::CURRENT;
use muster::matching::score::Rule;
use muster::matching::{self, RULE_SETTING};
use muster::model::PersonId;
use muster::store;

use super::matchmaking::leads_to;
use crate::support::app::{NOON, TestApp};

async fn match_one(app: &TestApp, person: PersonId, rule: Rule) -> Vec<String> {
    let mut tx = app.write().await;
    matching::run_one(&mut tx, CURRENT, person, rule, NOON).await.unwrap();
    let list = store::matches::of_person(&mut tx, CURRENT, person).await.unwrap();
    tx.commit().await.unwrap();
    list.into_iter().map(|row| row.name).collect()
}

#[tokio::test]
async fn the_ratio_rule_lists_whoever_shares_most_and_nobody_below_the_threshold() {
    let app = TestApp::start().await;
    let ada = app.person("Ada").skills(["Rust", "Go", "SQL", "Zig"]).insert().await;
    app.person("One of one").skills(["Rust"]).insert().await;
    app.person("Two of three").skills(["Rust", "Go", "Perl"]).insert().await;
    app.person("One of four").skills(["Zig", "Lisp", "Ada", "Cobol"]).insert().await;
    let list = match_one(&app, ada, Rule::Ratio { threshold: 0.1 }).await;
    assert_eq!(list, ["Two of three", "One of one", "One of four"]);
    let list = match_one(&app, ada, Rule::Ratio { threshold: 0.5 }).await;
    assert_eq!(list, ["Two of three", "One of one"]);

    // The threshold of full runs is low.
    let mut tx = app.write().await;
    store::events::set(&mut tx, CURRENT, RULE_SETTING, "ratio").await.unwrap();
    tx.commit().await.unwrap();
    leads_to(&app, "/matchmaking/run", &[]).await;
    let of_ada = "SELECT COUNT(*) FROM matches WHERE a_id = 1";
    assert_eq!(app.count(of_ada).await, 3);
}

#[tokio::test]
async fn whoever_comes_later_pushes_others_off_full_lists() {
    let app = TestApp::start().await;
    for number in 0..12 {
        let address = format!("p{number}@example.org");
        let skills = if number == 11 { ["Rust", "Zig"] } else { ["Rust", "Go"] };
        app.person("Ada").address(&address).skills(skills).insert().await;
    }
    leads_to(&app, "/matchmaking/run", &[]).await;
    let tenth_of_last = "SELECT COUNT(*) FROM matches WHERE a_id = 10 AND b_id = 12";
    assert_eq!(app.count(tenth_of_last).await, 1);
    let later = app.person("Later").skills(["Rust", "Zig"]).insert().await;
    match_one(&app, later, Rule::Weighted).await;
    assert_eq!(app.count(tenth_of_last).await, 0);
    let too_long = "SELECT COUNT(*) FROM matches WHERE a_rank > 10 OR b_rank > 10";
    assert_eq!(app.count(too_long).await, 0);
}

#[tokio::test]
async fn matching_one_person_again_changes_no_score() {
    let app = TestApp::start().await;
    let ada = app.person("Ada").skills(["Rust", "Go"]).insert().await;
    app.person("Bo").skills(["Rust", "SQL"]).insert().await;
    leads_to(&app, "/matchmaking/run", &[]).await;
    let score = "SELECT score FROM matches WHERE a_id = 1 AND b_id = 2";
    let before = app.count(score).await;
    for name in ["Cy", "Dee", "Eve"] {
        app.person(name).skills(["Go"]).insert().await;
    }
    match_one(&app, ada, Rule::Weighted).await;
    assert_eq!(app.count(score).await, before);
}

#[tokio::test]
async fn whoever_shares_nothing_any_more_is_no_match_after_the_next_run() {
    let app = TestApp::start().await;
    app.person("Ada").skills(["Rust"]).insert().await;
    app.person("Bo").skills(["Rust"]).insert().await;
    leads_to(&app, "/matchmaking/run", &[]).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM matches").await, 1);
    app.change("DELETE FROM person_skills WHERE person_id = 2").await;
    leads_to(&app, "/matchmaking/run", &[]).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM matches").await, 0);
}
