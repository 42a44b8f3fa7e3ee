//! The page of the keys: what it shows about each, its actions, and that no key is ever on it.

use std::time::Duration;

use axum::http::StatusCode;
use futures_util::StreamExt as _;
use muster::config::{self, Config, Limits};
use muster::keys;
use muster::llm::pacing::day;
use muster::model::campaign::CampaignKind;
use muster::model::job::{Class, Task};
use muster::model::{JobId, KeyId, KeyNumber, Millis, Secret};
use muster::store;
use muster::store::bookings::{BookingOutcome, NewBooking, NewTurn, Settled};
use muster::store::quotas::Day;

use crate::support::app::{NOON, TestApp};
use crate::support::db::{Place, on_both_places};
use crate::support::process::wait_for;

const HOSTILE: &str = "<script>alert(1)</script> \"O'Brien\" & {{ co }}";

fn material(number: i64) -> String {
    format!("invented-material-{number}")
}

/// Keys of these numbers, each with material of its own.
pub(super) fn keys(numbers: &[i64]) -> impl FnOnce(&mut Config) + use<> {
    let keys = numbers.iter().map(|number| key(*number, &material(*number))).collect();
    |config| config.gemini.keys = keys
}

pub(super) fn key(number: i64, material: &str) -> config::Key {
    let (number, key) = (KeyNumber(number), Secret::new(material));
    config::Key { number, key, project: None, limits: Limits::default() }
}

async fn with_keys(numbers: &[i64]) -> TestApp {
    TestApp::start_with(Place::sqlite(), keys(numbers)).await
}

/// The id of the row of a key.
pub(super) async fn row(app: &TestApp, number: i64) -> KeyId {
    let mut conn = app.app.db.read().await.unwrap();
    let rows = store::keys::list(&mut conn).await.unwrap();
    rows.iter().find(|row| row.number == KeyNumber(number)).expect("the key has a row").id
}

/// Records a request sent `ago`, with its outcome.
pub(super) async fn sent(
    app: &TestApp,
    number: i64,
    task: Task,
    ago: Duration,
    outcome: BookingOutcome,
    words: &str,
) {
    let at = NOON.minus(ago);
    let key = row(app, number).await;
    let key_of_pool = app.app.pool.key(KeyNumber(number)).unwrap();
    let mut tx = app.write().await;
    let new = NewBooking {
        project: key_of_pool.project,
        model: app.app.pool.models()[0].clone(),
        key,
        number: KeyNumber(number),
        fingerprint: key_of_pool.fingerprint,
        task,
        class: Class::Bulk,
        tokens: 0,
        deadline_at: None,
        turn: NewTurn::default(),
    };
    let free_at = at.plus(Duration::from_secs(61));
    let date = day::of(at);
    let day = Day { date: &date, from: day::beginning(at) };
    let booking = store::bookings::insert(&mut tx, &new, None, free_at, day, at).await.unwrap();
    let settled = Settled {
        booking,
        outcome,
        sent_at: Some(at),
        free_at,
        tokens_in: None,
        tokens_out: None,
        response: Some(words),
    };
    assert!(
        store::bookings::settle(&mut tx, &settled, at.plus(Duration::from_secs(1))).await.unwrap()
    );
    tx.commit().await.unwrap();
}

