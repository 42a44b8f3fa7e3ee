//! The FAQ for organisers: entries, unanswered questions, and trying it out. `public` is the participants' page.

mod asking;
mod import;
mod markdown;
mod public;

use askama::Template;
use axum::Extension;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

pub use import::{export_markdown, export_text, import, import_form};
pub use public::{api_ask, ask as ask_public, page as public_page};

use self::asking::{AnswerView, AskForm, Tried, Visitor, try_on_page};
use self::markdown::Markdown;
use super::error::Error;
use super::form::FieldErrors;
use super::guard::Organiser;
use super::page::{Frame, Place, Times, count, filters, render};
use crate::app::App;
use crate::events::{self, CURRENT};
use crate::faq::embeddings;
use crate::faq::entries::{self, Direction};
use crate::model::{EntryId, QuestionId};
use crate::store;
use crate::store::faq::{Entry, EntryText};
use crate::web::notice::{Notice, NoticeQuery};

/// How many unanswered questions are listed.
const LISTED: i64 = 100;

// ── The list ──

#[derive(Template)]
#[template(path = "faq/list.html")]
pub struct ListPage {
    frame: Frame,
    notice: String,
    sections: Vec<Section>,
    entries: usize,
    unanswered: Vec<UnansweredLine>,
    unanswered_more: i64,
    is_public: bool,
    /// The address of the participants' page; empty while only this machine can reach Muster.
    public_address: String,
    asked: String,
    problem: String,
    answer: Option<AnswerView>,
}

struct Section {
    id: String,
    name: String,
    entries: Vec<EntryView>,
}

struct EntryView {
    id: EntryId,
    question: String,
    answer: Markdown,
    source: String,
    is_off: bool,
    changed: String,
    is_first: bool,
    is_last: bool,
}

struct UnansweredLine {
    id: QuestionId,
    text: String,
    asked: String,
}

pub async fn list(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    notice: NoticeQuery,
) -> Result<Response, Error> {
    let mut page = ListPage::load(&app, &organiser).await?;
    page.notice = notice.text();
    Ok(render(&page)?.into_response())
}

impl ListPage {
    async fn load(app: &App, organiser: &Organiser) -> Result<Self, Error> {
        let mut conn = app.db.read().await?;
        let event = events::current(&mut conn, &app.config).await?;
        let times = Times::new(event.time_zone.as_deref(), app.clock.now());
        let all = store::faq::entries(&mut conn, CURRENT).await?;
        let entries = all.len();
        let unanswered = store::faq::unanswered(&mut conn, CURRENT, LISTED).await?;
        let waiting = store::faq::count_unanswered(&mut conn, CURRENT).await?;
        let sections = entries::by_section(all).into_iter().enumerate();
        Ok(Self {
            frame: Frame::load(app, &mut conn, organiser, Place::Faq).await?,
            notice: String::new(),
            sections: sections
                .map(|(at, (name, entries))| Section::new(at, name, entries, &times))
                .collect(),
            entries,
            unanswered_more: waiting - LISTED.min(waiting),
            unanswered: unanswered
                .into_iter()
                .map(|row| UnansweredLine {
                    id: row.id,
                    asked: format!(
                        "asked {}, last {}",
                        count(row.times, "time", "times"),
                        times.at(row.asked_at)
                    ),
                    text: row.text,
                })
                .collect(),
            is_public: entries::is_public(&mut conn, CURRENT).await?,
            public_address: app
                .config
                .public_url
                .as_deref()
                .map(|url| format!("{}/faq/public", url.trim_end_matches('/')))
                .unwrap_or_default(),
            asked: String::new(),
            problem: String::new(),
            answer: None,
        })
    }
}

impl Section {
    fn new(at: usize, name: String, entries: Vec<Entry>, times: &Times) -> Self {
        let last = entries.len() - 1;
        let entries = entries.into_iter().enumerate().map(|(at, entry)| EntryView {
            id: entry.id,
            answer: Markdown::new(&entry.answer),
            question: entry.question,
            source: entry.source,
            is_off: entry.off_at.is_some(),
            changed: times.at(entry.updated_at),
            is_first: at == 0,
            is_last: at == last,
        });
        let name = if name.is_empty() { "Without a section".into() } else { name };
        Self { id: format!("s{at}"), name, entries: entries.collect() }
    }
}

/// The organiser tries out the FAQ, and gets the same answer as a participant.
pub async fn ask(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    visitor: Visitor,
    Form(typed): Form<AskForm>,
) -> Result<Response, Error> {
    let Tried { status, answer, problem } = try_on_page(&app, &visitor, &typed.question).await?;
    let list = ListPage::load(&app, &organiser).await?;
    let page = ListPage { asked: typed.question, answer, problem, ..list };
    Ok((status, render(&page)?).into_response())
}

#[derive(Deserialize)]
pub struct Visibility {
    public: Option<String>,
}

pub async fn set_visibility(
    State(app): State<App>,
    Form(typed): Form<Visibility>,
) -> Result<Redirect, Error> {
    let public = typed.public.is_some();
    let mut tx = app.db.write().await?;
    entries::set_public(&mut tx, CURRENT, public).await?;
    tx.commit().await?;
    Ok(if public { Notice::FaqOpened } else { Notice::FaqClosed }.redirect("/faq"))
}

// ── One entry ──

#[derive(Template)]
#[template(path = "faq/form.html")]
pub struct FormPage {
    frame: Frame,
    title: &'static str,
    action: String,
    button: &'static str,
    typed: EntryForm,
    errors: FieldErrors,
    sections: Vec<String>,
    /// The participant's question that this entry will answer.
    asked: String,
    /// The entry, if it exists and can be deleted.
    id: Option<EntryId>,
}

