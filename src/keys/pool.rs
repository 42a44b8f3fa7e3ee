//! The keys themselves, in memory only, and how memory and tables are kept in step.

use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Write as _};
use std::sync::{Arc, PoisonError, RwLock};

use sha2::{Digest as _, Sha256};

use super::Tally;
use super::vault::Vault;
use crate::config::{self, KeySettings, Limits};
use crate::llm::pacing::{Pace, REQUESTS_PER_MINUTE, TOKENS_PER_MINUTE};
use crate::model::{KeyNumber, Secret};
use crate::store::Conn;
use crate::store::page_keys::{self, PageKey, Versions};

/// The keys and how they are paced. Cheap to clone, and all clones see the same keys; no key is ever printed.
#[derive(Clone)]
pub struct Pool(Arc<Inner>);

struct Inner {
    /// Changes as a whole: whoever works with a set keeps it.
    keys: RwLock<Arc<Keys>>,
    models: Vec<String>,
    embedding_model: Option<String>,
    pace: Pace,
    tally: Tally,
    salt: Secret,
    source: config::Source,
    vault: Option<Vault>,
}

/// All keys as they were at one moment.
#[derive(Clone, Default)]
pub struct Keys {
    serving: Vec<PoolKey>,
    twins: Vec<Twin>,
    /// What is set about the quota of each project.
    projects: HashMap<String, Limits>,
    closed: Vec<Closed>,
    /// What the environment says, to be put together anew with what the page says.
    settings: KeySettings,
    versions: Versions,
}

/// One key.
#[derive(Clone)]
pub struct PoolKey {
    /// The number of its variable, or the one it was given on the page; 0 is the reserve.
    pub number: KeyNumber,
    pub secret: Secret,
    /// Tells keys apart without holding any of them.
    pub fingerprint: String,
    pub place: Place,
    /// Whose quota it uses, as the ledger knows it.
    pub project: String,
    /// The project's name where one is given.
    pub project_name: Option<String>,
    pub limits: Limits,
}

/// Where a key was written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a variable of the environment.
    Variable,
    /// On `/keys`.
    Page,
}

/// A second place that holds the same key: one key is one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Twin {
    pub number: KeyNumber,
    pub place: Place,
    /// The number under which the key serves, and where that one was written down.
    pub of: KeyNumber,
    pub of_place: Place,
}

/// A key of the page that was sealed with another secret: it does not serve here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed {
    pub number: KeyNumber,
}

impl PoolKey {
    /// `GEMINI_API_KEY2`, `entered on this page`
    pub fn whereabouts(&self) -> String {
        whereabouts(self.number, self.place)
    }
}

pub(super) fn whereabouts(number: KeyNumber, place: Place) -> String {
    match (place, number) {
        (Place::Page, _) => "entered on this page".into(),
        (Place::Variable, KeyNumber::RESERVE) => "GEMINI_API_KEY".into(),
        (Place::Variable, number) => format!("GEMINI_API_KEY{number}"),
    }
}

/// `GEMINI_API_KEY2`, or `key 3` for one of the page.
pub(super) fn called(number: KeyNumber, place: Place) -> String {
    match place {
        Place::Page => format!("key {number}"),
        Place::Variable => whereabouts(number, place),
    }
}

impl std::ops::Deref for Keys {
    type Target = [PoolKey];

    fn deref(&self) -> &[PoolKey] {
        &self.serving
    }
}

