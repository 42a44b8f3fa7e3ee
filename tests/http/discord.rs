//! Discord's interactions from the signed request to the answer: at once, later by a job, after a restart, too late.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use muster::config;
use muster::model::Secret;
use serde_json::{Value, json};

use crate::support::app::{NOON, TestApp};
use crate::support::db::{Place, on_both_places};
use crate::support::discord::Fault;
use crate::support::faq::{fill, patient_gemini};
use crate::support::gemini::{self, TestGemini};
use crate::support::interactions::{
    ADA, BO, PATH, Scene, ask, button, command, modal, ping, request, seconds, send, sign, text,
    token,
};

const QUESTION: &str = "Do I get a certificate afterwards?";

/// A server, a Gemini, and a Muster whose FAQ is filled.
async fn with_faq(place: Place) -> (Scene, TestGemini, TestApp) {
    let (scene, gemini) = (Scene::new().await, patient_gemini().await);
    let app = with_gemini(&scene, place, &gemini).await;
    fill(&app).await;
    (scene, gemini, app)
}

/// With one key for this Gemini.
async fn with_gemini(scene: &Scene, place: Place, gemini: &TestGemini) -> TestApp {
    scene
        .muster_with(place, |config| {
            gemini.url.clone_into(&mut config.gemini.base_url);
            config.gemini.embedding_model = None;
            config.gemini.keys = vec![config::Key {
                number: muster::model::KeyNumber(1),
                key: Secret::new(gemini::key(1)),
                project: None,
                limits: config::Limits::default(),
            }];
        })
        .await
}

/// The question as `/ask` brings it, and the token with which it is answered.
fn asked(question: &str) -> (Value, String) {
    let options = [("question", question)];
    (command(ADA, "ask", &options), token(ADA, "ask", &options))
}

// ── The endpoint ──

