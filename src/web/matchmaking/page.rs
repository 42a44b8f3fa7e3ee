//! The matchmaking page.

use askama::Template;
use axum::Extension;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::charts::{BARS_WIDTH, Bar, bars, bars_height};
use super::graph::{self, PersonGraph};
use super::live::{self, SHOWN_RESUMES};
use super::rows::{Chip, Row};
use super::skills::rare_limit;
use super::steps::Steps;
use crate::app::App;
use crate::events::CURRENT;
use crate::model::campaign::CampaignKind;
use crate::model::matching::RuleName;
use crate::model::{CampaignId, PersonId};
use crate::store::matchmaking::{EmailCounts, Show, Stats};
use crate::store::resumes::Show as ShowResumes;
use crate::store::{self, Conn};
use crate::web::error::Error;
use crate::web::guard::Organiser;
use crate::web::notice::NoticeQuery;
use crate::web::page::{Frame, Pager, Place, Times, count, filters, render};
use crate::web::resumes::{Item, items};
use crate::{events, matching, resumes};

const PER_PAGE: i64 = 25;

/// Bars of the chart of skills.
const SHOWN_BARS: i64 = 12;

/// People whose addresses are suggested while typing; with more people there are no suggestions.
const MAX_SUGGESTED: i64 = 300;

#[derive(Template)]
#[template(path = "matchmaking/page.html")]
struct MatchmakingPage {
    frame: Frame,
    notice: String,
    /// There are neither skills nor resumes.
    nothing: bool,
    steps: Steps,
    version: String,
    emails: EmailsButton,
    q: String,
    show: &'static str,
    tabs: Vec<Tab>,
    rows: Vec<Row>,
    pager: Pager,
    rule: &'static str,
    queue: Vec<Item>,
    more_resumes: i64,
    largest_file: usize,
    suggested: Vec<(String, String)>,
    around: Option<PersonGraph>,
    chart: SkillsChart,
}

/// The main button: write the emails that are due, or review those that are waiting.
enum EmailsButton {
    None,
    Write(i64),
    Review(i64, CampaignId),
}

struct Tab {
    label: String,
    url: String,
    current: bool,
}

/// The most common skills as bars.
struct SkillsChart {
    bars: Vec<Bar>,
    width: i64,
    height: i64,
    /// The bars in words, for screen readers.
    description: String,
    rare: String,
    /// All skills, also those without a bar.
    skills: i64,
}

#[derive(Deserialize)]
pub struct PageQuery {
    q: Option<String>,
    show: Option<String>,
    page: Option<i64>,
    around: Option<PersonId>,
}

pub async fn page(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Query(query): Query<PageQuery>,
    notice: NoticeQuery,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let frame = Frame::load(&app, &mut conn, &organiser, Place::Matchmaking).await?;
    let event = events::current(&mut conn, &app.config).await?;
    let times = Times::new(event.time_zone.as_deref(), app.clock.now());
    let sums = store::resumes::sums(&mut conn).await?;
    let stats = store::matchmaking::stats(&mut conn, CURRENT).await?;
    let emails = store::matchmaking::email_counts(&mut conn, CURRENT).await?;

    let filter = Filter::new(query.q, query.show);
    let total = store::matchmaking::count(&mut conn, CURRENT, &filter.q, filter.show).await?;
    let all = if filter.is_empty() {
        total
    } else {
        store::matchmaking::count(&mut conn, CURRENT, "", Show::All).await?
    };
    let pager = Pager::new(query.page, PER_PAGE, total, "/matchmaking", &filter.fields());
    let mut rows = rows(&mut conn, &filter, &pager, &stats, &times).await?;
    let first_with_matches = rows.iter().find(|row| row.matches > 0).map(|row| row.id);
    let around = match query.around.or(first_with_matches) {
        Some(id) => graph::load(&mut conn, id).await?,
        None => None,
    };
    for row in &mut rows {
        row.is_around = around.as_ref().is_some_and(|around| around.id == row.id);
    }
    let queue = store::resumes::list(&mut conn, ShowResumes::All, SHOWN_RESUMES, 0).await?;
    let page = MatchmakingPage {
        notice: notice.text(),
        nothing: all == 0 && sums.total == 0,
        steps: Steps::new(&sums, &stats, &emails),
        version: live::version(&sums, &stats, &emails),
        emails: emails_button(&mut conn, &emails).await?,
        tabs: filter.tabs(all, stats.without_match),
        show: filter.show_in_url(),
        rule: rule_text(matching::chosen_rule(&mut conn, CURRENT).await?.name()),
        more_resumes: sums.total - queue.len() as i64,
        queue: items(&mut conn, &app, &queue, &times).await?,
        largest_file: resumes::MAX_BYTES,
        suggested: suggested(&mut conn, frame.people).await?,
        chart: SkillsChart::load(&mut conn, rare_limit(stats.users_with_skills)).await?,
        frame,
        around,
        q: filter.q,
        rows,
        pager,
    };
    Ok(render(&page)?.into_response())
}

