//! Old addresses, served by the handlers that serve the new ones.
//!
//! Forms that were open and links that were sent before a rename keep working. The routes are merged with the pages
//! (and with the JSON interface), so the same access rules apply to them.

use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};

use super::outreach::campaign;
use super::{keys, matchmaking, people, resumes};
use crate::app::App;

/// Old addresses of pages and of their forms.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/users", get(|| async { Redirect::permanent("/people") }))
        .route("/matchmaking/mails", post(matchmaking::write_emails))
        .route("/matchmaking/resumes/{id}/whose", get(resumes::owner).post(resumes::assign_to_new))
        .route("/matchmaking/resumes/{id}/claim", post(resumes::assign))
        .route("/matchmaking/resumes/{id}/again", post(resumes::retry))
        .route("/campaigns", get(|| async { Redirect::permanent("/outreach") }))
        .route("/keys/read-env", post(keys::reload_env))
        .route("/keys/{number}/go-on", post(keys::resume))
        .route("/keys/{number}/try-again", post(keys::retry))
        .route("/people/{id}/leave", post(people::unsubscribe))
        .route("/people/{id}/return", post(people::resubscribe))
        .route("/people/{id}/switches", post(people::set_consent))
        .route("/outreach/{id}/together", post(campaign::set_people_per_request))
        .route("/outreach/{id}/messages/{message}/letter", get(campaign::email_html))
}
