//! A campaign from its start to the sent emails: starting, watching, sending, stopping.

use std::time::Duration;

use axum::http::StatusCode;
use futures_util::StreamExt as _;
use muster::model::CampaignId;
use muster::model::campaign::CampaignKind;
use muster::model::message::MessageState;

use crate::support::app::{NOON, TestApp};
use crate::support::db::{Place, on_both_places};

#[tokio::test]
async fn a_test_run_goes_from_people_to_sent_emails() {
    on_both_places(async |place| {
        let app = TestApp::start_with(place, |_| {}).await;
        assert!(app.page("/outreach").await.contains("No people yet"));
        let added = [("name", "Ada Byron"), ("email", "ada@example.org"), ("back", "outreach")];
        assert_eq!(app.form("/people", &added).await.location(), "/outreach?notice=added");
        app.person("Bo Lind").insert().await;
        app.person("Cy Young").insert().await;
        assert!(app.page("/outreach").await.contains("3 people are due"));

        let started = app.form("/outreach", &[("start", "test"), ("guidance", "")]).await;
        assert_eq!(started.status, StatusCode::SEE_OTHER);
        assert_eq!(started.location(), "/outreach/1?notice=started");
        let page = app.page("/outreach/1").await;
        assert!(page.contains("<b id=\"n-queued\">3</b>"), "{page}");
        assert!(page.contains("Waiting to be written"));

        app.run_jobs().await;
        let ids = app.messages(CampaignId(1)).await;
        let page = app.page("/outreach/1").await;
        assert!(page.contains("Message 1 of 3"));
        assert!(page.contains("&lt;ada@example.org&gt;"));
        assert!(page.contains("https://harbour.example/register"), "links as they go out");
        assert!(page.contains("reply with the word STOP"), "the line for unsubscribing");
        assert!(page.contains("<b>Written by</b> the template, 12:00: "), "and why: {page}");

        let approved = app.post(&format!("/outreach/1/messages/{}/approve", ids[0])).await;
        let page = app.page(approved.location()).await;
        assert!(page.contains("Approved Ada Byron, 2 left to review."));
        assert!(page.contains("Message 1 of 2<span class=\"vh\">: to Bo Lind"), "the next one");
        app.post(&format!("/outreach/1/messages/{}/skip", ids[2])).await;
        app.post(&format!("/outreach/1/messages/{}/approve", ids[1])).await;
        assert!(app.page("/outreach/1?state=drafted").await.contains("<b>All reviewed.</b>"));

        let asked = app.page("/outreach/1/send").await;
        assert!(asked.contains("Ada Byron and Bo Lind"));
        assert_eq!(app.count("SELECT COUNT(*) FROM jobs WHERE kind = 'send_message'").await, 0);
        let sent = app.form("/outreach/1/send", &[("count", "2")]).await;
        assert_eq!(sent.location(), "/outreach/1?notice=sent&n=2&state=all");
        assert_eq!(app.count("SELECT COUNT(*) FROM jobs WHERE kind = 'send_message'").await, 2);
        let again = app.form("/outreach/1/send", &[("count", "2")]).await;
        assert_eq!(again.status, StatusCode::CONFLICT, "what is on its way is not sent again");

        app.run_jobs().await;
        let page = app.page("/outreach").await;
        assert!(page.contains("Finished") && page.contains("?state=sent\">2</a>"), "{page}");
        let page = app.page("/outreach/1?state=sent").await;
        assert!(page.contains("Sent 12:00.") && page.contains("Sent (outbox)"), "{page}");
        assert_eq!(app.count("SELECT COUNT(*) FROM mails").await, 2);
        assert!(app.page("/outbox").await.contains("Sent (outbox)"));
        app.run_jobs().await;
        assert_eq!(app.count("SELECT COUNT(*) FROM mails").await, 2, "nobody is mailed twice");
    })
    .await;
}

#[tokio::test]
async fn people_of_an_imported_table_are_due() {
    let app = TestApp::start().await;
    let table = "E-Mail;Name\nada@example.org;Ada Byron\nnobody;Bo Lind\n";
    let file = [("file", "people.csv", table.as_bytes())];
    let answer = app.multipart("/people/import", &[], &file).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(app.page("/outreach").await.contains("1 person is due"), "{}", answer.text());
}

#[tokio::test]
async fn a_second_press_leads_to_the_campaign_that_runs() {
    let app = TestApp::start().await;
    app.person("Ada").insert().await;
    app.form("/outreach", &[("start", "test")]).await;
    let again = app.form("/outreach", &[("start", "test")]).await;
    assert_eq!(again.location(), "/outreach/1?notice=busy");
    assert!(app.page(again.location()).await.contains("so no second one was started"));
    assert_eq!(app.count("SELECT COUNT(*) FROM campaigns").await, 1);
}

