//! The matchmaking page: four steps with counts, people and their closest matches with the reasons, resumes coming in,
//! one person's surroundings, and the skills in the room.

mod charts;
mod live;
mod skills;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

pub use live::live;
pub use skills::skills;

use super::error::Error;
use super::guard::Organiser;
use super::page::{Frame, Pager, Place, Times, count, filters, render, tone};
use super::resumes::Item;
use crate::app::App;
use crate::campaigns::{self, StartError};
use crate::events::CURRENT;
use crate::matching::score::{LIST, Rule};
use crate::matching::{self, shared_names};
use crate::model::campaign::CampaignKind;
use crate::model::message::MessageState;
use crate::model::{CampaignId, EmailAddress, PersonId};
use crate::store::matches::{Match, Stats};
use crate::store::resumes::{Show as ShowResumes, Sums};
use crate::store::room::{Listed, Mails, Show};
use crate::store::{self, Conn};
use crate::{events, resumes};
use charts::{AROUND, BARS_WIDTH, Bar, Graph, bars, bars_height, graph, of_hundred, score_width};

const PER_PAGE: i64 = 25;

/// Skills of a line before "and 5 more".
const SHOWN_SKILLS: usize = 6;

/// Matches of a line; the person's own page has them all.
const SHOWN_MATCHES: usize = 3;

/// Resumes of the queue beside the table.
pub const SHOWN_RESUMES: i64 = 8;

const SHOWN_BARS: i64 = 12;

/// People who are offered for an address that is being typed; where there are more, it is typed in full.
const MOST_SUGGESTED: i64 = 300;

#[derive(Template)]
#[template(path = "matchmaking/page.html")]
pub struct MatchmakingPage {
    frame: Frame,
    said: String,
    /// Nothing is there yet: neither skills nor resumes.
    nothing: bool,
    steps: Steps,
    live: String,
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
    bars_said: String,
    rare: String,
    skills: i64,
}

/// The four steps in a sentence each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steps {
    pub resumes: String,
    pub skills: String,
    pub matches: String,
    pub mails: String,
    /// Which step is the next one to do, counted from 1; 5: all are done.
    pub now: u8,
}

impl Steps {
    pub fn class(&self, step: u8) -> &'static str {
        match step.cmp(&self.now) {
            std::cmp::Ordering::Less => "done",
            std::cmp::Ordering::Equal => "now",
            std::cmp::Ordering::Greater => "",
        }
    }

    pub fn mark(&self, step: u8) -> String {
        if step < self.now { "✓".into() } else { step.to_string() }
    }

    fn new(sums: &Sums, stats: &Stats, mails: &Mails) -> Self {
        let list = |parts: &[(i64, String)], empty: &str| {
            let said: Vec<&str> = parts
                .iter()
                .filter(|(number, _)| *number > 0)
                .map(|(_, words)| words.as_str())
                .collect();
            if said.is_empty() { empty.to_owned() } else { said.join(", ") }
        };
        let reading = sums.in_work - sums.without_skills;
        let now = if sums.total == 0 && stats.users_with_skills == 0 {
            1
        } else if sums.in_work > 0 || stats.users_with_skills == 0 {
            2
        } else if stats.total_matches == 0 {
            3
        } else if mails.due + mails.to_review + mails.in_work > 0 || mails.sent == 0 {
            4
        } else {
            5
        };
        Self {
            resumes: list(
                &[
                    (sums.total, format!("{} in", sums.total)),
                    (reading, format!("{reading} being read")),
                ],
                "None yet",
            ),
            skills: list(
                &[
                    (
                        stats.users_with_skills,
                        count(stats.users_with_skills, "person with skills", "people with skills"),
                    ),
                    (sums.without_skills, format!("{} waiting", sums.without_skills)),
                ],
                "None yet",
            ),
            matches: list(
                &[(stats.total_matches, count(stats.total_matches, "pair", "pairs"))],
                if stats.last_run.is_some() {
                    "No two people share a skill"
                } else {
                    "Not matched yet"
                },
            ),
            mails: list(
                &[
                    (mails.due, format!("{} to write", mails.due)),
                    (mails.in_work, format!("{} on the way", mails.in_work)),
                    (mails.to_review, format!("{} to review", mails.to_review)),
                    (mails.sent, format!("{} sent", mails.sent)),
                ],
                "None yet",
            ),
            now,
        }
    }
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

struct Row {
    id: PersonId,
    name: String,
    job_title: String,
    skills: Vec<Chip>,
    more_skills: usize,
    matches: Vec<MatchLine>,
    more_matches: usize,
    /// Said where there are no matches.
    without: String,
    around: String,
    is_around: bool,
    mail: String,
    mail_url: String,
    tone: &'static str,
    icon: &'static str,
}

pub struct Chip {
    pub name: String,
    pub rare: bool,
}

/// One match of a list.
pub struct MatchLine {
    pub id: PersonId,
    pub name: String,
    pub job_title: String,
    pub score: i64,
    pub width: String,
    pub shared: String,
    pub address: String,
}

