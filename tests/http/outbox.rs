//! The outbox: every email as it was sent.

use axum::http::StatusCode;
use muster::model::campaign::CampaignKind;

use crate::support::app::TestApp;

#[tokio::test]
async fn emails_are_listed_found_and_shown_as_the_recipient_sees_them() {
    let app = TestApp::start().await;
    assert!(app.page("/outbox").await.contains("<b>No emails yet.</b>"));
    app.person("Ada Byron").insert().await;
    app.person("Zoë <b>Bold</b>").insert().await;
    let campaign = app.campaign(CampaignKind::Test).await;
    let ids = app.messages(campaign).await;
    for id in &ids {
        app.draft(*id, None).await;
    }
    app.mail(ids[0], "outbox", "sent", None).await;
    app.mail(ids[1], "smtp", "refused", Some("550 5.1.1 <zoe> no such user")).await;

    let page = app.page("/outbox").await;
    assert!(page.contains("Sent (outbox)") && page.contains("Refused"));
    assert!(page.contains("550 5.1.1 &#60;zoe&#62; no such user"), "{page}");
    assert!(page.contains("Zoë &#60;b&#62;Bold&#60;/b&#62;"));
    assert!(page.find("550 5.1.1") < page.find("Sent (outbox)"), "the newest first");
    let found = app.page("/outbox?q=BYRON").await;
    assert!(found.contains("Ada Byron") && !found.contains("Zoë"));
    let refused = app.page("/outbox?show=refused").await;
    assert!(refused.contains("Zoë") && !refused.contains("Ada Byron"));
    assert!(app.page("/outbox?q=nobody").await.contains("No emails match."));

    let page = app.page("/outbox/1").await;
    assert!(page.contains("Hi Ada Byron,") && page.contains("List-Unsubscribe"));
    assert!(page.contains("<iframe class=\"frame\" sandbox src=\"/outbox/1/html\""));
    let page = app.page("/outbox/2").await;
    assert!(
        page.contains("Zoë &#60;b&#62;Bold&#60;/b&#62; &#60;person-"),
        "decoded and escaped: {page}"
    );

    let html = app.get("/outbox/1/html").await;
    let policy = html.header("content-security-policy");
    assert!(policy.starts_with("sandbox; default-src 'none'"), "{policy}");
    let eml = app.get("/outbox/1.eml").await;
    assert_eq!(eml.header("content-type"), "message/rfc822");
    assert!(eml.header("content-disposition").contains("muster-1.eml"));
    assert!(eml.text().contains("Message-ID: <"));
    for path in ["/outbox/99", "/outbox/99.eml", "/outbox/99/html", "/outbox/x.eml"] {
        assert_eq!(app.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