impl Keys {
    /// Puts together what the environment says, the keys of the page, and the projects that were named there.
    fn new(
        settings: KeySettings,
        page: &[PageKey],
        names: &BTreeMap<String, String>,
        versions: Versions,
        with: &Inner,
    ) -> Self {
        let env = settings.keys.clone();
        let mut all = Self { settings, versions, ..Self::default() };
        // The reserve comes last: a key that is a primary one as well serves as that.
        for key in env.iter().filter(|key| !key.number.is_reserve()) {
            all.add(key, fingerprint(&key.key, &with.salt), Place::Variable, names);
        }
        for key in page {
            let open = with.vault.as_ref().and_then(|it| it.open(&key.sealed, &key.fingerprint));
            if let Some(known) = all.serving.iter().find(|it| it.fingerprint == key.fingerprint) {
                all.twins.push(known.twin(key.number, Place::Page));
            } else if let Some(secret) = open {
                let opened = config::Key {
                    number: key.number,
                    key: secret,
                    project: None,
                    limits: Limits::default(),
                };
                all.add(&opened, key.fingerprint.clone(), Place::Page, names);
            } else {
                all.closed.push(Closed { number: key.number });
            }
        }
        for key in env.iter().filter(|key| key.number.is_reserve()) {
            all.add(key, fingerprint(&key.key, &with.salt), Place::Variable, names);
        }
        let mut of_project: HashMap<String, Vec<Limits>> = HashMap::new();
        for key in &all.serving {
            of_project.entry(key.project.clone()).or_default().push(key.limits);
        }
        let common = all.settings.limits;
        let limits = |(project, keys): (String, Vec<Limits>)| (project, smallest(&keys, common));
        all.projects = of_project.into_iter().map(limits).collect();
        all
    }

    fn add(
        &mut self,
        key: &config::Key,
        fingerprint: String,
        place: Place,
        names: &BTreeMap<String, String>,
    ) {
        if let Some(known) = self.serving.iter().find(|known| known.fingerprint == fingerprint) {
            self.twins.push(known.twin(key.number, place));
            return;
        }
        let project_name = names.get(&fingerprint).or(key.project.as_ref()).cloned();
        self.serving.push(PoolKey {
            number: key.number,
            secret: key.key.clone(),
            place,
            project: ledger_name(project_name.as_deref(), &fingerprint),
            project_name,
            fingerprint,
            limits: key.limits,
        });
    }

    pub fn key(&self, number: KeyNumber) -> Option<&PoolKey> {
        self.serving.iter().find(|key| key.number == number)
    }

    /// The key that has this material, wherever it stands now.
    pub(super) fn with_fingerprint(&self, fingerprint: &str) -> Option<&PoolKey> {
        self.serving.iter().find(|key| key.fingerprint == fingerprint)
    }

    /// Places that hold a key which another holds already.
    pub fn twins(&self) -> &[Twin] {
        &self.twins
    }

    /// Keys of the page that this process cannot open.
    pub fn closed(&self) -> &[Closed] {
        &self.closed
    }

    /// How many keys are not the reserve.
    pub fn primary_count(&self) -> usize {
        self.serving.iter().filter(|key| !key.number.is_reserve()).count()
    }

    /// What the variable of this number says; `None`: it is not set.
    pub(super) fn variable(&self, number: KeyNumber) -> Option<&config::Key> {
        self.settings.keys.iter().find(|key| key.number == number)
    }

    pub(super) fn settings(&self) -> &KeySettings {
        &self.settings
    }

    pub(super) fn versions(&self) -> Versions {
        self.versions
    }

