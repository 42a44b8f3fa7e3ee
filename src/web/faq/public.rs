//! What participants see: the entries, and a box to ask. Open without login where the organisers allow it (the guard
//! asks). A question waits for its row in the database, with a deadline, and never for Gemini.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use askama::Template;
use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, Form, FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use serde::Deserialize;
use serde_json::json;

use super::super::error::{ApiError, Error};
use super::super::form::sentence;
use super::super::guard::Organiser;
use super::super::page::{filters, render};
use super::{AskForm, Markdown};
use crate::access;
use crate::app::App;
use crate::events::{self, CURRENT};
use crate::faq::entries;
use crate::faq::{self, Answer, AskError, Question, Requester};
use crate::model::made_by::Maker;
use crate::store;

/// The cookie by which a browser is known again while it is open: questions are counted by it, and nothing else.
const BROWSER: &str = "muster-browser";

/// Who asks, for the limits.
pub struct Visitor {
    organiser: Option<Organiser>,
    address: Option<IpAddr>,
    /// What [`page`] gave this browser.
    browser: Option<String>,
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        // Behind a proxy on this machine all visitors come from it; it says last whom it has let in.
        let behind = peer.is_some_and(|peer| peer.to_canonical().is_loopback())
            && !app.config.is_local_only();
        let named = parts.headers.get_all("x-forwarded-for").iter().next_back();
        let named =
            named.and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
        Ok(Self {
            organiser: parts.extensions.get::<Organiser>().cloned(),
            address: if behind { named.or(peer) } else { peer },
            browser: CookieJar::from_headers(&parts.headers)
                .get(BROWSER)
                .map(|cookie| cookie.value().to_owned())
                .filter(|value| access::is_token(value)),
        })
    }
}

impl Visitor {
    fn requester(&self, app: &App) -> Result<Requester, Error> {
        let secret = access::secret(&app.config).map_err(|error| Error::Internal(error.into()))?;
        if let Some(organiser) = &self.organiser {
            return Ok(Requester::organiser(secret.expose(), &organiser.0));
        }
        let network = self.address.map(|it| access::network(it.to_canonical()).to_string());
        let network = network.unwrap_or_default();
        Ok(Requester::visitor(secret.expose(), &network, self.browser.as_deref()))
    }
}

/// The answer to what was typed. The one way for the page, the JSON interface and the organiser's box.
async fn try_answer(app: &App, visitor: &Visitor, typed: &str) -> Result<Answer, Error> {
    let question = Question::parse(typed)
        .map_err(|error| Error::Unprocessable(sentence(&error.to_string())))?;
    let requester = visitor.requester(app)?;
    let patience = app.config.gemini.deadline_faq;
    faq::answer(&app.db, &app.clock, &app.pool, &question, &requester, patience).await.map_err(
        |error| match error {
            AskError::TooMany(error) => Error::TooMany(sentence(&error.to_string())),
            AskError::Db(error) => error.into(),
        },
    )
}

/// What a page with a box to ask shows of a question that was typed into it.
pub struct Tried {
    pub status: StatusCode,
    pub answer: Option<AnswerView>,
    pub problem: String,
}

/// [`try_answer`] for a page: what is wrong with the question stands beside the box.
pub async fn try_on_page(app: &App, visitor: &Visitor, typed: &str) -> Result<Tried, Error> {
    match try_answer(app, visitor, typed).await {
        Ok(answer) => Ok(Tried {
            status: StatusCode::OK,
            answer: Some(AnswerView::new(&answer)),
            problem: String::new(),
        }),
        Err(error @ (Error::Unprocessable(_) | Error::TooMany(_))) => {
            Ok(Tried { status: error.status(), answer: None, problem: error.to_string() })
        }
        Err(error) => Err(error),
    }
}

/// An answer, ready to print.
pub struct AnswerView {
    pub text: Markdown,
    pub citations: Vec<CitationView>,
    pub made_by: String,
}

pub struct CitationView {
    pub id: i64,
    pub question: String,
}

