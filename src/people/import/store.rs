//! Storing an imported table.

use std::collections::{HashMap, HashSet};

use super::table::{BadRow, Table};
use crate::model::person::Source;
use crate::model::{Millis, PersonId};
use crate::people::change::fresh_code;
use crate::people::fields::NewPerson;
use crate::skills;
use crate::store::people::{NewRow, Person};
use crate::store::person_skills::NewSkill;
use crate::store::{self, Conn};

/// How many rows of a file had which result. They add up to all rows of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub new: usize,
    pub changed: usize,
    pub same: usize,
    pub bad: Vec<BadRow>,
    pub ignored: Vec<String>,
}

/// People that are stored at once.
const BATCH: usize = 1_000;

/// Stores a table. A known person gets what the file adds; an empty cell removes nothing, and importing a file twice
/// changes nothing.
pub async fn store(
    tx: &mut Conn,
    table: Table,
    source: Source,
    now: Millis,
) -> sqlx::Result<Report> {
    let mut report = Report { bad: table.bad, ignored: table.ignored, ..Report::default() };
    for rows in table.rows.chunks(BATCH) {
        store_batch(tx, rows, source, now, &mut report).await?;
    }
    Ok(report)
}

async fn store_batch(
    tx: &mut Conn,
    rows: &[(u64, NewPerson)],
    source: Source,
    now: Millis,
    report: &mut Report,
) -> sqlx::Result<()> {
    let new = insert_new(tx, rows, source, now).await?;
    let known = rows.iter().map(|(_, person)| &person.profile.address);
    let known = known.filter(|address| !new.contains_key(&address.key()));
    let known: HashMap<String, Person> = store::people::find_all_by_address(tx, known)
        .await?
        .into_iter()
        .map(|person| (person.address.key(), person))
        .collect();
    let mut ids = Vec::with_capacity(rows.len());
    let mut changed = HashSet::new();
    for (_, person) in rows {
        let key = person.profile.address.key();
        if let Some(id) = new.get(&key) {
            ids.push(*id);
            continue;
        }
        let stored = known.get(&key).ok_or(sqlx::Error::RowNotFound)?;
        if update_profile(tx, stored, person, now).await? {
            changed.insert(stored.id);
        }
        ids.push(stored.id);
    }
    changed.extend(add_skills(tx, &ids, rows, source, now).await?);
    report.new += new.len();
    let changed = known.values().filter(|person| changed.contains(&person.id)).count();
    report.changed += changed;
    report.same += rows.len() - new.len() - changed;
    Ok(())
}

/// Inserts those whose addresses are new; returns them by the keys of their addresses.
async fn insert_new(
    tx: &mut Conn,
    rows: &[(u64, NewPerson)],
    source: Source,
    now: Millis,
) -> sqlx::Result<HashMap<String, PersonId>> {
    let codes: Vec<String> = rows.iter().map(|_| fresh_code()).collect();
    let people: Vec<NewRow<'_>> = rows
        .iter()
        .zip(&codes)
        .map(|((_, person), code)| NewRow { profile: &person.profile, code, source })
        .collect();
    Ok(store::people::insert_all(tx, &people, now).await?.into_iter().collect())
}

/// Updates a known person; false when the file has no other name or job title.
async fn update_profile(
    tx: &mut Conn,
    stored: &Person,
    person: &NewPerson,
    now: Millis,
) -> sqlx::Result<bool> {
    let profile = person.profile_completed_from(stored);
    let differs = profile != stored.profile();
    if differs {
        store::people::update(tx, stored.id, &profile, now).await?;
    }
    Ok(differs)
}

/// Adds the skills of all rows; returns who got a new one.
async fn add_skills(
    tx: &mut Conn,
    ids: &[PersonId],
    rows: &[(u64, NewPerson)],
    source: Source,
    now: Millis,
) -> sqlx::Result<Vec<PersonId>> {
    let keys: Vec<Vec<String>> = rows
        .iter()
        .map(|(_, person)| person.skills.iter().map(|skill| skills::key(skill)).collect())
        .collect();
    let mut all = Vec::new();
    for ((id, (_, person)), keys) in ids.iter().zip(rows).zip(&keys) {
        for (name, key) in person.skills.iter().zip(keys) {
            all.push(NewSkill { person: *id, key, name });
        }
    }
    store::person_skills::add_all(tx, &all, source.of_skills(), now).await
}
