//! Keeps the keys in memory up to date with the database and with `.env` while work goes on.

use std::time::Duration;

use super::day::counted_day;
use super::pool::Pool;
use super::set::{Keys, Place, called};
use crate::config::{ConfigError, KeySettings};
use crate::llm::pacing::day;
use crate::model::{KeyNumber, KeyRecord, Millis};
use crate::store::page_keys::{self, Versions};
use crate::store::quotas::Quota;
use crate::store::{self, Conn, Db};

/// Bookings of today and yesterday are kept.
const KEEP_BOOKINGS: Duration = Duration::from_hours(48);

/// Updates database and memory at the start. What is known of a key stays, even if it is set elsewhere now.
pub async fn sync(conn: &mut Conn, pool: &Pool, now: Millis) -> sqlx::Result<()> {
    store::keys::lock_pool(conn).await?;
    let settings = pool.keys().settings().clone();
    let versions = page_keys::versions(conn).await?;
    let keys = update_keys(conn, pool, settings, versions, now).await?;
    store::bookings::forget(conn, now.minus(KEEP_BOOKINGS)).await?;
    announce(&keys);
    pool.replace(keys);
    Ok(())
}

/// The keys of the environment and of the page, without writing to the database.
pub async fn load(conn: &mut Conn, pool: &Pool) -> sqlx::Result<Keys> {
    pool.combine(conn, pool.keys().settings().clone(), Versions::default()).await
}

/// Takes over changes that any process's page made. It only reads, so it can run before every decision.
pub(super) async fn refresh(conn: &mut Conn, pool: &Pool) -> sqlx::Result<()> {
    let versions = page_keys::versions(conn).await?;
    take_over(conn, pool, versions).await
}

pub(super) async fn take_over(
    conn: &mut Conn,
    pool: &Pool,
    versions: Versions,
) -> sqlx::Result<()> {
    let known = pool.keys();
    if versions.keys_version > known.versions().keys_version {
        let versions = Versions { keys_version: versions.keys_version, ..known.versions() };
        let keys = pool.combine(conn, known.settings().clone(), versions).await?;
        announce(&keys);
        pool.replace(keys);
    }
    Ok(())
}

/// Reloads this process's `.env` if somebody asked for it on another process's page.
pub async fn follow(db: &Db, pool: &Pool, now: Millis) -> sqlx::Result<()> {
    let mut conn = db.read().await?;
    let versions = page_keys::versions(&mut conn).await?;
    take_over(&mut conn, pool, versions).await?;
    drop(conn);
    if versions.env_version <= pool.keys().versions().env_version {
        return Ok(());
    }
    let settings = match pool.source().keys() {
        Ok(settings) => settings,
        Err(error) => {
            tracing::error!("Could not reload .env; the keys stay as they were: {error}");
            pool.keys().settings().clone()
        }
    };
    let mut tx = db.write().await?;
    store::keys::lock_pool(&mut tx).await?;
    let versions = page_keys::versions(&mut tx).await?;
    let keys = update_keys(&mut tx, pool, settings, versions, now).await?;
    tx.commit().await?;
    announce(&keys);
    pool.replace(keys);
    Ok(())
}

/// What changed when `.env` was reloaded, by the numbers of the variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    pub added: Vec<KeyNumber>,
    pub removed: Vec<KeyNumber>,
    /// Their value is another key now.
    pub replaced: Vec<KeyNumber>,
    pub projects: Vec<KeyNumber>,
    pub limits: Vec<KeyNumber>,
    /// The limits for all keys.
    pub common: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum EnvError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Db(#[from] sqlx::Error),
}

/// Reloads keys, projects and limits from `.env`. On an error nothing changes. The other processes follow.
pub async fn reload_env(db: &Db, pool: &Pool, now: Millis) -> Result<Changes, EnvError> {
    let settings = pool.source().keys()?;
    let mut tx = db.write().await?;
    store::keys::lock_pool(&mut tx).await?;
    page_keys::request_env_reload(&mut tx).await?;
    let versions = page_keys::versions(&mut tx).await?;
    let changes = Changes::between(pool.keys().settings(), &settings);
    let keys = update_keys(&mut tx, pool, settings, versions, now).await?;
    tx.commit().await?;
    announce(&keys);
    pool.replace(keys);
    Ok(changes)
}

impl Changes {
    fn between(old: &KeySettings, new: &KeySettings) -> Self {
        let of = |settings: &KeySettings, number| {
            settings.keys.iter().find(|key| key.number == number).cloned()
        };
        let mut changes = Self { common: old.limits != new.limits, ..Self::default() };
        for key in &new.keys {
            match of(old, key.number) {
                None => changes.added.push(key.number),
                Some(before) => {
                    if before.key != key.key {
                        changes.replaced.push(key.number);
                    }
                    if before.project != key.project {
                        changes.projects.push(key.number);
                    }
                    if before.limits != key.limits {
                        changes.limits.push(key.number);
                    }
                }
            }
        }
        let gone = old.keys.iter().map(|key| key.number).filter(|it| of(new, *it).is_none());
        changes.removed = gone.collect();
        changes
    }
}

