//! Resumes: whose they are, what was read in them, and which skills that gives. Each step is a function that a worker
//! calls in a transaction of its own; between them stands the work that takes time (reading the file, asking Gemini),
//! and every step may be run twice.
//!
//! ```text
//! upload ──> queued ──start_reading──> reading ──store_reading──> waiting ──start_finding──> extracting
//!                                         │  └──> unclaimed ──claim──┘                          │
//!                                         └──> failed                          store_skills ──> done
//! ```

pub mod clues;
pub mod files;

use sha2::{Digest, Sha256};

use crate::config::{Config, SkillsBy};
use crate::model::job::Class;
use crate::model::made_by::{MadeBy, Maker};
use crate::model::person::SkillSource;
use crate::model::resume::ResumeState;
use crate::model::{Job, Millis, PersonId, ResumeId};
use crate::store::resumes::{NewResume, Resume, Show, Text};
use crate::store::{self, Conn};
use crate::{events, matching, people, skills};

/// The largest file that is taken.
pub const MAX_BYTES: usize = 16 << 20;

/// Characters of a text that are read for skills, by the model and by the taxonomy alike.
pub const LONGEST_TEXT: usize = 20_000;

/// As many resumes at once somebody may be said to watch; with one key they take less than the two minutes that a
/// watched one may take. What comes on top of them is bulk.
const WATCHED: i64 = 8;

/// A file as it was uploaded.
#[derive(Clone, Copy, Debug)]
pub struct Upload<'a> {
    /// `None`: the text is to say whose it is.
    pub person: Option<PersonId>,
    /// As the browser sent it.
    pub file_name: &'a str,
    pub bytes: &'a [u8],
    /// Match the person as soon as the skills are there.
    pub auto_match: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    #[error("this file is larger than 16 MiB; save a smaller copy, for example without pictures")]
    TooLarge,
    #[error("this file is empty")]
    Empty,
    #[error("this person is not there any more")]
    NoSuchPerson,
    #[error(transparent)]
    Db(#[from] sqlx::Error),
}

/// Takes a file in and queues its reading. The same bytes for the same person are the same resume: nothing happens
/// twice, unless it could not be read and is to be tried again.
pub async fn upload(
    tx: &mut Conn,
    config: &Config,
    upload: &Upload<'_>,
    now: Millis,
) -> Result<ResumeId, UploadError> {
    if upload.bytes.len() > MAX_BYTES {
        return Err(UploadError::TooLarge);
    }
    if upload.bytes.is_empty() {
        return Err(UploadError::Empty);
    }
    // Two uploads of the same file at once take turns.
    store::campaigns::lock_campaigns(tx, events::CURRENT).await?;
    if let Some(person) = upload.person {
        store::people::find(tx, person).await?.ok_or(UploadError::NoSuchPerson)?;
    }
    let sha256 = hex::encode(Sha256::digest(upload.bytes));
    if let Some(id) = store::resumes::find_same(tx, upload.person, &sha256).await? {
        again_the_same(tx, config, id, upload, now).await?;
        return Ok(id);
    }
    let row = NewResume {
        person: upload.person,
        file_name: &files::clean_name(upload.file_name),
        bytes: upload.bytes,
        sha256: &sha256,
        auto_match: upload.auto_match,
    };
    let class = class(tx).await?;
    let id = store::resumes::insert(tx, &row, now).await?;
    store::jobs::enqueue(tx, Job::ReadResume(id), class, now, now, None).await?;
    Ok(id)
}

/// These bytes are there already: whose they are and that they are to be matched may be new.
async fn again_the_same(
    tx: &mut Conn,
    config: &Config,
    id: ResumeId,
    upload: &Upload<'_>,
    now: Millis,
) -> sqlx::Result<()> {
    let Some(resume) = store::resumes::find(tx, id).await? else { return Ok(()) };
    if upload.auto_match {
        store::resumes::match_later(tx, id).await?;
    }
    if let (None, Some(person)) = (resume.person_id, upload.person) {
        give(tx, config, &resume, person, now).await?;
    }
    match (resume.state, resume.person_id) {
        (ResumeState::Failed, _) => {
            try_again(tx, config, id, now).await?;
        }
        (ResumeState::Done, Some(person)) if upload.auto_match => {
            match_person(tx, person, now).await?;
        }
        _ => {}
    }
    Ok(())
}

/// Who waits: the organiser in front of the page, as long as the queue is short.
async fn class(conn: &mut Conn) -> sqlx::Result<Class> {
    let waiting = store::resumes::count(conn, Show::InWork).await?;
    Ok(if waiting < WATCHED { Class::Person } else { Class::Bulk })
}

// ── Reading ──

/// Takes a resume up and hands out its file; `None` when there is nothing to read (any more).
pub async fn start_reading(tx: &mut Conn, id: ResumeId) -> sqlx::Result<Option<Vec<u8>>> {
    if !store::resumes::start_reading(tx, id).await? {
        return Ok(None);
    }
    store::resumes::bytes(tx, id).await
}