#[tokio::test]
async fn a_ping_is_answered_and_every_unsigned_request_is_refused() {
    on_both_places(async |place| {
        let scene = Scene::new().await;
        let app = scene.muster(place).await;
        assert_eq!(ask(&app, &ping()).await, json!({ "type": 1 }));

        let (at, body) = (seconds(NOON), ping().to_string());
        let good = sign(&at, &body);
        let other = command(ADA, "help", &[]).to_string();
        let late = (NOON.0 / 1000 - 301).to_string();
        for (what, timestamp, signature, body) in [
            ("nothing is signed", None, None, &body),
            ("no timestamp", None, Some(&*good), &body),
            ("no signature", Some(&*at), None, &body),
            ("another body", Some(&*at), Some(&*good), &other),
            ("another time", Some("1795521601"), Some(&*good), &body),
            ("odd digits", Some(&*at), Some(&good[1..]), &body),
            ("upper case", Some(&*at), Some(&*good.to_uppercase()), &body),
            ("no hex", Some(&*at), Some(&*"z".repeat(128)), &body),
            ("too short", Some(&*at), Some(&good[2..]), &body),
            ("old", Some(&*late), Some(&*sign(&late, &body)), &body),
        ] {
            let refused = app.send(request(timestamp, signature, body)).await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{what}");
            assert_eq!(refused.header(header::WWW_AUTHENTICATE), "", "{what}");
        }
        // A good request after bad ones is answered, and a bad one after good ones is refused.
        assert_eq!(ask(&app, &ping()).await, json!({ "type": 1 }));
        let refused = app.send(request(Some(&at), Some(&sign(&at, "{}")), &body)).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}

#[tokio::test]
async fn the_endpoint_exists_only_if_the_bot_is_set_up_and_under_its_own_name() {
    let scene = Scene::new().await;
    let app = scene.muster(Place::sqlite()).await;
    let (at, body) = (seconds(NOON), ping().to_string());
    let signed = |host: &'static str, path: &str| {
        axum::http::Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::HOST, host)
            .header("origin", "https://scene.com")
            .header("sec-fetch-site", "cross-site")
            .header("x-signature-timestamp", &at)
            .header("x-signature-ed25519", sign(&at, &body))
            .body(Body::from(body.clone()))
            .unwrap()
    };
    assert_eq!(app.send(signed("muster.example", PATH)).await.status, StatusCode::OK);
    assert_eq!(app.send(signed("evil.example", PATH)).await.status, StatusCode::FORBIDDEN);
    for path in ["/discord", "/discord/interactions/x", "/people"] {
        let closed = app.send(signed("muster.example", path)).await.status;
        assert!(closed.is_client_error() || closed.is_redirection(), "{path}: {closed}");
    }
    let get = app.get(PATH).await;
    assert_eq!(get.status, StatusCode::METHOD_NOT_ALLOWED);
    let large = "x".repeat(1024 * 1024 + 1);
    let refused = app.send(request(Some(&at), Some(&sign(&at, &large)), &large)).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    for broken in ["{", "[]", "{\"type\":2}"] {
        let refused = app.send(request(Some(&at), Some(&sign(&at, broken)), broken)).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{broken}");
    }

    let without = scene.muster_with(Place::sqlite(), |config| config.discord.token = None).await;
    assert_eq!(send(&without, &ping()).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn commands_that_need_no_other_service_are_answered_at_once() {
    let scene = Scene::new().await;
    let app = scene.muster(Place::sqlite()).await;
    let help = ask(&app, &command(ADA, "help", &[])).await;
    for name in ["/ask", "/match", "/team", "/verify", "/help"] {
        assert!(text(&help).contains(&format!("**{name}** – ")), "{help}");
    }
    assert!(text(&ask(&app, &command(ADA, "team", &[])).await).contains("not formed yet"));
    assert!(text(&ask(&app, &command(ADA, "dance", &[])).await).contains("**/help** lists"));
    assert!(text(&ask(&app, &button(ADA, "of an older one")).await).contains("**/help** lists"));
    let odd = modal(ADA, "of an older one", "x", "y");
    assert!(text(&ask(&app, &odd).await).contains("**/help** lists"));
    assert_eq!(scene.seen().len(), 0, "nobody else was asked");
}

#[tokio::test]
async fn a_participant_who_waits_for_the_database_too_long_is_told_so_and_readers_do_not_wait() {
    let scene = Scene::new().await;
    let app = scene.muster(Place::sqlite()).await;
    fill(&app).await;
    let busy = app.write().await;
    assert!(text(&ask(&app, &command(ADA, "help", &[])).await).contains("/help"));
    assert_eq!(ask(&app, &button(ADA, "verify")).await["type"], 9);
    assert!(
        text(&ask(&app, &command(ADA, "match", &[])).await).contains("do not know who you are")
    );
    let body = asked("Is there Wi-Fi?").0;
    let time = async {
        loop {
            app.app.clock.advance(Duration::from_millis(100));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let reply = tokio::select! {
        reply = ask(&app, &body) => reply,
        () = time => unreachable!("time does not end"),
    };
    assert!(text(&reply).starts_with("I am busy."), "{reply}");
    drop(busy);
    assert_eq!(app.count("SELECT COUNT(*) FROM faq_questions").await, 0, "it was taken back");
    assert!(text(&ask(&app, &body).await).contains("1 Gbit/s"));
}

// ── /ask ──

#[tokio::test]
async fn without_a_key_the_entry_answers_at_once() {
    on_both_places(async |place| {
        let scene = Scene::new().await;
        let app = scene.muster(place).await;
        fill(&app).await;
        let reply = ask(&app, &asked("Is there Wi-Fi?").0).await;
        let said = text(&reply);
        assert!(said.starts_with("From the organisers' FAQ, as written:\n\nYes, with 1 Gbit/s."));
        assert!(said.ends_with("\n\n-# From the organisers' FAQ: Is there Wi-Fi?"), "{said}");
        let reply = ask(&app, &asked("Who won the football match yesterday?").0).await;
        assert_eq!(text(&reply), "Not in the FAQ; passed on to the organisers.");
        assert_eq!(text(&ask(&app, &asked("?!").0).await), "The question is missing.");
        assert_eq!(app.count("SELECT COUNT(*) FROM discord_replies").await, 0);
        assert_eq!(app.count("SELECT COUNT(*) FROM jobs").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_participant_who_asks_too_often_must_wait_and_others_need_not() {
    let scene = Scene::new().await;
    let app = scene.muster(Place::sqlite()).await;
    fill(&app).await;
    for number in 0..10 {
        let reply = ask(&app, &asked(&format!("Is there Wi-Fi {number}?")).0).await;
        assert!(text(&reply).contains("1 Gbit/s"));
    }
    let reply = ask(&app, &asked("Is there Wi-Fi?").0).await;
    assert!(
        text(&reply).starts_with("Too many questions in a short time. Try again in "),
        "{reply}"
    );
    let other = command(BO, "ask", &[("question", "Is there Wi-Fi?")]);
    assert!(text(&ask(&app, &other).await).contains("1 Gbit/s"));
    app.app.clock.advance(Duration::from_mins(1));
    assert!(text(&ask(&app, &asked("Is there Wi-Fi?").0).await).contains("1 Gbit/s"));
}

#[tokio::test]
async fn gemini_answers_later_and_the_same_question_is_answered_at_once() {
    on_both_places(async |place| {
        let (scene, gemini, app) = with_faq(place).await;
        let (body, token) = asked(QUESTION);
        scene.interaction(&token);
        assert_eq!(ask(&app, &body).await, json!({ "type": 5, "data": { "flags": 64 } }));
        assert_eq!((gemini.requests().len(), scene.seen().len()), (0, 0), "nobody waited");

        assert_eq!(app.run_jobs().await, None, "all is done");
        let answers = scene.answers(&token);
        assert_eq!(answers.len(), 1);
        let said = answers[0]["content"].as_str().unwrap();
        assert!(said.contains("-# From the organisers' FAQ: Do I get a certificate?"), "{said}");
        assert_eq!(scene.count("PATCH "), 1);
        assert_eq!(app.count("SELECT COUNT(*) FROM discord_replies").await, 0, "no token is kept");
        assert_eq!(app.count("SELECT COUNT(*) FROM jobs").await, 0);

        let again = ask(&app, &body).await;
        assert_eq!(text(&again), said);
        assert_eq!(gemini.requests().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn two_who_ask_the_same_question_both_get_the_answer() {
    let (scene, gemini, app) = with_faq(Place::sqlite()).await;
    let tokens = [ADA, BO].map(|user| token(user, "ask", &[("question", QUESTION)]));
    for (user, token) in [ADA, BO].iter().zip(&tokens) {
        scene.interaction(token);
        let reply = ask(&app, &command(user, "ask", &[("question", QUESTION)])).await;
        assert_eq!(reply["type"], 5);
    }
    app.run_jobs().await;
    assert_eq!(gemini.requests().len(), 1);
    for token in &tokens {
        assert!(scene.answers(token)[0]["content"].as_str().unwrap().contains("certificate"));
    }
}

#[tokio::test]
async fn a_restart_between_question_and_answer_loses_nothing() {
    on_both_places(async |place| {
        let (scene, _gemini, app) = with_faq(place).await;
        let (body, token) = asked(QUESTION);
        scene.interaction(&token);
        assert_eq!(ask(&app, &body).await["type"], 5);
        let after = app.another(|_| {}).await;
        drop(app);
        after.app.clock.advance(Duration::from_mins(3));
        after.run_jobs().await;
        let said = scene.answers(&token)[0]["content"].as_str().unwrap().to_owned();
        assert!(said.contains("Do I get a certificate?"), "{said}");
        // Once more finds nothing to do.
        after.run_jobs().await;
        assert_eq!(scene.count("PATCH "), 1);
    })
    .await;
}

#[tokio::test]
async fn after_twelve_minutes_the_entry_answers_and_after_fifteen_nothing_is_tried() {
    on_both_places(async |place| {
        let (scene, gemini, app) = with_faq(place).await;
        gemini.fault_key(1, Some(gemini::Fault::Minute));
        let (body, token) = asked("Is there wifi?");
        scene.interaction(&token);
        assert_eq!(ask(&app, &body).await["type"], 5);
        while let Some(next) = app.run_jobs().await {
            assert_eq!(scene.count("PATCH "), 0, "it still waits for a key");
            app.app.clock.advance_to(next);
        }
        let said = scene.answers(&token)[0]["content"].as_str().unwrap().to_owned();
        assert!(said.contains("as written") && said.contains("1 Gbit/s"), "{said}");
        let took = app.app.clock.now().since(NOON).as_secs();
        assert!((5 * 60..=12 * 60).contains(&took), "{took} s");

        // Whatever became of the job that was to answer: after twelve minutes nobody waits for it any more.
        let (body, token) = asked("Is there lunch?");
        scene.interaction(&token);
        assert_eq!(ask(&app, &body).await["type"], 5);
        let mut tx = app.write().await;
        sqlx::query("DELETE FROM jobs WHERE kind = 'answer_faq'").execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        app.app.clock.advance(Duration::from_secs(12 * 60 - 1));
        app.run_jobs().await;
        assert_eq!(scene.count("PATCH "), 1);
        app.app.clock.advance(Duration::from_secs(1));
        app.run_jobs().await;
        let said = scene.answers(&token)[0]["content"].as_str().unwrap().to_owned();
        assert!(said.contains("FAQ"), "{said}");

        let (body, token) = asked("Is there food?");
        scene.interaction(&token);
        assert_eq!(ask(&app, &body).await["type"], 5);
        app.app.clock.advance(Duration::from_mins(15));
        app.run_jobs().await;
        assert_eq!(scene.answers(&token)[0]["content"], "");
        assert_eq!(scene.count("PATCH "), 2, "Discord would not take it any more");
        assert_eq!(app.count("SELECT COUNT(*) FROM discord_replies").await, 0);
        assert_eq!(app.count("SELECT COUNT(*) FROM jobs").await, 0);
    })
    .await;
}

#[tokio::test]
async fn replies_are_retried_while_discord_is_unreachable_but_not_when_the_interaction_is_gone() {
    let (scene, _gemini, app) = with_faq(Place::sqlite()).await;
    let (body, token) = asked(QUESTION);
    scene.interaction(&token);
    ask(&app, &body).await;
    scene.faults("PATCH ", Fault::Status(502), 3);
    while let Some(next) = app.run_jobs().await {
        app.app.clock.advance_to(next);
    }
    assert_eq!(scene.count("PATCH "), 4);
    assert!(scene.answers(&token)[0]["content"].as_str().unwrap().contains("certificate"));
    assert!(
        app.app.clock.now() <= NOON.plus(Duration::from_mins(1)),
        "the pauses are short at first"
    );

    // The server's wait is kept to, and so is the end of the time that Discord gives.
    let (body, token) = asked("Is there wifi?");
    scene.interaction(&token);
    ask(&app, &body).await;
    scene.fault("PATCH ", Fault::TooMany { retry_after: 30.0, global: false });
    let asked_at = app.app.clock.now();
    let next = app.run_jobs().await.unwrap();
    assert!(next >= asked_at.plus(Duration::from_secs(30)));
    app.app.clock.advance_to(next);
    app.run_jobs().await;
    assert!(!scene.answers(&token)[0]["content"].as_str().unwrap().is_empty());

    let (body, token) = asked("Is there food?");
    scene.interaction(&token);
    ask(&app, &body).await;
    scene.faults("PATCH ", Fault::Status(503), 100);
    let began = app.app.clock.now();
    while let Some(next) = app.run_jobs().await {
        app.app.clock.advance_to(next);
    }
    let took = app.app.clock.now().since(began);
    assert!((13 * 60..15 * 60).contains(&took.as_secs()), "{took:?}");
    assert_eq!(scene.answers(&token)[0]["content"], "");
    assert_eq!(app.count("SELECT COUNT(*) FROM discord_replies").await, 0);
}

#[tokio::test]
async fn an_answer_that_overtakes_the_word_that_it_comes_later_is_sent_again() {
    let (scene, _gemini, app) = with_faq(Place::sqlite()).await;
    let (body, token) = asked(QUESTION);
    ask(&app, &body).await;
    let next = app.run_jobs().await.expect("it is tried again");
    assert_eq!(scene.count("PATCH "), 1);
    // Only now Discord has read that the answer comes later.
    scene.interaction(&token);
    app.app.clock.advance_to(next);
    assert_eq!(app.run_jobs().await, None);
    assert!(scene.answers(&token)[0]["content"].as_str().unwrap().contains("certificate"));
}

#[tokio::test]
async fn where_discord_does_not_take_the_answer_another_text_replaces_it() {
    let (scene, _gemini, app) = with_faq(Place::sqlite()).await;
    let (body, token) = asked(QUESTION);
    scene.interaction(&token);
    ask(&app, &body).await;
    scene.fault("PATCH ", Fault::Status(400));
    assert_eq!(app.run_jobs().await, None);
    let said = scene.answers(&token)[0]["content"].as_str().unwrap().to_owned();
    assert!(said.contains("cannot be shown here"), "{said}");
    assert_eq!(app.count("SELECT COUNT(*) FROM discord_replies").await, 0);
}

#[tokio::test]
async fn an_answer_to_what_was_deleted_is_dropped() {
    let (scene, _gemini, app) = with_faq(Place::sqlite()).await;
    // Discord knows nothing of this interaction.
    let (body, _) = asked(QUESTION);
    ask(&app, &body).await;
    while let Some(next) = app.run_jobs().await {
        app.app.clock.advance_to(next);
    }
    assert_eq!(scene.count("PATCH "), 4);
    assert!(app.app.clock.now() <= NOON.plus(Duration::from_mins(1)), "it is given up soon");
    assert_eq!(app.count("SELECT COUNT(*) FROM discord_replies").await, 0);
}
