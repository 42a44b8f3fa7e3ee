//! Rows of the table: a person, their skills, their closest matches with the reasons, and the state of their match
//! email.

use super::charts::{of_hundred, score_width};
use crate::matching::shared_names;
use crate::model::message::MessageState;
use crate::model::{EmailAddress, PersonId};
use crate::store::matches::Match;
use crate::store::matchmaking::ListedPerson;
use crate::web::page::{Times, tone};

/// Skills per row before "and 5 more".
const SHOWN_SKILLS: usize = 6;

/// Matches per row; the person's own page has all of them.
const SHOWN_MATCHES: usize = 3;

pub struct Row {
    pub id: PersonId,
    pub name: String,
    pub job_title: String,
    pub skills: Vec<Chip>,
    pub more_skills: usize,
    /// How many there are.
    pub matches: usize,
    /// The first few.
    pub closest: Vec<MatchLine>,
    /// Shown if there are no matches.
    pub no_match_reason: String,
    pub graph_url: String,
    pub is_around: bool,
    /// The state of the match email.
    pub email: String,
    pub email_url: String,
    pub tone: &'static str,
    pub icon: &'static str,
}

pub struct Chip {
    pub name: String,
    pub rare: bool,
}

/// One match in a list.
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

impl Row {
    pub fn new(
        person: ListedPerson,
        mut skills: Vec<Chip>,
        matches: &[Match],
        graph_url: String,
        was_matched: bool,
        times: &Times,
    ) -> Self {
        let known = skills.len();
        skills.truncate(SHOWN_SKILLS);
        let (email, tone, icon) = email_state(&person, !matches.is_empty(), known > 0, times);
        Self {
            no_match_reason: no_match_reason(&person, &skills, was_matched),
            email_url: person
                .message_campaign
                .map(|id| format!("/outreach/{id}"))
                .unwrap_or_default(),
            id: person.id,
            name: person.name,
            job_title: person.job_title,
            more_skills: known - skills.len(),
            skills,
            matches: matches.len(),
            closest: matches.iter().take(SHOWN_MATCHES).map(MatchLine::new).collect(),
            graph_url,
            is_around: false,
            email,
            tone,
            icon,
        }
    }
}

/// Why there is no match.
fn no_match_reason(person: &ListedPerson, skills: &[Chip], was_matched: bool) -> String {
    let names: Vec<&str> = skills.iter().map(|skill| skill.name.as_str()).collect();
    match names[..] {
        [] if person.resumes_in_progress > 0 => "The resume is being read.".into(),
        [] => "No skills yet. Add skills or upload a resume.".into(),
        _ if !was_matched => "Not matched yet.".into(),
        [only] => format!("Nobody else has {only}."),
        [one, other] => format!("Nobody else has {one} or {other}."),
        _ => "Nobody else has any of these skills.".into(),
    }
}

/// The state of a person's match email: label, colour, icon.
fn email_state(
    person: &ListedPerson,
    has_matches: bool,
    has_skills: bool,
    times: &Times,
) -> (String, &'static str, &'static str) {
    let state = person.message_state.as_deref().and_then(|word| word.parse::<MessageState>().ok());
    match (state, person.message_sent_at) {
        (Some(MessageState::Sent), Some(at)) => (format!("Sent {}", times.at(at)), "ok", "st-ok"),
        (Some(state), _) => (state.label().into(), tone(state), icon(state)),
        (None, _) if person.resumes_in_progress > 0 => ("Reading".into(), "go", "st-go"),
        (None, _) if person.suppressed.is_some() => ("Do not email".into(), "none", "st-none"),
        (None, _) if has_matches => ("Ready".into(), "wait", "st-wait"),
        (None, _) if has_skills => ("No match".into(), "none", "st-none"),
        (None, _) => ("No skills".into(), "none", "st-none"),
    }
}

/// The icon of a message's state.
pub fn icon(state: MessageState) -> &'static str {
    match tone(state) {
        "ok" => "st-ok",
        "go" => "st-go",
        "info" => "st-info",
        "wait" => "st-wait",
        "bad" => "st-bad",
        _ => "st-none",
    }
}
