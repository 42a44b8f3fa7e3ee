//! One person's page.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::model::PersonId;
use crate::model::message::MessageKind;
use crate::people::Fields;
use crate::store::{self, Conn};
use crate::web::error::Error;
use crate::web::guard::Organiser;
use crate::web::matchmaking::{self, MatchLine};
use crate::web::notice::NoticeQuery;
use crate::web::page::{Frame, Place, Times, filters, render, tone};
use crate::web::resumes::{Item, items};
use crate::{events, resumes};

#[derive(Template)]
#[template(path = "people/person.html")]
pub struct PersonPage {
    frame: Frame,
    notice: String,
    id: PersonId,
    person: Fields,
    source: &'static str,
    added: String,
    /// When they verified a Discord account; empty when they have none.
    on_discord: String,
    skills: Vec<SkillChip>,
    resumes: Vec<ResumeLine>,
    matches: Vec<MatchLine>,
    /// Shown when there are no matches.
    without_matches: &'static str,
    emails: Vec<EmailLine>,
    /// Why and since when they must not be emailed; empty when they may be.
    suppressed: String,
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

/// A message to the person, with its deliveries.
struct EmailLine {
    kind: &'static str,
    subject: String,
    word: &'static str,
    tone: &'static str,
    icon: &'static str,
    /// Why it was skipped, or what went wrong.
    detail: String,
    url: String,
    at: String,
    deliveries: Vec<DeliveryLine>,
}

struct DeliveryLine {
    url: String,
    at: String,
    response: String,
}

pub async fn person(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path(id): Path<PersonId>,
    notice: NoticeQuery,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let person = store::people::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
    let event = events::current(&mut conn, &app.config).await?;
    let times = Times::new(event.time_zone.as_deref(), app.clock.now());
    let suppression = store::suppressions::find(&mut conn, &person.address.hash()).await?;
    let known = store::person_skills::list(&mut conn, id).await?;
    let matches = store::matches::of_person(&mut conn, event.id, id).await?;
    let was_matched = store::match_runs::last_finished_at(&mut conn, event.id).await?.is_some();
    let page = PersonPage {
        frame: Frame::load(&app, &mut conn, &organiser, Place::People).await?,
        notice: notice.text(),
        id,
        suppressed: suppression
            .map(|it| format!("{}, {}", it.reason.label(), times.at(it.since)))
            .unwrap_or_default(),
        source: person.source.label(),
        added: times.at(person.created_at),
        on_discord: store::discord::account(&mut conn, id)
            .await?
            .map(|it| times.at(it.verified_at))
            .unwrap_or_default(),
        without_matches: match (known.is_empty(), was_matched) {
            (true, _) => "Matches come from shared skills. Add some, or upload a resume.",
            (false, false) => "Matching has not run yet.",
            (false, true) => "Nobody else has any of these skills.",
        },
        skills: known.into_iter().map(SkillChip::new).collect(),
        resumes: resume_lines(&mut conn, &app, id, &times).await?,
        matches: matches.iter().map(MatchLine::new).collect(),
        emails: email_lines(&mut conn, id, &times).await?,
        shares_address: person.shares_address_at.is_some(),
        registered: person.registered_at.is_some(),
        largest_file: resumes::MAX_BYTES,
        person: Fields::of(&person, String::new()),
    };
    Ok(render(&page)?.into_response())
}

impl SkillChip {
    fn new(skill: store::person_skills::Skill) -> Self {
        Self { name: skill.skill, key: skill.skill_key, source: skill.source.label() }
    }
}

/// The resumes, each with the part of its text that is searched for skills.
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
        lines.push(ResumeLine { item, text: resumes::text_start(&text).to_owned() });
    }
    Ok(lines)
}

async fn email_lines(
    conn: &mut Conn,
    id: PersonId,
    times: &Times,
) -> Result<Vec<EmailLine>, Error> {
    let mut lines = Vec::new();
    for message in store::messages::of_person(conn, id).await? {
        let deliveries = store::deliveries::of_message(conn, message.id).await?;
        let reason = message.skip_reason().map(|reason| reason.label().to_owned());
        lines.push(EmailLine {
            kind: match message.kind {
                MessageKind::Invitation => "Invitation",
                MessageKind::Match => "Match email",
            },
            word: message.state.label(),
            tone: tone(message.state),
            icon: matchmaking::icon(message.state),
            detail: reason.or_else(|| message.error.clone()).unwrap_or_default(),
            url: format!(
                "/outreach/{}?state={}&message={}",
                message.campaign_id, message.state, message.id
            ),
            at: times.at(message.sent_at.or(message.drafted_at).unwrap_or(message.created_at)),
            subject: message.subject,
            deliveries: deliveries
                .into_iter()
                .map(|delivery| DeliveryLine {
                    url: format!("/outbox/{}", delivery.id),
                    at: times.at(delivery.started_at),
                    response: delivery.response.unwrap_or_else(|| delivery.state.to_string()),
                })
                .collect(),
        });
    }
    Ok(lines)
}
