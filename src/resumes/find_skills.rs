//! Finding skills in a resume's text: by a model, or by the taxonomy instead.

use std::collections::HashSet;

use crate::config::{Config, SkillsBy};
use crate::model::job::Class;
use crate::model::made_by::{MadeBy, Maker};
use crate::model::person::SkillSource;
use crate::model::{Job, Millis, ResumeId};
use crate::store::{self, Conn};
use crate::{events, matching, people, skills};

/// Characters of a text that are searched for skills, by the model and by the taxonomy alike.
pub const MAX_TEXT: usize = 20_000;

/// Queues the search for `class`; with `SKILLS_BY=taxonomy` it is done at once.
pub(super) async fn enqueue(
    tx: &mut Conn,
    config: &Config,
    id: ResumeId,
    class: Class,
    now: Millis,
) -> sqlx::Result<()> {
    if config.gemini.skills_by == SkillsBy::Taxonomy {
        store_by_taxonomy(tx, id, "SKILLS_BY=taxonomy is set", now).await?;
        return Ok(());
    }
    let patience = match class {
        Class::Person | Class::Single => config.gemini.deadline_interactive,
        Class::Bulk => config.gemini.deadline_bulk,
    };
    let deadline = now.plus(patience);
    store::jobs::enqueue(tx, Job::FindSkills(id), class, now, now, Some(deadline)).await
}

/// Marks a resume as being searched and returns the text to search, at most [`MAX_TEXT`] characters; `None` when its
/// skills are not wanted (any more).
pub async fn start_finding(tx: &mut Conn, id: ResumeId) -> sqlx::Result<Option<String>> {
    if !store::resumes::start_finding(tx, id).await? {
        return Ok(None);
    }
    Ok(store::resumes::text(tx, id).await?.map(|text| text_start(&text).to_owned()))
}

/// The search could not be done now (no slot, no answer): the resume waits again.
pub async fn release_finding(tx: &mut Conn, id: ResumeId) -> sqlx::Result<bool> {
    store::resumes::release_finding(tx, id).await
}

/// The part of a text that is searched for skills.
pub fn text_start(text: &str) -> &str {
    text.char_indices().nth(MAX_TEXT).map_or(text, |(end, _)| &text[..end])
}

/// Where a text is cut, in characters; `None` when all of it is searched.
pub(super) fn cut_at(text: &str) -> Option<i64> {
    text.chars().nth(MAX_TEXT).map(|_| MAX_TEXT as i64)
}

/// Stores the skills that a model named, under their canonical names, and adds the new ones to the person. Names that
/// neither the taxonomy nor the resume contains are dropped; if no usable name remains, the taxonomy searches the
/// resume. Matches the person if that was requested. False when the resume is not waiting for skills any more.
pub async fn store_skills(
    tx: &mut Conn,
    id: ResumeId,
    names: &[String],
    made_by: &MadeBy,
    now: Millis,
) -> sqlx::Result<bool> {
    let text = store::resumes::text(tx, id).await?.unwrap_or_default();
    let usable = usable(names, text_start(&text));
    if usable.is_empty() {
        return store_by_taxonomy(tx, id, "the model named no usable skill", now).await;
    }
    finish(tx, id, &usable, made_by, now).await
}

/// Stores what the taxonomy finds, and why it was used.
pub async fn store_by_taxonomy(
    tx: &mut Conn,
    id: ResumeId,
    why: &str,
    now: Millis,
) -> sqlx::Result<bool> {
    let text = store::resumes::text(tx, id).await?.unwrap_or_default();
    let found = skills::find(text_start(&text));
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
        matching::run_one_by_chosen_rule(tx, events::CURRENT, person, now).await?;
    }
    Ok(true)
}

/// Canonical names, without duplicates, of the names that the taxonomy or the text contains.
fn usable(names: &[String], text: &str) -> Vec<String> {
    let text = letters(text);
    let mut seen = HashSet::new();
    names
        .iter()
        .filter(|name| skills::is_known(name) || contains(&text, &letters(name)))
        .filter_map(|name| skills::canonical(name))
        .filter(|name| seen.insert(skills::key(name)))
        .collect()
}

/// Letters and digits in lower case: two spellings of a name differ in the characters between them.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn contains(text: &str, name: &str) -> bool {
    !name.is_empty() && text.contains(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_name_from_a_model_must_be_in_the_taxonomy_or_in_the_resume() {
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
        let long = "é".repeat(MAX_TEXT + 5);
        assert_eq!(text_start(&long).chars().count(), MAX_TEXT);
        assert_eq!(text_start("short"), "short");
        assert_eq!((cut_at(&long), cut_at("short")), (Some(MAX_TEXT as i64), None));
    }
}
