//! The matchmaking page: four steps with counts, people and their closest matches with the reasons, resumes coming in,
//! one person's surroundings, and the skills in the room.

mod charts;
mod live;
mod rows;
mod skills;
mod steps;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

pub use live::live;
pub use rows::{MatchLine, picture};
pub use skills::skills;

use super::error::Error;
use super::guard::Organiser;
use super::page::{Frame, Pager, Place, Times, count, filters, render};
use super::resumes::{Item, items};
use crate::app::App;
use crate::campaigns::{self, NewCampaign, StartError};
use crate::events::CURRENT;
use crate::matching;
use crate::matching::score::{LIST, Rule};
use crate::model::campaign::CampaignKind;
use crate::model::{CampaignId, PersonId};
use crate::store::matches::Match;
use crate::store::matchmaking::Show;
use crate::store::resumes::Show as ShowResumes;
use crate::store::{self, Conn};
use crate::web::notice::{Notice, NoticeQuery};
use crate::{events, resumes};
use charts::{AROUND, BARS_WIDTH, Bar, Graph, bars, bars_height, graph, of_hundred};
use rows::{Chip, Row};
use steps::Steps;

const PER_PAGE: i64 = 25;

/// Resumes of the queue beside the table.
pub const SHOWN_RESUMES: i64 = 8;

const SHOWN_BARS: i64 = 12;

/// People who are offered for an address that is being typed; where there are more, it is typed in full.
const MOST_SUGGESTED: i64 = 300;

#[derive(Template)]
#[template(path = "matchmaking/page.html")]
pub struct MatchmakingPage {
    frame: Frame,
    notice: String,
    /// Nothing is there yet: neither skills nor resumes.
    nothing: bool,
    steps: Steps,
    version: String,
    mails: MailsButton,
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
    around: Option<Around>,
    bars: Vec<Bar>,
    bars_width: i64,
    bars_height: i64,
    bars_label: String,
    rare: String,
    skills: i64,
}

/// What the main button does: write the letters that are due, or lead to those that wait.
enum MailsButton {
    None,
    Write(i64),
    Review(i64, CampaignId),
}

struct Tab {
    label: String,
    url: String,
    current: bool,
}

/// One person in the middle, the closest matches around, and the same facts as lines.
struct Around {
    id: PersonId,
    name: String,
    first_name: String,
    graph: Graph,
    lines: Vec<MatchLine>,
    label: String,
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
    let stats = store::matches::stats(&mut conn, CURRENT).await?;
    let mails = store::matchmaking::mails(&mut conn, CURRENT).await?;
    let rare = rare(stats.users_with_skills);
    let steps = Steps::new(&sums, &stats, &mails);

    let q = query.q.unwrap_or_default();
    let (show, show_word) = match query.show.as_deref() {
        Some("none") => (Show::WithoutMatch, "none"),
        _ => (Show::All, ""),
    };
    let total = store::matchmaking::count(&mut conn, CURRENT, &q, show).await?;
    let all = match (q.trim(), show) {
        ("", Show::All) => total,
        _ => store::matchmaking::count(&mut conn, CURRENT, "", Show::All).await?,
    };
    let list = [("q", q.as_str()), ("show", show_word)];
    let pager = Pager::new(query.page, PER_PAGE, total, "/matchmaking", &list);
    let listed =
        store::matchmaking::list(&mut conn, CURRENT, &q, show, PER_PAGE, pager.offset()).await?;
    let around_of = |id| {
        let (id, page): (PersonId, _) = (id, pager.page.to_string());
        let address = Pager::new(
            None,
            1,
            0,
            "/matchmaking",
            &[("q", &q), ("show", show_word), ("page", &page), ("around", &id.to_string())],
        )
        .address();
        format!("{address}#around")
    };
    let mut rows = Vec::new();
    let mut first_with_matches = None;
    for person in listed {
        let known = store::matchmaking::skills_of(&mut conn, person.id).await?;
        let matches = store::matches::of_person(&mut conn, CURRENT, person.id).await?;
        if !matches.is_empty() && first_with_matches.is_none() {
            first_with_matches = Some(person.id);
        }
        let around = around_of(person.id);
        let chips = known
            .into_iter()
            .map(|skill| Chip { rare: skill.people <= rare, name: skill.skill })
            .collect();
        rows.push(Row::new(person, chips, &matches, around, stats.last_run.is_some(), &times));
    }
    let around = match query.around.or(first_with_matches) {
        Some(id) => around(&mut conn, id).await?,
        None => None,
    };
    for row in &mut rows {
        row.is_around = around.as_ref().is_some_and(|around| around.id == row.id);
    }
    let top: Vec<(String, i64)> = store::matchmaking::skills(&mut conn, SHOWN_BARS, 0)
        .await?
        .into_iter()
        .map(|skill| (skill.skill, skill.people))
        .collect();
    let queue = store::resumes::list(&mut conn, ShowResumes::All, SHOWN_RESUMES, 0).await?;
    let rule = match matching::chosen_rule(&mut conn, CURRENT).await? {
        Rule::Weighted => {
            "what two people share, out of all that both know; skills that few have count for more"
        }
        Rule::Ratio { .. } => "skills shared, out of the smaller set of the two",
    };
    let newest = store::campaigns::newest(&mut conn, CURRENT, CampaignKind::Match).await?;
    let suggested = if frame.people <= MOST_SUGGESTED {
        let everybody = store::people::all(&mut conn).await?;
        everybody.into_iter().map(|person| (person.address.to_string(), person.name)).collect()
    } else {
        Vec::new()
    };
    let page = MatchmakingPage {
        notice: notice.text(),
        nothing: all == 0 && sums.total == 0,
        version: live::version(&sums, &stats, &mails),
        mails: match newest {
            _ if mails.due > 0 => MailsButton::Write(mails.due),
            Some(campaign) => MailsButton::Review(mails.to_review, campaign.id),
            None => MailsButton::None,
        },
        tabs: [("", format!("All {all}")), ("none", format!("No match {}", stats.without_match))]
            .into_iter()
            .map(|(word, label)| Tab {
                label,
                url: Pager::new(None, 1, 0, "/matchmaking", &[("q", &q), ("show", word)]).address(),
                current: word == show_word,
            })
            .collect(),
        show: show_word,
        rule,
        more_resumes: sums.total - queue.len() as i64,
        queue: items(&mut conn, &app, &queue, &times).await?,
        largest_file: resumes::MAX_BYTES,
        bars: bars(&top, rare),
        bars_width: BARS_WIDTH,
        bars_height: bars_height(top.len()),
        bars_label: top
            .iter()
            .map(|(name, people)| format!("{name} {people}"))
            .collect::<Vec<_>>()
            .join(", "),
        rare: count(rare, "person", "people"),
        skills: store::matchmaking::count_skills(&mut conn).await?,
        frame,
        steps,
        suggested,
        around,
        q,
        rows,
        pager,
    };
    Ok(render(&page)?.into_response())
}

