//! Keys that come and go while work goes on: entered on the page, in `.env`, seen by every process.

use std::path::Path;
use std::time::Duration;

use axum::http::StatusCode;
use muster::config::{Config, Source};
use muster::keys;
use muster::model::job::Task;
use muster::model::{KeyNumber, Secret};
use muster::store;
use muster::store::bookings::BookingOutcome;

use super::keys::{assert_no_material, keys as with_keys, offers, row_words, sent, words};
use crate::support::app::{NOON, TestApp};
use crate::support::db::{Place, on_both_places};
use crate::support::gemini::{self, Fault, Rules, TestGemini};
use crate::support::process::wait_for;

/// What is entered in these tests; nothing of it may be seen again.
const MATERIAL: &str = "invented-Material_4711.abcdefghijklmnop";

async fn enter(app: &TestApp, key: &str, project: &str) -> crate::support::app::Answer {
    app.form("/keys", &[("key", key), ("project", project)]).await
}

#[tokio::test]
async fn a_key_is_entered_named_paused_and_removed() {
    on_both_places(async |place| {
        let app = TestApp::start_with(place, with_keys(&[0, 1])).await;
        let answer = enter(&app, &format!(" {MATERIAL}\n"), "  atlas  two ").await;
        assert_eq!(
            (answer.status, answer.location()),
            (StatusCode::SEE_OTHER, "/keys?notice=key-added&key=2"),
            "{}",
            words(&answer.text())
        );
        let page = app.page("/keys?notice=key-added&key=2").await;
        assert_no_material(&page);
        assert!(words(&page).contains("Added key 2. It is in use from now on."));
        let row = row_words(&page, 2);
        assert!(row.starts_with("Key 2 Ready Project atlas two entered on this page"), "{row}");
        assert!(row.contains("Remove… Key 2") && !row_words(&page, 1).contains("Remove"));
        assert!(words(&page).contains("Ready 2 of 2, and a reserve"));
        assert_eq!(app.app.pool.key(KeyNumber(2)).unwrap().secret, Secret::new(MATERIAL));

        let form = app.page("/keys/2/project").await;
        assert!(form.contains("value=\"atlas two\""), "{form}");
        assert_eq!(
            app.form("/keys/2/project", &[("project", "<b>birch</b>")]).await.location(),
            "/keys?notice=project-named&key=2"
        );
        let page = app.page("/keys?notice=project-named&key=2").await;
        assert!(page.contains("Project &#60;b&#62;birch&#60;/b&#62;"), "{page}");
        assert!(words(&page).contains("Changed the project of key 2."));
        let long = app.form("/keys/2/project", &[("project", &"long".repeat(20))]).await;
        assert_eq!(long.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(words(&long.text()).contains("can have at most 60 characters"));

        app.post("/keys/2/pause").await;
        assert!(row_words(&app.page("/keys").await, 2).starts_with("Key 2 Paused"));
        sent(&app, 2, Task::Skills, Duration::from_mins(3), BookingOutcome::Failed, "cut").await;
        let asked = app.page("/keys/2/remove").await;
        assert!(words(&asked).contains("Remove Key 2?"), "{}", words(&asked));
        assert!(app.app.pool.key(KeyNumber(2)).is_some(), "asking removes nothing");
        let answer = app.post("/keys/2/remove").await;
        assert_eq!(answer.location(), "/keys?notice=key-removed&key=2");
        let page = app.page(answer.location()).await;
        assert!(!page.contains("id=\"k2\""));
        assert!(words(&page).contains("Removed key 2."), "{}", words(&page));
        assert!(words(&page).contains("Key 2 got no answer"), "its history stays");
        assert_eq!(app.count("SELECT COUNT(*) FROM page_keys").await, 0);
        assert_eq!(app.post("/keys/2/remove").await.status, StatusCode::NOT_FOUND);

        // Entered again it has a number of its own, and serves.
        assert_eq!(enter(&app, MATERIAL, "").await.location(), "/keys?notice=key-added&key=3");
        let row = row_words(&app.page("/keys").await, 3);
        assert!(row.starts_with("Key 3 Ready Project of its own entered"), "{row}");
    })
    .await;
}

#[tokio::test]
async fn a_key_of_a_variable_is_not_removed_here_and_one_key_counts_once() {
    let app = TestApp::start_with(Place::sqlite(), with_keys(&[1])).await;
    for path in ["/keys/1/remove"] {
        for answer in [app.get(path).await, app.post(path).await] {
            assert_eq!(answer.status, StatusCode::CONFLICT);
            assert!(words(&answer.text()).contains("remove it from .env, then press"));
        }
    }
    let known = enter(&app, "invented-material-1", "").await;
    assert_eq!(known.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_no_material(&known.text());
    assert!(
        words(&known.text()).contains("already here, as GEMINI_API_KEY1; each key counts once.")
    );
    enter(&app, MATERIAL, "").await;
    let known = enter(&app, MATERIAL, "").await;
    assert!(words(&known.text()).contains("already here, as key 2; each key counts once."));
    assert_eq!(app.app.pool.keys().len(), 2);
    assert_eq!(app.get("/keys/9/remove").await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.get("/keys/9/project").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_invalid_key_gets_a_clear_error_and_is_not_sent_back() {
    let app = TestApp::start().await;
    let long = "invented".repeat(26);
    for (typed, why) in [
        ("", "The key is missing."),
        ("   ", "The key is missing."),
        ("invented material", "A key has no spaces or line breaks inside"),
        ("invented\r\nmaterial", "A key has no spaces or line breaks inside"),
        ("invented", "This is too short for a key"),
        ("invented-märchen", "This is not a key"),
        ("<b>invented</b>", "This is not a key"),
        (&long, "This is too long for a key"),
    ] {
        let answer = enter(&app, typed, "atlas").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed:?}");
        let page = answer.text();
        assert_no_material(&page);
        assert!(words(&page).contains(why), "{typed:?}: {}", words(&page));
        assert!(page.contains("value=\"atlas\""), "the rest of the form stays");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM page_keys").await, 0);
    // From no key at all to one.
    assert_eq!(enter(&app, MATERIAL, "").await.location(), "/keys?notice=key-added&key=1");
    assert!(words(&app.page("/keys").await).contains("Ready 1 of 1"));
}

#[tokio::test]
async fn every_process_sees_an_entered_key_and_one_with_another_secret_says_that_it_cannot_decrypt_it()
 {
    on_both_places(async |place| {
        let app = TestApp::start_with(place, with_keys(&[1])).await;
        let same = app.another(|_| {}).await;
        let other = |config: &mut Config| config.secret = Some(Secret::new("another secret 123"));
        let other = app.another(other).await;
        enter(&app, MATERIAL, "atlas").await;

        assert!(row_words(&same.page("/keys").await, 2).starts_with("Key 2 Ready Project atlas"));
        assert_eq!(same.app.pool.key(KeyNumber(2)).unwrap().secret, Secret::new(MATERIAL));
        same.form("/keys/1/project", &[("project", "atlas")]).await;
        assert!(row_words(&app.page("/keys").await, 2).contains("atlas, shared with key 1"));

        let page = other.page("/keys").await;
        let said = words(&page);
        assert!(said.contains("Key 2 Not decrypted entered on this page"), "{said}");
        assert!(said.contains("it was entered where another secret is set"), "{said}");
        assert!(
            said.contains("Ready 1 of 1") && other.app.pool.key(KeyNumber(2)).is_none(),
            "{said}"
        );
        let again = enter(&other, MATERIAL, "").await;
        assert!(words(&again.text()).contains("already here, as key 2"));
        assert_eq!(other.post("/keys/2/remove").await.status, StatusCode::SEE_OTHER);
        assert!(!app.page("/keys").await.contains("id=\"k2\""));

        // A process that starts later knows the keys entered before.
        enter(&app, MATERIAL, "").await;
        let later = app.another(|_| {}).await;
        assert!(
            later.app.pool.key(KeyNumber(3)).is_some()
                && later.app.pool.key(KeyNumber(2)).is_none()
        );
    })
    .await;
}

/// Writes `.env`, from which this process reads its keys again.
fn env(file: &Path, lines: &str) {
    std::fs::write(file, lines).unwrap();
}

#[tokio::test]
async fn env_is_read_again_and_the_changes_are_listed_in_one_line() {
    on_both_places(async |place| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".env");
        env(&file, "GEMINI_API_KEY1=invented-material-1\nGEMINI_API_KEY2=invented-material-2\n");
        let app = TestApp::start_with(place, |config| {
            config.gemini.source = Source::file(&file);
            config.gemini.keys = config.gemini.source.keys().unwrap().keys;
        })
        .await;
        let neighbour = app.another(|_| {}).await;
        let said = async |app: &TestApp| {
            let answer = app.post("/keys/reload-env").await;
            words(&app.page(answer.location()).await)
        };
        assert!(said(&app).await.contains(".env was read again: nothing changed."));
        enter(&app, MATERIAL, "").await;

        // The variable takes the number of the key that was entered, which moves on.
        env(
            &file,
            "GEMINI_API_KEY1=invented-material-1\nGEMINI_PROJECT1=atlas\nKEY_REQUESTS_PER_MINUTE1=5\n\
             GEMINI_API_KEY3=invented-material-3\nGEMINI_API_KEY=invented-material-0\nPORT=nonsense\n",
        );
        let told = said(&app).await;
        assert!(
            told.contains(
                ".env was read again: added the reserve, #3; removed #2; project of #1 changed; \
                 limits of #1 changed."
            ),
            "{told}"
        );
        for process in [&app, &neighbour] {
            keys::follow(&process.app.db, &process.app.pool, NOON).await.unwrap();
            let page = process.page("/keys").await;
            assert_no_material(&page);
            let first = row_words(&page, 1);
            assert!(first.contains("Project atlas") && first.contains("0 of 5, set"), "{first}");
            assert!(!page.contains("id=\"k2\""));
            assert!(row_words(&page, 3).contains("GEMINI_API_KEY3"));
            assert!(row_words(&page, 4).contains("entered on this page"));
            assert!(words(&page).contains("Ready 3 of 3, and a reserve"));
        }

        // A mistake: nothing is applied.
        env(&file, "GEMINI_API_KEY1=invented-material-1\nKEY_REQUESTS_PER_MINUTE1=some\n");
        let answer = app.post("/keys/reload-env").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        let told = words(&answer.text());
        assert!(told.contains("Nothing of .env was applied. KEY_REQUESTS_PER_MINUTE1 is"), "{told}");
        assert!(row_words(&answer.text(), 3).starts_with("Key 3 Ready"));
        env(&file, "GEMINI_API_KEY1=invented\tmaterial\n");
        let told = app.post("/keys/reload-env").await.text();
        assert_no_material(&told);
        assert!(words(&told).contains("Nothing of .env was applied."));

        // The entered key is now in the file too: it is one key.
        env(&file, &format!("GEMINI_API_KEY7={MATERIAL}\n"));
        let told = said(&app).await;
        assert!(told.contains("added #7; removed the reserve, #1, #3."), "{told}");
        assert!(told.contains("The key entered here is the same key as GEMINI_API_KEY7."), "{told}");
        assert!(told.contains("Ready 1 of 1"), "{told}");
    })
    .await;
}

#[tokio::test]
async fn keys_that_are_refused_only_together_are_proposed_as_a_group() {
    on_both_places(async |place| {
        let app = TestApp::start_with(place, with_keys(&[1, 2, 3])).await;
        let seconds = Duration::from_secs;
        for number in 0..7 {
            sent(&app, 1, Task::Skills, seconds(40 - number), BookingOutcome::Ok, "").await;
            sent(&app, 2, Task::Skills, seconds(40 - number), BookingOutcome::Ok, "").await;
        }
        sent(&app, 3, Task::Skills, seconds(30), BookingOutcome::Ok, "").await;
        sent(&app, 1, Task::Skills, seconds(20), BookingOutcome::Ok, "").await;
        sent(&app, 2, Task::Skills, seconds(10), BookingOutcome::Refused, "used").await;
        inside(&app).await;
        assert!(!app.page("/keys").await.contains("seem to share"), "once is not enough");
        sent(&app, 1, Task::Skills, seconds(9), BookingOutcome::Refused, "used").await;
        inside(&app).await;

        let page = app.page("/keys").await;
        assert!(
            words(&page).contains("Key 1 and key 2 seem to share one quota."),
            "{}",
            words(&page)
        );
        assert!(words(&page).contains("Google refused them 2 times"));
        assert!(!words(&page).contains("key 3 seem"));
        assert!(row_words(&page, 1).contains("9 of 15"));
        let answer = app.form("/keys/group", &[("a", "1"), ("b", "2")]).await;
        assert_eq!(answer.location(), "/keys?notice=keys-grouped&key=1");
        let page = app.page(answer.location()).await;
        assert!(!words(&page).contains("seem to share"));
        for (number, other) in [(1, 2), (2, 1)] {
            let row = row_words(&page, number);
            let shared = format!("Project group-1, shared with key {other}");
            assert!(row.contains(&shared) && row.contains("17 of 15"), "{row}");
            assert!(row.contains("Waiting"), "their minute is used together: {row}");
            assert!(row.contains("Today 17"), "so is their day: {row}");
        }
        assert!(row_words(&page, 3).contains("1 of 15"));
        // A process that did not hear of it books for the joint project all the same.
        let another = app.another(|_| {}).await;
        assert!(row_words(&another.page("/keys").await, 2).contains("Project group-1"));
    })
    .await;
}

/// As if the pool had been inside its budget at each refusal.
async fn inside(app: &TestApp) {
    let mut tx = app.write().await;
    sqlx::query("UPDATE bookings SET inside_limit = 15 WHERE outcome = 'refused'")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn retrying_a_key_asks_for_its_models_once() {
    on_both_places(async |place| {
        let clock = muster::model::Clock::test(NOON);
        let gemini = TestGemini::start(clock, Rules::default()).await;
        let url = gemini.url.clone();
        let app = TestApp::start_with(place, |config| {
            config.gemini.base_url = url;
            config.gemini.keys = vec![super::keys::key(1, &gemini::key(1))];
        })
        .await;
        let id = super::keys::row(&app, 1).await;
        let mut tx = app.write().await;
        store::keys::disable(&mut tx, id, "it was denied", NOON).await.unwrap();
        tx.commit().await.unwrap();

        gemini.fault_key(1, Some(Fault::Suspended));
        assert_eq!(app.post("/keys/1/retry").await.status, StatusCode::SEE_OTHER);
        let page = wait_for("Google's word", async || {
            let page = app.page("/keys").await;
            row_words(&page, 1).contains("Google has suspended this key").then_some(page)
        })
        .await;
        assert!(row_words(&page, 1).starts_with("Key 1 Disabled"), "{}", row_words(&page, 1));
        assert!(!page.contains("AIza"), "the words quote a key");
        assert!(offers(&page, 1, "retry"));

        gemini.fault_key(1, None);
        gemini.change(|rules| drop(rules.models.remove(0)));
        app.post("/keys/1/retry").await;
        let row = wait_for("Google's word", async || {
            let row = row_words(&app.page("/keys").await, 1);
            row.starts_with("Key 1 Ready").then_some(row)
        })
        .await;
        assert!(row.contains("gemini-3.1-flash-lite"), "{row}");
        assert_eq!(gemini.listed(), [1, 1], "once each time");
        assert!(gemini.requests().is_empty(), "it uses no quota");
        assert_eq!(app.count("SELECT COUNT(*) FROM bookings").await, 0);
        assert_eq!(app.post("/keys/7/retry").await.status, StatusCode::NOT_FOUND);
    })
    .await;
}
