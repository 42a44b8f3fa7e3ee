//! Who may come in: the Host header, other sites, the password, and what a page may load.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, FORWARDED, HOST, HeaderName,
    REFERRER_POLICY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use axum_extra::headers::authorization::Basic;
use axum_extra::headers::{Authorization, Header};
use reqwest::Url;

use super::Error;
use super::error::ApiError;
use crate::app::App;
use crate::faq::entries;
use crate::{access, events};

/// Nothing from elsewhere, no inline script or style.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; frame-src 'self'; frame-ancestors 'self'; base-uri 'none'";

/// Where Discord brings what participants type and press.
const DISCORD: &str = "/discord/interactions";

/// Who is at the keyboard: the name stands with approvals.
#[derive(Clone, Debug)]
pub struct Organiser(pub String);

/// The one gate that every request passes.
pub async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut response = match admit(&app, request).await {
        Ok(request) => next.run(request).await,
        Err(refusal) => refusal,
    };
    let headers = response.headers_mut();
    // A page that shows a letter's HTML brings a stricter policy of its own.
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    if !path.starts_with("/assets/") {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

async fn admit(app: &App, mut request: Request) -> Result<Request, Response> {
    let path = request.uri().path();
    if path == "/healthz" {
        return Ok(request);
    }
    if let Err(words) = expected_host(app, request.headers(), request.uri()) {
        return Err(refuse(request.uri(), Error::Forbidden(words)));
    }
    // Discord comes from elsewhere and without a cookie: its signature, on every request, says that it is Discord.
    if path == DISCORD {
        return Ok(request);
    }
    // Mail clients leave by one click (RFC 8058) from wherever they are; the code in the path says who.
    let leaves = path.starts_with("/u/");
    if !leaves && !request.method().is_safe() && from_elsewhere(request.headers(), request.uri()) {
        let words = "This request came from another site and was refused. Open the page in Muster and try again.";
        return Err(refuse(request.uri(), Error::Forbidden(words.into())));
    }
    let organiser = if app.config.is_local_only() {
        Organiser("organiser".into())
    } else {
        let (headers, uri, visitor) =
            (request.headers().clone(), request.uri().clone(), visitor(&request));
        match logged_in(app, &headers, &uri, visitor).await {
            Ok(Some(organiser)) => organiser,
            Ok(None) if is_open(uri.path()) => return Ok(request),
            Ok(None) if is_for_participants(app, uri.path()).await => return Ok(request),
            Ok(None) => return Err(ask_for_password(&request)),
            Err(error) => return Err(refuse(&uri, error)),
        }
    };
    request.extensions_mut().insert(organiser);
    Ok(request)
}

/// Open without password: what participants and machines need.
fn is_open(path: &str) -> bool {
    // The gateway checks a token of its own.
    path == "/login" || ["/assets/", "/u/", "/gemini/"].iter().any(|it| path.starts_with(it))
}

/// The FAQ, where the organisers have opened it.
async fn is_for_participants(app: &App, path: &str) -> bool {
    if !matches!(path, "/faq/public" | "/api/faq/ask") {
        return false;
    }
    let Ok(mut conn) = app.db.read().await else { return false };
    entries::is_public(&mut conn, events::CURRENT).await.unwrap_or(false)
}

/// Paths that programs ask: they take HTTP Basic, and their errors are JSON.
fn is_json(uri: &Uri) -> bool {
    let path = uri.path();
    path.starts_with("/api/")
        || path.starts_with("/gemini/")
        || path.starts_with("/matchmaking/user-matches/")
        || path
            .strip_prefix("/matchmaking/resumes/")
            .is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
        || path == DISCORD
        || matches!(
            path,
            "/matchmaking/add-user"
                | "/matchmaking/upload-resume"
                | "/matchmaking/find-matches"
                | "/matchmaking/bulk-match"
                | "/metrics"
        )
}

fn refuse(uri: &Uri, error: Error) -> Response {
    if is_json(uri) { ApiError(error).into_response() } else { error.into_response() }
}

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
        return Err("Muster does not answer under this name. Browse http://localhost:5000, or set PUBLIC_URL to the \
                    address that you use."
            .into());
    }
    if app.config.is_local_only() && is_forwarded(headers) {
        return Err("This request came through a proxy. Set ADMIN_PASSWORD and PUBLIC_URL before you let others \
                    reach Muster."
            .into());
    }
    Ok(())
}

fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.keys().any(|name: &HeaderName| {
        *name == FORWARDED || name.as_str() == "via" || name.as_str().starts_with("x-forwarded-")
    })
}

/// The rule of the Fetch Metadata headers, for old browsers of the Origin header. Programs send neither.
fn from_elsewhere(headers: &HeaderMap, uri: &Uri) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match (text("sec-fetch-site"), text("origin")) {
        (Some("same-origin" | "none"), _) | (None, None) => false,
        (_, Some(origin)) => {
            let host = uri
                .authority()
                .map(axum::http::uri::Authority::as_str)
                .or_else(|| text("host"))
                .unwrap_or("");
            origin.split_once("://").is_none_or(|(_, authority)| authority != host)
        }
        (Some(_), None) => true,
    }
}

async fn logged_in(
    app: &App,
    headers: &HeaderMap,
    uri: &Uri,
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
    if is_json(uri)
        && let Ok(Authorization(basic)) = Authorization::<Basic>::decode(&mut basic.iter())
    {
        return Ok(match app.guesses.try_password(&app.config, visitor, basic.password(), now) {
            Ok(()) => Some(Organiser(basic.username().to_owned())),
            Err(_) => None,
        });
    }
    Ok(None)
}

/// Whose guesses are counted together.
pub fn visitor(request: &Request) -> Option<IpAddr> {
    request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip())
}

fn ask_for_password(request: &Request) -> Response {
    if is_json(request.uri()) {
        let mut response =
            ApiError(Error::Forbidden("A password is needed.".into())).into_response();
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        response.headers_mut().insert(
            WWW_AUTHENTICATE,
            HeaderValue::from_static("Basic realm=\"Muster\", charset=\"UTF-8\""),
        );
        return response;
    }
    let next = match *request.method() {
        Method::GET => request.uri().path_and_query().map_or("/", |wanted| wanted.as_str()),
        _ => "/",
    };
    let mut query = Url::parse("http://localhost/login").expect("a constant that parses");
    query.query_pairs_mut().append_pair("next", next);
    Redirect::to(&format!("/login?{}", query.query().unwrap_or_default())).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elsewhere(pairs: &[(&'static str, &'static str)]) -> bool {
        let headers: HeaderMap = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        from_elsewhere(&headers, &Uri::from_static("/people"))
    }

    #[test]
    fn forms_of_other_sites_are_told_from_our_own() {
        assert!(!elsewhere(&[("host", "localhost:5000")]));
        assert!(!elsewhere(&[("sec-fetch-site", "same-origin")]));
        assert!(!elsewhere(&[("host", "localhost:5000"), ("origin", "http://localhost:5000")]));
        assert!(elsewhere(&[("sec-fetch-site", "cross-site"), ("host", "localhost:5000")]));
        assert!(elsewhere(&[("host", "localhost:5000"), ("origin", "http://localhost:8080")]));
        assert!(elsewhere(&[("host", "localhost:5000"), ("origin", "null")]));
        assert!(elsewhere(&[("sec-fetch-site", "same-site")]));
    }
}
