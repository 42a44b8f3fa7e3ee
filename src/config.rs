//! Settings: read once at the start, from the environment and `.env`, into one struct. Nothing else reads the
//! environment; a room is handed the part it needs.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use crate::model::{EmailAddress, KeyNumber, Secret};

/// All settings. Each variable, its meaning and its default stand in `.env.example`.
#[derive(Clone, Debug)]
pub struct Config {
    /// `BIND`
    pub bind: IpAddr,
    /// `PORT`
    pub port: u16,
    /// `DATA_DIR`
    pub data_dir: PathBuf,
    /// `DATABASE_URL`: PostgreSQL; `None` is the SQLite file in `data_dir`.
    pub database_url: Option<Secret>,
    /// `ADMIN_PASSWORD`
    pub admin_password: Option<Secret>,
    /// `PUBLIC_URL`, without a slash at its end.
    pub public_url: Option<String>,
    /// `MUSTER_SECRET`
    pub secret: Option<Secret>,
    pub gemini: Gemini,
    pub mail: Mail,
    pub event: Event,
    pub discord: Discord,
    /// `TIME_SCALE`: how many times faster than life delays, windows, leases and time-outs pass. For trials only.
    pub time_scale: u32,
}

#[derive(Clone, Debug)]
pub struct Gemini {
    /// `GEMINI_API_KEY<N>` by N, and `GEMINI_API_KEY`, the reserve, as number 0.
    pub keys: Vec<Key>,
    /// Where they come from, to be read again while Muster runs.
    pub source: Source,
    /// `GEMINI_BASE_URL`, without a slash at its end.
    pub base_url: String,
    /// `GEMINI_MODEL` and `GEMINI_MODELS`, the preferred one first; never empty.
    pub models: Vec<String>,
    /// `GEMINI_EMBEDDING_MODEL`: finds out what the FAQ's entries and questions are about; `None`: words alone count.
    pub embedding_model: Option<String>,
    /// `GEMINI_TIMEOUT`: for a whole request.
    pub timeout: Duration,
    pub limits: Limits,
    /// `KEY_SEND_GAP`: at least this much between two sends of one key.
    pub send_gap: Duration,
    /// `OUTREACH_DELAY`, `SKILLS_DELAY`, `MATCH_DELAY`: between two starts of one task, at two keys.
    pub outreach_delay: Duration,
    pub skills_delay: Duration,
    pub match_delay: Duration,
    /// `PACING`
    pub pacing: Pacing,
    /// `PEOPLE_PER_REQUEST`
    pub people_per_request: u32,
    /// `DEADLINE_FAQ`, `DEADLINE_INTERACTIVE`, `DEADLINE_BULK`: how long a job waits for a key before its resort.
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
    /// `KEY_REQUESTS_PER_MINUTE<N>` and its like.
    pub limits: Limits,
}

/// What is set about a key's quota; `None` where the common setting, what was learned, or the default counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// `KEY_REQUESTS_PER_MINUTE`
    pub requests_per_minute: Option<u32>,
    /// `KEY_REQUESTS_PER_DAY`
    pub requests_per_day: Option<u32>,
    /// `KEY_TOKENS_PER_MINUTE`
    pub tokens_per_minute: Option<u32>,
}

