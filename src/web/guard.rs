//! Access: which requests each group of routes accepts. The router puts one of these functions around each group, so
//! access is a property of a route and not of its path.
//!
//! | group | host | other sites | password |
//! | --- | --- | --- | --- |
//! | [`pages`], [`programs`] | checked | refused | needed |
//! | [`participants`] | checked | refused | needed unless the FAQ is public |
//! | [`open`] | checked | refused | not needed |
//! | [`signed`] | checked | accepted | not needed: each request proves who sends it |
//! | [`unchecked`] | any | accepted | not needed |

use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, FORWARDED, HOST, HeaderName,
    REFERRER_POLICY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use axum_extra::headers::authorization::Basic;
use axum_extra::headers::{Authorization, Header};
use reqwest::Url;
use tower_http::csrf::{CsrfLayer, ProtectionError};

use super::error::ApiError;
use super::error::Error;
use crate::app::App;
use crate::faq::entries;
use crate::{access, events};

/// Nothing from other sites, no inline script or style.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; frame-src 'self'; frame-ancestors 'self'; base-uri 'none'";

/// Who is using Muster: the name is stored with approvals.
#[derive(Clone, Debug)]
pub struct Organiser(pub String);

/// How a group writes its refusals, and how its users log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Refusals are pages; the password is asked for on the login page.
    Page,
    /// Refusals are JSON; the password may also come with HTTP Basic.
    Json,
}

impl Format {
    fn refuse(self, error: Error) -> Response {
        match self {
            Self::Page => error.into_response(),
            Self::Json => ApiError(error).into_response(),
        }
    }
}

// ── The groups ──

/// Pages of organisers.
pub fn pages(routes: Router<App>, app: &App) -> Router<App> {
    let login = from_fn_with_state((app.clone(), Format::Page), need_organiser);
    no_store(own_site(routes.layer(login), app, Format::Page))
}

/// What organisers' programs call.
pub fn programs(routes: Router<App>, app: &App) -> Router<App> {
    let login = from_fn_with_state((app.clone(), Format::Json), need_organiser);
    no_store(own_site(routes.layer(login), app, Format::Json))
}

/// What participants may use too, where the organisers have opened the FAQ.
pub fn participants(routes: Router<App>, app: &App, format: Format) -> Router<App> {
    let login = from_fn_with_state((app.clone(), format), need_organiser_or_public_faq);
    no_store(own_site(routes.layer(login), app, format))
}

/// What everybody may use. Handlers learn the organiser's name if there is one.
pub fn open(routes: Router<App>, app: &App, format: Format) -> Router<App> {
    let recognise = from_fn_with_state((app.clone(), format), recognise);
    no_store(own_site(routes.layer(recognise), app, format))
}

/// Style sheets, scripts and pictures: open, and browsers may keep them.
pub fn assets(routes: Router<App>, app: &App) -> Router<App> {
    own_site(routes, app, Format::Page)
}

/// What other services call, from their own sites and without a cookie: each request proves who sends it. Discord signs
/// its requests; email programs unsubscribe in one click (RFC 8058) with the code in the path.
pub fn signed(routes: Router<App>, app: &App, format: Format) -> Router<App> {
    no_store(known_host(routes, app, format))
}

/// Whether the process is alive: answered under any host name.
pub fn unchecked(routes: Router<App>) -> Router<App> {
    no_store(routes)
}

/// Refuses requests from other sites, and requests for a host name that is not Muster's.
fn own_site(routes: Router<App>, app: &App, format: Format) -> Router<App> {
    let refuse = move |_: ProtectionError| -> Response<Body> {
        let text = "This request came from another site and was refused. Open the page in Muster and try again.";
        format.refuse(Error::Forbidden(text.into()))
    };
    known_host(routes.layer(CsrfLayer::new().with_rejection_response(refuse)), app, format)
}

fn known_host(routes: Router<App>, app: &App, format: Format) -> Router<App> {
    routes.layer(from_fn_with_state((app.clone(), format), check_host))
}

fn no_store(routes: Router<App>) -> Router<App> {
    routes.layer(from_fn(async |request: Request, next: Next| {
        let mut response = next.run(request).await;
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }))
}

/// Headers of every response.
pub async fn security_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    // A page that shows an email's HTML has a stricter policy of its own.
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

// ── The checks ──

type Group = State<(App, Format)>;

async fn check_host(State((app, format)): Group, request: Request, next: Next) -> Response {
    match expected_host(&app, request.headers(), request.uri()) {
        Ok(()) => next.run(request).await,
        Err(text) => format.refuse(Error::Forbidden(text)),
    }
}

async fn need_organiser(State((app, format)): Group, request: Request, next: Next) -> Response {
    match find_organiser(&app, format, request).await {
        Ok((request, true)) => next.run(request).await,
        Ok((request, false)) => ask_for_password(format, &request),
        Err(error) => format.refuse(error),
    }
}

async fn need_organiser_or_public_faq(
    State((app, format)): Group,
    request: Request,
    next: Next,
) -> Response {
    let (request, found) = match find_organiser(&app, format, request).await {
        Ok(found) => found,
        Err(error) => return format.refuse(error),
    };
    if found || faq_is_public(&app).await {
        next.run(request).await
    } else {
        ask_for_password(format, &request)
    }
}

async fn recognise(State((app, format)): Group, request: Request, next: Next) -> Response {
    match find_organiser(&app, format, request).await {
        Ok((request, _)) => next.run(request).await,
        Err(error) => format.refuse(error),
    }
}

