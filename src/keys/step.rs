//! Keeps the keys in memory in step with the tables and with `.env`, while work goes on.

use std::time::Duration;

use super::Pool;
use super::book::counted_day;
use super::pool::{Keys, Place, called};
use crate::config::{ConfigError, KeySettings};
use crate::llm::pacing::day;
use crate::model::{KeyNumber, Millis};
use crate::store::keys::Quota;
use crate::store::page_keys::{self, Versions};
use crate::store::{self, Conn, Db};

/// Two days of bookings are kept: today's and yesterday's.
const KEEP_BOOKINGS: Duration = Duration::from_hours(48);

/// Brings tables and memory in step, at the start. What was known of a key stays, wherever it stands now.
pub async fn sync(conn: &mut Conn, pool: &Pool, now: Millis) -> sqlx::Result<()> {
    store::keys::lock(conn).await?;
    let settings = pool.keys().settings().clone();
    let versions = page_keys::versions(conn).await?;
    let keys = settle_in(conn, pool, settings, versions, now).await?;
    store::keys::forget(conn, now.minus(KEEP_BOOKINGS)).await?;
    announce(&keys);
    pool.take(keys);
    Ok(())
}

/// The keys of the environment and of the page, without a trace in the database.
pub async fn load(conn: &mut Conn, pool: &Pool) -> sqlx::Result<Keys> {
    pool.put_together(conn, pool.keys().settings().clone(), Versions::default()).await
}

/// Takes over what was changed on any process's page. Only reads, so that it can be done before every look.
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
        let keys = pool.put_together(conn, known.settings().clone(), versions).await?;
        announce(&keys);
        pool.take(keys);
    }
    Ok(())
}

/// Reads this process's `.env` again where somebody asked for it on another process's page.
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
            tracing::error!(
                "The file .env was to be read again, and nothing of it was taken over: {error}"
            );
            pool.keys().settings().clone()
        }
    };
    let mut tx = db.write().await?;
    store::keys::lock(&mut tx).await?;
    let versions = page_keys::versions(&mut tx).await?;
    let keys = settle_in(&mut tx, pool, settings, versions, now).await?;
    tx.commit().await?;
    announce(&keys);
    pool.take(keys);
    Ok(())
}

/// What reading `.env` again changed, by the numbers of its variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    pub added: Vec<KeyNumber>,
    pub removed: Vec<KeyNumber>,
    /// They hold another key now.
    pub replaced: Vec<KeyNumber>,
    pub projects: Vec<KeyNumber>,
    pub limits: Vec<KeyNumber>,
    /// The limits that count for all keys.
    pub common: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum EnvError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Db(#[from] sqlx::Error),
}

/// Reads `.env` again: the keys, their projects and their limits. With an error nothing is taken over. The other
/// processes follow.
pub async fn read_env_again(db: &Db, pool: &Pool, now: Millis) -> Result<Changes, EnvError> {
    let settings = pool.source().keys()?;
    let mut tx = db.write().await?;
    store::keys::lock(&mut tx).await?;
    page_keys::read_env_again(&mut tx).await?;
    let versions = page_keys::versions(&mut tx).await?;
    let changes = Changes::between(pool.keys().settings(), &settings);
    let keys = settle_in(&mut tx, pool, settings, versions, now).await?;
    tx.commit().await?;
    announce(&keys);
    pool.take(keys);
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

/// Puts the keys together and gives each its row. A key of the page makes room where a variable has its number.
async fn settle_in(
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
    let keys = pool.put_together(conn, settings, versions).await?;
    let known = store::keys::list(conn).await?;
    for key in keys.iter() {
        let before = known.iter().find(|row| row.fingerprint == key.fingerprint);
        store::keys::see(conn, &key.fingerprint, key.number, &key.project, now).await?;
        if let Some(before) = before.filter(|row| row.project != key.project) {
            let others = keys.iter().any(|it| it.project == before.project);
            move_ledger(conn, pool, before, &key.project, others, now).await?;
        }
    }
    Ok(keys)
}

/// The key belongs to another project than was thought: what it sent counts there. Where nobody is left at the old
/// one, what was learned of that goes along.
pub(super) async fn move_ledger(
    conn: &mut Conn,
    pool: &Pool,
    key: &store::keys::Key,
    project: &str,
    others_stay: bool,
    now: Millis,
) -> sqlx::Result<()> {
    store::keys::move_bookings(conn, key.id, project).await?;
    if !others_stay {
        let known = store::keys::quotas(conn).await?;
        for old in known.iter().filter(|it| it.project == key.project) {
            let new = known.iter().find(|it| it.project == project && it.model == old.model);
            let merged = Quota { project: project.to_owned(), ..merge(old, new) };
            store::keys::put_quota(conn, &merged).await?;
        }
        store::keys::forget_quotas(conn, &key.project).await?;
    }
    let date = day::of(now);
    let today = counted_day(&date, pool.pace(), now);
    store::keys::recount(conn, &key.project, today).await?;
    store::keys::recount(conn, project, today).await
}

/// The stricter of both.
fn merge(old: &Quota, new: Option<&Quota>) -> Quota {
    let Some(new) = new else { return old.clone() };
    let smaller = |a: Option<i64>, b: Option<i64>| a.into_iter().chain(b).min();
    let later = if old.rest_until > new.rest_until { old } else { new };
    let off = if new.off_at.is_some() { new } else { old };
    Quota {
        per_minute: smaller(old.per_minute, new.per_minute),
        per_day: smaller(old.per_day, new.per_day),
        tokens_per_minute: smaller(old.tokens_per_minute, new.tokens_per_minute),
        rest_until: later.rest_until,
        rest_step: later.rest_step,
        rest_kind: later.rest_kind.clone(),
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
        tracing::info!("GEMINI_API_KEY is the reserve: it serves when no other key will soon");
    }
    for twin in keys.twins() {
        let what = match twin.place {
            Place::Variable => called(twin.number, twin.place),
            Place::Page => format!("Key {}, entered on the page,", twin.number),
        };
        tracing::warn!(
            key.number = twin.number.0,
            "{what} holds the same key as {}: it counts once",
            called(twin.of, twin.of_place)
        );
    }
    for closed in keys.closed() {
        tracing::warn!(
            key.number = closed.number.0,
            "Key {}, entered on the page, was sealed with another secret and cannot be opened here: it does not serve",
            closed.number
        );
    }
}
