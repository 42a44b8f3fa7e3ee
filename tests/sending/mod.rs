//! Approved messages on their way through a mail server: what a refusal means for the recipient, the account and the
//! campaign, what may change between approval and delivery, and how fast emails may go out.

mod changes;
mod limits;
mod refusals;
mod suppressed;

use axum::http::StatusCode;
use muster::config::{Config, MailTransport};
use muster::model::campaign::CampaignKind;
use muster::model::{MessageId, Millis, Secret};

use crate::support::app::TestApp;
use crate::support::db::Place;
use crate::support::smtp::SmtpServer;

/// A Muster that sends through this server.
async fn mailing(place: Place, server: &SmtpServer, set: impl FnOnce(&mut Config)) -> TestApp {
    let url = server.url();
    TestApp::start_with(place, |config| {
        config.mail.transport = MailTransport::Url(Secret::new(url));
        set(config);
    })
    .await
}

async fn on_sqlite(server: &SmtpServer) -> TestApp {
    mailing(Place::sqlite(), server, |_| {}).await
}

/// Released invitations of a live campaign to these addresses, in this order.
async fn released(app: &TestApp, addresses: &[&str]) -> Vec<MessageId> {
    for address in addresses {
        app.person("Ada Byron").address(address).insert().await;
    }
    let campaign = app.campaign(CampaignKind::Live).await;
    let ids = app.messages(campaign).await;
    for id in &ids {
        app.draft(*id, None).await;
    }
    assert_eq!(ids.len(), addresses.len());
    ids
}

/// Runs jobs until none is left, at most so many times, moving the clock to the next one; returns when the last ran.
async fn run_to_the_end(app: &TestApp, most: usize) -> Millis {
    for _ in 0..most {
        match app.run_jobs().await {
            Some(next) => app.app.clock.advance_to(next),
            None => break,
        }
    }
    app.app.clock.now()
}

/// Whom the server has taken an email for, in order.
fn taken(server: &SmtpServer) -> Vec<String> {
    let accepted = server.mails().into_iter().filter(|mail| mail.accepted);
    accepted.map(|mail| mail.to[0].clone()).collect()
}

/// Posts a form that must be accepted.
async fn press(app: &TestApp, path: &str, fields: &[(&str, &str)]) {
    let answer = app.form(path, fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}: {}", answer.text());
}
