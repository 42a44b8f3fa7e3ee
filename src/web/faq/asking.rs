//! Asking the FAQ, as both pages and the JSON interface do. A question waits for its row in the database, with a
//! deadline, and never for Gemini.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum_extra::extract::CookieJar;
use serde::Deserialize;

use super::super::error::Error;
use super::super::form::sentence;
use super::super::guard::Organiser;
use super::markdown::Markdown;
use crate::access;
use crate::app::App;
use crate::faq::{self, Answer, AskError, Question, Requester};
use crate::model::made_by::Maker;

#[derive(Deserialize)]
pub struct AskForm {
    #[serde(default)]
    pub question: String,
}

/// A session cookie that identifies a browser for the rate limit of questions, and for nothing else.
pub const BROWSER: &str = "muster-browser";

/// Whoever asks, for the rate limit.
pub struct Visitor {
    organiser: Option<Organiser>,
    address: Option<IpAddr>,
    /// The cookie that the participants' page gave this browser.
    pub browser: Option<String>,
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        // Behind a proxy on this machine all visitors have its address. It appends the visitor's own one last.
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

/// Answers what was typed, for the page, the JSON interface and the organisers' page.
pub async fn try_answer(app: &App, visitor: &Visitor, typed: &str) -> Result<Answer, Error> {
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

/// What a page shows after a question was asked.
pub struct Tried {
    pub status: StatusCode,
    pub answer: Option<AnswerView>,
    pub problem: String,
}

/// [`try_answer`] for a page, which shows a problem beside the field.
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
                _ => format!("the unchanged entry{why}"),
            },
        }
    }
}
