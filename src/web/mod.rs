//! The pages and the JSON interface: the only module that knows axum. Handlers translate a request and call one domain
//! function; what a page shows is read straight from the store.

mod aliases;
mod api;
pub mod assets;
mod discord;

mod error;
mod expected;
mod faq;
mod form;
mod gateway;
mod guard;
mod home;
mod keys;
mod login;
mod matchmaking;
mod metrics;
mod notice;
mod outbox;
mod outreach;
mod page;
mod pager;
mod people;
mod resumes;
mod settings;
mod sse;
mod unsubscribe;
mod words;

use std::io;
use std::net::{Ipv6Addr, SocketAddr};
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get, post};
use axum::{Router, middleware};
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::trace::TraceLayer;

use crate::app::App;
pub use error::Error;
use guard::Format;
use outreach::campaign;

/// Bytes of a table that is imported, with some room for the form around it.
const TABLE: usize = 17 * 1024 * 1024;

/// The site map: each group of routes with its access rules.
pub fn router(app: App) -> Router {
    let health = Router::new().route("/healthz", get(|| async { "ok" }));
    let files = Router::new().route("/assets/{*path}", get(assets::serve));
    let login = Router::new().route("/login", get(login::form).post(login::log_in));
    let unsubscribe =
        Router::new().route("/u/{code}", get(unsubscribe::page).post(unsubscribe::unsubscribe));
    let interactions = Router::new().route(
        "/discord/interactions",
        post(discord::interactions::interactions)
            .layer(DefaultBodyLimit::max(discord::interactions::LARGEST)),
    );
    let faq_page = Router::new().route("/faq/public", get(faq::public_page).post(faq::ask_public));
    let faq_api = Router::new()
        .route("/api/faq/ask", post(faq::api_ask))
        .method_not_allowed_fallback(api::wrong_method);

    guard::pages(pages().merge(aliases::routes()).fallback(|| async { Error::NotFound }), &app)
        .merge(guard::programs(programs().merge(api()), &app))
        .merge(guard::participants(faq_page, &app, Format::Page))
        .merge(guard::participants(faq_api, &app, Format::Json))
        .merge(guard::open(login, &app, Format::Page))
        .merge(guard::open(gateway(), &app, Format::Json))
        .merge(guard::assets(files, &app))
        .merge(guard::signed(unsubscribe, &app, Format::Page))
        .merge(guard::signed(interactions, &app, Format::Json))
        .merge(guard::unchecked(health))
        .layer(DefaultBodyLimit::max(2 * 1024 * 1024))
        .layer(middleware::from_fn(guard::security_headers))
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(CompressionLayer::new())
        .layer(TraceLayer::new_for_http())
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .with_state(app)
}

/// Pages of organisers, and their forms.
#[expect(clippy::too_many_lines, reason = "a table: one line for each route")]
fn pages() -> Router<App> {
    Router::new()
        .route("/", get(home::home))
        .route("/first-run/hide", post(home::hide))
        .route("/more", get(home::more))
        .route("/people", get(people::list).post(people::add))
        .route("/people/new", get(people::new))
        .route(
            "/people/import",
            get(people::import_form).post(people::import).layer(DefaultBodyLimit::max(TABLE)),
        )
        .route("/people/sample", post(people::add_samples))
        .route("/people/people.csv", get(people::export_all))
        .route("/people/{id}", get(people::person).post(people::save))
        .route("/people/{id}/edit", get(people::edit))
        .route("/people/{id}/unsubscribe", post(people::unsubscribe))
        .route("/people/{id}/resubscribe", post(people::resubscribe))
        .route("/people/{id}/consent", post(people::set_consent))
        .route("/people/{id}/erase", post(people::erase))
        .route("/people/{id}/skills/remove", post(people::remove_skill))
        .route("/people/{id}/person.json", get(people::export))
        .route("/keys", get(keys::show).post(keys::add))
        .route("/keys/live", get(keys::stream))
        .route("/keys/reload-env", post(keys::reload_env))
        .route("/keys/group", post(keys::group))
        .route("/keys/{number}/project", get(keys::ask_project).post(keys::name_project))
        .route("/keys/{number}/remove", get(keys::ask_to_remove).post(keys::remove))
        .route("/keys/{number}/pause", post(keys::pause))
        .route("/keys/{number}/resume", post(keys::resume))
        .route("/keys/{number}/retry", post(keys::retry))
        .route("/matchmaking", get(matchmaking::page))
        .route("/matchmaking/live", get(matchmaking::live))
        .route("/matchmaking/skills", get(matchmaking::skills))
        .route("/matchmaking/run", post(matchmaking::run))
        .route("/matchmaking/people/{id}/run", post(matchmaking::run_one))
        .route("/matchmaking/emails", post(matchmaking::write_emails))
        .route(
            "/matchmaking/upload",
            post(resumes::upload).layer(DefaultBodyLimit::max(resumes::MAX_REQUEST)),
        )
        .route("/matchmaking/resumes", get(resumes::list))
        .route("/matchmaking/resumes/{id}/owner", get(resumes::owner).post(resumes::assign_to_new))
        .route("/matchmaking/resumes/{id}/assign", post(resumes::assign))
        .route("/matchmaking/resumes/{id}/retry", post(resumes::retry))
        .route("/matchmaking/resumes/{id}/delete", post(resumes::delete))
        .route("/matchmaking/resumes/{id}/file", get(resumes::download))
        .route("/faq", get(faq::list).post(faq::add))
        .route("/faq/new", get(faq::new))
        .route("/faq/ask", post(faq::ask))
        .route("/faq/import", get(faq::import_form).post(faq::import))
        .route("/faq/faq.txt", get(faq::export_text))
        .route("/faq/faq.md", get(faq::export_markdown))
        .route("/faq/visibility", post(faq::set_visibility))
        .route("/faq/unanswered/{id}/settle", post(faq::settle))
        .route("/faq/{id}", post(faq::save))
        .route("/faq/{id}/edit", get(faq::edit))
        .route("/faq/{id}/{action}", post(faq::act))
        .route("/discord", get(discord::setup::show))
        .route("/discord/live", get(discord::setup::live))
        .route("/discord/{action}", get(discord::setup::ask).post(discord::setup::act))
        .route("/settings", get(settings::show))
        .route("/settings/event", post(settings::save_event))
        .route("/settings/mail/test", post(settings::send_test))
        .route("/settings/mail/go-on", post(settings::go_on))
        .route("/settings/matching", post(settings::save_rule))
        .route("/settings/tokens", get(gateway::tokens::show).post(gateway::tokens::make))
        .route(
            "/settings/tokens/remove",
            get(gateway::tokens::ask_to_remove).post(gateway::tokens::remove),
        )
        .route("/outreach", get(outreach::list).post(outreach::start))
        .route("/outreach/{id}", get(campaign::page))
        .route("/outreach/{id}/live", get(campaign::live))
        .route("/outreach/{id}/approve", post(campaign::approve_some))
        .route("/outreach/{id}/send", get(campaign::confirm_send).post(campaign::send))
        .route("/outreach/{id}/pause", post(campaign::pause))
        .route("/outreach/{id}/resume", post(campaign::resume))
        .route(
            "/outreach/{id}/template",
            get(campaign::confirm_template).post(campaign::finish_by_template),
        )
        .route("/outreach/{id}/people-per-request", post(campaign::set_people_per_request))
        .route("/outreach/{id}/rewrite", post(campaign::rewrite_templates))
        .route("/outreach/{id}/cancel", get(campaign::confirm_cancel).post(campaign::cancel))
        .route("/outreach/{id}/messages/{message}/email", get(campaign::email_html))
        .route("/outreach/{id}/messages/{message}/{action}", post(campaign::act))
        .route("/outbox", get(outbox::list))
        .route("/outbox/{email}", get(outbox::email_or_eml))
        .route("/outbox/{email}/html", get(outbox::html))
        .route("/logout", post(login::log_out))
}

