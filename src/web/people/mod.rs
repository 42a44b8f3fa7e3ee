//! The people: list, form, one person, importing a table.

use askama::Template;
use axum::extract::{Form, Multipart, Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Json};
use serde::Deserialize;

use super::error::Error;
use super::form::{FieldErrors, line, needed_line};
use super::guard::Organiser;
use super::matchmaking::MatchLine;
use super::page::{Frame, Pager, Place, Times, filters, render};
use super::resumes::{Item, items};
use crate::app::App;
use crate::campaigns::messages;
use crate::model::message::{MessageKind, MessageState};
use crate::model::{EmailAddress, PersonId};
use crate::people::import::{self, BadRow};
use crate::people::{self, AddError, EditError, LONGEST_LINE, Profile, Source, sample};
use crate::store::people::{Listed, Show};
use crate::store::{self, Conn};
use crate::{events, resumes, skills};

const PER_PAGE: i64 = 50;

/// Skills of a line of the list before "and 5 more".
const SHOWN_SKILLS: usize = 6;

// ── The list ──

#[derive(Template)]
#[template(path = "people/list.html")]
pub struct ListPage {
    frame: Frame,
    q: String,
    show: String,
    said: String,
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
    /// Why they are not written to; empty when they may be.
    left: &'static str,
    invitation: &'static str,
    tone: &'static str,
}

#[derive(Deserialize)]
pub struct ListQuery {
    q: Option<String>,
    show: Option<String>,
    page: Option<i64>,
    said: Option<String>,
}

const TABS: [(&str, &str, Show); 4] = [
    ("", "All", Show::All),
    ("not-invited", "Not invited", Show::NotInvited),
    ("skills", "With skills", Show::WithSkills),
    ("left", "Not to be mailed", Show::Suppressed),
];

pub async fn list(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let frame = Frame::load(&app, &mut conn, &organiser, Place::People).await?;
    let q = query.q.unwrap_or_default();
    let (show_word, _, show) =
        TABS.into_iter().find(|(word, ..)| Some(*word) == query.show.as_deref()).unwrap_or(TABS[0]);
    let total = store::people::count(&mut conn, &q, show).await?;
    let pager =
        Pager::new(query.page, PER_PAGE, total, "/people", &[("q", &q), ("show", show_word)]);
    let listed = store::people::list(&mut conn, &q, show, PER_PAGE, pager.offset()).await?;
    let ids = listed.iter().map(|person| person.id);
    let mut skills = store::person_skills::names(&mut conn, ids).await?;
    let row = |person: Listed| {
        let known = skills.remove(&person.id).unwrap_or_default();
        Row::new(person, known)
    };
    let rows = listed.into_iter().map(row).collect();
    let tab = |(word, label, this): (&str, &'static str, Show)| Tab {
        label,
        url: Pager::new(None, 1, 0, "/people", &[("q", &q), ("show", word)]).address(),
        current: this == show,
    };
    let said = said(query.said.as_deref());
    let tabs = TABS.into_iter().map(tab).collect();
    let page = ListPage {
        nobody: frame.people == 0,
        show: show_word.into(),
        tabs,
        said: said.into(),
        frame,
        q,
        rows,
        pager,
    };
    Ok(render(&page)?.into_response())
}

/// What was just done, by the word in the address: no text of a stranger's making is shown.
fn said(word: Option<&str>) -> &'static str {
    match word {
        Some("added") => "Added.",
        Some("saved") => "Saved.",
        Some("erased") => "Erased, with everything that belonged to them.",
        Some("sample") => "Twelve invented people are here. Their addresses reach nobody.",
        Some("left") => "They will not be written to any more.",
        Some("back") => "They may be written to again.",
        Some("skill-removed") => "Removed. The matches follow when you match again.",
        Some("matched") => "Matched. Nobody was written to.",
        word @ Some("uploaded" | "again" | "deleted") => super::resumes::said(word),
        _ => "",
    }
}

