//! The list of people.

use askama::Template;
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::app::App;
use crate::model::PersonId;
use crate::model::message::MessageState;
use crate::model::person::SuppressionReason;
use crate::people::export;
use crate::store;
use crate::store::people::{Listed, Show};
use crate::web::error::Error;
use crate::web::guard::Organiser;
use crate::web::notice::NoticeQuery;
use crate::web::page::{Frame, Pager, Place, filters, render, tone};

const PER_PAGE: i64 = 50;

/// Skills shown in a row before "and 5 more".
const SHOWN_SKILLS: usize = 6;

#[derive(Template)]
#[template(path = "people/list.html")]
pub struct ListPage {
    frame: Frame,
    q: String,
    show: String,
    notice: String,
    nobody: bool,
    tabs: Vec<Tab>,
    rows: Vec<Row>,
    pager: Pager,
}

struct Tab {
    label: &'static str,
    url: String,
    current: bool,
}

struct Row {
    id: PersonId,
    name: String,
    address: String,
    job_title: String,
    skills: Vec<String>,
    more_skills: usize,
    /// Why they must not be emailed; empty when they may be.
    suppressed: &'static str,
    invitation: &'static str,
    tone: &'static str,
}

#[derive(Deserialize)]
pub struct ListQuery {
    q: Option<String>,
    show: Option<String>,
    page: Option<i64>,
}

const TABS: [(&str, &str, Show); 4] = [
    ("", "All", Show::All),
    ("not-invited", "Not invited", Show::NotInvited),
    ("skills", "With skills", Show::WithSkills),
    ("suppressed", "Do not email", Show::Suppressed),
];

pub async fn list(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Query(query): Query<ListQuery>,
    notice: NoticeQuery,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let frame = Frame::load(&app, &mut conn, &organiser, Place::People).await?;
    let q = query.q.unwrap_or_default();
    let shown = match query.show.as_deref() {
        Some("left") => "suppressed", // as it was called once
        shown => shown.unwrap_or_default(),
    };
    let (show_word, _, show) =
        TABS.into_iter().find(|(word, ..)| *word == shown).unwrap_or(TABS[0]);
    let total = store::people::count(&mut conn, &q, show).await?;
    let pager =
        Pager::new(query.page, PER_PAGE, total, "/people", &[("q", &q), ("show", show_word)]);
    let listed = store::people::list(&mut conn, &q, show, PER_PAGE, pager.offset()).await?;
    let ids = listed.iter().map(|person| person.id);
    let mut skills = store::person_skills::names(&mut conn, ids).await?;
    let row = |person: Listed| {
        let own = skills.remove(&person.id).unwrap_or_default();
        Row::new(person, own)
    };
    let rows = listed.into_iter().map(row).collect();
    let tab = |(word, label, this): (&str, &'static str, Show)| Tab {
        label,
        url: Pager::new(None, 1, 0, "/people", &[("q", &q), ("show", word)]).address(),
        current: this == show,
    };
    let tabs = TABS.into_iter().map(tab).collect();
    let page = ListPage {
        nobody: frame.people == 0,
        show: show_word.into(),
        tabs,
        notice: notice.text(),
        frame,
        q,
        rows,
        pager,
    };
    Ok(render(&page)?.into_response())
}

impl Row {
    fn new(person: Listed, mut skills: Vec<String>) -> Self {
        let more_skills = skills.len().saturating_sub(SHOWN_SKILLS);
        skills.truncate(SHOWN_SKILLS);
        let reason = person.suppressed.and_then(|word| word.parse().ok());
        let state = person.invitation.and_then(|word| word.parse::<MessageState>().ok());
        Self {
            id: person.id,
            name: person.name,
            address: person.address,
            job_title: person.job_title,
            skills,
            more_skills,
            suppressed: reason.map_or("", SuppressionReason::label),
            invitation: state.map_or("", MessageState::label),
            tone: state.map_or("none", tone),
        }
    }
}

/// The whole list as a CSV file.
pub async fn export_all(State(app): State<App>) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let bytes = export::table(&mut conn).await?;
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"people.csv\""),
    ];
    Ok((headers, bytes).into_response())
}
