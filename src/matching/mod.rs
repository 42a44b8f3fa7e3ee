//! Matching: finds people with similar skills. A pair is one row; each person's list is the ten best of their pairs.
//! Matching sends no email.

pub mod score;

use std::collections::{BTreeMap, HashMap};

use crate::model::email::Teammate;
use crate::model::matching::RuleName;
use crate::model::{EmailAddress, EventId, Millis, PairId, PersonId};
use crate::store::matches::{NewPair, RankedPair};
use crate::store::{self, Conn, Db};
use score::{LIST_LENGTH, Pair, Profile, Rule, best_pairs, weight};

/// The name of the setting with the rule of full runs.
pub const RULE_SETTING: &str = "matching_rule";

/// The threshold of the ratio rule.
const THRESHOLD: f64 = 0.1;

/// The result of matching everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// People with at least one skill.
    pub people: usize,
    pub pairs: usize,
}

/// Everybody's skills, read once, so that comparing them needs no connection.
#[derive(Debug)]
pub struct Everybody {
    profiles: Vec<Profile>,
    /// Canonical names by index.
    names: Vec<String>,
    keys: Vec<String>,
    /// How many people have a skill, by its index.
    counts: Vec<usize>,
}

impl Everybody {
    pub async fn read(conn: &mut Conn) -> sqlx::Result<Self> {
        let mut indexes: HashMap<String, usize> = HashMap::new();
        let mut all =
            Self { profiles: Vec::new(), names: Vec::new(), keys: Vec::new(), counts: Vec::new() };
        for row in store::matches::all_skills(conn).await? {
            let index = *indexes.entry(row.skill_key.clone()).or_insert_with(|| {
                all.names.push(row.skill);
                all.keys.push(row.skill_key);
                all.counts.push(0);
                all.names.len() - 1
            });
            all.counts[index] += 1;
            match all.profiles.last_mut() {
                Some(last) if last.person == row.person_id => last.skills.push(index),
                _ => all.profiles.push(Profile { person: row.person_id, skills: vec![index] }),
            }
        }
        for profile in &mut all.profiles {
            profile.skills.sort_unstable();
        }
        Ok(all)
    }

    fn weights(&self) -> Vec<i64> {
        self.counts.iter().map(|people| weight(self.profiles.len(), *people)).collect()
    }

    /// The pairs of everybody. Takes some tenths of a second for 10,000 people: call it on a blocking thread.
    pub fn pairs(&self, rule: Rule) -> Vec<Pair> {
        best_pairs(&self.profiles, &self.weights(), rule, None)
    }

    fn new_pair(&self, pair: &Pair) -> NewPair {
        let names: Vec<&str> =
            pair.shared.iter().map(|index| self.names[*index].as_str()).collect();
        NewPair {
            a: pair.a,
            b: pair.b,
            score: pair.score,
            shared: serde_json::json!(names).to_string(),
        }
    }
}

/// Matches everybody by the chosen rule. Compares on a blocking thread, without a connection.
pub async fn run_all(db: &Db, event: EventId, now: Millis) -> sqlx::Result<Outcome> {
    match run_all_once(db, event, now).await {
        // Somebody was erased in the meantime: start again.
        Err(sqlx::Error::Database(error)) if error.is_foreign_key_violation() => {
            run_all_once(db, event, now).await
        }
        other => other,
    }
}

async fn run_all_once(db: &Db, event: EventId, now: Millis) -> sqlx::Result<Outcome> {
    let (everybody, rule) = {
        let mut conn = db.read().await?;
        (Everybody::read(&mut conn).await?, chosen_rule(&mut conn, event).await?)
    };
    let compare = move || {
        let pairs = everybody.pairs(rule);
        (everybody, pairs)
    };
    let (everybody, pairs) = match tokio::task::spawn_blocking(compare).await {
        Ok(compared) => compared,
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    };
    let mut tx = db.write().await?;
    let outcome = store_all(&mut tx, event, &everybody, &pairs, rule, now).await?;
    tx.commit().await?;
    Ok(outcome)
}

/// Stores the pairs of everybody: existing rows keep their ids, rows that are in nobody's list are deleted.
async fn store_all(
    tx: &mut Conn,
    event: EventId,
    everybody: &Everybody,
    pairs: &[Pair],
    rule: Rule,
    now: Millis,
) -> sqlx::Result<Outcome> {
    store::campaigns::lock_campaigns(tx, event).await?;
    let mut before: HashMap<(PersonId, PersonId), RankedPair> = store::matches::all(tx, event)
        .await?
        .into_iter()
        .map(|row| ((row.a_id, row.b_id), row))
        .collect();
    let rows: Vec<NewPair> = pairs.iter().map(|pair| everybody.new_pair(pair)).collect();
    let ranks = ranks(pairs, rule);
    let mut changed = Vec::new();
    for row in &rows {
        let rank = |person| ranks.get(&(person, row.a, row.b)).copied();
        let (a_rank, b_rank) = (rank(row.a), rank(row.b));
        let same = before.remove(&(row.a, row.b)).is_some_and(|had| {
            had.score == row.score
                && had.shared == row.shared
                && had.a_rank == a_rank
                && had.b_rank == b_rank
        });
        if !same {
            changed.push((row, a_rank, b_rank));
        }
    }
    store::matches::upsert_all(tx, event, &changed, now).await?;
    let gone: Vec<PairId> = before.values().map(|row| row.id).collect();
    store::matches::delete_all(tx, &gone).await?;
    store::match_runs::clear_weights(tx, event).await?;
    let weights = everybody.weights();
    let weights: Vec<(&str, i64, i64)> = everybody
        .keys
        .iter()
        .zip(&everybody.counts)
        .zip(&weights)
        .map(|((key, people), weight)| (key.as_str(), *people as i64, *weight))
        .collect();
    store::match_runs::set_weights(tx, event, &weights).await?;
    let outcome = Outcome { people: everybody.profiles.len(), pairs: rows.len() };
    let (people, pairs) = (outcome.people as i64, outcome.pairs as i64);
    store::match_runs::insert(tx, event, rule.name(), people, pairs, now).await?;
    Ok(outcome)
}