/// Combines the keys and records each. A key of the page gets a new number if a variable has its number.
async fn update_keys(
    conn: &mut Conn,
    pool: &Pool,
    settings: KeySettings,
    versions: Versions,
    now: Millis,
) -> sqlx::Result<Keys> {
    let mut versions = versions;
    let variables: Vec<KeyNumber> = settings.keys.iter().map(|key| key.number).collect();
    for key in page_keys::list(conn).await? {
        if variables.contains(&key.number) {
            let highest = page_keys::highest_number(conn).await?;
            let number = variables.iter().fold(highest, |highest, it| highest.max(*it)).next();
            page_keys::renumber(conn, &key.fingerprint, number).await?;
            page_keys::changed(conn).await?;
            versions = page_keys::versions(conn).await?;
            tracing::info!(
                key.number = number.0,
                "Key #{}, entered on the page, is #{number} now: a variable has its number",
                key.number
            );
        }
    }
    let keys = pool.combine(conn, settings, versions).await?;
    let known = store::keys::list(conn).await?;
    for key in keys.iter() {
        let before = known.iter().find(|row| row.fingerprint == key.fingerprint);
        store::keys::record(conn, &key.fingerprint, key.number, &key.project, now).await?;
        if let Some(before) = before.filter(|row| row.project != key.project) {
            let others = keys.iter().any(|it| it.project == before.project);
            move_to_project(conn, pool, before, &key.project, others, now).await?;
        }
    }
    Ok(keys)
}

/// Moves the bookings of a key to another project. If the old project has no keys left, its learned limits move too.
pub(super) async fn move_to_project(
    conn: &mut Conn,
    pool: &Pool,
    key: &KeyRecord,
    project: &str,
    others_stay: bool,
    now: Millis,
) -> sqlx::Result<()> {
    store::bookings::move_to_project(conn, key.id, project).await?;
    if !others_stay {
        let known = store::quotas::list(conn).await?;
        for old in known.iter().filter(|it| it.project == key.project) {
            let new = known.iter().find(|it| it.project == project && it.model == old.model);
            let merged = Quota { project: project.to_owned(), ..merge(old, new) };
            store::quotas::put(conn, &merged).await?;
        }
        store::quotas::delete_project(conn, &key.project).await?;
    }
    let date = day::of(now);
    let today = counted_day(&date, pool.pace(), now);
    store::quotas::recount(conn, &key.project, today).await?;
    store::quotas::recount(conn, project, today).await
}

/// The stricter of two quotas.
fn merge(old: &Quota, new: Option<&Quota>) -> Quota {
    let Some(new) = new else { return old.clone() };
    let smaller = |a: Option<i64>, b: Option<i64>| a.into_iter().chain(b).min();
    let later = if old.cooldown_until > new.cooldown_until { old } else { new };
    let off = if new.off_at.is_some() { new } else { old };
    Quota {
        per_minute: smaller(old.per_minute, new.per_minute),
        per_day: smaller(old.per_day, new.per_day),
        tokens_per_minute: smaller(old.tokens_per_minute, new.tokens_per_minute),
        cooldown_until: later.cooldown_until,
        cooldown_step: later.cooldown_step,
        cooldown_kind: later.cooldown_kind.clone(),
        off_at: off.off_at,
        reason: off.reason.clone(),
        ..new.clone()
    }
}

fn announce(keys: &Keys) {
    let primary = keys.primary_count();
    let word = if primary == 1 { "key" } else { "keys" };
    tracing::info!(keys = primary, "Initialized Gemini API Manager with {primary} API {word}");
    if keys.key(KeyNumber::RESERVE).is_some() {
        tracing::info!(
            "GEMINI_API_KEY is the reserve: it is used when no other key will be free soon"
        );
    }
    for duplicate in keys.duplicates() {
        let what = match duplicate.place {
            Place::Variable => called(duplicate.number, duplicate.place),
            Place::Page => format!("Key {}, entered on the page,", duplicate.number),
        };
        tracing::warn!(
            key.number = duplicate.number.0,
            "{what} has the same key as {}: it counts once",
            called(duplicate.of, duplicate.of_place)
        );
    }
    for key in keys.unreadable() {
        tracing::warn!(
            key.number = key.number.0,
            "Key {}, entered on the page, was sealed with another secret. This process cannot use it",
            key.number
        );
    }
}
