//! Settings of Gemini: keys and their quotas, models, delays and deadlines.
//!
//! `GEMINI_*`, `KEY_*`, `*_DELAY`, `DEADLINE_*`, `PACING`, `PEOPLE_PER_REQUEST`, `SKILLS_BY`.

use std::time::Duration;

use super::addresses::service_address;
use super::vars::{ConfigError, Source, Vars};
use crate::model::{KeyNumber, Secret};

#[derive(Clone, Debug)]
pub struct Gemini {
    /// `GEMINI_API_KEY<N>` by N, and `GEMINI_API_KEY`, the reserve, as number 0.
    pub keys: Vec<Key>,
    /// Where they come from, so that they can be read again while Muster runs.
    pub source: Source,
    /// `GEMINI_BASE_URL`, without a trailing slash.
    pub base_url: String,
    /// `GEMINI_MODEL` and `GEMINI_MODELS`, the preferred one first; never empty.
    pub models: Vec<String>,
    /// `GEMINI_EMBEDDING_MODEL`: finds FAQ entries by meaning; `None`: only by words.
    pub embedding_model: Option<String>,
    /// `GEMINI_TIMEOUT`: for a whole request.
    pub timeout: Duration,
    pub limits: Limits,
    /// `KEY_SEND_GAP`: the shortest time between two requests with one key.
    pub send_gap: Duration,
    /// `OUTREACH_DELAY`, `SKILLS_DELAY`, `MATCH_DELAY`: between two requests of one task, with two keys.
    pub outreach_delay: Duration,
    pub skills_delay: Duration,
    pub match_delay: Duration,
    /// `PACING`
    pub pacing: Pacing,
    /// `PEOPLE_PER_REQUEST`
    pub people_per_request: u32,
    /// `DEADLINE_FAQ`, `DEADLINE_INTERACTIVE`, `DEADLINE_BULK`: how long a job waits for a key before its fallback.
    pub deadline_faq: Duration,
    pub deadline_interactive: Duration,
    pub deadline_bulk: Duration,
    /// `SKILLS_BY`
    pub skills_by: SkillsBy,
}

/// One key of the pool.
#[derive(Clone, Debug)]
pub struct Key {
    /// The N of `GEMINI_API_KEY<N>`; 0 is the reserve.
    pub number: KeyNumber,
    pub key: Secret,
    /// `GEMINI_PROJECT<N>`; `None`: a project of its own.
    pub project: Option<String>,
    /// `KEY_REQUESTS_PER_MINUTE<N>` and the others.
    pub limits: Limits,
}

/// The quota that is set for a key; `None`: use the common setting, the learned value or the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// `KEY_REQUESTS_PER_MINUTE`
    pub requests_per_minute: Option<u32>,
    /// `KEY_REQUESTS_PER_DAY`
    pub requests_per_day: Option<u32>,
    /// `KEY_TOKENS_PER_MINUTE`
    pub tokens_per_minute: Option<u32>,
}