impl Row {
    fn new(person: Listed, mut known: Vec<String>) -> Self {
        let more_skills = known.len().saturating_sub(SHOWN_SKILLS);
        known.truncate(SHOWN_SKILLS);
        let state = person.invitation.and_then(|word| word.parse::<MessageState>().ok());
        Self {
            id: person.id,
            name: person.name,
            address: person.address,
            job_title: person.job_title,
            skills: known,
            more_skills,
            left: person.suppressed.map_or("", |reason| left_words(&reason)),
            invitation: state.map_or("", MessageState::label),
            tone: state.map_or("none", super::page::tone),
        }
    }
}

fn left_words(reason: &str) -> &'static str {
    match reason {
        "hard_bounce" => "Address does not work",
        "erased" => "Written to before, then erased",
        _ => "Left the list",
    }
}

// ── Adding and editing ──

/// What was typed.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct PersonForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    job_title: String,
    #[serde(default)]
    skills: String,
    /// Where to go afterwards: `outreach` or `matchmaking`.
    #[serde(default)]
    back: String,
}

impl PersonForm {
    fn check(&self, errors: &mut FieldErrors) -> Option<Profile> {
        let name = errors.take("name", needed_line(&self.name, "the name", LONGEST_LINE));
        let address = errors.take("email", EmailAddress::parse(&self.email));
        let job_title =
            errors.take("job_title", line(&self.job_title, "the job title", LONGEST_LINE));
        Some(Profile {
            name: name?,
            address: address?,
            job_title: job_title?,
            skills: skills::split(&self.skills),
        })
    }

    /// The page that the form stood on.
    fn back(&self) -> &'static str {
        match self.back.as_str() {
            "outreach" => "/outreach",
            "matchmaking" => "/matchmaking",
            _ => "/people",
        }
    }
}

#[derive(Template)]
#[template(path = "people/form.html")]
pub struct FormPage {
    frame: Frame,
    title: &'static str,
    action: String,
    button: &'static str,
    back: String,
    typed: PersonForm,
    errors: FieldErrors,
}

pub async fn new(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Query(typed): Query<PersonForm>,
) -> Result<Response, Error> {
    form_page(&app, &organiser, None, typed, FieldErrors::default()).await
}

pub async fn add(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Form(typed): Form<PersonForm>,
) -> Result<Response, Error> {
    let mut errors = FieldErrors::default();
    let Some(profile) = typed.check(&mut errors) else {
        return form_page(&app, &organiser, None, typed, errors).await;
    };
    let mut tx = app.db.write().await?;
    match people::add(&mut tx, &profile, Source::Form, app.clock.now()).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(Redirect::to(&format!("{}?said=added", typed.back())).into_response())
        }
        Err(error @ AddError::Known(_)) => {
            drop(tx);
            errors.add("email", error);
            form_page(&app, &organiser, None, typed, errors).await
        }
        Err(AddError::Db(error)) => Err(error.into()),
    }
}

async fn form_page(
    app: &App,
    organiser: &Organiser,
    person: Option<PersonId>,
    typed: PersonForm,
    errors: FieldErrors,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let frame = Frame::load(app, &mut conn, organiser, Place::People).await?;
    let page = match person {
        None => FormPage {
            title: "Add a person",
            action: "/people".into(),
            button: "Add",
            back: typed.back().into(),
            frame,
            typed,
            errors,
        },
        Some(id) => FormPage {
            title: "Edit a person",
            action: format!("/people/{id}"),
            button: "Save",
            back: format!("/people/{id}"),
            frame,
            typed,
            errors,
        },
    };
    Ok((status, render(&page)?).into_response())
}

pub async fn edit(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path(id): Path<PersonId>,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let person = store::people::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
    let known = store::person_skills::list(&mut conn, id).await?;
    drop(conn);
    let typed = PersonForm {
        name: person.name,
        email: person.address.to_string(),
        job_title: person.job_title,
        skills: known.into_iter().map(|skill| skill.skill).collect::<Vec<_>>().join(", "),
        back: String::new(),
    };
    form_page(&app, &organiser, Some(id), typed, FieldErrors::default()).await
}

