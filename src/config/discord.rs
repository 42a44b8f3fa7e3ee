//! Settings of Discord: the application and the server that the bot serves. `DISCORD_*`.

use super::addresses::service_address;
use super::vars::{ConfigError, Vars};
use crate::model::Secret;

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
    /// `DISCORD_BASE_URL`, without a trailing slash.
    pub base_url: String,
}

/// Everything that the bot needs; see [`Config::bot`](super::Config::bot).
#[derive(Clone, Debug)]
pub struct Bot {
    pub application_id: String,
    /// Ed25519, 64 hexadecimal digits.
    pub public_key: String,
    pub token: Secret,
    pub guild_id: String,
    pub base_url: String,
    /// Where Discord reaches Muster: https, without a trailing slash.
    pub public_url: String,
}

pub(super) fn read(vars: &Vars) -> Result<Discord, ConfigError> {
    let number = |name| vars.checked(name, "the number that Discord shows (only digits)", id);
    let token = vars.secret("DISCORD_TOKEN");
    if token.as_ref().is_some_and(|it| !it.expose().chars().all(|c| c.is_ascii_graphic())) {
        return Err(ConfigError::BadSecret {
            variable: "DISCORD_TOKEN".into(),
            expected: "the bot's token without spaces, as the developer portal shows it",
        });
    }
    Ok(Discord {
        application_id: number("DISCORD_APPLICATION_ID")?,
        public_key: vars.checked(
            "DISCORD_PUBLIC_KEY",
            "64 hexadecimal digits, as the developer portal shows them",
            |value| {
                let fits = value.len() == 64 && value.chars().all(|c| c.is_ascii_hexdigit());
                fits.then(|| value.to_ascii_lowercase())
            },
        )?,
        token,
        guild_id: number("DISCORD_GUILD_ID")?,
        base_url: vars
            .checked(
                "DISCORD_BASE_URL",
                "an https address (http only for this machine)",
                service_address,
            )?
            .unwrap_or_else(|| "https://discord.com/api/v10".into()),
    })
}

/// A Discord id. It has up to 20 digits, so it is kept as text.
fn id(value: &str) -> Option<String> {
    let fits = (1..=20).contains(&value.len()) && value.chars().all(|c| c.is_ascii_digit());
    fits.then(|| value.to_owned())
}