/// The part of the list that is shown.
struct Filter {
    q: String,
    show: Show,
}

impl Filter {
    fn new(q: Option<String>, show: Option<String>) -> Self {
        let show = show.and_then(|word| word.parse().ok()).unwrap_or_default();
        Self { q: q.unwrap_or_default(), show }
    }

    fn is_empty(&self) -> bool {
        self.q.trim().is_empty() && self.show == Show::All
    }

    fn fields(&self) -> [(&str, &str); 2] {
        [("q", &self.q), ("show", self.show_in_url())]
    }

    fn show_in_url(&self) -> &'static str {
        in_url(self.show)
    }

    fn tabs(&self, all: i64, without_match: i64) -> Vec<Tab> {
        let tab = |(show, label)| Tab {
            label,
            url: Pager::new(None, 1, 0, "/matchmaking", &[("q", &self.q), ("show", in_url(show))])
                .address(),
            current: show == self.show,
        };
        [
            (Show::All, format!("All {all}")),
            (Show::WithoutMatch, format!("No match {without_match}")),
        ]
        .map(tab)
        .into()
    }

    /// The address of this list with one person's graph.
    fn graph_url(&self, page: i64, id: PersonId) -> String {
        let (page, id) = (page.to_string(), id.to_string());
        let [q, show] = self.fields();
        let fields = [q, show, ("page", page.as_str()), ("around", id.as_str())];
        format!("{}#around", Pager::new(None, 1, 0, "/matchmaking", &fields).address())
    }
}

/// The value in the address; empty for the whole list.
fn in_url(show: Show) -> &'static str {
    match show {
        Show::All => "",
        Show::WithoutMatch => show.as_str(),
    }
}

async fn rows(
    conn: &mut Conn,
    filter: &Filter,
    pager: &Pager,
    stats: &Stats,
    times: &Times,
) -> sqlx::Result<Vec<Row>> {
    let rare = rare_limit(stats.users_with_skills);
    let (q, offset) = (&filter.q, pager.offset());
    let mut rows = Vec::new();
    for person in store::matchmaking::list(conn, CURRENT, q, filter.show, PER_PAGE, offset).await? {
        let known = store::matchmaking::skills_of(conn, person.id).await?;
        let matches = store::matches::of_person(conn, CURRENT, person.id).await?;
        let url = filter.graph_url(pager.page, person.id);
        let chips = known
            .into_iter()
            .map(|skill| Chip { rare: skill.people <= rare, name: skill.skill })
            .collect();
        rows.push(Row::new(person, chips, &matches, url, stats.last_run.is_some(), times));
    }
    Ok(rows)
}

async fn emails_button(conn: &mut Conn, emails: &EmailCounts) -> sqlx::Result<EmailsButton> {
    if emails.due > 0 {
        return Ok(EmailsButton::Write(emails.due));
    }
    let newest = store::campaigns::newest(conn, CURRENT, CampaignKind::Match).await?;
    Ok(newest.map_or(EmailsButton::None, |it| EmailsButton::Review(emails.to_review, it.id)))
}

fn rule_text(rule: RuleName) -> &'static str {
    match rule {
        RuleName::Weighted => {
            "the share of skills that two people have in common, where rare skills count for more"
        }
        RuleName::Ratio => "the number of shared skills divided by the smaller number of skills",
    }
}

/// Addresses and names, unless there are too many people.
async fn suggested(conn: &mut Conn, people: i64) -> sqlx::Result<Vec<(String, String)>> {
    if people > MAX_SUGGESTED {
        return Ok(Vec::new());
    }
    let everybody = store::people::all(conn).await?;
    Ok(everybody.into_iter().map(|person| (person.address.to_string(), person.name)).collect())
}

impl SkillsChart {
    async fn load(conn: &mut Conn, rare: i64) -> sqlx::Result<Self> {
        let top: Vec<(String, i64)> = store::matchmaking::skills(conn, SHOWN_BARS, 0)
            .await?
            .into_iter()
            .map(|skill| (skill.skill, skill.people))
            .collect();
        let list: Vec<String> =
            top.iter().map(|(name, people)| format!("{name} {people}")).collect();
        Ok(Self {
            bars: bars(&top, rare),
            width: BARS_WIDTH,
            height: bars_height(top.len()),
            description: list.join(", "),
            rare: count(rare, "person", "people"),
            skills: store::matchmaking::count_skills(conn).await?,
        })
    }
}