pub async fn save(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path(id): Path<PersonId>,
    Form(typed): Form<PersonForm>,
) -> Result<Response, Error> {
    let mut errors = FieldErrors::default();
    let Some(profile) = typed.check(&mut errors) else {
        return form_page(&app, &organiser, Some(id), typed, errors).await;
    };
    let mut tx = app.db.write().await?;
    match people::edit(&mut tx, id, &profile, app.clock.now()).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(Redirect::to(&format!("/people/{id}?said=saved")).into_response())
        }
        Err(error @ EditError::AddressTaken) => {
            drop(tx);
            errors.add("email", error);
            form_page(&app, &organiser, Some(id), typed, errors).await
        }
        Err(EditError::Gone) => Err(Error::NotFound),
        Err(EditError::Db(error)) => Err(error.into()),
    }
}

// ── One person ──

#[derive(Template)]
#[template(path = "people/person.html")]
pub struct PersonPage {
    frame: Frame,
    said: &'static str,
    id: PersonId,
    name: String,
    address: String,
    job_title: String,
    source: &'static str,
    added: String,
    /// When they showed which Discord account is theirs; empty: they did not.
    on_discord: String,
    skills: Vec<SkillChip>,
    resumes: Vec<ResumeLine>,
    matches: Vec<MatchLine>,
    /// Said where there are no matches.
    without_matches: &'static str,
    letters: Vec<LetterLine>,
    /// Why and since when they are not written to; empty when they may be.
    left: String,
    shares_address: bool,
    registered: bool,
    largest_file: usize,
}

struct SkillChip {
    name: String,
    key: String,
    source: &'static str,
}

struct ResumeLine {
    item: Item,
    text: String,
}

/// A message to the person, and the attempts to deliver it.
struct LetterLine {
    kind: &'static str,
    subject: String,
    word: &'static str,
    tone: &'static str,
    icon: &'static str,
    /// Why it was skipped, what went wrong.
    detail: String,
    url: String,
    at: String,
    mails: Vec<MailLine>,
}

struct MailLine {
    url: String,
    at: String,
    words: String,
}

#[derive(Deserialize)]
pub struct Said {
    said: Option<String>,
}

pub async fn person(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path(id): Path<PersonId>,
    Query(query): Query<Said>,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let person = store::people::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
    let event = events::current(&mut conn, &app.config).await?;
    let times = Times::new(event.time_zone.as_deref(), app.clock.now());
    let suppression = store::people::suppression(&mut conn, &person.address.hash()).await?;
    let known = store::person_skills::list(&mut conn, id).await?;
    let matches = store::matches::of_person(&mut conn, event.id, id).await?;
    let was_matched = store::matches::last_run(&mut conn, event.id).await?.is_some();
    let page = PersonPage {
        frame: Frame::load(&app, &mut conn, &organiser, Place::People).await?,
        said: said(query.said.as_deref()),
        id,
        left: suppression
            .map(|it| format!("{}, {}", left_words(&it.reason), times.at(it.since)))
            .unwrap_or_default(),
        source: match person.source.as_str() {
            "import" => "Imported",
            "sample" => "A sample",
            "api" => "Added by the JSON interface",
            "resume" => "Added with a resume",
            _ => "Added by form",
        },
        added: times.at(person.created_at),
        on_discord: store::discord::account(&mut conn, id)
            .await?
            .map(|it| times.at(it.verified_at))
            .unwrap_or_default(),
        without_matches: match (known.is_empty(), was_matched) {
            (true, _) => "They come from shared skills: type some, or upload a resume.",
            (false, false) => "Nobody was matched yet.",
            (false, true) => "Nobody else has one of these skills.",
        },
        skills: known.into_iter().map(SkillChip::new).collect(),
        resumes: resume_lines(&mut conn, &app, id, &times).await?,
        matches: matches.iter().map(MatchLine::new).collect(),
        letters: letter_lines(&mut conn, id, &times).await?,
        shares_address: person.shares_address_at.is_some(),
        registered: person.registered_at.is_some(),
        largest_file: resumes::MAX_BYTES,
        name: person.name,
        address: person.address.to_string(),
        job_title: person.job_title,
    };
    Ok(render(&page)?.into_response())
}