#[tokio::test]
async fn nothing_is_started_when_nobody_is_due() {
    let app = TestApp::start().await;
    let answer = app.form("/outreach", &[("start", "test")]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.text().contains("Nothing was started."));
    assert_eq!(app.count("SELECT COUNT(*) FROM campaigns").await, 0);
    let strange = app.form("/outreach", &[("start", "everything")]).await;
    assert_eq!(strange.status, StatusCode::BAD_REQUEST);
    let long = "x".repeat(2001);
    let long = app.form("/outreach", &[("start", "test"), ("guidance", &long)]).await;
    assert_eq!(long.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_live_campaign_asks_first_and_takes_over_the_drafts_of_test_runs() {
    let app = TestApp::start().await;
    app.person("Ada Byron").insert().await;
    let test = app.campaign(CampaignKind::Test).await;
    app.draft(app.messages(test).await[0], None).await;
    app.person("Bo Lind").insert().await;

    let asked = app.form("/outreach", &[("start", "live"), ("guidance", "Be \"brief\"")]).await;
    let page = asked.text();
    assert!(page.contains("<b>2</b> people get"), "{page}");
    assert!(page.contains("1 to be written, 1 from drafts"));
    assert!(page.contains("name=\"guidance\" value=\"Be &#34;brief&#34;\""), "{page}");
    assert_eq!(app.count("SELECT COUNT(*) FROM campaigns").await, 1);

    let started = app.form("/outreach", &[("start", "live-now"), ("guidance", "")]).await;
    assert_eq!(started.location(), "/outreach/2?notice=started");
    let ids = app.messages(CampaignId(2)).await;
    let mut states = Vec::new();
    for id in ids {
        states.push(app.state(id).await);
    }
    states.sort_by_key(|state| state.as_str());
    assert_eq!(states, [MessageState::Approved, MessageState::Queued]);
}

#[tokio::test]
async fn many_are_sent_only_when_the_number_is_typed() {
    let app = TestApp::start().await;
    for number in 0..101 {
        let address = format!("p{number}@example.org");
        app.person(&format!("Person {number}")).address(&address).insert().await;
    }
    let campaign = app.campaign(CampaignKind::Test).await;
    for id in app.messages(campaign).await {
        app.draft(id, None).await;
    }
    let done = app.form("/outreach/1/approve", &[("which", "flawless")]).await;
    assert!(done.location().contains("n=101&kept=0"), "{}", done.location());
    assert!(app.page("/outreach/1").await.contains("Type 101 to continue"));
    let unread = app.form("/outreach/1/send", &[("count", "101")]).await;
    assert_eq!(unread.status, StatusCode::CONFLICT);
    let stale = app.form("/outreach/1/send", &[("count", "100"), ("number", "100")]).await;
    assert!(stale.text().contains("The number has changed in the meantime."));
    assert_eq!(app.count("SELECT COUNT(*) FROM jobs WHERE kind = 'send_message'").await, 0);
    let typed = app.form("/outreach/1/send", &[("count", "101"), ("number", " 101 ")]).await;
    assert_eq!(typed.status, StatusCode::SEE_OTHER);
    assert_eq!(app.count("SELECT COUNT(*) FROM jobs WHERE kind = 'send_message'").await, 101);
}

#[tokio::test]
async fn a_campaign_is_paused_goes_on_and_is_cancelled() {
    let app = TestApp::start().await;
    app.person("Ada Byron").insert().await;
    app.person("Bo Lind").insert().await;
    let campaign = app.campaign(CampaignKind::Test).await;
    let ids = app.messages(campaign).await;
    app.draft(ids[0], None).await;
    app.post(&format!("/outreach/1/messages/{}/approve", ids[0])).await;

    assert_eq!(app.post("/outreach/1/pause").await.location(), "/outreach/1?notice=paused");
    let page = app.page("/outreach/1").await;
    assert!(page.contains("<b>Paused.</b>") && !page.contains("Send 1 approved…"), "{page}");
    assert_eq!(app.post("/outreach/1/pause").await.status, StatusCode::CONFLICT);
    let held = app.form("/outreach/1/send", &[("count", "1")]).await;
    assert_eq!(held.status, StatusCode::CONFLICT, "what is paused sends nothing");
    assert_eq!(app.post("/outreach/1/resume?back=list").await.location(), "/outreach");

    assert!(app.page("/outreach/1/cancel").await.contains("2 messages will not be sent."));
    app.post("/outreach/1/cancel").await;
    assert_eq!(app.state(ids[0]).await, MessageState::Skipped);
    assert!(app.page("/outreach").await.contains("Cancelled"));
    assert_eq!(app.post("/outreach/1/cancel").await.status, StatusCode::CONFLICT);
    assert_eq!(app.post("/outreach/99/cancel").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_page_of_a_paused_campaign_says_why() {
    let app = TestApp::start().await;
    app.person("Ada").insert().await;
    let campaign = app.campaign(CampaignKind::Live).await;
    let mut tx = app.write().await;
    let words = Some("the mail server refuses the password <535>");
    assert!(muster::campaigns::pause(&mut tx, campaign, words).await.unwrap());
    tx.commit().await.unwrap();
    let page = app.page("/outreach/1").await;
    assert!(page.contains("Muster paused it: the mail server refuses the password &#60;535&#62;"));
}

#[tokio::test]
async fn the_page_says_when_the_messages_will_be_written_and_why_it_takes_long() {
    let key = |number: i64| muster::config::Key {
        number: muster::model::KeyNumber(number),
        key: muster::model::Secret::new(format!("key {number}")),
        project: None,
        limits: muster::config::Limits::default(),
    };
    let keys = vec![key(1), key(2)];
    let app = TestApp::start_with(Place::sqlite(), |config| config.gemini.keys = keys).await;
    app.person("Ada Byron").insert().await;
    app.person("Bo Lind").insert().await;
    app.person("Cy Young").insert().await;
    app.campaign(CampaignKind::Test).await;
    let last = NOON.0 + 2 * 5_000 + 2_000;
    assert_eq!(app.get("/api/campaigns/1").await.json()["eta"], last, "two gaps and an answer");
    assert!(app.page("/outreach/1").await.contains("Drafts ready in 12 s, at 12:00"));
    let page = app.page("/outreach/1?message=1&state=all").await;
    assert!(page.contains("Expected at 12:00: it is next."), "{page}");
    let page = app.page("/outreach/1?message=3&state=all").await;
    assert!(page.contains("Expected at 12:00: 2 others start before it."), "{page}");

    for number in ["1", "2"] {
        app.post(&format!("/keys/{number}/pause")).await;
    }
    let page = app.page("/outreach/1").await;
    assert!(page.contains("Templates write: ") && !page.contains("Drafts ready"), "{page}");
    app.post("/outreach/1/pause").await;
    assert!(!app.page("/outreach/1").await.contains("Templates write: "));
}

#[tokio::test]
async fn a_page_is_kept_true_by_its_stream_until_muster_stops() {
    let app = TestApp::start().await;
    app.person("Ada Byron").insert().await;
    let campaign = app.campaign(CampaignKind::Test).await;
    let id = app.messages(campaign).await[0];
    let page = app.page("/outreach/1").await;
    let url = between(&page, "data-live=\"", "\"").replace("&#38;", "&");
    let mut stream = app.stream(&url).await;

    let first = event(&mut stream).await;
    assert_eq!(first["texts"]["n-queued"], "1", "a stream begins with the whole state");
    assert_eq!(first["version"], between(&page, "data-live-version=\"", "\""));
    assert_eq!(first["attrs"]["state-queued"]["class"], "");

    app.draft(id, None).await;
    app.app.clock.advance(Duration::from_millis(500));
    let second = event(&mut stream).await;
    assert_eq!(second["texts"]["n-drafted"], "1");
    assert_eq!(second["texts"][format!("st-word-{id}")], "Template");
    assert_eq!(second["attrs"]["bar-drafted"]["width"], "100.00");
    assert_ne!(first["version"], second["version"], "the message can be read now");

    // A commit that changes nothing on the page makes no event; the next one that does, does.
    app.person("Bo Lind").insert().await;
    app.app.clock.advance(Duration::from_secs(1));
    app.post(&format!("/outreach/1/messages/{id}/approve")).await;
    app.app.clock.advance(Duration::from_secs(1));
    let third = event(&mut stream).await;
    assert_eq!(third["texts"]["n-approved"], "1");

    app.app.stopping.cancel();
    assert!(stream.next().await.is_none(), "the stream ends when Muster stops");
    assert_eq!(app.get("/outreach/99/live").await.status, StatusCode::NOT_FOUND);
}

async fn event(stream: &mut axum::body::BodyDataStream) -> serde_json::Value {
    let bytes = stream.next().await.expect("the stream goes on").unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    serde_json::from_str(text.trim().strip_prefix("data:").expect("an event with data")).unwrap()
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let from = text.find(start).expect("it is on the page") + start.len();
    &text[from..from + text[from..].find(end).unwrap()]
}

#[tokio::test]
async fn a_list_is_searched_and_its_page_follows_the_message() {
    let app = TestApp::start().await;
    for number in 10..50 {
        let address = format!("p{number}@example.org");
        app.person(&format!("Person {number}")).address(&address).insert().await;
    }
    let campaign = app.campaign(CampaignKind::Test).await;
    let ids = app.messages(campaign).await;
    let page = app.page("/outreach/1").await;
    assert!(page.contains("1–15 of 40") && page.contains("Next page"));
    let page = app.page(&format!("/outreach/1?message={}", ids[15])).await;
    assert!(page.contains("16–30 of 40") && page.contains("Message 16 of 40"), "{page}");
    let page = app.page("/outreach/1?q=p3%40&state=queued").await;
    assert!(page.contains("<b>No message found.</b>"));
    let page = app.page("/outreach/1?q=PERSON+33").await;
    assert!(page.contains("1–1 of 1") && page.contains("Person 33"));
    assert!(
        app.page("/outreach/1?state=nonsense&page=-4&message=999999").await.contains("Person 10")
    );
    assert_eq!(app.get("/outreach/2").await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.get("/outreach/nonsense").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(app.get("/campaigns").await.location(), "/outreach");
}
