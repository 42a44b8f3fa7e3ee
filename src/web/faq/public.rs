//! The participants' page: the entries, and a form to ask. Open without login if the organisers allow it, which the
//! guard checks.

use askama::Template;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use serde::Deserialize;
use serde_json::json;

use super::super::error::{ApiError, Error};
use super::super::guard::Organiser;
use super::super::page::{filters, render};
use super::asking::{AnswerView, AskForm, BROWSER, Tried, Visitor, try_answer, try_on_page};
use super::markdown::Markdown;
use crate::access;
use crate::app::App;
use crate::events::{self, CURRENT};
use crate::faq::entries;
use crate::store;

#[derive(Template)]
#[template(path = "faq/public.html")]
pub struct PublicPage {
    event: String,
    sections: Vec<PublicSection>,
    /// Only organisers can see the page.
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
        // Which key answered, or why none did, is only for organisers.
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