impl SkillChip {
    fn new(skill: store::person_skills::Skill) -> Self {
        Self {
            name: skill.skill,
            key: skill.skill_key,
            source: match skill.source.as_str() {
                "model" => "from the resume, by Gemini",
                "taxonomy" => "from the resume, by the word list",
                "import" => "imported",
                _ => "typed",
            },
        }
    }
}

/// The resumes with the part of their text that is read for skills.
async fn resume_lines(
    conn: &mut Conn,
    app: &App,
    id: PersonId,
    times: &Times,
) -> Result<Vec<ResumeLine>, Error> {
    let mut lines = Vec::new();
    let resumes = store::resumes::of_person(conn, id).await?;
    for item in items(conn, app, &resumes, times).await? {
        let text = store::resumes::text(conn, item.id).await?.unwrap_or_default();
        lines.push(ResumeLine { item, text: resumes::first_part(&text).to_owned() });
    }
    Ok(lines)
}

async fn letter_lines(
    conn: &mut Conn,
    id: PersonId,
    times: &Times,
) -> Result<Vec<LetterLine>, Error> {
    let mut lines = Vec::new();
    for message in store::messages::of_person(conn, id).await? {
        let mails = store::mails::of_message(conn, message.id).await?;
        let reason = message.skip_reason().map(|reason| reason.label().to_owned());
        lines.push(LetterLine {
            kind: match message.kind {
                MessageKind::Invitation => "Invitation",
                MessageKind::Match => "Match e-mail",
            },
            word: message.state.label(),
            tone: super::page::tone(message.state),
            icon: super::matchmaking::picture(message.state),
            detail: reason.or_else(|| message.error.clone()).unwrap_or_default(),
            url: format!(
                "/outreach/{}?state={}&message={}",
                message.campaign_id, message.state, message.id
            ),
            at: times.at(message.sent_at.or(message.drafted_at).unwrap_or(message.created_at)),
            subject: message.subject,
            mails: mails
                .into_iter()
                .map(|mail| MailLine {
                    url: format!("/outbox/{}", mail.id),
                    at: times.at(mail.started_at),
                    words: mail.words.unwrap_or(mail.state),
                })
                .collect(),
        });
    }
    Ok(lines)
}

#[derive(Deserialize)]
pub struct SkillKey {
    skill: String,
}

pub async fn remove_skill(
    State(app): State<App>,
    Path(id): Path<PersonId>,
    Form(typed): Form<SkillKey>,
) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    if !people::remove_skill(&mut tx, id, &typed.skill).await? {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    Ok(Redirect::to(&format!("/people/{id}?said=skill-removed")))
}

/// The organiser notes that somebody answered "no more mail".
pub async fn leave(State(app): State<App>, Path(id): Path<PersonId>) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    let person = store::people::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    messages::opt_out(&mut tx, &person, "noted by an organiser", app.clock.now()).await?;
    tx.commit().await?;
    Ok(Redirect::to(&format!("/people/{id}?said=left")))
}

/// The organiser takes it back.
pub async fn come_back(
    State(app): State<App>,
    Path(id): Path<PersonId>,
) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    let person = store::people::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    store::people::unsuppress(&mut tx, &person.address.hash()).await?;
    tx.commit().await?;
    Ok(Redirect::to(&format!("/people/{id}?said=back")))
}

#[derive(Deserialize)]
pub struct Switches {
    shares_address: Option<String>,
    registered: Option<String>,
}

pub async fn switches(
    State(app): State<App>,
    Path(id): Path<PersonId>,
    Form(typed): Form<Switches>,
) -> Result<Redirect, Error> {
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    store::people::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    store::people::set_shares_address(&mut tx, id, typed.shares_address.map(|_| now)).await?;
    store::people::set_registered(&mut tx, id, typed.registered.map(|_| now)).await?;
    tx.commit().await?;
    Ok(Redirect::to(&format!("/people/{id}?said=saved")))
}

#[derive(Deserialize)]
pub struct Erasure {
    /// The person's name, typed: an erasure cannot be taken back.
    name: String,
}

