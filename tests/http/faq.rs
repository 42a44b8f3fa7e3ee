//! The FAQ: its pages, its file, its answers.

use std::time::Duration;

use axum::http::{StatusCode, header};
use muster::faq::{self, Question};
use muster::model::KeyNumber;
use muster::model::faq::ModelAnswer;
use muster::model::made_by::MadeBy;
use serde_json::json;

use crate::support::app::{NOON, TestApp};
use crate::support::db::on_both_places;
use crate::support::faq::{ask, fill, patient_gemini, with_keys};
use crate::support::gemini::{Fault, TestGemini};

const HOSTILE: &str = "<script>alert(1)</script> \"O'Brien\" 🦀 & {{ co }}";

async fn add(app: &TestApp, section: &str, question: &str, answer: &str) {
    let fields = [("section", section), ("question", question), ("answer", answer), ("source", "")];
    let added = app.form("/faq", &fields).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.text());
}

async fn gemini() -> TestGemini {
    patient_gemini().await
}

#[tokio::test]
async fn entries_are_written_moved_switched_off_and_deleted() {
    on_both_places(async |place| {
        let app = TestApp::start_with(place, |_| {}).await;
        assert!(app.page("/faq").await.contains("No entry yet"));
        add(&app, "Food", "Is there lunch?", "Yes, *vegan* too.").await;
        add(&app, "Place", "Where is it?", "At the harbour.").await;
        add(&app, "Food", "Is there coffee?", "All day.").await;
        let page = app.page("/faq").await;
        assert!(page.contains("Yes, <em>vegan</em> too."));
        let order = |page: &str| {
            ["Is there lunch?</span>", "Is there coffee?</span>", "Where is it?</span>"]
                .map(|question| page.find(question).unwrap())
        };
        let [lunch, coffee, place] = order(&page);
        assert!(lunch < coffee && coffee < place, "section by section");

        app.post("/faq/3/up").await;
        let [lunch, coffee, _] = order(&app.page("/faq").await);
        assert!(coffee < lunch);
        app.post("/faq/3/up").await;
        app.post("/faq/2/down").await;
        assert_eq!(order(&app.page("/faq").await)[0], lunch, "nothing moves past its section");

        let fields =
            [("section", ""), ("question", ""), ("answer", "x"), ("source", "javascript:x")];
        let bad = app.form("/faq/1", &fields).await;
        assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            bad.text().contains("The question is missing.")
                && bad.text().contains("The link begins with")
        );

        assert_eq!(app.post("/faq/1/off").await.status, StatusCode::SEE_OTHER);
        assert!(!app.page("/faq/public").await.contains("Is there lunch?"));
        let lost = ask(&app, "Is there lunch?").await;
        assert!(!lost.to_string().contains("vegan"), "{lost}");
        app.post("/faq/1/on").await;
        assert_eq!(ask(&app, "Is there lunch?").await["unknown"], false);
        assert_eq!(app.post("/faq/1/delete").await.location(), "/faq?notice=entry-deleted");
        assert_eq!(app.post("/faq/1/delete").await.status, StatusCode::NOT_FOUND);
        assert!(app.post("/faq/2/explode").await.status.is_client_error());
    })
    .await;
}

#[tokio::test]
async fn without_a_key_the_unchanged_entry_answers_and_unknown_questions_are_passed_on() {
    on_both_places(async |place| {
        let app = TestApp::start_with(place, |_| {}).await;
        fill(&app).await;
        let answer = ask(&app, "Is there Wi-Fi?").await;
        assert_eq!(answer["success"], true);
        let text = answer["answer"].as_str().unwrap();
        assert!(text.starts_with("From the organisers' FAQ, as written:"), "{text}");
        assert!(text.contains("1 Gbit/s"));
        assert_eq!(answer["citations"].as_array().unwrap().len(), 1);
        assert_eq!(answer["citations"][0]["question"], "Is there Wi-Fi?");
        assert!(answer["citations"][0]["id"].is_i64());
        assert_eq!(answer["made_by"]["by"], "passage");

        let answer = ask(&app, "Who won the football match yesterday?").await;
        assert_eq!(
            (&answer["answer"], &answer["unknown"], &answer["citations"]),
            (&json!("Not in the FAQ; passed on to the organisers."), &json!(true), &json!([]))
        );
        let page = app.page("/faq").await;
        assert!(page.contains("Who won the football match yesterday?"));
        assert!(app.page("/").await.contains("1 question that the FAQ does not answer"));

        // One click fills the question into the form, and the entry takes it off the list.
        let form = app.page("/faq/new?question=2").await;
        assert!(form.contains("value=\"Who won the football match yesterday?\""));
        let fields = [
            ("question", "Who won the football match yesterday?"),
            ("answer", "Nobody."),
            ("answers", "2"),
        ];
        app.form("/faq", &fields).await;
        assert_eq!(
            app.count("SELECT COUNT(*) FROM faq_questions WHERE unknown_at IS NOT NULL").await,
            0
        );
        assert_eq!(ask(&app, "who won the football match yesterday").await["unknown"], false);

        ask(&app, "Where is my blue umbrella?").await;
        let page = app.page("/faq").await;
        let (_, rest) = page.split_once("/faq/unanswered/").unwrap();
        let id = rest.split('/').next().unwrap();
        app.post(&format!("/faq/unanswered/{id}/settle")).await;
        assert!(!app.page("/faq").await.contains("umbrella"));
    })
    .await;
}