impl AnswerView {
    pub fn new(answer: &Answer) -> Self {
        let made = &answer.made_by;
        let why = made.why.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
        Self {
            text: Markdown::new(&answer.text),
            citations: answer
                .citations
                .iter()
                .map(|it| CitationView { id: it.id.0, question: it.question.clone() })
                .collect(),
            made_by: match (made.by, &made.model, made.key) {
                (Maker::Model, Some(model), Some(key)) if key.is_reserve() => {
                    format!("{model}, the reserve key")
                }
                (Maker::Model, Some(model), Some(key)) => format!("{model}, key {key}"),
                (Maker::Model, ..) => "Gemini".into(),
                _ if answer.unknown => format!("nobody{why}"),
                _ => format!("the entry as it stands{why}"),
            },
        }
    }
}

#[derive(Template)]
#[template(path = "faq/public.html")]
pub struct PublicPage {
    event: String,
    sections: Vec<PublicSection>,
    /// An organiser is looking, and nobody else could.
    is_preview: bool,
    asked: String,
    problem: String,
    answer: Option<AnswerView>,
}

struct PublicSection {
    id: String,
    name: String,
    entries: Vec<PublicEntry>,
}

struct PublicEntry {
    id: i64,
    question: String,
    answer: Markdown,
    source: String,
}

impl PublicPage {
    async fn load(app: &App) -> Result<Self, Error> {
        let mut conn = app.db.read().await?;
        let mut entries = store::faq::entries(&mut conn, CURRENT).await?;
        entries.retain(|entry| entry.off_at.is_none());
        let sections = entries::by_section(entries).into_iter().enumerate();
        Ok(Self {
            event: events::current(&mut conn, &app.config).await?.facts.name,
            is_preview: !entries::is_public(&mut conn, CURRENT).await?,
            sections: sections
                .map(|(at, (name, entries))| PublicSection {
                    id: format!("s{at}"),
                    name: if name.is_empty() { "In general".into() } else { name },
                    entries: entries
                        .into_iter()
                        .map(|entry| PublicEntry {
                            id: entry.id.0,
                            answer: Markdown::new(&entry.answer),
                            question: entry.question,
                            source: entry.source,
                        })
                        .collect(),
                })
                .collect(),
            asked: String::new(),
            problem: String::new(),
            answer: None,
        })
    }
}

pub async fn page(
    State(app): State<App>,
    visitor: Visitor,
    jar: CookieJar,
) -> Result<Response, Error> {
    let page = render(&PublicPage::load(&app).await?)?;
    if visitor.browser.is_some() {
        return Ok(page.into_response());
    }
    let browser = Cookie::build((BROWSER, access::random_token()))
        .path("/")
        .http_only(true)
        .secure(access::is_https(&app.config))
        .same_site(SameSite::Lax);
    Ok((jar.add(browser), page).into_response())
}

pub async fn ask(
    State(app): State<App>,
    visitor: Visitor,
    Form(typed): Form<AskForm>,
) -> Result<Response, Error> {
    let Tried { status, answer, problem } = try_on_page(&app, &visitor, &typed.question).await?;
    let page =
        PublicPage { asked: typed.question, answer, problem, ..PublicPage::load(&app).await? };
    Ok((status, render(&page)?).into_response())
}

#[derive(Deserialize)]
pub struct ApiQuestion {
    question: String,
}

/// `POST /api/faq/ask`
pub async fn api_ask(
    State(app): State<App>,
    organiser: Option<Extension<Organiser>>,
    visitor: Visitor,
    typed: Result<Json<ApiQuestion>, JsonRejection>,
) -> Result<Response, ApiError> {
    let Json(typed) = typed?;
    let answer = try_answer(&app, &visitor, &typed.question).await?;
    let mut made_by = answer.made_by;
    if organiser.is_none() {
        // Which key served and what kept it is nobody else's business.
        (made_by.key, made_by.why) = (None, None);
    }
    Ok(Json(json!({
        "success": true,
        "answer": answer.text,
        "citations": answer.citations,
        "unknown": answer.unknown,
        "made_by": made_by,
    }))
    .into_response())
}
