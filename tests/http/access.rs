//! Who is let in: passwords, sessions, guesses, names of the host, other sites.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use muster::model::Secret;

use crate::support::app::{Answer, TestApp, request};
use crate::support::db::{Place, on_both_places};

const PASSWORD: &str = "harbour at night";

async fn guarded(place: Place, public: &str) -> TestApp {
    TestApp::start_with(place, |config| {
        config.admin_password = Some(Secret::new(PASSWORD));
        config.public_url = Some(public.to_owned());
    })
    .await
}

async fn guarded_here() -> TestApp {
    guarded(Place::sqlite(), "http://localhost:5000").await
}

async fn log_in(app: &TestApp, password: &str) -> Answer {
    app.form("/login", &[("name", "Meera"), ("password", password), ("next", "/people")]).await
}

/// The cookie of a fresh session, as a browser sends it back.
async fn session(app: &TestApp) -> String {
    let answer = log_in(app, PASSWORD).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/people"));
    answer.header(header::SET_COOKIE).split(';').next().unwrap().to_owned()
}

async fn with_cookie(app: &TestApp, method: Method, path: &str, cookie: &str) -> StatusCode {
    let request = request(method, path).header(header::COOKIE, cookie);
    app.send(request.body(Body::empty()).unwrap()).await.status
}

#[tokio::test]
async fn a_session_lasts_fourteen_days() {
    on_both_places(async |place| {
        let app = guarded(place, "http://localhost:5000").await;
        let cookie = session(&app).await;
        let open = async || with_cookie(&app, Method::GET, "/people", &cookie).await;
        assert_eq!(open().await, StatusCode::OK);
        app.app.clock.advance(Duration::from_hours(14 * 24) - Duration::from_secs(1));
        assert_eq!(open().await, StatusCode::OK);
        app.app.clock.advance(Duration::from_secs(1));
        assert_eq!(open().await, StatusCode::SEE_OTHER);
        // The next login sweeps up what is over.
        session(&app).await;
        assert_eq!(app.count("SELECT COUNT(*) FROM sessions").await, 1);
    })
    .await;
}

#[tokio::test]
async fn logging_out_ends_the_session_and_no_other() {
    let app = guarded_here().await;
    let (one, other) = (session(&app).await, session(&app).await);
    assert_ne!(one, other);
    assert_eq!(with_cookie(&app, Method::POST, "/logout", &one).await, StatusCode::SEE_OTHER);
    assert_eq!(with_cookie(&app, Method::GET, "/people", &one).await, StatusCode::SEE_OTHER);
    assert_eq!(with_cookie(&app, Method::GET, "/people", &other).await, StatusCode::OK);
}