async fn faq_is_public(app: &App) -> bool {
    let Ok(mut conn) = app.db.read().await else { return false };
    entries::is_public(&mut conn, events::CURRENT).await.unwrap_or(false)
}

/// The request with its [`Organiser`], and whether there is one.
async fn find_organiser(
    app: &App,
    format: Format,
    mut request: Request,
) -> Result<(Request, bool), Error> {
    let organiser = if app.config.is_local_only() {
        Some(Organiser("organiser".into()))
    } else {
        let (headers, visitor) = (request.headers().clone(), visitor(&request));
        logged_in(app, format, &headers, visitor).await?
    };
    let found = organiser.is_some();
    if let Some(organiser) = organiser {
        request.extensions_mut().insert(organiser);
    }
    Ok((request, found))
}

async fn logged_in(
    app: &App,
    format: Format,
    headers: &HeaderMap,
    visitor: Option<IpAddr>,
) -> Result<Option<Organiser>, Error> {
    let now = app.clock.now();
    if let Some(cookie) = CookieJar::from_headers(headers).get(access::cookie_name(&app.config)) {
        let mut conn = app.db.read().await?;
        if let Some(name) = access::who(&mut conn, cookie.value(), now).await? {
            return Ok(Some(Organiser(name)));
        }
    }
    let basic = headers.get_all(AUTHORIZATION);
    if format == Format::Json
        && let Ok(Authorization(basic)) = Authorization::<Basic>::decode(&mut basic.iter())
    {
        return Ok(match app.guesses.try_password(&app.config, visitor, basic.password(), now) {
            Ok(()) => Some(Organiser(basic.username().to_owned())),
            Err(_) => None,
        });
    }
    Ok(None)
}

/// The address that wrong passwords are counted for.
pub fn visitor(request: &Request) -> Option<IpAddr> {
    request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip())
}

fn ask_for_password(format: Format, request: &Request) -> Response {
    match format {
        Format::Page => {
            let next = match *request.method() {
                Method::GET => request.uri().path_and_query().map_or("/", |wanted| wanted.as_str()),
                _ => "/",
            };
            let mut query = Url::parse("http://localhost/login").expect("a constant that parses");
            query.query_pairs_mut().append_pair("next", next);
            Redirect::to(&format!("/login?{}", query.query().unwrap_or_default())).into_response()
        }
        Format::Json => {
            let mut response = format.refuse(Error::Forbidden("A password is needed.".into()));
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            response.headers_mut().insert(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"Muster\", charset=\"UTF-8\""),
            );
            response
        }
    }
}

// ── The host ──

fn expected_host(app: &App, headers: &HeaderMap, uri: &Uri) -> Result<(), String> {
    let named = uri
        .authority()
        .map(|authority| authority.as_str().to_owned())
        .or_else(|| headers.get(HOST).and_then(|host| host.to_str().ok()).map(str::to_owned))
        .and_then(|host| Url::parse(&format!("http://{host}/")).ok())
        .and_then(|url| url.host_str().map(str::to_owned));
    let public = app.config.public_url.as_deref().and_then(|url| Url::parse(url).ok());
    let known = named.as_deref().is_some_and(|host| {
        matches!(host, "localhost" | "127.0.0.1" | "[::1]")
            || public.as_ref().and_then(Url::host_str).is_some_and(|public| public == host)
    });
    if !known {
        return Err("Muster does not answer under this name. Open http://localhost:5000, or set PUBLIC_URL to the \
                    address that you use."
            .into());
    }
    if app.config.is_local_only() && is_forwarded(headers) {
        return Err("This request came through a proxy. Set ADMIN_PASSWORD and PUBLIC_URL before you let others \
                    use Muster."
            .into());
    }
    Ok(())
}

fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.keys().any(|name: &HeaderName| {
        *name == FORWARDED || name.as_str() == "via" || name.as_str().starts_with("x-forwarded-")
    })
}

#[cfg(test)]
mod tests {
    use tower::ServiceExt as _;

    use super::*;

    /// Whether a form is refused because of where it comes from.
    async fn is_refused(headers: &[(&str, &str)]) -> bool {
        let refuse = |_: ProtectionError| StatusCode::FORBIDDEN.into_response();
        let router: Router = Router::new()
            .route("/people", axum::routing::post(|| async { "ok" }))
            .layer(CsrfLayer::new().with_rejection_response(refuse));
        let request = Request::post("/people");
        let request = headers.iter().fold(request, |it, (name, value)| it.header(*name, *value));
        let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        response.status() == StatusCode::FORBIDDEN
    }

    #[tokio::test]
    async fn forms_of_other_sites_are_refused_and_our_own_are_not() {
        assert!(!is_refused(&[("host", "localhost:5000")]).await);
        assert!(!is_refused(&[("sec-fetch-site", "same-origin")]).await);
        let own = [("host", "localhost:5000"), ("origin", "http://localhost:5000")];
        assert!(!is_refused(&own).await);
        assert!(is_refused(&[("sec-fetch-site", "cross-site"), ("host", "localhost:5000")]).await);
        let other_port = [("host", "localhost:5000"), ("origin", "http://localhost:8080")];
        assert!(is_refused(&other_port).await);
        assert!(is_refused(&[("host", "localhost:5000"), ("origin", "null")]).await);
        assert!(is_refused(&[("sec-fetch-site", "same-site")]).await);
    }
}