/// What reading a file came to.
#[derive(Clone, Copy, Debug)]
pub enum Reading<'a> {
    Text {
        /// pdf, docx, txt.
        format: &'a str,
        text: &'a str,
    },
    /// Why there is no text, as the organiser reads it.
    Failed(&'a str),
}

/// Stores what a file says, and queues the finding of its skills for `class`; `SKILLS_BY=taxonomy` finds them at once.
/// A resume of nobody's goes to the person whose address stands first in it. False when it is not being read any more.
pub async fn store_reading(
    tx: &mut Conn,
    config: &Config,
    id: ResumeId,
    reading: Reading<'_>,
    class: Class,
    now: Millis,
) -> sqlx::Result<bool> {
    store::campaigns::lock_campaigns(tx, events::CURRENT).await?;
    let (format, text) = match reading {
        Reading::Text { format, text } => (format, text),
        Reading::Failed(words) => return store::resumes::fail(tx, id, words, now).await,
    };
    let Some(resume) = store::resumes::find(tx, id).await? else { return Ok(false) };
    let person = match (resume.person_id, clues::addresses(text).first()) {
        (Some(person), _) => Some(person),
        (None, Some(address)) => {
            store::people::find_by_address(tx, address).await?.map(|person| person.id)
        }
        (None, None) => None,
    };
    let cut_at = (text.chars().nth(LONGEST_TEXT).is_some()).then_some(LONGEST_TEXT as i64);
    if !store::resumes::store_text(tx, id, Text { format, text, cut_at }, person).await? {
        return Ok(false);
    }
    if let Some(person) = person {
        if resume.person_id.is_none() && keep_one(tx, &resume, person).await? {
            return Ok(true);
        }
        queue_finding(tx, config, id, class, now).await?;
    }
    Ok(true)
}

/// A person has one resume of the same bytes: when they have it already, this one goes and hands on its wish to match.
async fn keep_one(tx: &mut Conn, resume: &Resume, person: PersonId) -> sqlx::Result<bool> {
    let Some(twin) = store::resumes::find_twin(tx, resume.id, person).await? else {
        return Ok(false);
    };
    if resume.auto_match != 0 {
        store::resumes::match_later(tx, twin).await?;
    }
    store::resumes::delete(tx, resume.id).await
}

async fn queue_finding(
    tx: &mut Conn,
    config: &Config,
    id: ResumeId,
    class: Class,
    now: Millis,
) -> sqlx::Result<()> {
    if config.gemini.skills_by == SkillsBy::Taxonomy {
        let why = "SKILLS_BY=taxonomy keeps resumes in the house";
        store_by_taxonomy(tx, id, why, now).await?;
        return Ok(());
    }
    let patience = match class {
        Class::Person | Class::Single => config.gemini.deadline_interactive,
        Class::Bulk => config.gemini.deadline_bulk,
    };
    let deadline = now.plus(patience);
    store::jobs::enqueue(tx, Job::FindSkills(id), class, now, now, Some(deadline)).await
}

// ── Finding skills ──

/// Takes a resume up and hands out the text in which skills are to be found, at most [`LONGEST_TEXT`] characters; `None`
/// when they are not wanted (any more).
pub async fn start_finding(tx: &mut Conn, id: ResumeId) -> sqlx::Result<Option<String>> {
    if !store::resumes::start_finding(tx, id).await? {
        return Ok(None);
    }
    Ok(store::resumes::text(tx, id).await?.map(|text| first_part(&text).to_owned()))
}

/// The finding could not be done now (no slot, no answer): the resume waits again.
pub async fn give_back_finding(tx: &mut Conn, id: ResumeId) -> sqlx::Result<bool> {
    store::resumes::give_back_finding(tx, id).await
}

/// The part of a text that is read for skills.
pub fn first_part(text: &str) -> &str {
    text.char_indices().nth(LONGEST_TEXT).map_or(text, |(end, _)| &text[..end])
}

/// Stores the skills that a model named, under their canonical names, and gives the person those that are new. Names
/// that neither the taxonomy nor the resume knows are left out; where nothing usable remains, the taxonomy reads the
/// resume. Matches the person when that was asked for. False when the resume does not wait for skills any more.
pub async fn store_skills(
    tx: &mut Conn,
    id: ResumeId,
    names: &[String],
    made_by: &MadeBy,
    now: Millis,
) -> sqlx::Result<bool> {
    let text = store::resumes::text(tx, id).await?.unwrap_or_default();
    let usable = usable(names, first_part(&text));
    if usable.is_empty() {
        return store_by_taxonomy(tx, id, "the model named no skill that can be used", now).await;
    }
    finish(tx, id, &usable, made_by, now).await
}

/// Stores what the taxonomy finds, and why it was asked.
pub async fn store_by_taxonomy(
    tx: &mut Conn,
    id: ResumeId,
    why: &str,
    now: Millis,
) -> sqlx::Result<bool> {
    let text = store::resumes::text(tx, id).await?.unwrap_or_default();
    let found = skills::find(first_part(&text));
    finish(tx, id, &found, &MadeBy::instead(Maker::Taxonomy, why), now).await
}

