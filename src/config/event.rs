//! Facts about the event, used where the settings page is empty. `EVENT_*`.

use super::addresses::web_address;
use super::vars::{ConfigError, Vars};

/// Facts about the event from the environment; the settings page takes precedence.
#[derive(Clone, Debug, Default)]
pub struct Event {
    /// `EVENT_NAME`
    pub name: Option<String>,
    /// `EVENT_DATES`, as emails should show them.
    pub dates: Option<String>,
    /// `EVENT_PLACE`
    pub place: Option<String>,
    /// `EVENT_LINK`: where people register.
    pub link: Option<String>,
    /// `EVENT_COMMUNITY_LINK`
    pub community_link: Option<String>,
    /// `EVENT_ORGANISER`
    pub organiser: Option<String>,
    /// `EVENT_ADDRESS`: the postal address at the end of each email.
    pub address: Option<String>,
    /// `EVENT_LANGUAGE`
    pub language: String,
    /// `EVENT_TIME_ZONE`
    pub time_zone: Option<String>,
}

pub(super) fn read(vars: &Vars) -> Result<Event, ConfigError> {
    let link =
        |name| vars.checked(name, "an address that begins with https:// or http://", web_address);
    Ok(Event {
        name: vars.text("EVENT_NAME"),
        dates: vars.text("EVENT_DATES"),
        place: vars.text("EVENT_PLACE"),
        link: link("EVENT_LINK")?,
        community_link: link("EVENT_COMMUNITY_LINK")?,
        organiser: vars.text("EVENT_ORGANISER"),
        address: vars.text("EVENT_ADDRESS"),
        language: vars
            .checked("EVENT_LANGUAGE", "a language code such as en or pt-BR", language)?
            .unwrap_or_else(|| "en".into()),
        time_zone: vars.checked(
            "EVENT_TIME_ZONE",
            "a time zone such as Europe/Lisbon",
            |value| jiff::tz::TimeZone::get(value).ok().map(|_| value.to_owned()),
        )?,
    })
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
