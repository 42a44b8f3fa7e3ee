//! The review of one message: what the page shows, and what an organiser can do.

use axum::http::StatusCode;
use muster::model::MessageId;
use muster::model::campaign::CampaignKind;
use muster::model::message::MessageState;
use muster::store;

use crate::support::app::TestApp;

/// A campaign for Ada and Bo, with their drafts written.
async fn two_drafts(app: &TestApp) -> [MessageId; 2] {
    app.person("Ada Byron").insert().await;
    app.person("Bo Lind").insert().await;
    let campaign = app.campaign(CampaignKind::Test).await;
    let ids = app.messages(campaign).await;
    for id in &ids {
        app.draft(*id, None).await;
    }
    ids.try_into().unwrap()
}

fn action(id: MessageId, what: &str) -> String {
    format!("/outreach/1/messages/{id}/{what}")
}

/// Sends an approved message up to where sending stopped.
async fn sending(app: &TestApp, id: MessageId) {
    app.post(&action(id, "approve")).await;
    app.form("/outreach/1/send", &[("count", "1")]).await;
    let mut tx = app.write().await;
    assert!(store::messages::start_sending(&mut tx, id).await.unwrap());
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_draft_that_fails_a_check_is_approved_only_by_someone_who_has_read_the_finding() {
    let app = TestApp::start().await;
    let ids = two_drafts(&app).await;
    let flawed = "Hi Ada,\n\nCome to Hack the Harbour. Read https://elsewhere.example/x first.";
    let typed = [("subject", "Join Hack the Harbour"), ("body", flawed)];
    app.form(&action(ids[0], "edit"), &typed).await;

    let page = app.page(&format!("/outreach/1?message={}", ids[0])).await;
    assert!(page.contains("The text contains a web address that is not one of the event"));
    assert!(page.contains("<q>https://elsewhere.example/x</q>"));
    assert!(page.contains("Approve anyway") && !page.contains(">Approve <kbd>"), "{page}");
    let plain = app.post(&action(ids[0], "approve")).await;
    assert_eq!(plain.status, StatusCode::CONFLICT);
    assert!(plain.text().contains("This email cannot be sent as it is"));
    assert_eq!(app.state(ids[0]).await, MessageState::Drafted);

    app.form(&action(ids[0], "approve"), &[("anyway", "yes")]).await;
    assert_eq!(app.state(ids[0]).await, MessageState::Approved);
}

#[tokio::test]
async fn of_two_who_approve_at_once_one_is_told_that_it_was_done() {
    let app = TestApp::start().await;
    let ids = two_drafts(&app).await;
    assert_eq!(app.post(&action(ids[0], "approve")).await.status, StatusCode::SEE_OTHER);
    let late = app.post(&action(ids[0], "approve")).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.text().contains("Only a draft can be approved, and this message is approved."));
    let undone = app.post(&action(ids[0], "disapprove")).await;
    assert!(app.page(undone.location()).await.contains("Withdrew the approval for Ada Byron."));
    assert_eq!(app.state(ids[0]).await, MessageState::Drafted);
}

