//! The keys themselves, in memory only, and how the table is brought in step with them.

use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::Tally;
use crate::config::{self, Limits};
use crate::llm::pacing::{Pace, REQUESTS_PER_MINUTE, TOKENS_PER_MINUTE};
use crate::model::{Millis, Secret};
use crate::store::{self, Conn};

/// The keys of the environment and how they are paced. Cheap to clone; no key is ever printed.
#[derive(Clone)]
pub struct Pool(Arc<Inner>);

struct Inner {
    keys: Vec<PoolKey>,
    twins: Vec<Twin>,
    models: Vec<String>,
    limits: Limits,
    projects: HashMap<String, Limits>,
    pace: Pace,
    tally: Tally,
}

/// One key.
#[derive(Clone)]
pub struct PoolKey {
    /// The number of its variable; 0 is the reserve.
    pub number: i64,
    pub secret: Secret,
    /// Tells keys apart without holding any of them.
    pub fingerprint: String,
    /// Whose quota it uses, as the ledger knows it.
    pub project: String,
    /// The project's name where one is given.
    pub project_name: Option<String>,
    pub limits: Limits,
}

/// A variable that holds the same key as another: one key is one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Twin {
    pub number: i64,
    /// The number under which the key serves.
    pub of: i64,
}

impl PoolKey {
    /// `GEMINI_API_KEY2`
    pub fn variable(&self) -> String {
        variable(self.number)
    }
}

pub(super) fn variable(number: i64) -> String {
    match number {
        0 => "GEMINI_API_KEY".into(),
        number => format!("GEMINI_API_KEY{number}"),
    }
}

impl Pool {
    /// `salt` keeps the fingerprints in the database from being tried against guessed keys.
    pub fn new(config: &config::Gemini, time_scale: u32, salt: &Secret) -> Self {
        let mut keys: Vec<PoolKey> = Vec::new();
        let mut twins = Vec::new();
        // The reserve comes last: a key that is a primary one as well serves as that.
        let (reserve, primary): (Vec<_>, Vec<_>) =
            config.keys.iter().partition(|key| key.number == 0);
        for key in primary.into_iter().chain(reserve) {
            if let Some(known) = keys.iter().find(|known| known.secret == key.key) {
                twins.push(Twin { number: key.number, of: known.number });
                continue;
            }
            let fingerprint = fingerprint(&key.key, salt);
            keys.push(PoolKey {
                number: key.number,
                secret: key.key.clone(),
                project: match &key.project {
                    Some(name) => format!("named:{name}"),
                    None => format!("own:{}", &fingerprint[..16]),
                },
                project_name: key.project.clone(),
                fingerprint,
                limits: key.limits,
            });
        }
        let mut of_project: HashMap<String, Vec<Limits>> = HashMap::new();
        for key in &keys {
            of_project.entry(key.project.clone()).or_default().push(key.limits);
        }
        let projects = of_project
            .into_iter()
            .map(|(project, limits)| (project, smallest(&limits, config.limits)))
            .collect();
        Self(Arc::new(Inner {
            projects,
            keys,
            twins,
            models: config.models.clone(),
            limits: config.limits,
            pace: Pace::new(config, time_scale),
            tally: Tally::default(),
        }))
    }

    pub fn keys(&self) -> &[PoolKey] {
        &self.0.keys
    }

    pub fn key(&self, number: i64) -> Option<&PoolKey> {
        self.0.keys.iter().find(|key| key.number == number)
    }

    /// Variables that hold a key which another holds already.
    pub fn twins(&self) -> &[Twin] {
        &self.0.twins
    }

    /// The preferred one first.
    pub fn models(&self) -> &[String] {
        &self.0.models
    }

    pub fn pace(&self) -> &Pace {
        &self.0.pace
    }

    /// What this process's requests came to.
    pub fn tally(&self) -> &Tally {
        &self.0.tally
    }

    /// How many keys are not the reserve.
    pub fn primary_count(&self) -> usize {
        self.0.keys.iter().filter(|key| key.number != 0).count()
    }

    /// What is set about the quota of a project: the smallest of its keys' settings, else the common one.
    pub(super) fn limits(&self, project: &str) -> Limits {
        self.0.projects.get(project).copied().unwrap_or_else(|| smallest(&[], self.0.limits))
    }
}

