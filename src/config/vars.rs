//! Reads variables from the environment and from `.env`, and reports what is wrong with a value.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use crate::model::Secret;

/// Why Muster does not start: one line for the operator.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{variable} is {value:?}; expected {expected}")]
    Bad { variable: String, value: String, expected: &'static str },
    /// As [`Bad`](Self::Bad), for values that must not be shown.
    #[error("{variable} cannot be used; expected {expected}")]
    BadSecret { variable: String, expected: &'static str },
    #[error("{0}")]
    Contradiction(String),
    #[error("{path}, line {line}: {problem}")]
    File { path: String, line: usize, problem: String },
}

/// The variables to read. An empty value counts as not set.
#[derive(Clone, Default)]
pub struct Vars {
    pub(super) values: BTreeMap<String, String>,
    pub(super) source: Source,
}

/// Where variables come from: the environment, then a file, which may be missing.
#[derive(Clone, Default)]
pub struct Source {
    pub(super) file: Option<PathBuf>,
    pub(super) environment: BTreeMap<String, String>,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Source {
    /// The file as it is now, overridden by the environment as it was at the start.
    pub(super) fn vars(self) -> Result<Vars, ConfigError> {
        let mut values = match &self.file {
            Some(path) => file_values(path)?,
            None => BTreeMap::new(),
        };
        values.extend(self.environment.clone());
        Ok(Vars { values, source: self })
    }

    /// A file, and no environment.
    pub fn file(path: &Path) -> Self {
        Self { file: Some(path.to_owned()), environment: BTreeMap::new() }
    }
}

impl Vars {
    /// The process's environment, then the file `.env` in the working directory, which may be missing.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the environment"
    )]
    pub fn from_environment() -> Result<Self, ConfigError> {
        let environment = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Source { file: Some(".env".into()), environment: environment.collect() }.vars()
    }

    /// The variables of a file like `.env.example`; none when there is no such file.
    pub fn from_file(path: &Path) -> Result<Self, ConfigError> {
        Source::file(path).vars()
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.values
            .get(name)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
    }

    pub(super) fn secret(&self, name: &str) -> Option<Secret> {
        self.text(name).map(Secret::new)
    }

    pub(super) fn parsed<T: FromStr>(
        &self,
        name: &str,
        expected: &'static str,
    ) -> Result<Option<T>, ConfigError> {
        self.checked(name, expected, |value| value.parse().ok())
    }

    pub(super) fn checked<T>(
        &self,
        name: &str,
        expected: &'static str,
        check: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(value) = self.text(name) else { return Ok(None) };
        match check(&value) {
            Some(parsed) => Ok(Some(parsed)),
            None => Err(ConfigError::Bad { variable: name.to_owned(), value, expected }),
        }
    }

    pub(super) fn duration(&self, name: &str, default: Duration) -> Result<Duration, ConfigError> {
        Ok(self
            .checked(name, "a duration such as 5s, 250ms or 2m", parse_duration)?
            .unwrap_or(default))
    }
}

/// `5s`, `250ms`, `2m`, `24h`, with a fraction if needed (`0.5s`).
pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit_at);
    let seconds = number.trim().parse::<f64>().ok()?
        * match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|duration| *duration <= Duration::from_hours(365 * 24))
}

/// The variables of a file; none when there is no such file.
fn file_values(path: &Path) -> Result<BTreeMap<String, String>, ConfigError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => {
            return Err(ConfigError::File {
                path: path.display().to_string(),
                line: 1,
                problem: format!("cannot be read: {error}"),
            });
        }
    };
    let mut values = BTreeMap::new();
    for pair in dotenvy::from_read_iter(text.as_bytes()) {
        let (name, value) = pair.map_err(|error| bad_line(path, &text, &error))?;
        values.insert(name, value);
    }
    Ok(values)
}

fn bad_line(path: &Path, text: &str, error: &dotenvy::Error) -> ConfigError {
    // dotenvy quotes the line, which may contain a secret, so report only its number.
    let quoted = match error {
        dotenvy::Error::LineParse(line, _) => Some(line.trim()),
        _ => None,
    };
    let line = quoted
        .and_then(|quoted| text.lines().position(|line| line.trim() == quoted))
        .map_or(1, |at| at + 1);
    ConfigError::File {
        path: path.display().to_string(),
        line,
        problem: "expected NAME=value (put a value with spaces, # or $ in single quotes)".into(),
    }
}