async fn finish(
    tx: &mut Conn,
    id: ResumeId,
    names: &[String],
    made_by: &MadeBy,
    now: Millis,
) -> sqlx::Result<bool> {
    let Some(resume) = store::resumes::find(tx, id).await? else { return Ok(false) };
    let Some(person) = resume.person_id else { return Ok(false) };
    let list = serde_json::json!(names).to_string();
    if !store::resumes::store_skills(tx, id, &list, made_by, now).await? {
        return Ok(false);
    }
    let source =
        if made_by.by == Maker::Model { SkillSource::Model } else { SkillSource::Taxonomy };
    people::add_skills(tx, person, names, source, now).await?;
    if resume.auto_match != 0 {
        match_person(tx, person, now).await?;
    }
    Ok(true)
}

async fn match_person(tx: &mut Conn, person: PersonId, now: Millis) -> sqlx::Result<usize> {
    let rule = matching::chosen_rule(tx, events::CURRENT).await?;
    matching::run_one(tx, events::CURRENT, person, rule.threshold(), now).await
}

/// Canonical names without doubles, of those that the taxonomy knows or that stand in the text.
fn usable(names: &[String], text: &str) -> Vec<String> {
    let text = letters(text);
    let mut seen = std::collections::HashSet::new();
    names
        .iter()
        .filter(|name| skills::is_known(name) || stands_in(&letters(name), &text))
        .filter_map(|name| skills::canonical(name))
        .filter(|name| seen.insert(skills::key(name)))
        .collect()
}

/// Letters and digits in lower case: two ways to write a name differ in what stands between them.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn stands_in(name: &str, text: &str) -> bool {
    !name.is_empty() && text.contains(name)
}

// ── What an organiser does ──

#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    #[error("this resume is not there any more")]
    Gone,
    #[error("this person is not there any more")]
    NoSuchPerson,
    #[error("this resume belongs to somebody already")]
    Taken,
    #[error(transparent)]
    Db(#[from] sqlx::Error),
}

/// The organiser says whose a resume is. One that this person has already goes.
pub async fn claim(
    tx: &mut Conn,
    config: &Config,
    id: ResumeId,
    person: PersonId,
    now: Millis,
) -> Result<(), ClaimError> {
    store::campaigns::lock_campaigns(tx, events::CURRENT).await?;
    let resume = store::resumes::find(tx, id).await?.ok_or(ClaimError::Gone)?;
    store::people::find(tx, person).await?.ok_or(ClaimError::NoSuchPerson)?;
    if resume.person_id.is_some() || !give(tx, config, &resume, person, now).await? {
        return Err(ClaimError::Taken);
    }
    Ok(())
}

/// Gives a resume that is nobody's to a person; what was read in it leads to skills at once.
async fn give(
    tx: &mut Conn,
    config: &Config,
    resume: &Resume,
    person: PersonId,
    now: Millis,
) -> sqlx::Result<bool> {
    if keep_one(tx, resume, person).await? {
        return Ok(true);
    }
    if !store::resumes::claim(tx, resume.id, person).await? {
        return Ok(false);
    }
    if resume.state == ResumeState::Unclaimed {
        queue_finding(tx, config, resume.id, Class::Person, now).await?;
    }
    Ok(true)
}

/// Does it again: what failed is read anew, what is done is searched for skills anew. False when it is worked on or
/// gone.
pub async fn try_again(
    tx: &mut Conn,
    config: &Config,
    id: ResumeId,
    now: Millis,
) -> sqlx::Result<bool> {
    let Some(state) = store::resumes::again(tx, id).await? else { return Ok(false) };
    if state == ResumeState::Queued.as_str() {
        store::jobs::enqueue(tx, Job::ReadResume(id), Class::Person, now, now, None).await?;
    } else {
        queue_finding(tx, config, id, Class::Person, now).await?;
    }
    Ok(true)
}

/// Removes a file and its text. The person keeps the skills that were found. Call `Db::scrub` after the commit.
pub async fn delete(tx: &mut Conn, id: ResumeId) -> sqlx::Result<bool> {
    store::resumes::delete(tx, id).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn what_a_model_names_must_be_known_or_stand_in_the_resume() {
        let text = "I keep bees, write golang and run Node-RED flows on Farmware 3000.";
        let found =
            usable(&names(&["golang", "Go", "node red", "farmware 3000", "Telepathy", " "]), text);
        assert_eq!(found[0], "Go");
        assert!(found.iter().any(|name| name.eq_ignore_ascii_case("farmware 3000")), "{found:?}");
        assert!(!found.iter().any(|name| name == "Telepathy" || name.trim().is_empty()));
        assert_eq!(found.iter().filter(|name| *name == "Go").count(), 1);
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let long = "é".repeat(LONGEST_TEXT + 5);
        assert_eq!(first_part(&long).chars().count(), LONGEST_TEXT);
        assert_eq!(first_part("short"), "short");
    }
}