fn smallest(keys: &[Limits], common: Limits) -> Limits {
    let of = |of: fn(&Limits) -> Option<u32>| keys.iter().filter_map(of).min().or(of(&common));
    Limits {
        requests_per_minute: of(|it| it.requests_per_minute).or(Some(REQUESTS_PER_MINUTE)),
        requests_per_day: of(|it| it.requests_per_day),
        tokens_per_minute: of(|it| it.tokens_per_minute).or(Some(TOKENS_PER_MINUTE)),
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pool of {} keys", self.0.keys.len())
    }
}

impl fmt::Debug for PoolKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key #{}", self.number)
    }
}

fn fingerprint(key: &Secret, salt: &Secret) -> String {
    let mut hash = Sha256::new();
    hash.update((salt.expose().len() as u64).to_be_bytes());
    hash.update(salt.expose());
    hash.update(key.expose());
    hash.finalize().iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Two days of bookings are kept: today's and yesterday's.
const KEEP_BOOKINGS: std::time::Duration = std::time::Duration::from_hours(48);

/// Brings the table in step with the environment, at the start. What was known of a key stays, whichever variable
/// holds it now.
pub async fn sync(conn: &mut Conn, pool: &Pool, now: Millis) -> sqlx::Result<()> {
    store::keys::lock(conn).await?;
    let known = store::keys::list(conn).await?;
    for key in pool.keys() {
        store::keys::see(conn, &key.fingerprint, key.number, &key.project, now).await?;
        let before = known.iter().find(|row| row.fingerprint == key.fingerprint);
        if let Some(before) = before.filter(|row| row.project != key.project) {
            store::keys::move_bookings(conn, before.id, &key.project).await?;
        }
    }
    store::keys::forget(conn, now.minus(KEEP_BOOKINGS)).await?;
    let primary = pool.primary_count();
    let keys = if primary == 1 { "key" } else { "keys" };
    tracing::info!(keys = primary, "Initialized Gemini API Manager with {primary} API {keys}");
    if pool.key(0).is_some() {
        tracing::info!("GEMINI_API_KEY is the reserve: it serves when no other key will soon");
    }
    for twin in pool.twins() {
        tracing::warn!(
            key.number = twin.number,
            "{} holds the same key as {}: it counts once",
            variable(twin.number),
            variable(twin.of)
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(keys: &[(i64, &str, Option<&str>)]) -> Pool {
        let mut config = config::Config::read(&config::Vars::default()).unwrap().gemini;
        config.keys = keys
            .iter()
            .map(|(number, key, project)| config::Key {
                number: *number,
                key: Secret::new(*key),
                project: project.map(str::to_owned),
                limits: Limits { requests_per_minute: Some(10), ..Limits::default() },
            })
            .collect();
        Pool::new(&config, 1, &Secret::new("salt"))
    }

    #[test]
    fn one_key_in_two_variables_is_one_key() {
        let pool = pool(&[(0, "a", None), (1, "b", None), (3, "a", None), (4, "b", None)]);
        let numbers: Vec<i64> = pool.keys().iter().map(|key| key.number).collect();
        assert_eq!((numbers, pool.primary_count()), (vec![1, 3], 2));
        assert_eq!(pool.twins(), [Twin { number: 4, of: 1 }, Twin { number: 0, of: 3 }]);
    }

    #[test]
    fn keys_of_a_named_project_share_it_and_others_have_their_own() {
        let pool = pool(&[(1, "a", Some("x")), (2, "b", Some("x")), (3, "c", None)]);
        assert_eq!(pool.key(1).unwrap().project, pool.key(2).unwrap().project);
        assert!(pool.key(3).unwrap().project.starts_with("own:"));
        assert_eq!(pool.limits("named:x").requests_per_minute, Some(10));
        assert_eq!(pool.limits("named:y").requests_per_minute, Some(15));
    }

    #[test]
    fn nothing_of_a_key_is_printed() {
        let pool = pool(&[(1, "hunter2", None)]);
        let shown = format!("{pool:?} {:?} {}", pool.keys(), pool.keys()[0].project);
        assert!(!shown.contains("hunter2"), "{shown}");
        assert_ne!(
            fingerprint(&Secret::new("k"), &Secret::new("a")),
            fingerprint(&Secret::new("k"), &Secret::new("b"))
        );
    }
}