/// The text between the tags, one space between words.
pub(super) fn words(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        text.push(' ');
        rest = tag.split_once('>').map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text of the row of one key.
pub(super) fn row_words(page: &str, number: i64) -> String {
    let start = page.find(&format!("id=\"k{number}\"")).expect("the key has a row");
    let row = &page[start..];
    words(row.split_once('>').unwrap().1.split_once("</article>").unwrap().0)
}

/// Whether one of the row's buttons can be pressed.
pub(super) fn offers(page: &str, number: i64, action: &str) -> bool {
    let start = page.find(&format!("id=\"k{number}-{action}\"")).expect("the form is there");
    !page[start..].split_once('>').unwrap().0.contains(" hidden")
}

pub(super) fn assert_no_material(page: &str) {
    assert!(!page.contains("invented"), "a key's material is on the page:\n{page}");
}

#[tokio::test]
async fn without_a_key_the_page_says_how_to_get_one_and_what_works_without() {
    let app = TestApp::start().await;
    let page = app.page("/keys").await;
    let said = words(&page);
    assert!(
        said.contains(
            "No key is set. Everything works without one: until there is a key, templates write"
        ),
        "{said}"
    );
    assert!(said.contains("GEMINI_API_KEY1=") && said.contains(".env"), "{said}");
    assert!(said.contains("GEMINI_API_KEY , without a number, is the reserve"), "{said}");
    assert!(said.contains("No key: templates write Nothing waiting"), "the sidebar: {said}");
    assert!(page.contains("class=\"dot off\""));
    assert!(!page.contains("data-live="), "there is nothing to keep live");
}

#[tokio::test]
async fn a_disabled_key_and_one_that_cools_down_until_tomorrow_say_why() {
    let app = with_keys(&[1, 2, 3]).await;
    let (first, second) =
        (row(&app, 1).await, app.app.pool.key(KeyNumber(2)).unwrap().project.clone());
    sent(&app, 2, Task::Outreach, Duration::from_mins(3), BookingOutcome::Refused, "used").await;
    let tomorrow = day::next(NOON).plus(Duration::from_mins(1));
    let mut tx = app.write().await;
    store::keys::disable(&mut tx, first, "Google reports this key as leaked", NOON).await.unwrap();
    let model = &app.app.pool.models()[0];
    let learned = store::quotas::Learned { per_day: Some(500), ..Default::default() };
    store::quotas::learn(&mut tx, &second, model, learned).await.unwrap();
    store::quotas::cool_down(&mut tx, &second, model, tomorrow, "day", 1).await.unwrap();
    tx.commit().await.unwrap();

    let page = app.page("/keys").await;
    assert_no_material(&page);
    let disabled = row_words(&page, 1);
    assert!(
        disabled.starts_with("Key 1 Disabled Project of its own GEMINI_API_KEY1"),
        "{disabled}"
    );
    assert!(disabled.contains("Google reports this key as leaked, since 12:00."), "{disabled}");
    assert!(
        disabled.contains("0 of 15, set") && disabled.contains("0 limit not known yet"),
        "{disabled}"
    );
    assert!(offers(&page, 1, "retry") && !offers(&page, 1, "pause") && !offers(&page, 1, "resume"));

    let cooling = row_words(&page, 2);
    assert!(cooling.starts_with("Key 2 Cooling down"), "{cooling}");
    assert!(cooling.contains("The day&#39;s quota is used, until 25 Nov 08:01."), "{cooling}");
    assert!(cooling.contains("Until then it uses gemini-3.1-flash-lite."), "{cooling}");
    assert!(cooling.contains("1 of 500, learned"), "{cooling}");
    assert!(offers(&page, 2, "retry") && offers(&page, 2, "pause"));

    assert!(row_words(&page, 3).starts_with("Key 3 Ready"));
    let said = words(&page);
    assert!(said.contains("Ready 1 of 3, 1 disabled Waiting 0"), "{said}");
    assert!(said.contains("Refused today 1 the last at 11:57, key 2"), "{said}");
    assert!(said.contains("1 of 3 keys ready Nothing waiting"), "{said}");
    assert!(page.contains("class=\"dot bad\""));
}

#[tokio::test]
async fn when_all_keys_cool_down_every_page_says_until_when() {
    let app = with_keys(&[1]).await;
    let id = row(&app, 1).await;
    let until = NOON.plus(Duration::from_mins(15));
    let mut tx = app.write().await;
    store::keys::cool_down(&mut tx, id, until, 1, "this key is restricted to other uses")
        .await
        .unwrap();
    tx.commit().await.unwrap();
    app.person("Ada").insert().await;
    app.campaign(CampaignKind::Test).await;

    let page = app.page("/people").await;
    assert!(page.contains("class=\"dot wait\""));
    let said = words(&page);
    assert!(
        said.contains("The key cools down until 12:15 1 waiting · next in about 15 min"),
        "{said}"
    );
    let said = words(&app.page("/keys").await);
    assert!(said.contains("in about 15 min: key 1 cools down until 12:15 UTC"), "{said}");
}

#[tokio::test]
async fn answers_of_google_are_shown_as_text() {
    let app = with_keys(&[1]).await;
    let id = row(&app, 1).await;
    sent(&app, 1, Task::Match, Duration::from_mins(1), BookingOutcome::Failed, HOSTILE).await;
    let mut tx = app.write().await;
    store::keys::count_refusal(&mut tx, id, HOSTILE, NOON).await.unwrap();
    store::keys::disable(&mut tx, id, HOSTILE, NOON).await.unwrap();
    tx.commit().await.unwrap();

    let page = app.page("/keys?notice=%3Cscript%3E&key=1").await;
    assert_eq!(page.matches("<script").count(), 1, "only our own:\n{page}");
    assert_eq!(page.matches("&#60;script&#62;alert(1)").count(), 3, "reason, refusal, log");
    assert!(row_words(&page, 1).contains("1 refusal so far, the last at 12:00."));
    assert!(words(&page).contains("Key 1 got no answer (a match email, gemini-3.5-flash-lite):"));
}

#[tokio::test]
async fn keys_are_paused_resumed_and_retried() {
    let app = with_keys(&[0, 1]).await;
    // Pressed twice, it is still only paused.
    for _ in 0..2 {
        let answer = app.post("/keys/1/pause").await;
        assert_eq!(
            (answer.status, answer.location()),
            (StatusCode::SEE_OTHER, "/keys?notice=key-paused&key=1")
        );
    }
    let page = app.page("/keys?notice=key-paused&key=1").await;
    assert!(words(&page).contains("Paused key 1. Requests that it has started will finish."));
    assert!(row_words(&page, 1).starts_with("Key 1 Paused"));
    assert!(offers(&page, 1, "resume") && !offers(&page, 1, "pause"));
    assert!(words(&page).contains("The key is paused"));

    assert_eq!(app.post("/keys/1/resume").await.status, StatusCode::SEE_OTHER);
    assert!(row_words(&app.page("/keys").await, 1).starts_with("Key 1 Ready"));

    let reserve = row(&app, 0).await;
    let mut tx = app.write().await;
    store::keys::disable(&mut tx, reserve, "suspended", NOON).await.unwrap();
    tx.commit().await.unwrap();
    assert!(row_words(&app.page("/keys").await, 0).starts_with("Reserve Disabled"));
    let answer = app.post("/keys/0/retry").await;
    let said = words(&app.page(answer.location()).await);
    assert!(said.contains("Checking the reserve key with Google."), "{said}");
    wait_for("the reserve", async || {
        row_words(&app.page("/keys").await, 0).starts_with("Reserve Idle").then_some(())
    })
    .await;

    assert_eq!(app.post("/keys/7/pause").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_day_that_our_own_count_used_up_can_be_retried() {
    let app = with_keys(&[1]).await;
    sent(&app, 1, Task::Skills, Duration::from_mins(2), BookingOutcome::Ok, "").await;
    let project = app.app.pool.key(KeyNumber(1)).unwrap().project.clone();
    let learned = store::quotas::Learned { per_day: Some(1), ..Default::default() };
    let mut tx = app.write().await;
    for model in app.app.pool.models() {
        store::quotas::learn(&mut tx, &project, model, learned).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert!(row_words(&app.page("/keys").await, 1).starts_with("Key 1 Cooling down"));
    app.post("/keys/1/retry").await;
    let row = wait_for("the key", async || {
        let row = row_words(&app.page("/keys").await, 1);
        row.starts_with("Key 1 Ready").then_some(row)
    })
    .await;
    assert!(row.contains("1 limit not known yet"), "{row}");
}

#[tokio::test]
async fn duplicates_the_reserve_and_shared_projects_are_named() {
    let app = TestApp::start_with(Place::sqlite(), |config| {
        let atlas = |number| config::Key {
            project: Some("atlas".into()),
            ..key(number, &material(number))
        };
        config.gemini.keys = vec![key(0, &material(0)), atlas(1), atlas(2), key(5, &material(2))];
    })
    .await;
    sent(&app, 1, Task::Skills, Duration::from_secs(15), BookingOutcome::Ok, "").await;
    let page = app.page("/keys").await;
    assert_no_material(&page);
    let first = row_words(&page, 1);
    assert!(
        first.contains("Project atlas, shared with key 2") && first.contains("1 of 15, set"),
        "{first}"
    );
    assert!(row_words(&page, 2).contains("1 of 15, set"), "they share the minute");
    assert!(page.contains("id=\"k1-ticks\" d=\"M225.0 4V20\""), "15 of 60 seconds ago");
    assert!(page.contains("id=\"k2-ticks\" d=\"\""));
    assert!(words(&page).contains("has the same key as GEMINI_API_KEY2"));
    assert!(row_words(&page, 0).contains("used only if no other key is free soon"));
    assert!(words(&page).contains("Ready 2 of 2, and a reserve"));

    let alone = words(&with_keys(&[0]).await.page("/keys").await);
    assert!(alone.contains("Only the reserve is set."), "{alone}");
    assert!(alone.contains("Only the reserve key Nothing waiting"), "{alone}");
}

#[tokio::test]
async fn the_page_says_what_waits_when_it_starts_and_what_happened_in_the_last_hour() {
    on_both_places(async |place| hour(TestApp::start_with(place, keys(&[1, 2])).await).await).await;
}

async fn hour(app: TestApp) {
    for name in ["Ada", "Bo", "Cyd"] {
        app.person(name).insert().await;
    }
    app.campaign(CampaignKind::Test).await;
    let minutes = Duration::from_mins;
    sent(&app, 1, Task::Outreach, minutes(59), BookingOutcome::Ok, "").await;
    sent(&app, 2, Task::Outreach, minutes(10), BookingOutcome::Ok, "").await;
    sent(&app, 1, Task::Skills, minutes(10), BookingOutcome::Refused, "its requests are used")
        .await;
    sent(&app, 2, Task::Match, minutes(90), BookingOutcome::Ok, "").await;
    sent(&app, 1, Task::Match, Duration::from_secs(5), BookingOutcome::GivenBack, "").await;
    let mut tx = app.write().await;
    let just = NOON.minus(Duration::from_secs(2));
    let turn = NewTurn { finish: 5, clock: 5, since_bulk: 0 };
    store::bookings::set_turn(&mut tx, Task::Outreach, turn, just).await.unwrap();
    tx.commit().await.unwrap();

    let page = app.page("/keys").await;
    let said = words(&page);
    assert!(said.contains("Waiting 3 done by 12:00"), "{said}");
    assert!(said.contains("Speed now 0 a minute, of 30 allowed"), "{said}");
    assert!(said.contains("Requests today 5 starts again at 08:00"), "{said}");
    assert!(said.contains("3 waiting · next in 3 s"), "{said}");
    assert!(said.contains("For two With 2 projects"), "{said}");
    assert!(said.contains("Invitations 5 s 5 s 3 in 3.0 s the last 2 s ago"), "{said}");
    assert!(said.contains("Skills 7 s 7 s 0 at once none yet"), "{said}");
    // Key 1 was used in the last minute by a request that was released: key 2 was unused for longer.
    assert!(row_words(&page, 2).contains("Unused for longest; used next in 3.0 s"), "{said}");
    assert!(page.contains("3 in all, 2 in the busiest minute (11:50), 1 refused"), "{page}");
    assert!(
        said.contains("11:50 1 1 0 0 0 1 11:01 1 0 0 0 0 0"),
        "the table has the same facts: {said}"
    );
    assert!(said.contains("11:50:01 Refused Key 1 was refused (a resume&#39;s skills, gemini-3.5-flash-lite): its requests are used."), "{said}");
}

#[tokio::test]
async fn an_open_page_is_updated_and_its_stream_ends_when_muster_stops() {
    let app = with_keys(&[0, 1]).await;
    sent(&app, 1, Task::Skills, Duration::from_secs(15), BookingOutcome::Refused, HOSTILE).await;
    let page = app.page("/keys").await;
    assert!(page.contains("data-live=\"/keys/live\""));
    let mut stream = app.stream("/keys/live").await;
    let first = event(&mut stream).await;

    // Everything that the stream names is on the page and says the same.
    let texts = first["texts"].as_object().unwrap();
    assert!(texts.len() > 80, "{}", texts.len());
    for (id, text) in texts {
        let at = page.find(&format!(" id=\"{id}\"")).unwrap_or_else(|| panic!("{id} is not there"));
        let shown = page[at..].split_once('>').unwrap().1.split_once('<').unwrap().0;
        let plain = shown
            .replace("&#60;", "<")
            .replace("&#62;", ">")
            .replace("&#34;", "\"")
            .replace("&#39;", "'")
            .replace("&#38;", "&");
        assert_eq!(text, &plain, "{id}");
    }
    for (id, attrs) in first["attrs"].as_object().unwrap() {
        let at = page.find(&format!(" id=\"{id}\"")).unwrap_or_else(|| panic!("{id} is not there"));
        let tag = &page[page[..at].rfind('<').unwrap()..at + page[at..].find('>').unwrap()];
        for (name, value) in attrs.as_object().unwrap() {
            let there = match value.as_str() {
                Some("") if name == "hidden" => tag.ends_with(" hidden"),
                Some(value) => tag.contains(&format!(" {name}=\"{value}\"")),
                None => !tag.contains(&format!(" {name}")),
            };
            assert!(there, "{id}: {name} is {value}, but {tag}");
        }
    }
    assert_no_material(&first.to_string());

    app.app.clock.advance(Duration::from_secs(1));
    let second = event(&mut stream).await;
    assert_eq!(second["attrs"]["k1-ticks"]["d"], "M220.0 4V20", "five to the left");

    app.post("/keys/1/pause").await;
    app.app.clock.advance(Duration::from_millis(500));
    let third = event(&mut stream).await;
    assert_eq!(third["texts"]["k1-state-word"], "Paused");
    assert_eq!(third["attrs"]["k1-pause"]["hidden"], "");
    assert_eq!(third["attrs"]["k1-resume"]["hidden"], serde_json::Value::Null);
    assert_eq!(third["texts"]["pool-words"], "The key is paused");

    app.app.stopping.cancel();
    assert!(stream.next().await.is_none());
}

async fn event(stream: &mut axum::body::BodyDataStream) -> serde_json::Value {
    let event = stream.next().await.unwrap().unwrap();
    let event = std::str::from_utf8(&event).unwrap();
    serde_json::from_str(event.trim().strip_prefix("data: ").unwrap()).unwrap()
}

#[tokio::test]
async fn work_beyond_the_quota_of_today_is_not_promised_for_today() {
    let app = TestApp::start_with(Place::sqlite(), |config| {
        keys(&[1])(config);
        config.gemini.limits.requests_per_day = Some(1);
        config.gemini.models.truncate(1);
    })
    .await;
    let waiting = [store::jobs::Waiting {
        task: Task::Outreach,
        class: Class::Bulk,
        waiting: 30,
        oldest: NOON,
        deadline_at: Some(Millis(i64::MAX)),
        model: None,
        tokens: None,
        next: JobId(1),
    }];
    let mut conn = app.app.db.read().await.unwrap();
    let now = keys::now(&mut conn, &app.app.pool, &waiting, NOON).await.unwrap();
    assert_eq!(now.finish, keys::Finish::NotToday { left: 1 });
}
