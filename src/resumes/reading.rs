//! Reading a file: starting, storing the result, and trying again.

use super::{assign, clues, find_skills};
use crate::config::Config;
use crate::events;
use crate::model::job::Class;
use crate::model::resume::{Format, ResumeState};
use crate::model::{Job, Millis, ResumeId};
use crate::store::resumes::Text;
use crate::store::{self, Conn};

/// Marks a resume as being read and returns its bytes; `None` when there is nothing to read (any more).
pub async fn start_reading(tx: &mut Conn, id: ResumeId) -> sqlx::Result<Option<Vec<u8>>> {
    if !store::resumes::start_reading(tx, id).await? {
        return Ok(None);
    }
    store::resumes::bytes(tx, id).await
}

/// The result of reading a file.
#[derive(Clone, Copy, Debug)]
pub enum Reading<'a> {
    Text {
        format: Format,
        text: &'a str,
    },
    /// Why there is no text, in a sentence for the organiser.
    Failed(&'a str),
}

/// Stores a file's text and queues the job that finds skills for `class`; `SKILLS_BY=taxonomy` finds them at once.
/// A resume without an owner is assigned to the person whose address comes first in it. False when the resume is not
/// being read any more.
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
        Reading::Failed(reason) => return store::resumes::fail(tx, id, reason, now).await,
    };
    let Some(resume) = store::resumes::find(tx, id).await? else { return Ok(false) };
    let person = match (resume.person_id, clues::addresses(text).first()) {
        (Some(person), _) => Some(person),
        (None, Some(address)) => {
            store::people::find_by_address(tx, address).await?.map(|person| person.id)
        }
        (None, None) => None,
    };
    let cut_at = find_skills::cut_at(text);
    if !store::resumes::store_text(tx, id, Text { format, text, cut_at }, person).await? {
        return Ok(false);
    }
    if let Some(person) = person {
        if resume.person_id.is_none() && assign::merge_duplicate(tx, &resume, person).await? {
            return Ok(true);
        }
        find_skills::enqueue(tx, config, id, class, now).await?;
    }
    Ok(true)
}

/// Repeats the last step: a failed resume is read again, a finished one is searched for skills again. False when it is
/// in progress or gone.
pub async fn retry(
    tx: &mut Conn,
    config: &Config,
    id: ResumeId,
    now: Millis,
) -> sqlx::Result<bool> {
    let Some(state) = store::resumes::retry(tx, id).await? else { return Ok(false) };
    if state == ResumeState::Queued {
        store::jobs::enqueue(tx, Job::ReadResume(id), Class::Person, now, now, None).await?;
    } else {
        find_skills::enqueue(tx, config, id, Class::Person, now).await?;
    }
    Ok(true)
}