#[tokio::test]
async fn a_cookie_that_muster_did_not_give_opens_nothing() {
    let app = guarded_here().await;
    session(&app).await;
    for cookie in ["muster=", "muster=0", "muster=%00", "other=x"] {
        let status = with_cookie(&app, Method::GET, "/people", cookie).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{cookie}");
    }
    // What the database has of a session is no key to it.
    let mut conn = app.app.db.read().await.unwrap();
    let stored: String =
        sqlx::query_scalar("SELECT token_hash FROM sessions").fetch_one(&mut *conn).await.unwrap();
    drop(conn);
    let cookie = format!("muster={stored}");
    assert_eq!(with_cookie(&app, Method::GET, "/people", &cookie).await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_session_cookie_is_kept_from_scripts_other_sites_and_plain_http() {
    let app = guarded_here().await;
    let cookie = log_in(&app, PASSWORD).await.header(header::SET_COOKIE).to_owned();
    assert!(cookie.starts_with("muster=") && cookie.contains("HttpOnly"), "{cookie}");
    assert!(cookie.contains("SameSite=Lax") && cookie.contains("Path=/"), "{cookie}");
    assert!(!cookie.contains("Secure"), "a browser drops it over http: {cookie}");

    let app = guarded(Place::sqlite(), "https://muster.example.org").await;
    let cookie = log_in(&app, PASSWORD).await.header(header::SET_COOKIE).to_owned();
    assert!(cookie.starts_with("__Host-muster=") && cookie.contains("Secure"), "{cookie}");
}

#[tokio::test]
async fn a_wrong_password_opens_nothing_and_many_make_even_the_right_one_wait() {
    let app = guarded_here().await;
    for _ in 0..6 {
        let answer = log_in(&app, "harbour").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer.header(header::SET_COOKIE), "");
    }
    assert_eq!(log_in(&app, PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(app.count("SELECT COUNT(*) FROM sessions").await, 0);
    app.app.clock.advance(Duration::from_secs(2));
    assert_eq!(log_in(&app, PASSWORD).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn without_a_password_nobody_sees_or_changes_anything() {
    let app = guarded_here().await;
    app.person("Ada").insert().await;
    for path in [
        "/",
        "/people",
        "/people/1",
        "/outreach",
        "/outbox",
        "/keys",
        "/settings",
        "/faq",
        "/matchmaking",
        "/discord",
        "/people/people.csv",
        "/people/1/person.json",
    ] {
        let answer = app.get(path).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert!(answer.location().starts_with("/login?next="), "{path}");
    }
    for path in ["/people/1/erase", "/people/1/unsubscribe", "/outreach", "/settings/event"] {
        assert_eq!(
            app.form(path, &[("name", "Ada")]).await.status,
            StatusCode::SEE_OTHER,
            "{path}"
        );
    }
    for path in ["/api/campaigns/1", "/metrics", "/matchmaking/user-matches/1", "/api/nothing"] {
        let answer = app.get(path).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(answer.header(header::WWW_AUTHENTICATE).starts_with("Basic "), "{path}");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM people").await, 1);
    assert_eq!(app.count("SELECT COUNT(*) FROM suppressions").await, 0);
    for path in ["/healthz", "/login", "/u/x"] {
        assert_ne!(app.get(path).await.status, StatusCode::SEE_OTHER, "{path} is open");
    }
}

#[tokio::test]
async fn programs_show_the_password_by_http_basic_and_guess_as_slowly_as_people() {
    let app = guarded_here().await;
    let ask = async |encoded: &str, path: &str| {
        let request = request(Method::GET, path)
            .header(header::AUTHORIZATION, format!("Basic {encoded}"))
            .body(Body::empty())
            .unwrap();
        app.send(request).await.status
    };
    // Meera:harbour at night, Meera:wrong
    let (right, wrong) = ("TWVlcmE6aGFyYm91ciBhdCBuaWdodA==", "TWVlcmE6d3Jvbmc=");
    assert_eq!(ask(right, "/metrics").await, StatusCode::OK);
    assert_eq!(ask(right, "/people").await, StatusCode::SEE_OTHER, "pages take cookies only");
    for _ in 0..6 {
        assert_eq!(ask(wrong, "/metrics").await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(ask(right, "/metrics").await, StatusCode::UNAUTHORIZED, "too many guesses");
}

#[tokio::test]
async fn muster_answers_only_under_its_own_names() {
    let app = guarded(Place::sqlite(), "https://muster.example.org").await;
    for (host, known) in [
        ("localhost:5000", true),
        ("127.0.0.1:5000", true),
        ("[::1]:5000", true),
        ("muster.example.org", true),
        ("evil.example.org", false),
        ("muster.example.org.evil.example", false),
        ("localhost.evil.example", false),
    ] {
        let request = axum::http::Request::builder().uri("/login").header(header::HOST, host);
        let status = app.send(request.body(Body::empty()).unwrap()).await.status;
        assert_eq!(status == StatusCode::OK, known, "{host}: {status}");
        assert!(known || status == StatusCode::FORBIDDEN, "{host}: {status}");
    }
}

#[tokio::test]
async fn forms_of_other_sites_change_nothing() {
    let app = TestApp::start().await;
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let request = request(Method::POST, "/people/sample")
            .header(name, value)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = app.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM people").await, 0);
    let own = request(Method::POST, "/people/sample").header("origin", "http://localhost:5000");
    let own = own.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    assert_eq!(app.send(own.body(Body::empty()).unwrap()).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn without_a_password_nothing_comes_in_through_a_proxy() {
    let app = TestApp::start().await;
    for name in ["x-forwarded-for", "forwarded", "via", "x-forwarded-host"] {
        let request = request(Method::GET, "/people").header(name, "203.0.113.7");
        let answer = app.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}");
    }
}

#[tokio::test]
async fn every_page_forbids_foreign_scripts_frames_and_caches() {
    let app = TestApp::start().await;
    let answer = app.get("/people").await;
    let policy = answer.header(header::CONTENT_SECURITY_POLICY);
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"));
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert_eq!(answer.header(header::X_FRAME_OPTIONS), "SAMEORIGIN");
    assert_eq!(answer.header(header::REFERRER_POLICY), "same-origin");
}