pub async fn erase(
    State(app): State<App>,
    Path(id): Path<PersonId>,
    Form(typed): Form<Erasure>,
) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    let person = store::people::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    if typed.name.trim().to_lowercase() != person.name.to_lowercase() {
        return Err(Error::Unprocessable(format!(
            "To erase {}, type the name exactly as it stands there. Nothing was erased.",
            person.name
        )));
    }
    people::erase(&mut tx, id, app.clock.now()).await?;
    tx.commit().await?;
    app.db.scrub().await?;
    tracing::info!(person.id = id.0, "Erased person {id}");
    Ok(Redirect::to("/people?said=erased"))
}

/// Everything that is known about a person, as they may ask for it.
pub async fn export(State(app): State<App>, Path(id): Path<PersonId>) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let all = people::export(&mut conn, id).await?.ok_or(Error::NotFound)?;
    let name = format!("attachment; filename=\"person-{id}.json\"");
    Ok(([(CONTENT_DISPOSITION, name)], Json(all)).into_response())
}

// ── Importing ──

#[derive(Template)]
#[template(path = "people/import.html")]
pub struct ImportPage {
    frame: Frame,
    problem: String,
    report: Option<ReportWords>,
}

struct ReportWords {
    new: usize,
    changed: usize,
    same: usize,
    bad: usize,
    ignored: String,
    bad_rows: Vec<BadRow>,
    bad_more: usize,
}

/// Bad rows that are listed; the rest is counted.
const LISTED_BAD_ROWS: usize = 200;

pub async fn import_form(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
) -> Result<Response, Error> {
    import_page(&app, &organiser, StatusCode::OK, String::new(), None).await
}

pub async fn import(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    mut upload: Multipart,
) -> Result<Response, Error> {
    let mut bytes = None;
    while let Some(field) = upload.next_field().await? {
        if field.name() == Some("file") {
            bytes = Some(field.bytes().await?);
        }
    }
    let table = import::read(&bytes.unwrap_or_default());
    let table = match table {
        Ok(table) => table,
        Err(error) => {
            let words = super::form::sentence(&error.to_string());
            return import_page(&app, &organiser, StatusCode::UNPROCESSABLE_ENTITY, words, None)
                .await;
        }
    };
    let mut tx = app.db.write().await?;
    let mut report = import::store(&mut tx, table, Source::Import, app.clock.now()).await?;
    tx.commit().await?;
    tracing::info!(
        new = report.new,
        changed = report.changed,
        bad = report.bad.len(),
        "Imported a table of people"
    );
    let bad = report.bad.len();
    let bad_more = bad.saturating_sub(LISTED_BAD_ROWS);
    report.bad.truncate(LISTED_BAD_ROWS);
    let words = ReportWords {
        new: report.new,
        changed: report.changed,
        same: report.same,
        bad,
        ignored: report.ignored.join(", "),
        bad_rows: report.bad,
        bad_more,
    };
    import_page(&app, &organiser, StatusCode::OK, String::new(), Some(words)).await
}

async fn import_page(
    app: &App,
    organiser: &Organiser,
    status: StatusCode,
    problem: String,
    report: Option<ReportWords>,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let frame = Frame::load(app, &mut conn, organiser, Place::People).await?;
    Ok((status, render(&ImportPage { frame, problem, report })?).into_response())
}

pub async fn add_samples(
    State(app): State<App>,
    Form(typed): Form<PersonForm>,
) -> Result<Redirect, Error> {
    let table = import::Table {
        rows: sample::people().into_iter().map(|profile| (0, profile)).collect(),
        ..import::Table::default()
    };
    let mut tx = app.db.write().await?;
    import::store(&mut tx, table, Source::Sample, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Redirect::to(&format!("{}?said=sample", typed.back())))
}

/// The whole list as a table. A cell that a spreadsheet would run as a formula is escaped.
pub async fn export_all(State(app): State<App>) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let bytes = import::write(&mut conn).await?;
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"people.csv\""),
    ];
    Ok((headers, bytes).into_response())
}
