//! Every page of outreach, with nothing there and with people who try to break it.

use axum::http::StatusCode;
use muster::model::campaign::CampaignKind;

use crate::support::app::TestApp;

const HOSTILE: &str = "<script>alert(1)</script> \"O'Brien\" 🦀 & {{ co }}";

/// What holds for every page: it is there, it runs our one script, and what people typed is text.
fn judge(path: &str, page: &str) {
    let scripts = page.matches("<script").count();
    let ours = page.matches("<script type=\"module\" src=\"/assets/").count();
    assert_eq!(scripts, ours, "{path} runs what it should show:\n{page}");
    assert!(!page.contains("onerror=") && !page.contains(" style="), "{path}");
    assert_eq!(page.matches("<h1").count(), 1, "{path} has one heading");
}

#[tokio::test]
async fn every_page_is_there_with_nothing_to_show() {
    let app = TestApp::start().await;
    for path in ["/outreach", "/outbox", "/people", "/people/new?back=outreach", "/people/import"] {
        judge(path, &app.page(path).await);
    }
}

#[tokio::test]
async fn what_people_call_themselves_is_text_on_every_page() {
    let app = TestApp::start().await;
    for number in 0..3 {
        let address = format!("p{number}@example.org");
        app.person(HOSTILE).address(&address).skills([HOSTILE]).insert().await;
    }
    let campaign = app.campaign(CampaignKind::Test).await;
    let ids = app.messages(campaign).await;
    let body = format!("Hi {HOSTILE},\n\nHack the Harbour. {HOSTILE}");
    app.draft(ids[0], Some(&body)).await;
    app.draft(ids[1], None).await;
    app.mail(ids[1], "smtp", "refused", Some(HOSTILE)).await;
    let (first, second) = (ids[0], ids[1]);
    app.form(&format!("/outreach/1/messages/{second}/approve"), &[("anyway", "yes")]).await;
    let hint = [("hint", HOSTILE)];
    app.form(
        &format!("/outreach/1/messages/{first}/edit"),
        &[("subject", HOSTILE), ("body", &body)],
    )
    .await;
    let paths = [
        "/outreach".to_owned(),
        format!("/outreach/1?message={first}"),
        format!("/outreach/1?message={first}&mode=edit"),
        format!("/outreach/1?message={first}&mode=again"),
        format!("/outreach/1?message={first}&view=html&notice=approved&of={second}"),
        format!("/outreach/1?state=all&message={second}"),
        "/outreach/1?q=%3Cscript%3E%22&state=%3Cscript%3E".to_owned(),
        "/outreach/1?notice=%3Cscript%3E&of=1".to_owned(),
        "/outreach/1/send".to_owned(),
        "/outreach/1/cancel".to_owned(),
        "/outbox?q=%3Cscript%3E".to_owned(),
        "/outbox".to_owned(),
        "/outbox/1".to_owned(),
        "/people".to_owned(),
        "/people/1".to_owned(),
        "/people/1/edit".to_owned(),
    ];
    for path in &paths {
        judge(path, &app.page(path).await);
    }
    let asked = app.form("/outreach", &[("start", "live"), ("guidance", HOSTILE)]).await;
    judge("the question before a live campaign", &asked.text());
    let late = app.form(&format!("/outreach/1/messages/{first}/again"), &hint).await;
    assert_eq!(late.status, StatusCode::SEE_OTHER);
    judge("after a hint", &app.page(late.location()).await);
    let email = app.page(&format!("/outreach/1/messages/{first}/email")).await;
    assert!(!email.contains("<script"), "{email}");
}

#[tokio::test]
async fn a_notice_in_an_old_address_still_has_its_text() {
    let app = TestApp::start().await;
    assert!(app.page("/people?said=added").await.contains("<span>Person added.</span>"));
    assert!(app.page("/faq?said=closed").await.contains("Only organisers can see the FAQ now."));
    assert!(
        app.page("/faq?notice=faq-closed").await.contains("Only organisers can see the FAQ now.")
    );
}