#[tokio::test]
async fn what_is_no_question_is_refused_in_words() {
    on_both_places(async |place| {
        let app = TestApp::start_with(place, |_| {}).await;
        let too_long = "x ".repeat(300);
        for (body, status) in [
            (json!({ "question": "" }), 422),
            (json!({ "question": " ?! " }), 422),
            (json!({ "question": too_long }), 422),
            (json!({ "question": 7 }), 422),
            (json!({}), 422),
        ] {
            let answer = app.post_json("/api/faq/ask", &body).await;
            assert_eq!(answer.status.as_u16(), status, "{body}");
            assert_eq!(answer.json()["success"], false);
            assert!(!answer.json()["message"].as_str().unwrap().is_empty());
        }
        let broken = app.post_text("/api/faq/ask", "application/json", "{").await;
        assert_eq!(broken.status, StatusCode::BAD_REQUEST);
        assert_eq!(broken.json()["success"], false);
        assert_eq!(app.get("/api/faq/ask").await.status, StatusCode::METHOD_NOT_ALLOWED);
        let page = app.form("/faq/public", &[("question", &too_long)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.text().contains("A question has at most 500 characters."));
    })
    .await;
}

#[tokio::test]
async fn gemini_answers_once_and_the_store_answers_the_same_question_again() {
    on_both_places(async |place| {
        let gemini = gemini().await;
        let app = with_keys(&gemini, place, &[1]).await;
        fill(&app).await;
        let first = ask(&app, "Do I get a certificate afterwards?").await;
        assert_eq!(first["made_by"]["by"], "model", "{first}");
        assert_eq!(first["made_by"]["key"], 1);
        assert_eq!(first["citations"][0]["question"], "Do I get a certificate?");
        assert_eq!(gemini.requests().len(), 1);
        let body = gemini.requests()[0].body.to_string();
        assert!(body.contains("as data") || body.contains("is data"));

        for same in [
            "do i get a  CERTIFICATE afterwards",
            "Hello, do I get a certifcate afterwards please?!",
        ] {
            assert_eq!(ask(&app, same).await, first, "{same}");
        }
        assert_eq!(gemini.requests().len(), 1, "no further request");
        assert_eq!(ask(&app, "Do I get no certificate afterwards?").await["unknown"], false);
        assert_eq!(gemini.requests().len(), 2, "another question");

        // The FAQ changes: what was answered from the old one is asked anew.
        add(&app, "", "Is there a printer?", "Yes.").await;
        ask(&app, "Do I get a certificate afterwards?").await;
        assert_eq!(gemini.requests().len(), 3);
    })
    .await;
}

#[tokio::test]
async fn invented_links_numbers_and_citations_are_not_shown() {
    on_both_places(async |place| {
        let gemini = gemini().await;
        let app = with_keys(&gemini, place, &[1]).await;
        fill(&app).await;
        let as_written = "From the organisers' FAQ, as written:\n\nYes, with 1 Gbit/s. Name and password stand on your badge.";
        for (question, fault) in [
            ("wifi there?", Fault::InventLink),
            ("where to find wifi?", Fault::InventFigure),
            ("any wifi then?", Fault::NoCitation),
        ] {
            gemini.fault_next([fault]);
            let answer = ask(&app, question).await;
            assert_eq!(answer["answer"], as_written, "{fault:?}");
            assert_eq!(answer["citations"][0]["question"], "Is there Wi-Fi?", "{fault:?}");
            assert_eq!(answer["made_by"]["by"], "passage", "{fault:?}");
            let requests = gemini.requests().len();
            assert_eq!(ask(&app, question).await, answer, "{fault:?}");
            assert_eq!(gemini.requests().len(), requests, "what the model said to it is known");
        }
        gemini.fault_next([Fault::WrongCitation]);
        let answer = ask(&app, "wifi around here?").await;
        assert_eq!(answer["answer"], "Yes, surely.");
        assert_eq!(answer["citations"].as_array().unwrap().len(), 1, "{answer}");
        assert_eq!(answer["made_by"]["by"], "model");
        // Links come from the FAQ, and the model has not seen them.
        let answer = ask(&app, "How do I register?").await;
        assert!(
            answer["answer"].as_str().unwrap().contains("(https://harbour.example/register)"),
            "{answer}"
        );
        let seen: String = gemini.requests().iter().map(|it| it.body.to_string()).collect();
        assert!(!seen.contains("harbour.example"));
    })
    .await;
}

#[tokio::test]
async fn a_requester_who_waits_too_long_gets_the_entry_and_the_next_one_the_answer() {
    on_both_places(async |place| {
        let gemini = gemini().await;
        let app = with_keys(&gemini, place, &[1]).await;
        fill(&app).await;
        // No worker runs: the question is in the queue.
        let body = json!({ "question": "Is there wifi?" });
        let late = async {
            // Not before it waits.
            while app.count("SELECT COUNT(*) FROM jobs").await == 0 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            app.app.clock.advance(Duration::from_secs(8));
        };
        let (answer, ()) = tokio::join!(app.post_json("/api/faq/ask", &body), late);
        let answer = answer.json();
        assert_eq!(answer["made_by"]["by"], "passage", "{answer}");
        assert!(answer["answer"].as_str().unwrap().contains("1 Gbit/s"));
        assert_eq!(gemini.requests().len(), 0);

        // The job is not lost: a key is free, so it is answered for whoever asks next.
        app.run_jobs().await;
        assert_eq!(app.count("SELECT COUNT(*) FROM jobs").await, 0);
        assert_eq!(ask(&app, "is there wifi").await["made_by"]["by"], "model");
        assert_eq!(gemini.requests().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_question_that_was_passed_on_stays_with_the_organisers_even_if_an_answer_comes_late() {
    on_both_places(async |place| {
        let gemini = gemini().await;
        let app = with_keys(&gemini, place, &[1]).await;
        fill(&app).await;
        let question = "Will someone frame my certificate in gold?";
        let body = json!({ "question": question });
        let late = async {
            while app.count("SELECT COUNT(*) FROM jobs").await == 0 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            app.app.clock.advance(Duration::from_secs(8));
        };
        let (answer, ()) = tokio::join!(app.post_json("/api/faq/ask", &body), late);
        assert_eq!(answer.json()["unknown"], true, "{}", answer.json());
        let unanswered = "SELECT COUNT(*) FROM faq_questions WHERE unknown_at IS NOT NULL";
        assert_eq!(app.count(unanswered).await, 1);
        gemini.fault_next([Fault::WrongCitation]);
        app.run_jobs().await;
        let next = ask(&app, question).await;
        assert_eq!((&next["unknown"], &next["made_by"]["by"]), (&json!(false), &json!("model")));
        assert_eq!(app.count(unanswered).await, 1, "somebody was told so");
    })
    .await;
}

#[tokio::test]
async fn an_answer_from_an_older_faq_is_not_given_to_a_question_about_a_newer_one() {
    on_both_places(async |place| {
        let gemini = gemini().await;
        let app = with_keys(&gemini, place, &[1]).await;
        fill(&app).await;
        let question = Question::parse("Is there wifi?").unwrap();
        let asked = async || {
            let (mut tx, patience) = (app.write().await, Duration::from_secs(8));
            let asked = faq::ask(&mut tx, &app.app.pool, &question, patience, NOON).await.unwrap();
            tx.commit().await.unwrap();
            asked.id
        };
        let id = asked().await;
        let work = faq::start(&mut *app.write().await, id).await.unwrap().unwrap();
        add(&app, "", "Is there a printer?", "Yes.").await;
        assert_eq!(asked().await, id);
        let (mut tx, made_by) = (app.write().await, MadeBy::model("gemini", KeyNumber(1)));
        let written = ModelAnswer { answer: "Old.".into(), citations: vec![1], unknown: false };
        faq::conclude(&mut tx, id, &work, &written, made_by.clone(), NOON).await.unwrap();
        assert_eq!(faq::found(&mut tx, id).await.unwrap(), None);

        let work = faq::start(&mut tx, id).await.unwrap().unwrap();
        let written = ModelAnswer { answer: "New.".into(), ..written };
        faq::conclude(&mut tx, id, &work, &written, made_by, NOON).await.unwrap();
        assert_eq!(faq::found(&mut tx, id).await.unwrap().unwrap().text, "New.");
    })
    .await;
}

#[tokio::test]
async fn a_refused_key_and_a_broken_gemini_still_lead_to_an_answer() {
    on_both_places(async |place| {
        let gemini = gemini().await;
        let app = with_keys(&gemini, place, &[1]).await;
        fill(&app).await;
        for (question, fault) in
            [("Do you have wifi?", Fault::NotJson), ("Is there wifi?", Fault::Leaked)]
        {
            gemini.fault_key(1, Some(fault));
            let answer = ask(&app, question).await;
            assert_eq!(answer["unknown"], false, "{fault:?}: {answer}");
            assert_eq!(answer["made_by"]["by"], "passage", "{fault:?}");
        }
        assert_eq!(app.count("SELECT COUNT(*) FROM jobs").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_file_is_previewed_imported_and_exported_unchanged() {
    on_both_places(async |place| {
        let app = TestApp::start_with(place, |_| {}).await;
        let file = "Q: Lunch?\nA: Yes.\n\nQ: Nothing\n\nSection: Place\nQ: Where?\nA: Here.\nSource: https://map.example/\n";
        let shown = app
            .multipart("/faq/import", &[("text", "")], &[("file", "faq.txt", file.as_bytes())])
            .await;
        assert_eq!(shown.status, StatusCode::OK);
        let page = shown.text();
        assert!(
            page.contains("<b>2</b> new") && page.contains("a question without an answer"),
            "{page}"
        );
        assert_eq!(app.count("SELECT COUNT(*) FROM faq_entries").await, 0);
        let done = app.multipart("/faq/import", &[("text", file), ("apply", "yes")], &[]).await;
        assert_eq!(done.location(), "/faq?notice=imported");
        assert_eq!(app.count("SELECT COUNT(*) FROM faq_entries").await, 2);
        let exported = app.get("/faq/faq.txt").await;
        assert!(exported.header(header::CONTENT_DISPOSITION).contains("faq.txt"));
        let again = app.multipart("/faq/import", &[("text", &exported.text())], &[]).await.text();
        assert!(again.contains("<b>0</b> new") && again.contains("<b>2</b> unchanged"), "{again}");
        let markdown = app.get("/faq/faq.md").await.text();
        assert!(markdown.contains("## Place\n\n### Where?\n\nHere.\nSource: https://map.example/"));
        for (fields, files) in [
            (vec![("text", " ")], vec![]),
            (vec![], vec![("file", "x.bin", &[0xff_u8, 0xfe, 0x00][..])]),
            (vec![("text", "no block at all")], vec![]),
        ] {
            let bad = app.multipart("/faq/import", &fields, &files).await;
            assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
    })
    .await;
}

#[tokio::test]
async fn typed_markup_is_shown_as_text_on_every_page() {
    on_both_places(async |place| {
        let app = TestApp::start_with(place, |_| {}).await;
        let answer = format!(
            "{HOSTILE}\n\n[x](javascript:alert(1)) ![y](https://evil.example/y.png)\n\n# {HOSTILE}"
        );
        add(&app, HOSTILE, HOSTILE, &answer).await;
        app.form("/faq/public", &[("question", &format!("umbrella {HOSTILE}"))]).await;
        let asked = app.form("/faq/ask", &[("question", HOSTILE)]).await.text();
        let public = app.form("/faq/public", &[("question", HOSTILE)]).await.text();
        let preview = app
            .multipart("/faq/import", &[("text", &format!("Q: {HOSTILE}\nA: {HOSTILE}"))], &[])
            .await
            .text();
        let mut pages = vec![asked, public, preview];
        for path in ["/faq", "/faq/new?question=1", "/faq/1/edit", "/faq/import", "/faq/public"] {
            pages.push(app.page(path).await);
        }
        for page in pages {
            let ours = page.matches("<script type=\"module\" src=\"/assets/").count();
            assert_eq!(page.matches("<script").count(), ours, "{page}");
            assert!(!page.contains("javascript:") || page.contains("<textarea"), "{page}");
            assert!(!page.contains("<img"), "{page}");
            assert_eq!(page.matches("<h1").count(), 1);
        }
    })
    .await;
}
