//! Rules about people: what an import may change, what an export may contain, what a consent is worth.

use axum::http::StatusCode;
use serde_json::json;

use super::matchmaking::{leads_to, with_taxonomy};
use crate::support::app::TestApp;

async fn import(app: &TestApp, table: &str) {
    let file = [("file", "people.csv", table.as_bytes())];
    let answer = app.multipart("/people/import", &[], &file).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
}

#[tokio::test]
async fn no_cell_of_an_export_is_run_by_a_spreadsheet() {
    let app = TestApp::start().await;
    for (number, name) in ["=1+1", "+1", "-1", "@SUM(A1)", "Ada = Byron"].into_iter().enumerate() {
        let address = format!("p{number}@example.org");
        app.person(name).address(&address).skills(["=HYPERLINK(1)"]).insert().await;
    }
    let answer = app.get("/people/people.csv").await;
    assert!(answer.header("content-disposition").starts_with("attachment"));
    let table = answer.text();
    for cell in ["'=1+1,", "'+1,", "'-1,", "'@SUM(A1),", "\nAda = Byron,", "'=HYPERLINK(1)"] {
        assert!(table.contains(cell), "{cell} in {table}");
    }
    for line in table.lines() {
        assert!(!line.starts_with(['=', '+', '-', '@']), "{line}");
        assert!(!line.contains(",="), "{line}");
    }
}

#[tokio::test]
async fn an_import_gives_no_consent_and_takes_none_back() {
    let app = TestApp::start().await;
    let ada = app.person("Ada").address("ada@example.org").insert().await;
    let agrees = [("shares_address", "yes"), ("registered", "yes")];
    leads_to(&app, &format!("/people/{ada}/consent"), &agrees).await;
    import(&app, "Name,Email,Skills\nAda,ada@example.org,Rust\nBo,bo@example.org,Rust\n").await;
    let consents = "SELECT COUNT(*) FROM people WHERE shares_address_at IS NOT NULL";
    assert_eq!(app.count(consents).await, 1);
    let registered = "SELECT COUNT(*) FROM people WHERE registered_at IS NOT NULL";
    assert_eq!(app.count(registered).await, 1);
}

#[tokio::test]
async fn a_consent_that_is_withdrawn_hides_the_address_everywhere_at_once() {
    let app = TestApp::start().await;
    let ada = app.person("Ada").address("ada@example.org").skills(["Rust"]).insert().await;
    let bo = app.person("Bo").address("bo@example.org").skills(["Rust"]).insert().await;
    for person in [ada, bo] {
        let path = format!("/people/{person}/consent");
        leads_to(&app, &path, &[("shares_address", "yes")]).await;
    }
    leads_to(&app, "/matchmaking/run", &[]).await;
    let told = async |of| {
        let answer = app.get(&format!("/matchmaking/user-matches/{of}")).await.json();
        answer["matches"][0]["other_user"]["email"].clone()
    };
    assert_eq!(
        (told(ada).await, told(bo).await),
        (json!("bo@example.org"), json!("ada@example.org"))
    );
    leads_to(&app, &format!("/people/{bo}/consent"), &[]).await;
    assert_eq!((told(ada).await, told(bo).await), (json!(null), json!(null)));
    let export = app.get(&format!("/people/{bo}/person.json")).await.json();
    assert_eq!(export["shares_address_at"], json!(null));
}