impl MatchLine {
    pub fn new(row: &Match) -> Self {
        Self {
            id: row.other_id,
            name: row.name.clone(),
            job_title: row.job_title.clone(),
            score: of_hundred(row.score),
            width: score_width(row.score),
            shared: shared_names(&row.shared).join(", "),
            address: EmailAddress::parse(&row.address)
                .ok()
                .filter(|_| row.both_share == 1)
                .map(|address| address.to_string())
                .unwrap_or_default(),
        }
    }
}

/// One person in the middle, the closest matches around, and the same facts as lines.
struct Around {
    id: PersonId,
    name: String,
    first_name: String,
    graph: Graph,
    lines: Vec<MatchLine>,
    said: String,
}

#[derive(Deserialize)]
pub struct PageQuery {
    q: Option<String>,
    show: Option<String>,
    page: Option<i64>,
    around: Option<PersonId>,
    said: Option<String>,
    n: Option<i64>,
}

pub async fn page(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Query(query): Query<PageQuery>,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let frame = Frame::load(&app, &mut conn, &organiser, Place::Matchmaking).await?;
    let event = events::current(&mut conn, &app.config).await?;
    let times = Times::new(event.time_zone.as_deref(), app.clock.now());
    let sums = store::resumes::sums(&mut conn).await?;
    let stats = store::matches::stats(&mut conn, CURRENT).await?;
    let mails = store::room::mails(&mut conn, CURRENT).await?;
    let rare = rare(stats.users_with_skills);
    let steps = Steps::new(&sums, &stats, &mails);

    let q = query.q.unwrap_or_default();
    let (show, show_word) = match query.show.as_deref() {
        Some("none") => (Show::WithoutMatch, "none"),
        _ => (Show::All, ""),
    };
    let total = store::room::count(&mut conn, CURRENT, &q, show).await?;
    let all = store::room::count(&mut conn, CURRENT, "", Show::All).await?;
    let list = [("q", q.as_str()), ("show", show_word)];
    let pager = Pager::new(query.page, PER_PAGE, total, "/matchmaking", &list);
    let listed = store::room::list(&mut conn, CURRENT, &q, show, PER_PAGE, pager.offset()).await?;
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
        let known = store::room::skills_of(&mut conn, person.id).await?;
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
    let top: Vec<(String, i64)> = store::room::skills(&mut conn, SHOWN_BARS, 0)
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
        said: said(query.said.as_deref(), query.n),
        nothing: all == 0 && sums.total == 0,
        live: format!("/matchmaking/live?seen={}", live::stamp(&sums, &stats)),
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
        queue: queue.iter().map(|resume| Item::new(resume, &times)).collect(),
        largest_file: resumes::MAX_BYTES,
        bars: bars(&top, rare),
        bars_width: BARS_WIDTH,
        bars_height: bars_height(top.len()),
        bars_said: top
            .iter()
            .map(|(name, people)| format!("{name} {people}"))
            .collect::<Vec<_>>()
            .join(", "),
        rare: count(rare, "person", "people"),
        skills: store::room::count_skills(&mut conn).await?,
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

impl Row {
    fn new(
        person: Listed,
        mut skills: Vec<Chip>,
        matches: &[Match],
        around: String,
        was_matched: bool,
        times: &Times,
    ) -> Self {
        let known = skills.len();
        skills.truncate(SHOWN_SKILLS);
        let (mail, tone, icon) = mail_words(&person, !matches.is_empty(), known > 0, times);
        Self {
            without: without_words(&person, &skills, was_matched),
            mail_url: person.mail_campaign.map(|id| format!("/outreach/{id}")).unwrap_or_default(),
            id: person.id,
            name: person.name,
            job_title: person.job_title,
            more_skills: known - skills.len(),
            skills,
            matches: matches.iter().take(SHOWN_MATCHES).map(MatchLine::new).collect(),
            more_matches: matches.len().saturating_sub(SHOWN_MATCHES),
            around,
            is_around: false,
            mail,
            tone,
            icon,
        }
    }
}

/// Why there is no match.
fn without_words(person: &Listed, skills: &[Chip], was_matched: bool) -> String {
    let names: Vec<&str> = skills.iter().map(|skill| skill.name.as_str()).collect();
    match names[..] {
        [] if person.in_work > 0 => "The resume is being read.".into(),
        [] => "No skills are known: type them, or upload a resume.".into(),
        _ if !was_matched => "Not matched yet.".into(),
        [only] => format!("Nobody else has {only}."),
        [one, other] => format!("Nobody else has {one} or {other}."),
        _ => "Nobody else has any of these skills.".into(),
    }
}

/// The state of a person's match e-mail: word, colour, picture.
fn mail_words(
    person: &Listed,
    has_matches: bool,
    has_skills: bool,
    times: &Times,
) -> (String, &'static str, &'static str) {
    let state = person.mail.as_deref().and_then(|word| word.parse::<MessageState>().ok());
    match (state, person.mail_sent_at) {
        (Some(MessageState::Sent), Some(at)) => (format!("Sent {}", times.at(at)), "ok", "st-ok"),
        (Some(state), _) => (state.label().into(), tone(state), picture(state)),
        (None, _) if person.in_work > 0 => ("Reading".into(), "go", "st-go"),
        (None, _) if person.suppressed.is_some() => ("Not to be mailed".into(), "none", "st-none"),
        (None, _) if has_matches => ("Ready".into(), "wait", "st-wait"),
        (None, _) if has_skills => ("No match".into(), "none", "st-none"),
        (None, _) => ("No skills".into(), "none", "st-none"),
    }
}

/// The shape that goes with a message's state.
pub fn picture(state: MessageState) -> &'static str {
    match tone(state) {
        "ok" => "st-ok",
        "go" => "st-go",
        "info" => "st-info",
        "wait" => "st-wait",
        "bad" => "st-bad",
        _ => "st-none",
    }
}