/// The settings that can be read again while Muster runs.
#[derive(Clone, Debug, Default)]
pub struct KeySettings {
    pub keys: Vec<Key>,
    /// The limits of all keys that have none of their own.
    pub limits: Limits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pacing {
    /// Always keeps each task's delay.
    Spaced,
    /// Starts a request as soon as a key is ready and work is waiting.
    Full,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkillsBy {
    Gemini,
    /// Resumes never leave this machine.
    Taxonomy,
}

impl Source {
    /// Reads the keys, their projects and their limits again, and nothing else.
    pub fn keys(&self) -> Result<KeySettings, ConfigError> {
        let vars = self.clone().vars()?;
        Ok(KeySettings { keys: keys(&vars)?, limits: limits(&vars, "")? })
    }
}

pub(super) fn read(vars: &Vars) -> Result<Gemini, ConfigError> {
    let seconds = Duration::from_secs;
    Ok(Gemini {
        keys: keys(vars)?,
        source: vars.source.clone(),
        base_url: vars
            .checked(
                "GEMINI_BASE_URL",
                "an https address (http only for this machine)",
                service_address,
            )?
            .unwrap_or_else(|| "https://generativelanguage.googleapis.com".into()),
        models: models(vars)?,
        embedding_model: embedding_model(vars)?,
        timeout: vars.duration("GEMINI_TIMEOUT", seconds(60))?,
        limits: limits(vars, "")?,
        send_gap: vars.duration("KEY_SEND_GAP", Duration::from_millis(100))?,
        outreach_delay: vars.duration("OUTREACH_DELAY", seconds(5))?,
        skills_delay: vars.duration("SKILLS_DELAY", seconds(7))?,
        match_delay: vars.duration("MATCH_DELAY", seconds(6))?,
        pacing: vars
            .checked("PACING", "spaced or full", |value| match value {
                "spaced" => Some(Pacing::Spaced),
                "full" => Some(Pacing::Full),
                _ => None,
            })?
            .unwrap_or(Pacing::Spaced),
        people_per_request: vars
            .checked("PEOPLE_PER_REQUEST", "a whole number from 1 to 8", |value| {
                value.parse().ok().filter(|number| (1..=8).contains(number))
            })?
            .unwrap_or(1),
        deadline_faq: vars.duration("DEADLINE_FAQ", seconds(8))?,
        deadline_interactive: vars.duration("DEADLINE_INTERACTIVE", seconds(120))?,
        deadline_bulk: vars.duration("DEADLINE_BULK", seconds(24 * 3600))?,
        skills_by: vars
            .checked("SKILLS_BY", "gemini or taxonomy", |value| match value {
                "gemini" => Some(SkillsBy::Gemini),
                "taxonomy" => Some(SkillsBy::Taxonomy),
                _ => None,
            })?
            .unwrap_or(SkillsBy::Gemini),
    })
}

/// `GEMINI_MODEL` first, then `GEMINI_MODELS`.
fn models(vars: &Vars) -> Result<Vec<String>, ConfigError> {
    let mut models: Vec<String> = vars.text("GEMINI_MODEL").into_iter().collect();
    let listed = vars
        .text("GEMINI_MODELS")
        .unwrap_or_else(|| "gemini-3.5-flash-lite,gemini-3.1-flash-lite".into());
    for model in listed.split(',').map(str::trim).filter(|model| !model.is_empty()) {
        if !models.iter().any(|known| known == model) {
            models.push(model.to_owned());
        }
    }
    for model in &models {
        if !model.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)) {
            return Err(ConfigError::Bad {
                variable: "GEMINI_MODELS".into(),
                value: model.clone(),
                expected: "names of models, separated by commas",
            });
        }
    }
    Ok(models)
}

/// Not set: the default model. Set to nothing: no model.
fn embedding_model(vars: &Vars) -> Result<Option<String>, ConfigError> {
    let set = vars.values.contains_key("GEMINI_EMBEDDING_MODEL");
    let default = (!set).then(|| "gemini-embedding-001".to_owned());
    let Some(model) = vars.text("GEMINI_EMBEDDING_MODEL").or(default) else { return Ok(None) };
    if model.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)) {
        return Ok(Some(model));
    }
    Err(ConfigError::Bad {
        variable: "GEMINI_EMBEDDING_MODEL".into(),
        value: model,
        expected: "the name of a model, or nothing",
    })
}

fn limits(vars: &Vars, suffix: &str) -> Result<Limits, ConfigError> {
    let whole = |name: &str| {
        vars.checked(&format!("{name}{suffix}"), "a whole number of at least 1", |value| {
            value.parse().ok().filter(|number| *number >= 1)
        })
    };
    Ok(Limits {
        requests_per_minute: whole("KEY_REQUESTS_PER_MINUTE")?,
        requests_per_day: whole("KEY_REQUESTS_PER_DAY")?,
        tokens_per_minute: whole("KEY_TOKENS_PER_MINUTE")?,
    })
}

fn keys(vars: &Vars) -> Result<Vec<Key>, ConfigError> {
    let mut keys = Vec::new();
    for name in vars.values.keys() {
        let Some(suffix) = name.strip_prefix("GEMINI_API_KEY") else { continue };
        let Some(key) = vars.secret(name) else { continue };
        let number = match suffix {
            "" => KeyNumber::RESERVE,
            _ => match suffix.parse::<u32>() {
                Ok(number) if number >= 1 && !suffix.starts_with('0') => {
                    KeyNumber(i64::from(number))
                }
                _ => {
                    return Err(ConfigError::BadSecret {
                        variable: name.clone(),
                        expected: "GEMINI_API_KEY or GEMINI_API_KEY1, GEMINI_API_KEY2, … as its name",
                    });
                }
            },
        };
        if !key.expose().chars().all(|c| c.is_ascii_graphic()) {
            return Err(ConfigError::BadSecret {
                variable: name.clone(),
                expected: "a key without spaces, as Google AI Studio shows it",
            });
        }
        keys.push(Key {
            number,
            key,
            project: vars.text(&["GEMINI_PROJECT", suffix].concat()),
            limits: if suffix.is_empty() { Limits::default() } else { limits(vars, suffix)? },
        });
    }
    keys.sort_by_key(|key| key.number);
    Ok(keys)
}