#[tokio::test]
async fn whoever_is_registered_is_due_for_no_invitation_and_can_become_due_again() {
    let app = TestApp::start().await;
    app.person("Ada").address("ada@example.org").insert().await;
    leads_to(&app, "/people/1/consent", &[("registered", "yes")]).await;
    let start = [("start", "test"), ("guidance", "")];
    assert_eq!(app.form("/outreach", &start).await.status, StatusCode::CONFLICT);
    leads_to(&app, "/people/1/consent", &[]).await;
    assert_eq!(app.form("/outreach", &start).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn two_people_never_have_one_address() {
    let app = TestApp::start().await;
    let typed = |email| [("name", "Ada"), ("email", email), ("job_title", ""), ("skills", "")];
    app.form("/people", &typed("ada@example.org")).await;
    app.form("/people", &typed(" ADA@Example.ORG ")).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM people").await, 1);
    app.form("/people", &typed("bo@example.org")).await;
    let taken = app.form("/people/2", &typed("Ada@example.org")).await;
    assert_ne!(taken.status, StatusCode::SEE_OTHER, "{}", taken.location());
    let same = "SELECT COUNT(*) FROM people WHERE LOWER(address) = 'ada@example.org'";
    assert_eq!(app.count(same).await, 1);
}

#[tokio::test]
async fn a_new_address_takes_nobody_off_the_list_of_those_who_left() {
    let app = TestApp::start().await;
    app.person("Ada").address("ada@example.org").insert().await;
    leads_to(&app, "/people/1/unsubscribe", &[]).await;
    let typed = [("name", "Ada"), ("email", "new@example.org"), ("job_title", ""), ("skills", "")];
    leads_to(&app, "/people/1", &typed).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM suppressions").await, 1);
    let back = [("name", "Ada"), ("email", "ada@example.org"), ("job_title", ""), ("skills", "")];
    leads_to(&app, "/people/1", &back).await;
    let start = [("start", "test"), ("guidance", "")];
    assert_eq!(app.form("/outreach", &start).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn names_and_titles_have_a_longest_length() {
    let app = TestApp::start().await;
    let add = async |name: &str, title: &str| {
        let typed =
            [("name", name), ("email", "ada@example.org"), ("job_title", title), ("skills", "")];
        app.form("/people", &typed).await.status
    };
    let (fits, long) = ("x".repeat(120), "x".repeat(121));
    assert_eq!(add(&long, "").await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(add("Ada", &long).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(add("  ", "").await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(add(&fits, &fits).await, StatusCode::SEE_OTHER);
    import(&app, &format!("Name,Email\n{long},bo@example.org\nCy,cy@example.org\n")).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM people").await, 2);
}

#[tokio::test]
async fn whoever_unsubscribed_is_matched_but_gets_no_match_message() {
    let app = with_taxonomy().await;
    for name in ["ada", "bo", "cy"] {
        app.person(name).address(&format!("{name}@example.org")).skills(["Rust"]).insert().await;
    }
    leads_to(&app, "/people/1/unsubscribe", &[]).await;
    leads_to(&app, "/matchmaking/run", &[]).await;
    leads_to(&app, "/matchmaking/mails", &[]).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM messages").await, 2);
    assert_eq!(app.count("SELECT COUNT(*) FROM messages WHERE person_id = 1").await, 0);
}

#[tokio::test]
async fn a_list_has_the_ten_best_and_no_more() {
    let app = TestApp::start().await;
    for number in 0..13 {
        let skills = if number < 2 { ["Rust", "Go"] } else { ["Rust", "SQL"] };
        let address = format!("p{number}@example.org");
        app.person("Ada").address(&address).skills(skills).insert().await;
    }
    leads_to(&app, "/matchmaking/run", &[]).await;
    let all = app.get("/matchmaking/user-matches/1").await.json();
    let matches = all["matches"].as_array().unwrap();
    assert_eq!(matches.len(), 10);
    assert_eq!(
        matches[0]["other_user"]["id"].as_i64().or(matches[0]["other_user"]["user_id"].as_i64()),
        Some(2),
        "{all}"
    );
    let own = "SELECT COUNT(*) FROM matches WHERE a_id = b_id";
    assert_eq!(app.count(own).await, 0, "nobody matches themselves");
    let ranks = "SELECT COUNT(*) FROM matches WHERE a_rank > 10 OR b_rank > 10 OR a_rank < 1";
    assert_eq!(app.count(ranks).await, 0);
}
