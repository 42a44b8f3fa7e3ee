//! The pool of this process: its keys, models and pacing. The keys are replaced as a whole when they change.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use super::set::{Keys, PoolKey, Sealing, fingerprint};
use super::tally::Tally;
use super::vault::Vault;
use crate::config::{self, KeySettings};
use crate::llm::pacing::Pace;
use crate::model::{KeyNumber, Secret};
use crate::store::Conn;
use crate::store::page_keys::{self, Versions};

/// The keys and how they are paced. Cheap to clone; all clones see the same keys. No key is ever printed.
#[derive(Clone)]
pub struct Pool(Arc<Inner>);

struct Inner {
    /// Replaced as a whole: code that works with a set keeps that set.
    keys: RwLock<Arc<Keys>>,
    models: Vec<String>,
    embedding_model: Option<String>,
    pace: Pace,
    tally: Tally,
    source: config::Source,
    sealing: Sealing,
}

impl Pool {
    /// With `salt`, nobody can test guessed keys against the fingerprints in the database.
    pub fn new(config: &config::Gemini, time_scale: u32, salt: &Secret) -> Self {
        let settings = KeySettings { keys: config.keys.clone(), limits: config.limits };
        let mut inner = Inner {
            keys: RwLock::default(),
            models: config.models.clone(),
            embedding_model: config.embedding_model.clone(),
            pace: Pace::new(config, time_scale),
            tally: Tally::default(),
            source: config.source.clone(),
            sealing: Sealing { salt: salt.clone(), vault: None },
        };
        let keys = Keys::new(settings, &[], &BTreeMap::new(), Versions::default(), &inner.sealing);
        inner.keys = RwLock::new(Arc::new(keys));
        Self(Arc::new(inner))
    }

    /// The pool with the secret that opens the keys of the page; without it those keys do not serve.
    #[must_use]
    pub fn opening_with(self, secret: &Secret) -> Self {
        let keys = RwLock::new(self.keys());
        let Inner { models, embedding_model, pace, source, sealing, .. } = &*self.0;
        Self(Arc::new(Inner {
            keys,
            models: models.clone(),
            embedding_model: embedding_model.clone(),
            pace: pace.clone(),
            tally: Tally::default(),
            source: source.clone(),
            sealing: Sealing { salt: sealing.salt.clone(), vault: Some(Vault::new(secret)) },
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

    /// The preferred model first.
    pub fn models(&self) -> &[String] {
        &self.0.models
    }

    /// The model for embeddings; `None`: the FAQ is searched by words alone.
    pub fn embedding_model(&self) -> Option<&str> {
        self.0.embedding_model.as_deref()
    }

    pub fn pace(&self) -> &Pace {
        &self.0.pace
    }

    /// Counts this process's requests by their outcome.
    pub fn tally(&self) -> &Tally {
        &self.0.tally
    }

    /// Where the environment's keys come from.
    pub(super) fn source(&self) -> &config::Source {
        &self.0.source
    }

    pub(super) fn vault(&self) -> Option<&Vault> {
        self.0.sealing.vault.as_ref()
    }

    pub(super) fn fingerprint(&self, key: &Secret) -> String {
        fingerprint(key, &self.0.sealing.salt)
    }

    /// The keys of these settings and of the page.
    pub(super) async fn combine(
        &self,
        conn: &mut Conn,
        settings: KeySettings,
        versions: Versions,
    ) -> sqlx::Result<Keys> {
        let page = page_keys::list(conn).await?;
        let names = page_keys::names(conn).await?.into_iter().collect();
        Ok(Keys::new(settings, &page, &names, versions, &self.0.sealing))
    }

    /// Replaces the keys, unless newer ones are known already.
    pub(super) fn replace(&self, keys: Keys) {
        let mut known = self.0.keys.write().unwrap_or_else(PoisonError::into_inner);
        let (old, new) = (known.versions(), keys.versions());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Limits;
    use crate::model::KeyNumber;

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
            pool.keys().duplicates().iter().map(|it| (it.number.0, it.of.0)).collect::<Vec<_>>(),
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