/// What can be read again while Muster runs.
#[derive(Clone, Debug, Default)]
pub struct KeySettings {
    pub keys: Vec<Key>,
    /// What is set for all keys.
    pub limits: Limits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pacing {
    /// Keeps each task's distance, always.
    Spaced,
    /// A request starts whenever a key can serve and work waits.
    Full,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkillsBy {
    Gemini,
    /// Resumes never leave the house.
    Taxonomy,
}

#[derive(Clone, Debug)]
pub struct Mail {
    pub transport: MailTransport,
    /// `SENDER_EMAIL`
    pub from: Option<EmailAddress>,
    /// `SENDER_NAME`
    pub sender_name: Option<String>,
    /// `REPLY_TO`
    pub reply_to: Option<EmailAddress>,
    /// `SENDS_PER_SECOND`; `None`: as fast as the server takes them.
    pub sends_per_second: Option<f64>,
    /// `SENDS_PER_DAY`: in any 24 hours.
    pub sends_per_day: Option<u32>,
}

impl Mail {
    /// What stands in `From`. Without `SENDER_EMAIL` mail stays in the outbox, under an address that reaches nobody.
    pub fn from_address(&self) -> EmailAddress {
        let nobody = || {
            EmailAddress::parse("organisers@muster.invalid").expect("a constant that is an address")
        };
        self.from.clone().unwrap_or_else(nobody)
    }

    /// Whether no server is set, and every mail stays in the outbox.
    pub fn stays_here(&self) -> bool {
        matches!(self.transport, MailTransport::Outbox)
    }

    /// Where mail goes, in a few words for the start line and the pages.
    pub fn destination(&self) -> String {
        match &self.transport {
            MailTransport::Outbox => "outbox only".into(),
            MailTransport::Gmail { .. } => "smtp.gmail.com".into(),
            MailTransport::Url(url) => reqwest::Url::parse(url.expose())
                .ok()
                .and_then(|url| url.host_str().map(str::to_owned))
                .unwrap_or_else(|| "an SMTP server".into()),
        }
    }
}

/// Where mail goes.
#[derive(Clone, Debug)]
pub enum MailTransport {
    /// Into the database, to be read on `/outbox`.
    Outbox,
    /// `SMTP_URL` in lettre's form; it may hold a password.
    Url(Secret),
    /// `SENDER_EMAIL` and `SENDER_PASSWORD`: Gmail on port 587 with STARTTLS.
    Gmail { password: Secret },
}

/// What the environment says about the event; the settings page goes before it.
#[derive(Clone, Debug, Default)]
pub struct Event {
    /// `EVENT_NAME`
    pub name: Option<String>,
    /// `EVENT_DATES`, as they are to stand in a text.
    pub dates: Option<String>,
    /// `EVENT_PLACE`
    pub place: Option<String>,
    /// `EVENT_LINK`: where people register.
    pub link: Option<String>,
    /// `EVENT_COMMUNITY_LINK`
    pub community_link: Option<String>,
    /// `EVENT_ORGANISER`
    pub organiser: Option<String>,
    /// `EVENT_ADDRESS`: the postal address at the end of each mail.
    pub address: Option<String>,
    /// `EVENT_LANGUAGE`
    pub language: String,
    /// `EVENT_TIME_ZONE`
    pub time_zone: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Discord {
    /// `DISCORD_APPLICATION_ID`
    pub application_id: Option<String>,
    /// `DISCORD_PUBLIC_KEY`
    pub public_key: Option<String>,
    /// `DISCORD_TOKEN`
    pub token: Option<Secret>,
    /// `DISCORD_GUILD_ID`
    pub guild_id: Option<String>,
    /// `DISCORD_BASE_URL`, without a slash at its end.
    pub base_url: String,
}

/// All that the bot needs, together; see [`Config::bot`].
#[derive(Clone, Debug)]
pub struct Bot {
    pub application_id: String,
    /// Ed25519, 64 hexadecimal digits.
    pub public_key: String,
    pub token: Secret,
    pub guild_id: String,
    pub base_url: String,
    /// Where Discord reaches Muster: https, without a slash at its end.
    pub public_url: String,
}

/// Why Muster does not start: one line for the operator.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{variable} is {value:?}; expected {expected}")]
    Bad { variable: String, value: String, expected: &'static str },
    /// As [`Bad`](Self::Bad), for values that are not shown.
    #[error("{variable} cannot be used; expected {expected}")]
    BadSecret { variable: String, expected: &'static str },
    #[error("{0}")]
    Contradiction(String),
    #[error("{path}, line {line}: {problem}")]
    File { path: String, line: usize, problem: String },
}

/// The environment's variables, as the reader sees them: an empty value is none.
#[derive(Clone, Default)]
pub struct Vars {
    values: BTreeMap<String, String>,
    source: Source,
}

/// Where variables come from: a file, which may be missing, under the environment.
#[derive(Clone, Default)]
pub struct Source {
    file: Option<PathBuf>,
    environment: BTreeMap<String, String>,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Source {
    /// The file as it is now, under the environment as it was at the start.
    fn vars(self) -> Result<Vars, ConfigError> {
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

    /// Reads the keys, their projects and their limits again, and nothing else.
    pub fn keys(&self) -> Result<KeySettings, ConfigError> {
        let vars = self.clone().vars()?;
        Ok(KeySettings { keys: vars.keys()?, limits: vars.limits("")? })
    }
}

impl Vars {
    /// The process's environment over the file `.env` in the working directory, which may be missing.
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

    fn text(&self, name: &str) -> Option<String> {
        self.values
            .get(name)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
    }

    fn secret(&self, name: &str) -> Option<Secret> {
        self.text(name).map(Secret::new)
    }

    fn parsed<T: FromStr>(
        &self,
        name: &str,
        expected: &'static str,
    ) -> Result<Option<T>, ConfigError> {
        self.checked(name, expected, |value| value.parse().ok())
    }

    fn checked<T>(
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

    fn duration(&self, name: &str, default: Duration) -> Result<Duration, ConfigError> {
        Ok(self
            .checked(name, "a duration such as 5s, 250ms or 2m", parse_duration)?
            .unwrap_or(default))
    }

    fn limits(&self, suffix: &str) -> Result<Limits, ConfigError> {
        let whole = |name: &str| {
            self.checked(&format!("{name}{suffix}"), "a whole number of at least 1", |value| {
                value.parse().ok().filter(|number| *number >= 1)
            })
        };
        Ok(Limits {
            requests_per_minute: whole("KEY_REQUESTS_PER_MINUTE")?,
            requests_per_day: whole("KEY_REQUESTS_PER_DAY")?,
            tokens_per_minute: whole("KEY_TOKENS_PER_MINUTE")?,
        })
    }

    fn keys(&self) -> Result<Vec<Key>, ConfigError> {
        let mut keys = Vec::new();
        for name in self.values.keys() {
            let Some(suffix) = name.strip_prefix("GEMINI_API_KEY") else { continue };
            let Some(key) = self.secret(name) else { continue };
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
                    expected: "a key of printable characters without spaces, as Google AI Studio shows it",
                });
            }
            keys.push(Key {
                number,
                key,
                project: self.text(&["GEMINI_PROJECT", suffix].concat()),
                limits: if suffix.is_empty() { Limits::default() } else { self.limits(suffix)? },
            });
        }
        keys.sort_by_key(|key| key.number);
        Ok(keys)
    }

    /// Set to nothing, there is none.
    fn embedding_model(&self) -> Result<Option<String>, ConfigError> {
        let set = self.values.contains_key("GEMINI_EMBEDDING_MODEL");
        let default = (!set).then(|| "gemini-embedding-001".to_owned());
        let Some(model) = self.text("GEMINI_EMBEDDING_MODEL").or(default) else { return Ok(None) };
        if model.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)) {
            return Ok(Some(model));
        }
        Err(ConfigError::Bad {
            variable: "GEMINI_EMBEDDING_MODEL".into(),
            value: model,
            expected: "the name of a model, or nothing",
        })
    }

    fn gemini(&self) -> Result<Gemini, ConfigError> {
        let mut models: Vec<String> = self.text("GEMINI_MODEL").into_iter().collect();
        let listed = self
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
        let seconds = Duration::from_secs;
        Ok(Gemini {
            keys: self.keys()?,
            source: self.source.clone(),
            base_url: self
                .checked(
                    "GEMINI_BASE_URL",
                    "an https address (http only to this machine)",
                    service_address,
                )?
                .unwrap_or_else(|| "https://generativelanguage.googleapis.com".into()),
            models,
            embedding_model: self.embedding_model()?,
            timeout: self.duration("GEMINI_TIMEOUT", seconds(60))?,
            limits: self.limits("")?,
            send_gap: self.duration("KEY_SEND_GAP", Duration::from_millis(100))?,
            outreach_delay: self.duration("OUTREACH_DELAY", seconds(5))?,
            skills_delay: self.duration("SKILLS_DELAY", seconds(7))?,
            match_delay: self.duration("MATCH_DELAY", seconds(6))?,
            pacing: self
                .checked("PACING", "spaced or full", |value| match value {
                    "spaced" => Some(Pacing::Spaced),
                    "full" => Some(Pacing::Full),
                    _ => None,
                })?
                .unwrap_or(Pacing::Spaced),
            people_per_request: self
                .checked("PEOPLE_PER_REQUEST", "a whole number from 1 to 8", |value| {
                    value.parse().ok().filter(|number| (1..=8).contains(number))
                })?
                .unwrap_or(1),
            deadline_faq: self.duration("DEADLINE_FAQ", seconds(8))?,
            deadline_interactive: self.duration("DEADLINE_INTERACTIVE", seconds(120))?,
            deadline_bulk: self.duration("DEADLINE_BULK", seconds(24 * 3600))?,
            skills_by: self
                .checked("SKILLS_BY", "gemini or taxonomy", |value| match value {
                    "gemini" => Some(SkillsBy::Gemini),
                    "taxonomy" => Some(SkillsBy::Taxonomy),
                    _ => None,
                })?
                .unwrap_or(SkillsBy::Gemini),
        })
    }

    fn mail(&self) -> Result<Mail, ConfigError> {
        let address = |name| self.parsed::<EmailAddress>(name, "an e-mail address");
        let from = address("SENDER_EMAIL")?;
        let transport = match (self.secret("SMTP_URL"), self.secret("SENDER_PASSWORD")) {
            (Some(url), _) => {
                if !url.expose().starts_with("smtp://") && !url.expose().starts_with("smtps://") {
                    return Err(ConfigError::BadSecret {
                        variable: "SMTP_URL".into(),
                        expected: "smtp://user:password@host:587?tls=required or smtps://user:password@host",
                    });
                }
                MailTransport::Url(url)
            }
            // Google shows app passwords in groups of four; the spaces are not part of them.
            (None, Some(password)) => {
                MailTransport::Gmail { password: Secret::new(password.expose().replace(' ', "")) }
            }
            (None, None) => MailTransport::Outbox,
        };
        if from.is_none() && !matches!(transport, MailTransport::Outbox) {
            return Err(ConfigError::Contradiction(
                "SENDER_EMAIL is missing; mail that leaves needs the address it comes from".into(),
            ));
        }
        let gmail = matches!(transport, MailTransport::Gmail { .. });
        Ok(Mail {
            from,
            sender_name: self.text("SENDER_NAME"),
            reply_to: address("REPLY_TO")?,
            sends_per_second: self
                .checked("SENDS_PER_SECOND", "a number above 0", |value| {
                    value.parse::<f64>().ok().filter(|rate| rate.is_finite() && *rate > 0.0)
                })?
                .or(gmail.then_some(1.0)),
            sends_per_day: self
                .checked("SENDS_PER_DAY", "a whole number of at least 1", |value| {
                    value.parse().ok().filter(|number| *number >= 1)
                })?
                .or(gmail.then_some(450)),
            transport,
        })
    }

    fn event(&self) -> Result<Event, ConfigError> {
        let link = |name| {
            self.checked(name, "an address that begins with https:// or http://", web_address)
        };
        Ok(Event {
            name: self.text("EVENT_NAME"),
            dates: self.text("EVENT_DATES"),
            place: self.text("EVENT_PLACE"),
            link: link("EVENT_LINK")?,
            community_link: link("EVENT_COMMUNITY_LINK")?,
            organiser: self.text("EVENT_ORGANISER"),
            address: self.text("EVENT_ADDRESS"),
            language: self
                .checked("EVENT_LANGUAGE", "a language code such as en or pt-BR", language)?
                .unwrap_or_else(|| "en".into()),
            time_zone: self.checked(
                "EVENT_TIME_ZONE",
                "a time zone such as Europe/Lisbon",
                |value| jiff::tz::TimeZone::get(value).ok().map(|_| value.to_owned()),
            )?,
        })
    }

    fn discord(&self) -> Result<Discord, ConfigError> {
        let number = |name| self.checked(name, "the number that Discord shows, digits only", id);
        let token = self.secret("DISCORD_TOKEN");
        if token.as_ref().is_some_and(|it| !it.expose().chars().all(|c| c.is_ascii_graphic())) {
            return Err(ConfigError::BadSecret {
                variable: "DISCORD_TOKEN".into(),
                expected: "the bot's token without spaces, as the developer portal shows it",
            });
        }
        Ok(Discord {
            application_id: number("DISCORD_APPLICATION_ID")?,
            public_key: self.checked(
                "DISCORD_PUBLIC_KEY",
                "64 hexadecimal digits, as the developer portal shows them",
                |value| {
                    let fits = value.len() == 64 && value.chars().all(|c| c.is_ascii_hexdigit());
                    fits.then(|| value.to_ascii_lowercase())
                },
            )?,
            token,
            guild_id: number("DISCORD_GUILD_ID")?,
            base_url: self
                .checked(
                    "DISCORD_BASE_URL",
                    "an https address (http only to this machine)",
                    service_address,
                )?
                .unwrap_or_else(|| "https://discord.com/api/v10".into()),
        })
    }
}

impl Config {
    pub fn read(vars: &Vars) -> Result<Self, ConfigError> {
        let config = Self {
            bind: vars.parsed("BIND", "an IP address")?.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            port: vars.parsed("PORT", "a port from 0 to 65535")?.unwrap_or(5000),
            data_dir: vars.text("DATA_DIR").unwrap_or_else(|| "data".into()).into(),
            database_url: database_url(vars)?,
            admin_password: vars.secret("ADMIN_PASSWORD"),
            public_url: vars.checked(
                "PUBLIC_URL",
                "an address such as https://muster.example.org",
                |value| web_address(value).map(|address| address.trim_end_matches('/').to_owned()),
            )?,
            secret: secret(vars)?,
            gemini: vars.gemini()?,
            mail: vars.mail()?,
            event: vars.event()?,
            discord: vars.discord()?,
            time_scale: vars
                .checked("TIME_SCALE", "a whole number from 1 to 1000", |value| {
                    value.parse().ok().filter(|scale| (1..=1000).contains(scale))
                })?
                .unwrap_or(1),
        };
        if config.admin_password.is_none() {
            if !config.bind.is_loopback() {
                return Err(ConfigError::Contradiction(format!(
                    "BIND is {}, which other machines can reach, and ADMIN_PASSWORD is not set; set a password, or leave BIND out",
                    config.bind
                )));
            }
            if config.public_url.is_some() {
                return Err(ConfigError::Contradiction(
                    "PUBLIC_URL is set and ADMIN_PASSWORD is not; set a password, or leave PUBLIC_URL out".into(),
                ));
            }
        }
        Ok(config.scaled())
    }

    /// Divides every duration by [`time_scale`](Self::time_scale).
    fn scaled(mut self) -> Self {
        let scale = self.time_scale;
        let gemini = &mut self.gemini;
        for duration in [
            &mut gemini.timeout,
            &mut gemini.send_gap,
            &mut gemini.outreach_delay,
            &mut gemini.skills_delay,
            &mut gemini.match_delay,
            &mut gemini.deadline_faq,
            &mut gemini.deadline_interactive,
            &mut gemini.deadline_bulk,
        ] {
            *duration /= scale;
        }
        self
    }

    /// What the bot needs; `None` unless all of it is set, and Discord could reach Muster.
    pub fn bot(&self) -> Option<Bot> {
        let discord = &self.discord;
        Some(Bot {
            application_id: discord.application_id.clone()?,
            public_key: discord.public_key.clone()?,
            token: discord.token.clone()?,
            guild_id: discord.guild_id.clone()?,
            base_url: discord.base_url.clone(),
            public_url: self.public_url.clone().filter(|url| url.starts_with("https://"))?,
        })
    }

    /// Whether only this machine may use Muster: no password is set.
    pub fn is_local_only(&self) -> bool {
        self.admin_password.is_none()
    }
}

fn database_url(vars: &Vars) -> Result<Option<Secret>, ConfigError> {
    let url = vars.secret("DATABASE_URL");
    let fits = |url: &Secret| {
        ["postgres://", "postgresql://"].iter().any(|scheme| url.expose().starts_with(scheme))
    };
    match url {
        Some(url) if !fits(&url) => Err(ConfigError::BadSecret {
            variable: "DATABASE_URL".into(),
            expected: "postgres://user:password@host/database (leave it out for SQLite)",
        }),
        other => Ok(other),
    }
}

fn secret(vars: &Vars) -> Result<Option<Secret>, ConfigError> {
    match vars.secret("MUSTER_SECRET") {
        Some(secret) if secret.expose().len() < 16 => Err(ConfigError::BadSecret {
            variable: "MUSTER_SECRET".into(),
            expected: "at least 16 characters that nobody can guess",
        }),
        other => Ok(other),
    }
}

/// `5s`, `250ms`, `2m`, `24h`; a part of a unit may be given, as in `0.5s`.
fn parse_duration(text: &str) -> Option<Duration> {
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

/// A number of Discord's, which counts as text: it has up to 20 digits.
fn id(value: &str) -> Option<String> {
    let fits = (1..=20).contains(&value.len()) && value.chars().all(|c| c.is_ascii_digit());
    fits.then(|| value.to_owned())
}

/// A language code such as `en`.
pub fn language(value: &str) -> Option<String> {
    let fits = (2..=12).contains(&value.len())
        && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    fits.then(|| value.to_owned())
}

/// A time zone's name such as `Europe/Lisbon`.
pub fn time_zone(value: &str) -> Option<String> {
    jiff::tz::TimeZone::get(value).ok().map(|_| value.to_owned())
}

/// An address of the web as given.
pub fn web_address(value: &str) -> Option<String> {
    let url = reqwest::Url::parse(value).ok()?;
    let fits = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && !value.chars().any(|c| c.is_whitespace() || c.is_control());
    fits.then(|| value.to_owned())
}

/// Where a service is asked: secrets go there, so only https, or this machine.
fn service_address(value: &str) -> Option<String> {
    let address = web_address(value)?;
    let url = reqwest::Url::parse(value).ok()?;
    let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    (url.scheme() == "https" || local).then(|| address.trim_end_matches('/').to_owned())
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
    // dotenvy quotes the line, which may hold a secret: only its number is told.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn vars(pairs: &[(&str, &str)]) -> Vars {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Source { file: None, environment: pairs.collect() }.vars().unwrap()
    }

    fn read(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::read(&vars(pairs))
    }

    #[test]
    fn nothing_set_works_with_the_defaults_of_the_design() {
        let config = read(&[]).unwrap();
        assert_eq!((config.bind.to_string().as_str(), config.port), ("127.0.0.1", 5000));
        assert!(config.gemini.keys.is_empty());
        assert_eq!(config.gemini.embedding_model.as_deref(), Some("gemini-embedding-001"));
        assert_eq!(config.gemini.models, ["gemini-3.5-flash-lite", "gemini-3.1-flash-lite"]);
        assert_eq!(config.gemini.skills_delay, Duration::from_secs(7));
        assert!(matches!(config.mail.transport, MailTransport::Outbox));
    }

    #[test]
    fn the_embedding_model_may_be_another_one_or_none() {
        let model = |value| read(&[("GEMINI_EMBEDDING_MODEL", value)]);
        assert_eq!(model("").unwrap().gemini.embedding_model, None);
        assert_eq!(model(" ").unwrap().gemini.embedding_model, None);
        assert_eq!(model("other-2").unwrap().gemini.embedding_model.as_deref(), Some("other-2"));
        assert!(model("a/b").is_err());
    }

    #[test]
    fn numbered_keys_may_have_gaps_and_the_plain_one_is_the_reserve() {
        let config = read(&[
            ("GEMINI_API_KEY10", "ten"),
            ("GEMINI_API_KEY2", "two"),
            ("GEMINI_API_KEY", "reserve"),
            ("GEMINI_API_KEY3", ""),
            ("GEMINI_PROJECT2", "alpha"),
            ("KEY_REQUESTS_PER_MINUTE2", "5"),
        ])
        .unwrap();
        let numbers: Vec<i64> = config.gemini.keys.iter().map(|key| key.number.0).collect();
        assert_eq!(numbers, [0, 2, 10]);
        assert_eq!(config.gemini.keys[1].project.as_deref(), Some("alpha"));
        assert_eq!(config.gemini.keys[1].limits.requests_per_minute, Some(5));
    }

    #[test]
    fn a_bad_value_names_variable_value_and_what_was_expected() {
        let error = read(&[("OUTREACH_DELAY", "quick")]).unwrap_err().to_string();
        assert_eq!(
            error,
            "OUTREACH_DELAY is \"quick\"; expected a duration such as 5s, 250ms or 2m"
        );
        for (name, value) in [
            ("PORT", "70000"),
            ("PACING", "fast"),
            ("GEMINI_BASE_URL", "http://example.org"),
            ("SENDER_EMAIL", "nobody"),
            ("EVENT_LINK", "register here"),
            ("EVENT_TIME_ZONE", "Mars/Base"),
            ("TIME_SCALE", "0"),
            ("KEY_REQUESTS_PER_MINUTE", "0"),
        ] {
            let error = read(&[(name, value)]).unwrap_err().to_string();
            assert!(
                error.contains(name) && error.contains(value) && error.contains("expected"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_secret_that_cannot_be_used_is_not_repeated() {
        for name in ["DATABASE_URL", "MUSTER_SECRET", "SMTP_URL"] {
            let error = read(&[(name, "hunter2"), ("SENDER_EMAIL", "a@example.org")])
                .unwrap_err()
                .to_string();
            assert!(error.contains(name) && !error.contains("hunter2"), "{error}");
        }
        let config =
            read(&[("GEMINI_API_KEY1", "hunter2"), ("ADMIN_PASSWORD", "hunter3")]).unwrap();
        assert!(!format!("{config:?}").contains("hunter"));
    }

    #[test]
    fn other_machines_reach_it_only_with_a_password() {
        assert!(read(&[("BIND", "0.0.0.0")]).is_err());
        assert!(read(&[("PUBLIC_URL", "https://muster.example")]).is_err());
        assert!(read(&[("BIND", "0.0.0.0"), ("ADMIN_PASSWORD", "x")]).is_ok());
        assert!(read(&[("BIND", "::1")]).is_ok());
    }

    #[test]
    fn durations_are_written_as_people_write_them() {
        assert_eq!(parse_duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(parse_duration("0.5s"), Some(Duration::from_millis(500)));
        assert_eq!(parse_duration("2m"), Some(Duration::from_mins(2)));
        for bad in ["5", "s", "-1s", "5 parsecs", "", "1e30h"] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_trial_scales_what_passes_but_not_the_day() {
        let config = read(&[("TIME_SCALE", "10")]).unwrap();
        assert_eq!(config.gemini.outreach_delay, Duration::from_millis(500));
    }

    #[test]
    fn a_gmail_account_brings_gmails_limits() {
        let config =
            read(&[("SENDER_EMAIL", "a@example.org"), ("SENDER_PASSWORD", "abcd efgh")]).unwrap();
        let MailTransport::Gmail { password } = config.mail.transport else { panic!("not Gmail") };
        assert_eq!(password.expose(), "abcdefgh");
        assert_eq!(
            (config.mail.sends_per_second, config.mail.sends_per_day),
            (Some(1.0), Some(450))
        );
        assert!(read(&[("SMTP_URL", "smtp://localhost")]).is_err());
    }

    #[test]
    fn a_bot_needs_everything_and_a_public_address_with_https() {
        let key = "D7".repeat(32);
        let all = [
            ("ADMIN_PASSWORD", "x"),
            ("PUBLIC_URL", "https://muster.example/"),
            ("DISCORD_APPLICATION_ID", "1100000000000000001"),
            ("DISCORD_PUBLIC_KEY", &key),
            ("DISCORD_TOKEN", "hunter.2"),
            ("DISCORD_GUILD_ID", "1100000000000000002"),
        ];
        let config = read(&all).unwrap();
        let bot = config.bot().unwrap();
        assert_eq!(bot.public_key, "d7".repeat(32));
        assert_eq!(bot.public_url, "https://muster.example");
        assert_eq!(bot.base_url, "https://discord.com/api/v10");
        assert!(!format!("{config:?} {bot:?}").contains("hunter"));
        for left_out in 1..all.len() {
            let mut some = all.to_vec();
            some.remove(left_out);
            assert!(read(&some).unwrap().bot().is_none(), "without {}", all[left_out].0);
        }
        let mut plain = all.to_vec();
        plain[1].1 = "http://muster.example";
        assert!(read(&plain).unwrap().bot().is_none());
    }

    #[test]
    fn what_cannot_be_discords_is_refused_at_the_start() {
        for (name, value) in [
            ("DISCORD_APPLICATION_ID", "my application"),
            ("DISCORD_GUILD_ID", "-1"),
            ("DISCORD_PUBLIC_KEY", "d7d7"),
            ("DISCORD_BASE_URL", "http://discord.example"),
        ] {
            let error = read(&[(name, value)]).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(value), "{error}");
        }
        let error = read(&[("DISCORD_TOKEN", "Bot hunter2")]).unwrap_err().to_string();
        assert!(error.contains("DISCORD_TOKEN") && !error.contains("hunter2"), "{error}");
    }

    /// Names of variables between quotes or at the beginning of a line, without the number of a key.
    fn variables(text: &str, quoted: bool) -> std::collections::BTreeSet<String> {
        let words = text.split(|c: char| if quoted { c == '"' } else { "\n#=".contains(c) });
        words
            .map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()))
            .filter(|word| {
                word.len() > 3 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_')
            })
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn the_example_names_every_setting_and_no_other() {
        let source = include_str!("config.rs").split("#[cfg(test)]").next().unwrap();
        let example = include_str!("../.env.example");
        assert_eq!(variables(example, false), variables(source, true));
    }

    #[test]
    fn the_example_can_be_used_as_it_stands() {
        let text = include_str!("../.env.example").replace("\n#", "\n");
        let settings: String = text
            .lines()
            .filter(|line| line.contains('=') && !line.starts_with(' '))
            .fold(String::new(), |all, line| all + line + "\n");
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), settings).unwrap();
        let vars = Vars::from_file(file.path()).unwrap();
        let config = Config::read(&vars);
        // Without a password the public address and the mail server are refused; nothing else is.
        assert!(matches!(config, Err(ConfigError::Contradiction(_))), "{config:?}");
    }
}
