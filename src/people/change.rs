//! Adding people, changing them, and their skills.

use rand::RngExt as _;
use rand::distr::Alphanumeric;

use super::fields::NewPerson;
use crate::model::person::{SkillSource, Source};
use crate::model::{Millis, PersonId};
use crate::skills;
use crate::store::people::NewRow;
use crate::store::{self, Conn};

/// Characters of the secret in a person's links: 62^20 codes are more than anybody can try.
const CODE_LENGTH: usize = 20;

#[derive(Debug, thiserror::Error)]
pub enum AddError {
    #[error("somebody with this email address has been added already")]
    Known,
    #[error(transparent)]
    Db(#[from] sqlx::Error),
}

/// Adds a person whose address is new.
pub async fn add(
    tx: &mut Conn,
    person: &NewPerson,
    source: Source,
    now: Millis,
) -> Result<PersonId, AddError> {
    let row = NewRow { profile: &person.profile, code: &fresh_code(), source };
    let id = store::people::insert(tx, &row, now).await?.ok_or(AddError::Known)?;
    add_skills(tx, id, &person.skills, source.of_skills(), now).await?;
    Ok(id)
}

/// Adds the skills that the person does not have yet; returns how many were new.
pub async fn add_skills(
    tx: &mut Conn,
    id: PersonId,
    skills: &[String],
    source: SkillSource,
    now: Millis,
) -> sqlx::Result<u64> {
    let mut new = 0;
    for skill in skills {
        let added =
            store::person_skills::add(tx, id, &skills::key(skill), skill, source, now).await?;
        new += u64::from(added);
    }
    Ok(new)
}

/// Removes a skill; false when the person does not have it. The next matching run updates the matches.
pub async fn remove_skill(tx: &mut Conn, id: PersonId, key: &str) -> sqlx::Result<bool> {
    store::person_skills::remove(tx, id, key).await
}

#[derive(Debug, thiserror::Error)]
pub enum EditError {
    #[error("this person does not exist any more")]
    Gone,
    #[error("somebody else has this email address")]
    AddressTaken,
    #[error(transparent)]
    Db(#[from] sqlx::Error),
}

/// Replaces a person's fields and skills. After a change of address the old address stays suppressed if it was.
pub async fn edit(
    tx: &mut Conn,
    id: PersonId,
    person: &NewPerson,
    now: Millis,
) -> Result<(), EditError> {
    store::people::find(tx, id).await?.ok_or(EditError::Gone)?;
    if !store::people::update(tx, id, &person.profile, now).await? {
        return Err(EditError::AddressTaken);
    }
    let wanted: Vec<String> = person.skills.iter().map(|skill| skills::key(skill)).collect();
    for stored in store::person_skills::list(tx, id).await? {
        if !wanted.contains(&stored.skill_key) {
            store::person_skills::remove(tx, id, &stored.skill_key).await?;
        }
    }
    add_skills(tx, id, &person.skills, Source::Form.of_skills(), now).await?;
    Ok(())
}

/// A new secret for a person's links.
pub(super) fn fresh_code() -> String {
    rand::rng().sample_iter(Alphanumeric).take(CODE_LENGTH).map(char::from).collect()
}