/// Ranks in everybody's list, by person and pair.
fn ranks(pairs: &[Pair], rule: Rule) -> HashMap<(PersonId, PersonId, PersonId), i64> {
    let mut lists: BTreeMap<PersonId, Vec<&Pair>> = BTreeMap::new();
    for pair in pairs {
        lists.entry(pair.a).or_default().push(pair);
        lists.entry(pair.b).or_default().push(pair);
    }
    let mut ranks = HashMap::new();
    for (person, mut list) in lists {
        let other = |pair: &Pair| if pair.a == person { pair.b } else { pair.a };
        list.sort_by_cached_key(|pair| rule.sort_key(pair.score, pair.shared.len(), other(pair)));
        for (index, pair) in list.into_iter().take(LIST_LENGTH).enumerate() {
            ranks.insert((person, pair.a, pair.b), index as i64 + 1);
        }
    }
    ranks
}

/// Matches one person again by the rule of the settings page. Returns how many matches the person has.
pub async fn run_one_by_chosen_rule(
    tx: &mut Conn,
    event: EventId,
    person: PersonId,
    now: Millis,
) -> sqlx::Result<usize> {
    let rule = chosen_rule(tx, event).await?;
    run_one(tx, event, person, rule, now).await
}

/// Matches one person again and updates the ranks in the others' lists. Uses the weights of the last full run, so that
/// nobody else's scores change. Returns how many matches the person has.
pub async fn run_one(
    tx: &mut Conn,
    event: EventId,
    person: PersonId,
    rule: Rule,
    now: Millis,
) -> sqlx::Result<usize> {
    store::campaigns::lock_campaigns(tx, event).await?;
    let everybody = Everybody::read(tx).await?;
    let Some(me) = everybody.profiles.iter().position(|profile| profile.person == person) else {
        store::matches::delete_of(tx, event, person).await?;
        return Ok(0);
    };
    let known: HashMap<String, i64> =
        store::match_runs::weights(tx, event).await?.into_iter().collect();
    let fresh = everybody.weights();
    let weights: Vec<i64> = everybody
        .keys
        .iter()
        .zip(&fresh)
        .map(|(key, fresh)| known.get(key).copied().unwrap_or(*fresh))
        .collect();
    let pairs = best_pairs(&everybody.profiles, &weights, rule, Some(me));
    let had = store::matches::all_of(tx, event, person).await?;
    let mut touched: Vec<PersonId> =
        had.iter().map(|row| if row.a_id == person { row.b_id } else { row.a_id }).collect();
    for row in &had {
        if !pairs.iter().any(|pair| pair.a == row.a_id && pair.b == row.b_id) {
            store::matches::delete(tx, row.id).await?;
        }
    }
    for pair in &pairs {
        store::matches::upsert(tx, event, &everybody.new_pair(pair), None, None, now).await?;
        touched.push(if pair.a == person { pair.b } else { pair.a });
    }
    touched.sort_unstable();
    touched.dedup();
    touched.push(person);
    for other in touched {
        update_ranks(tx, event, other, rule).await?;
    }
    store::matches::delete_unranked(tx, event).await?;
    Ok(pairs.len())
}

async fn update_ranks(
    tx: &mut Conn,
    event: EventId,
    person: PersonId,
    rule: Rule,
) -> sqlx::Result<()> {
    let mut rows = store::matches::all_of(tx, event, person).await?;
    let other = |row: &RankedPair| if row.a_id == person { row.b_id } else { row.a_id };
    rows.sort_by_cached_key(|row| {
        rule.sort_key(row.score, shared_names(&row.shared).len(), other(row))
    });
    for (index, row) in rows.iter().enumerate() {
        let rank = (index < LIST_LENGTH).then_some(index as i64 + 1);
        let had = if row.a_id == person { row.a_rank } else { row.b_rank };
        if rank != had {
            store::matches::set_rank(tx, row.id, person, rank).await?;
        }
    }
    Ok(())
}

/// A person's matches for an email. The address is included only if both agreed to share theirs.
pub async fn teammates(
    conn: &mut Conn,
    event: EventId,
    person: PersonId,
) -> sqlx::Result<Vec<Teammate>> {
    let rows = store::matches::of_person(conn, event, person).await?;
    Ok(rows
        .into_iter()
        .map(|row| Teammate {
            address: EmailAddress::parse(&row.address).ok().filter(|_| row.both_share == 1),
            shared: shared_names(&row.shared),
            name: row.name,
            job_title: row.job_title,
        })
        .collect())
}

/// The names in a JSON column such as `shared`.
pub fn shared_names(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap_or_default()
}

/// The rule that the settings page chose for full runs.
pub async fn chosen_rule(conn: &mut Conn, event: EventId) -> sqlx::Result<Rule> {
    let word = store::events::setting(conn, event, RULE_SETTING).await?;
    let name = word.and_then(|word| word.parse().ok()).unwrap_or_default();
    Ok(match name {
        RuleName::Weighted => Rule::Weighted,
        RuleName::Ratio => Rule::Ratio { threshold: THRESHOLD },
    })
}