    /// What is set about the quota of a project: the smallest of its keys' settings, else the common one.
    pub(super) fn limits(&self, project: &str) -> Limits {
        let known = self.projects.get(project).copied();
        known.unwrap_or_else(|| smallest(&[], self.settings.limits))
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

impl PoolKey {
    fn twin(&self, number: KeyNumber, place: Place) -> Twin {
        Twin { number, place, of: self.number, of_place: self.place }
    }
}

/// Under which name the ledger knows a project.
pub(super) fn ledger_name(project_name: Option<&str>, fingerprint: &str) -> String {
    match project_name {
        Some(name) => format!("named:{name}"),
        None => format!("own:{}", &fingerprint[..16]),
    }
}

impl Pool {
    /// `salt` keeps the fingerprints in the database from being tried against guessed keys.
    pub fn new(config: &config::Gemini, time_scale: u32, salt: &Secret) -> Self {
        let settings = KeySettings { keys: config.keys.clone(), limits: config.limits };
        let mut inner = Inner {
            keys: RwLock::default(),
            models: config.models.clone(),
            embedding_model: config.embedding_model.clone(),
            pace: Pace::new(config, time_scale),
            tally: Tally::default(),
            salt: salt.clone(),
            source: config.source.clone(),
            vault: None,
        };
        let keys = Keys::new(settings, &[], &BTreeMap::new(), Versions::default(), &inner);
        inner.keys = RwLock::new(Arc::new(keys));
        Self(Arc::new(inner))
    }

    /// With the secret that opens the keys of the page; without it they do not serve.
    #[must_use]
    pub fn opening_with(self, secret: &Secret) -> Self {
        let keys = RwLock::new(self.keys());
        let Inner { models, embedding_model, pace, salt, source, .. } = &*self.0;
        Self(Arc::new(Inner {
            keys,
            models: models.clone(),
            embedding_model: embedding_model.clone(),
            pace: pace.clone(),
            tally: Tally::default(),
            salt: salt.clone(),
            source: source.clone(),
            vault: Some(Vault::new(secret)),
        }))
    }

    /// The keys as they are now.
    pub fn keys(&self) -> Arc<Keys> {
        self.0.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn key(&self, number: KeyNumber) -> Option<PoolKey> {
        self.keys().key(number).cloned()
    }

    /// How many keys are not the reserve.
    pub fn primary_count(&self) -> usize {
        self.keys().primary_count()
    }

    /// The preferred one first.
    pub fn models(&self) -> &[String] {
        &self.0.models
    }

    /// The model that finds out what texts are about; `None`: words alone count.
    pub fn embedding_model(&self) -> Option<&str> {
        self.0.embedding_model.as_deref()
    }

    pub fn pace(&self) -> &Pace {
        &self.0.pace
    }

    /// What this process's requests came to.
    pub fn tally(&self) -> &Tally {
        &self.0.tally
    }

    /// Where the environment's keys come from.
    pub(super) fn source(&self) -> &config::Source {
        &self.0.source
    }

    pub(super) fn vault(&self) -> Option<&Vault> {
        self.0.vault.as_ref()
    }

    pub(super) fn fingerprint(&self, key: &Secret) -> String {
        fingerprint(key, &self.0.salt)
    }

    /// What the tables and these settings come to.
    pub(super) async fn put_together(
        &self,
        conn: &mut Conn,
        settings: KeySettings,
        versions: Versions,
    ) -> sqlx::Result<Keys> {
        let page = page_keys::list(conn).await?;
        let names = page_keys::names(conn).await?.into_iter().collect();
        Ok(Keys::new(settings, &page, &names, versions, &self.0))
    }

    /// From now on these are the keys, unless newer ones are known already.
    pub(super) fn take(&self, keys: Keys) {
        let mut known = self.0.keys.write().unwrap_or_else(PoisonError::into_inner);
        let (old, new) = (known.versions, keys.versions);
        if new.keys_version >= old.keys_version && new.env_version >= old.env_version {
            *known = Arc::new(keys);
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pool of {} keys", self.keys().len())
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.serving).finish()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(keys: &[(i64, &str, Option<&str>)]) -> Pool {
        let mut config = config::Config::read(&config::Vars::default()).unwrap().gemini;
        config.keys = keys
            .iter()
            .map(|(number, key, project)| config::Key {
                number: KeyNumber(*number),
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
        let numbers: Vec<i64> = pool.keys().iter().map(|key| key.number.0).collect();
        assert_eq!((numbers, pool.primary_count()), (vec![1, 3], 2));
        assert_eq!(
            pool.keys().twins().iter().map(|it| (it.number.0, it.of.0)).collect::<Vec<_>>(),
            [(4, 1), (0, 3)]
        );
    }

    #[test]
    fn keys_of_a_named_project_share_it_and_others_have_their_own() {
        let pool = pool(&[(1, "a", Some("x")), (2, "b", Some("x")), (3, "c", None)]);
        assert_eq!(
            pool.key(KeyNumber(1)).unwrap().project,
            pool.key(KeyNumber(2)).unwrap().project
        );
        assert!(pool.key(KeyNumber(3)).unwrap().project.starts_with("own:"));
        assert_eq!(pool.keys().limits("named:x").requests_per_minute, Some(10));
        assert_eq!(pool.keys().limits("named:y").requests_per_minute, Some(15));
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