/// An entry as it was typed.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct EntryForm {
    #[serde(default)]
    section: String,
    #[serde(default)]
    question: String,
    #[serde(default)]
    answer: String,
    #[serde(default)]
    source: String,
    /// The unanswered question that it answers.
    answers: Option<QuestionId>,
}

impl EntryForm {
    fn check(&self) -> Result<EntryText, FieldErrors> {
        let typed = EntryText {
            section: self.section.clone(),
            question: self.question.clone(),
            answer: self.answer.clone(),
            source: self.source.clone(),
        };
        entries::check(&typed).map_err(|problems| {
            let mut errors = FieldErrors::default();
            for (field, problem) in problems {
                errors.add(field, problem);
            }
            errors
        })
    }
}

#[derive(Deserialize)]
pub struct NewQuery {
    question: Option<QuestionId>,
}

pub async fn new(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Query(query): Query<NewQuery>,
) -> Result<Response, Error> {
    let mut typed = EntryForm::default();
    if let Some(id) = query.question {
        let mut conn = app.db.read().await?;
        let row = store::faq::question(&mut conn, id).await?.ok_or(Error::NotFound)?;
        typed.question = row.text.chars().take(entries::LONGEST_QUESTION).collect();
        typed.answers = Some(id);
    }
    form_page(&app, &organiser, None, typed, FieldErrors::default()).await
}

pub async fn add(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Form(typed): Form<EntryForm>,
) -> Result<Response, Error> {
    let text = match typed.check() {
        Ok(text) => text,
        Err(errors) => return form_page(&app, &organiser, None, typed, errors).await,
    };
    let mut tx = app.db.write().await?;
    let now = app.clock.now();
    let id = entries::add(&mut tx, CURRENT, &text, typed.answers, now).await?;
    embeddings::catch_up(&mut tx, &app.pool, now).await?;
    tx.commit().await?;
    Ok(Notice::EntryAdded.redirect(&format!("/faq#e{id}")).into_response())
}

pub async fn edit(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path(id): Path<EntryId>,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let entry = store::faq::entry(&mut conn, id).await?.ok_or(Error::NotFound)?;
    drop(conn);
    let Entry { section, question, answer, source, .. } = entry;
    let typed = EntryForm { section, question, answer, source, answers: None };
    form_page(&app, &organiser, Some(id), typed, FieldErrors::default()).await
}

pub async fn save(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path(id): Path<EntryId>,
    Form(typed): Form<EntryForm>,
) -> Result<Response, Error> {
    let text = match typed.check() {
        Ok(text) => text,
        Err(errors) => return form_page(&app, &organiser, Some(id), typed, errors).await,
    };
    let mut tx = app.db.write().await?;
    let now = app.clock.now();
    if !store::faq::update_entry(&mut tx, id, &text, now).await? {
        return Err(Error::NotFound);
    }
    embeddings::catch_up(&mut tx, &app.pool, now).await?;
    tx.commit().await?;
    Ok(Notice::Saved.redirect(&format!("/faq#e{id}")).into_response())
}

async fn form_page(
    app: &App,
    organiser: &Organiser,
    id: Option<EntryId>,
    typed: EntryForm,
    errors: FieldErrors,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let mut sections: Vec<String> = Vec::new();
    for entry in store::faq::entries(&mut conn, CURRENT).await? {
        if !entry.section.is_empty() && !sections.contains(&entry.section) {
            sections.push(entry.section);
        }
    }
    let asked = match typed.answers {
        Some(question) => store::faq::question(&mut conn, question).await?.map(|row| row.text),
        None => None,
    };
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = FormPage {
        frame: Frame::load(app, &mut conn, organiser, Place::Faq).await?,
        title: if id.is_some() { "Edit an entry" } else { "Add an entry" },
        action: id.map_or_else(|| "/faq".into(), |id| format!("/faq/{id}")),
        button: if id.is_some() { "Save" } else { "Add the entry" },
        typed,
        errors,
        sections,
        asked: asked.unwrap_or_default(),
        id,
    };
    Ok((status, render(&page)?).into_response())
}

/// An action on an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    Up,
    Down,
    On,
    Off,
    Delete,
}

pub async fn act(
    State(app): State<App>,
    Path((id, action)): Path<(EntryId, Action)>,
) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    store::faq::entry(&mut tx, id).await?.ok_or(Error::NotFound)?;
    match action {
        Action::Up => entries::shift(&mut tx, CURRENT, id, Direction::Up).await?,
        Action::Down => entries::shift(&mut tx, CURRENT, id, Direction::Down).await?,
        Action::On => drop(store::faq::switch_entry(&mut tx, id, None).await?),
        Action::Off => drop(store::faq::switch_entry(&mut tx, id, Some(app.clock.now())).await?),
        Action::Delete => drop(store::faq::delete_entry(&mut tx, id).await?),
    }
    tx.commit().await?;
    Ok(match action {
        Action::Delete => Notice::EntryDeleted.redirect("/faq"),
        Action::Up | Action::Down | Action::On | Action::Off => {
            Notice::Saved.redirect(&format!("/faq#e{id}"))
        }
    })
}

/// Takes an unanswered question off the list.
pub async fn settle(State(app): State<App>, Path(id): Path<QuestionId>) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    store::faq::settle(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Notice::QuestionSettled.redirect("/faq#unanswered"))
}