#[tokio::test]
async fn an_edit_comes_back_with_its_complaints_and_is_approved_with_its_text() {
    let app = TestApp::start().await;
    let ids = two_drafts(&app).await;
    assert!(
        app.page(&format!("/outreach/1?message={}&mode=edit", ids[0])).await.contains("Hi Ada")
    );
    let empty =
        app.form(&action(ids[0], "edit"), &[("subject", " "), ("body", "Hi <b>Ada</b>")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(empty.text().contains("The subject is missing."));
    assert!(empty.text().contains("Hi &#60;b&#62;Ada&#60;/b&#62;"), "what was typed is not lost");

    let body = "Hi Ada,\r\n\r\nHack the Harbour would be better with you.";
    let typed = [("subject", "For you,\r\nBcc: Ada"), ("body", body), ("then", "approve")];
    let saved = app.form(&action(ids[0], "edit"), &typed).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
    let message = app.message(ids[0]).await;
    assert_eq!(message.state, MessageState::Approved);
    assert_eq!(message.subject, "For you, Bcc: Ada", "a subject is one line");
    assert_eq!(message.body, "Hi Ada,\n\nHack the Harbour would be better with you.");

    app.form(&action(ids[0], "edit"), &[("subject", "Other"), ("body", body)]).await;
    assert_eq!(app.state(ids[0]).await, MessageState::Drafted, "an edit takes the approval back");
    let page = app.page(&format!("/outreach/1?message={}", ids[0])).await;
    assert!(page.contains("Edited") && page.contains("an organiser, 12:00"));
}

#[tokio::test]
async fn a_message_is_written_again_with_a_hint_skipped_and_restored() {
    let app = TestApp::start().await;
    let ids = two_drafts(&app).await;
    let asked = app.form(&action(ids[0], "again"), &[("hint", "shorter, please")]).await;
    assert!(
        app.page(asked.location())
            .await
            .contains("The message to Ada Byron will be written again.")
    );
    let message = app.message(ids[0]).await;
    assert_eq!((message.state, message.hint.as_str()), (MessageState::Queued, "shorter, please"));

    app.post(&action(ids[1], "skip")).await;
    let page = app.page(&format!("/outreach/1?message={}", ids[1])).await;
    assert!(page.contains("Not sent: skipped by an organiser.") && page.contains("Restore"));
    app.post(&action(ids[1], "unskip")).await;
    assert_eq!(app.state(ids[1]).await, MessageState::Queued);

    let mut tx = app.write().await;
    let person = app.message(ids[1]).await.person_id;
    let person = store::people::find(&mut tx, person).await.unwrap().unwrap();
    let now = app.app.clock.now();
    muster::campaigns::messages::opt_out(&mut tx, &person, "by link", now).await.unwrap();
    tx.commit().await.unwrap();
    let page = app.page(&format!("/outreach/1?message={}", ids[1])).await;
    assert!(page.contains("unsubscribed") && !page.contains("Restore"), "{page}");
    assert_eq!(app.post(&action(ids[1], "unskip")).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn what_may_have_gone_out_is_settled_by_one_of_three_answers() {
    for (answer, state) in [
        ("sent", MessageState::Sent),
        ("send", MessageState::Approved),
        ("leave", MessageState::Failed),
    ] {
        let app = TestApp::start().await;
        let [id, _] = two_drafts(&app).await;
        sending(&app, id).await;
        app.mail(id, "smtp", "uncertain", Some("the connection broke after DATA")).await;
        let mut tx = app.write().await;
        store::messages::mark_uncertain(&mut tx, id, "the connection broke").await.unwrap();
        tx.commit().await.unwrap();

        let page = app.page("/outreach/1?state=uncertain").await;
        assert!(page.contains("<b>1 message may or may not have been sent.</b>"));
        assert!(page.contains("It was being sent to Ada Byron at 12:00."));
        assert!(page.contains("<q>the connection broke after DATA</q>"), "{page}");
        assert_eq!(app.post(&action(id, "settle")).await.status, StatusCode::BAD_REQUEST);
        app.form(&action(id, "settle"), &[("answer", answer)]).await;
        assert_eq!(app.state(id).await, state);
    }
}

#[tokio::test]
async fn a_failed_mail_shows_the_servers_line_and_can_be_sent_again() {
    let app = TestApp::start().await;
    let [id, _] = two_drafts(&app).await;
    sending(&app, id).await;
    let words = "550 5.1.1 <ada> unknown";
    app.mail(id, "smtp", "refused", Some(words)).await;
    let mut tx = app.write().await;
    store::messages::mark_failed(&mut tx, id, words).await.unwrap();
    tx.commit().await.unwrap();

    let page = app.page("/outreach/1?state=failed").await;
    assert!(page.contains("550 5.1.1 &#60;ada&#62; unknown"));
    assert!(page.contains("Send again") && page.contains("Write again"));
    app.form(&action(id, "settle"), &[("answer", "send")]).await;
    assert_eq!(app.state(id).await, MessageState::Approved);
}

#[tokio::test]
async fn some_are_approved_at_once_and_what_fails_a_check_waits() {
    let app = TestApp::start().await;
    app.person("Ada Byron").insert().await;
    app.person("Bo Lind").insert().await;
    app.person("Cy Young").insert().await;
    let campaign = app.campaign(CampaignKind::Test).await;
    let ids = app.messages(campaign).await;
    app.draft(ids[0], None).await;
    app.draft(ids[1], Some("Hi Bo,\n\nCome to [Name of event].")).await;
    app.draft(ids[2], None).await;

    let page = app.page("/outreach/1").await;
    assert!(page.contains("Approve all flawless"));
    let (one, two) = (ids[0].to_string(), ids[1].to_string());
    let chosen = [("which", "chosen"), ("id", one.as_str()), ("id", two.as_str())];
    let done = app.form("/outreach/1/approve", &chosen).await;
    assert!(
        app.page(done.location()).await.contains("Approved 1 message. 1 waits for your review.")
    );
    let done = app.form("/outreach/1/approve", &[("which", "flawless")]).await;
    assert!(done.location().contains("n=1&kept=1"), "{}", done.location());
    assert_eq!(app.state(ids[1]).await, MessageState::Drafted);
    assert_eq!(app.state(ids[2]).await, MessageState::Approved);
}

#[tokio::test]
async fn a_message_is_reached_only_through_its_own_campaign() {
    let app = TestApp::start().await;
    let [id, _] = two_drafts(&app).await;
    app.person("Cy Young").insert().await;
    app.campaign(CampaignKind::Live).await;
    for what in ["approve", "skip", "email", "letter"] {
        let path = format!("/outreach/2/messages/{id}/{what}");
        let is_page = matches!(what, "email" | "letter");
        let answer = if is_page { app.get(&path).await } else { app.post(&path).await };
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    let foreign = [("which", "chosen"), ("id", &*id.to_string())];
    assert_eq!(app.form("/outreach/2/approve", &foreign).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.post(&action(id, "explode")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_emails_html_is_shown_in_a_frame_that_runs_no_scripts() {
    let app = TestApp::start().await;
    let [id, _] = two_drafts(&app).await;
    let page = app.page(&format!("/outreach/1?message={id}&view=html")).await;
    assert!(page.contains(&format!("sandbox src=\"/outreach/1/messages/{id}/email\"")), "{page}");
    let email = app.get(&format!("/outreach/1/messages/{id}/email")).await;
    let policy = email.header("content-security-policy");
    assert!(policy.starts_with("sandbox; default-src 'none'"), "{policy}");
    assert!(!policy.contains("script-src") && !policy.contains("allow-"), "{policy}");
}

#[tokio::test]
async fn a_message_whose_facts_changed_after_its_approval_says_so() {
    let app = TestApp::start().await;
    let [id, _] = two_drafts(&app).await;
    app.post(&action(id, "approve")).await;
    let path = format!("/outreach/1?message={id}");
    assert!(!app.page(&path).await.contains("has changed since"));
    let mut tx = app.write().await;
    let event = muster::events::CURRENT;
    let mut row = store::events::find(&mut tx, event).await.unwrap();
    row.organiser = Some("Somebody else".into());
    store::events::update(&mut tx, event, &row).await.unwrap();
    tx.commit().await.unwrap();
    assert!(app.page(&path).await.contains("has changed since"));
}

#[tokio::test]
async fn a_draft_of_the_model_that_fails_a_check_is_written_once_more_and_then_waits() {
    let app = TestApp::start().await;
    app.person("Ada Byron").insert().await;
    let campaign = app.campaign(CampaignKind::Live).await;
    let id = app.messages(campaign).await[0];
    let flawed = muster::model::email::Draft {
        subject: "Join Hack the Harbour".into(),
        body: "Hi Ada,\n\nCome to [Name of event].".into(),
    };
    let made_by = muster::model::made_by::MadeBy::model("a-model", muster::model::KeyNumber(1));
    for state in [MessageState::Queued, MessageState::Drafted] {
        let mut tx = app.write().await;
        let message = store::messages::find(&mut tx, id).await.unwrap().unwrap();
        assert!(store::messages::start_drafting(&mut tx, id).await.unwrap());
        let (config, now) = (&app.app.config, app.app.clock.now());
        muster::campaigns::messages::store_draft(&mut tx, config, &message, &flawed, &made_by, now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(app.state(id).await, state);
    }
}