/// What organisers' programs call beside [`api`].
fn programs() -> Router<App> {
    Router::new()
        .route("/metrics", get(metrics::show))
        .route("/matchmaking/resumes/{id}", get(api::matching::resume))
        .route("/matchmaking/add-user", post(api::people::add_and_match))
        .route(
            "/matchmaking/upload-resume",
            post(api::matching::upload_resume).layer(DefaultBodyLimit::max(resumes::MAX_ONE)),
        )
        .route("/matchmaking/find-matches", post(api::matching::find_matches))
        .route("/matchmaking/bulk-match", post(api::matching::bulk_match))
        .route("/matchmaking/user-matches/{id}", get(api::matching::user_matches))
        .route("/api/matchmaking/stats", get(api::matching::stats))
}

fn api() -> Router<App> {
    Router::new()
        .route("/api/users/add", post(api::people::add))
        .route("/api/users/reset", post(api::campaigns::reset_users))
        .route("/api/campaign/test", post(api::campaigns::start_test))
        .route("/api/campaign/send", post(api::campaigns::start_live))
        .route("/api/campaigns/{id}", get(api::campaigns::campaign))
        .route("/api/{*path}", any(api::not_found))
        .method_not_allowed_fallback(api::wrong_method)
}

/// The Gemini-compatible API. It checks tokens of its own.
fn gateway() -> Router<App> {
    Router::new()
        .route("/gemini/v1beta/models/{call}", post(gateway::ask))
        // Google's newer libraries use this one; both versions mean the same.
        .route("/gemini/v1/models/{call}", post(gateway::ask))
        .route("/gemini/{*path}", any(gateway::nothing_here))
}

/// Opens the port. On loopback both `127.0.0.1` and `::1`, since `localhost` may mean either.
pub async fn listen(address: SocketAddr) -> io::Result<Vec<TcpListener>> {
    let first = TcpListener::bind(address).await.map_err(|error| {
        let problem = match error.kind() {
            io::ErrorKind::AddrInUse => {
                "another program uses it; set PORT to a free one, or stop that program".into()
            }
            io::ErrorKind::PermissionDenied => {
                "ports below 1024 need rights; set PORT to 1024 or more".into()
            }
            _ => error.to_string(),
        };
        io::Error::new(error.kind(), format!("cannot listen on {address}: {problem}"))
    })?;
    let port = first.local_addr()?.port();
    let mut listeners = vec![first];
    if address.ip() == std::net::Ipv4Addr::LOCALHOST {
        // A machine without IPv6 has no `::1`: nothing is lost.
        listeners.extend(TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await.ok());
    }
    Ok(listeners)
}

/// How long open requests may take to finish once Muster stops.
const FAREWELL: Duration = Duration::from_secs(10);

/// Answers on all listeners until `app.stopping` is set and open requests are done.
pub async fn serve(app: App, listeners: Vec<TcpListener>) -> io::Result<()> {
    let mut servers = tokio::task::JoinSet::new();
    for listener in listeners {
        let service = router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
        let stopping = app.stopping.clone();
        servers.spawn(async move {
            axum::serve(listener, service).with_graceful_shutdown(stopping.cancelled_owned()).await
        });
    }
    app.stopping.cancelled().await;
    let all_done = async { while servers.join_next().await.is_some() {} };
    if tokio::time::timeout(FAREWELL, all_done).await.is_err() {
        tracing::warn!("some requests were still open and have been cut off");
    }
    Ok(())
}
