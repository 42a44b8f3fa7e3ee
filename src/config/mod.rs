//! Settings: read once at the start, from the environment and `.env`, into one struct. Nothing else reads the
//! environment; each module gets the part it needs.

mod addresses;
mod discord;
mod event;
mod gemini;
mod mail;
mod server;
#[cfg(test)]
mod tests;
mod vars;

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use crate::model::Secret;

pub use addresses::web_address;
pub use discord::{Bot, Discord};
pub use event::{Event, language, time_zone};
pub use gemini::{Gemini, Key, KeySettings, Limits, Pacing, SkillsBy};
pub use mail::{Mail, MailTransport};
pub use vars::{ConfigError, Source, Vars};

/// All settings. `.env.example` explains each variable and has its default.
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
    /// `PUBLIC_URL`, without a trailing slash.
    pub public_url: Option<String>,
    /// `MUSTER_SECRET`
    pub secret: Option<Secret>,
    pub gemini: Gemini,
    pub mail: Mail,
    pub event: Event,
    pub discord: Discord,
    /// `TIME_SCALE`: divides delays, windows, leases and time-outs. For trials only.
    pub time_scale: u32,
}

impl Config {
    pub fn read(vars: &Vars) -> Result<Self, ConfigError> {
        let config = Self {
            bind: vars.parsed("BIND", "an IP address")?.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            port: vars.parsed("PORT", "a port from 0 to 65535")?.unwrap_or(5000),
            data_dir: vars.text("DATA_DIR").unwrap_or_else(|| "data".into()).into(),
            database_url: server::database_url(vars)?,
            admin_password: vars.secret("ADMIN_PASSWORD"),
            public_url: server::public_url(vars)?,
            secret: server::secret(vars)?,
            gemini: gemini::read(vars)?,
            mail: mail::read(vars)?,
            event: event::read(vars)?,
            discord: discord::read(vars)?,
            time_scale: vars
                .checked("TIME_SCALE", "a whole number from 1 to 1000", |value| {
                    value.parse().ok().filter(|scale| (1..=1000).contains(scale))
                })?
                .unwrap_or(1),
        };
        config.check_access()?;
        Ok(config.scaled())
    }

    /// Other machines may reach Muster only when a password is set.
    fn check_access(&self) -> Result<(), ConfigError> {
        if self.admin_password.is_none() {
            if !self.bind.is_loopback() {
                return Err(ConfigError::Contradiction(format!(
                    "BIND is {}, which other machines can reach, but ADMIN_PASSWORD is not set. Set a password or \
                     remove BIND",
                    self.bind
                )));
            }
            if self.public_url.is_some() {
                return Err(ConfigError::Contradiction(
                    "PUBLIC_URL is set, but ADMIN_PASSWORD is not. Set a password or remove PUBLIC_URL".into(),
                ));
            }
        }
        Ok(())
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

    /// The settings of the bot; `None` unless all are set and Discord can reach Muster.
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

    /// Whether only this machine may use Muster, because no password is set.
    pub fn is_local_only(&self) -> bool {
        self.admin_password.is_none()
    }
}