async fn around(conn: &mut Conn, id: PersonId) -> Result<Option<Around>, Error> {
    let Some(person) = store::people::find(conn, id).await? else { return Ok(None) };
    let matches = store::matches::of_person(conn, CURRENT, id).await?;
    let closest: Vec<&Match> = matches.iter().take(AROUND).collect();
    let mut pairs = Vec::new();
    for (b, other) in closest.iter().enumerate() {
        for (a, one) in closest[..b].iter().enumerate() {
            if store::room::is_pair(conn, CURRENT, one.other_id, other.other_id).await? {
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
        said: format!(
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

/// What was just done, by the word in the address.
fn said(word: Option<&str>, number: Option<i64>) -> String {
    match (word, number) {
        (Some("added"), _) => "Added.".into(),
        (Some("sample"), _) => {
            "Twelve invented people are here. Their addresses reach nobody. Match them to see how it works.".into()
        }
        (Some("matched"), Some(pairs)) => {
            format!("Everybody was matched: {}. Nobody was written to.", count(pairs, "pair", "pairs"))
        }
        (Some("matched-one"), Some(found)) => {
            format!("Matched: {}. Nobody was written to.", count(found, "match", "matches"))
        }
        (Some("nobody-due"), _) => {
            "No match e-mail is due: everybody with matches who may be written to has one.".into()
        }
        (word, _) => super::resumes::said(word).into(),
    }
}

// ── Running it, and the letters ──

pub async fn run(State(app): State<App>) -> Result<Redirect, Error> {
    let outcome = matching::run_all(&app.db, CURRENT, app.clock.now()).await?;
    tracing::info!(people = outcome.people, pairs = outcome.pairs, "Matched everybody");
    Ok(Redirect::to(&format!("/matchmaking?said=matched&n={}", outcome.pairs)))
}

/// Matches one person; comes from their own page.
pub async fn run_one(State(app): State<App>, Path(id): Path<PersonId>) -> Result<Redirect, Error> {
    let mut tx = app.db.write().await?;
    store::people::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    let threshold = matching::chosen_rule(&mut tx, CURRENT).await?.threshold();
    matching::run_one(&mut tx, CURRENT, id, threshold, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Redirect::to(&format!("/people/{id}?said=matched#h-matches")))
}

/// Starts the campaign that writes a letter to everybody with matches who has none, or opens the one that is at it.
pub async fn write_mails(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
) -> Result<Redirect, Error> {
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    let started =
        campaigns::start(&mut tx, &app.config, CURRENT, CampaignKind::Match, "", &organiser.0, now)
            .await;
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
                None => return Ok(Redirect::to("/matchmaking?said=nobody-due")),
            }
        }
        Err(StartError::Db(error)) => return Err(error.into()),
    };
    Ok(Redirect::to(&format!("/outreach/{campaign}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(skills: i64, pairs: i64) -> Stats {
        Stats {
            total_users: 0,
            users_with_resumes: 0,
            users_with_skills: skills,
            total_matches: pairs,
            without_match: 0,
            avg: None,
            max: None,
            min: None,
            last_run: None,
        }
    }

    #[test]
    fn the_step_to_do_next_is_the_first_that_is_not_done() {
        let now =
            |sums: Sums, skills, pairs, mails| Steps::new(&sums, &stats(skills, pairs), &mails).now;
        let read = Sums { total: 3, done: 3, ..Sums::default() };
        let reading = Sums { total: 3, in_work: 2, without_skills: 1, ..Sums::default() };
        let none = Mails::default();
        assert_eq!(now(Sums::default(), 0, 0, none), 1);
        assert_eq!(now(reading, 0, 0, none), 2);
        assert_eq!(now(read, 3, 0, none), 3);
        assert_eq!(now(Sums::default(), 3, 0, none), 3);
        assert_eq!(now(read, 3, 2, Mails { due: 3, ..none }), 4);
        assert_eq!(now(read, 3, 2, Mails { sent: 3, ..none }), 5);
        let steps = Steps::new(&reading, &stats(1, 0), &none);
        assert_eq!(steps.resumes, "3 in, 1 being read");
        assert_eq!(steps.skills, "1 person with skills, 1 waiting");
    }

    #[test]
    fn a_skill_of_a_tenth_of_the_room_is_rare() {
        assert_eq!([rare(0), rare(12), rare(142)], [2, 2, 14]);
    }
}
