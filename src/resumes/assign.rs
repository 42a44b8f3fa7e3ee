//! Assigning a resume to a person.

use super::find_skills;
use crate::config::Config;
use crate::events;
use crate::model::job::Class;
use crate::model::resume::ResumeState;
use crate::model::{Millis, PersonId, ResumeId};
use crate::store::resumes::Resume;
use crate::store::{self, Conn};

#[derive(Debug, thiserror::Error)]
pub enum AssignError {
    #[error("this resume no longer exists")]
    Gone,
    #[error("this person no longer exists")]
    NoSuchPerson,
    #[error("this resume is already assigned to a person")]
    Taken,
    #[error(transparent)]
    Db(#[from] sqlx::Error),
}

/// Assigns a resume to the person whom the organiser chose. If they already have the same file, this one is deleted.
pub async fn assign(
    tx: &mut Conn,
    config: &Config,
    id: ResumeId,
    person: PersonId,
    now: Millis,
) -> Result<(), AssignError> {
    store::campaigns::lock_campaigns(tx, events::CURRENT).await?;
    let resume = store::resumes::find(tx, id).await?.ok_or(AssignError::Gone)?;
    store::people::find(tx, person).await?.ok_or(AssignError::NoSuchPerson)?;
    if resume.person_id.is_some() || !assign_unclaimed(tx, config, &resume, person, now).await? {
        return Err(AssignError::Taken);
    }
    Ok(())
}

/// Assigns a resume that has no owner; if it has been read already, the search for skills is queued at once. False when
/// it has an owner meanwhile.
pub(super) async fn assign_unclaimed(
    tx: &mut Conn,
    config: &Config,
    resume: &Resume,
    person: PersonId,
    now: Millis,
) -> sqlx::Result<bool> {
    if merge_duplicate(tx, resume, person).await? {
        return Ok(true);
    }
    if !store::resumes::assign(tx, resume.id, person).await? {
        return Ok(false);
    }
    if resume.state == ResumeState::Unclaimed {
        find_skills::enqueue(tx, config, resume.id, Class::Person, now).await?;
    }
    Ok(true)
}

/// Deletes this resume if the person already has one with the same bytes, which inherits its wish to match.
pub(super) async fn merge_duplicate(
    tx: &mut Conn,
    resume: &Resume,
    person: PersonId,
) -> sqlx::Result<bool> {
    let Some(duplicate) = store::resumes::find_duplicate(tx, resume.id, person).await? else {
        return Ok(false);
    };
    if resume.auto_match != 0 {
        store::resumes::match_later(tx, duplicate).await?;
    }
    store::resumes::delete(tx, resume.id).await
}