/// A skill that at most so many people have is a rare one: a tenth of the room, and two in a small one.
fn rare(people_with_skills: i64) -> i64 {
    (people_with_skills / 10).max(2)
}

async fn around(conn: &mut Conn, id: PersonId) -> Result<Option<Around>, Error> {
    let Some(person) = store::people::find(conn, id).await? else { return Ok(None) };
    let matches = store::matches::of_person(conn, CURRENT, id).await?;
    let closest: Vec<&Match> = matches.iter().take(AROUND).collect();
    let mut pairs = Vec::new();
    for (b, other) in closest.iter().enumerate() {
        for (a, one) in closest[..b].iter().enumerate() {
            if store::matchmaking::is_pair(conn, CURRENT, one.other_id, other.other_id).await? {
                pairs.push((a, b));
            }
        }
    }
    let others: Vec<(String, i64)> =
        closest.iter().map(|row| (row.name.clone(), row.score)).collect();
    let list: Vec<String> =
        others.iter().map(|(name, score)| format!("{name} {}", of_hundred(*score))).collect();
    Ok(Some(Around {
        id,
        first_name: charts::first_name(&person.name),
        label: format!(
            "{} in the middle, around it the closest matches and how close they are out of 100, thicker lines for \
             closer ones: {}",
            person.name,
            list.join(", ")
        ),
        name: person.name,
        graph: graph(&others, &pairs),
        lines: matches.iter().take(LIST).map(MatchLine::new).collect(),
    }))
}

// ── Running it, and the letters ──

pub async fn run(State(app): State<App>) -> Result<Redirect, Error> {
    let outcome = matching::run_all(&app.db, CURRENT, app.clock.now()).await?;
    tracing::info!(people = outcome.people, pairs = outcome.pairs, "Matched everybody");
    Ok(Redirect::to(&Notice::Matched.url("/matchmaking", &[("n", &outcome.pairs.to_string())])))
}

/// Matches one person; comes from their own page.
pub async fn run_one(State(app): State<App>, Path(id): Path<PersonId>) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    store::people::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    let threshold = matching::chosen_rule(&mut tx, CURRENT).await?.threshold();
    matching::run_one(&mut tx, CURRENT, id, threshold, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Notice::PersonMatched.redirect(&format!("/people/{id}#h-matches")))
}

/// Starts the campaign that writes a letter to everybody with matches who has none, or opens the one that is at it.
pub async fn write_mails(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
) -> Result<Redirect, Error> {
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    let by = organiser.0.as_str();
    let new = NewCampaign { event: CURRENT, kind: CampaignKind::Match, guidance: "", by };
    let started = campaigns::start(&mut tx, &app.config, &new, now).await;
    let campaign = match started {
        Ok(started) => {
            tx.commit().await?;
            started.id
        }
        Err(StartError::Busy(id)) => id,
        Err(StartError::NobodyDue) => {
            drop(tx);
            let mut conn = app.db.read().await?;
            match store::campaigns::newest(&mut conn, CURRENT, CampaignKind::Match).await? {
                Some(campaign) => campaign.id,
                None => return Ok(Notice::NobodyDue.redirect("/matchmaking")),
            }
        }
        Err(StartError::Db(error)) => return Err(error.into()),
    };
    Ok(Redirect::to(&format!("/outreach/{campaign}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skill_of_a_tenth_of_the_room_is_rare() {
        assert_eq!([rare(0), rare(12), rare(142)], [2, 2, 14]);
    }
}
