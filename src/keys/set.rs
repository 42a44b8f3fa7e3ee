//! The keys themselves, in memory only: those of the environment and of the page, duplicates left out.

use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Write as _};

use sha2::{Digest as _, Sha256};

use super::vault::Vault;
use crate::config::{self, KeySettings, Limits};
use crate::llm::pacing::{REQUESTS_PER_MINUTE, TOKENS_PER_MINUTE};
use crate::model::{KeyNumber, Secret};
use crate::store::page_keys::{PageKey, Versions};

/// What is needed to read keys of the page and to tell keys apart.
pub(super) struct Sealing {
    pub salt: Secret,
    /// `None`: no secret to open keys of the page with.
    pub vault: Option<Vault>,
}

/// All keys at one moment.
#[derive(Clone, Default)]
pub struct Keys {
    serving: Vec<PoolKey>,
    duplicates: Vec<Duplicate>,
    /// The limits that are set for each project.
    projects: HashMap<String, Limits>,
    unreadable: Vec<Unreadable>,
    /// The keys of the environment, kept so that they can be combined again when the page changes.
    settings: KeySettings,
    versions: Versions,
}

/// One key.
#[derive(Clone)]
pub struct PoolKey {
    pub number: KeyNumber,
    pub secret: Secret,
    /// Tells keys apart without containing any of them.
    pub fingerprint: String,
    pub place: Place,
    /// The project whose quota it uses, as the ledger names it.
    pub project: String,
    /// The project's name, if it has one.
    pub project_name: Option<String>,
    pub limits: Limits,
}

/// Where a key was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// As an environment variable.
    Variable,
    /// On `/keys`.
    Page,
}

/// A second place that has the same key. It counts only once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duplicate {
    pub number: KeyNumber,
    pub place: Place,
    /// The number under which the key serves, and where that one was entered.
    pub of: KeyNumber,
    pub of_place: Place,
}

/// A key of the page that was sealed with another secret, so this process cannot use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable {
    pub number: KeyNumber,
}

impl PoolKey {
    /// `GEMINI_API_KEY2`, `entered on this page`
    pub fn source(&self) -> String {
        source(self.number, self.place)
    }
}

pub(super) fn source(number: KeyNumber, place: Place) -> String {
    match (place, number) {
        (Place::Page, _) => "entered on this page".into(),
        (Place::Variable, KeyNumber::RESERVE) => "GEMINI_API_KEY".into(),
        (Place::Variable, number) => format!("GEMINI_API_KEY{number}"),
    }
}

/// `GEMINI_API_KEY2`, or `key 3` for a key of the page.
pub(super) fn called(number: KeyNumber, place: Place) -> String {
    match place {
        Place::Page => format!("key {number}"),
        Place::Variable => source(number, place),
    }
}

impl std::ops::Deref for Keys {
    type Target = [PoolKey];

    fn deref(&self) -> &[PoolKey] {
        &self.serving
    }
}

impl Keys {
    /// Combines the keys of the environment, the keys of the page, and the projects named there.
    pub(super) fn new(
        settings: KeySettings,
        page: &[PageKey],
        names: &BTreeMap<String, String>,
        versions: Versions,
        sealing: &Sealing,
    ) -> Self {
        let env = settings.keys.clone();
        let mut all = Self { settings, versions, ..Self::default() };
        // The reserve comes last: a key that is also a primary key serves as the primary key.
        for key in env.iter().filter(|key| !key.number.is_reserve()) {
            all.add(key, fingerprint(&key.key, &sealing.salt), Place::Variable, names);
        }
        for key in page {
            let open = sealing.vault.as_ref().and_then(|it| it.open(&key.sealed, &key.fingerprint));
            if let Some(known) = all.serving.iter().find(|it| it.fingerprint == key.fingerprint) {
                all.duplicates.push(known.duplicate(key.number, Place::Page));
            } else if let Some(secret) = open {
                let opened = config::Key {
                    number: key.number,
                    key: secret,
                    project: None,
                    limits: Limits::default(),
                };
                all.add(&opened, key.fingerprint.clone(), Place::Page, names);
            } else {
                all.unreadable.push(Unreadable { number: key.number });
            }
        }
        for key in env.iter().filter(|key| key.number.is_reserve()) {
            all.add(key, fingerprint(&key.key, &sealing.salt), Place::Variable, names);
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
            self.duplicates.push(known.duplicate(key.number, place));
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

    /// The key with this fingerprint, wherever it is set now.
    pub(super) fn with_fingerprint(&self, fingerprint: &str) -> Option<&PoolKey> {
        self.serving.iter().find(|key| key.fingerprint == fingerprint)
    }

    /// Places with a key that another place has already.
    pub fn duplicates(&self) -> &[Duplicate] {
        &self.duplicates
    }

    /// Keys of the page that this process cannot open.
    pub fn unreadable(&self) -> &[Unreadable] {
        &self.unreadable
    }

    /// How many keys are not the reserve.
    pub fn primary_count(&self) -> usize {
        self.serving.iter().filter(|key| !key.number.is_reserve()).count()
    }

    /// The variable with this number; `None` if it is not set.
    pub(super) fn variable(&self, number: KeyNumber) -> Option<&config::Key> {
        self.settings.keys.iter().find(|key| key.number == number)
    }

    pub(super) fn settings(&self) -> &KeySettings {
        &self.settings
    }

    pub(super) fn versions(&self) -> Versions {
        self.versions
    }

    /// The limits of a project: the smallest of its keys' settings, otherwise the common setting.
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
    fn duplicate(&self, number: KeyNumber, place: Place) -> Duplicate {
        Duplicate { number, place, of: self.number, of_place: self.place }
    }
}

/// The name of a project in the ledger.
pub(super) fn ledger_name(project_name: Option<&str>, fingerprint: &str) -> String {
    match project_name {
        Some(name) => format!("named:{name}"),
        None => format!("own:{}", &fingerprint[..16]),
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

pub(super) fn fingerprint(key: &Secret, salt: &Secret) -> String {
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
