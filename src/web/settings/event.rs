//! The form about the event.

use serde::Deserialize;

use crate::config::{self, Config};
use crate::model::EmailAddress;
use crate::store::events::EventRow;
use crate::web::form::{FieldErrors, line};

const LONGEST: usize = 200;
const LONGEST_GUIDANCE: usize = 2_000;

/// What was typed about the event. An empty field uses the value of the environment.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct EventForm {
    pub name: String,
    pub dates: String,
    pub place: String,
    pub link: String,
    pub community_link: String,
    pub organiser: String,
    pub address: String,
    pub language: String,
    pub time_zone: String,
    pub sender_name: String,
    pub reply_to: String,
    pub guidance: String,
}

impl From<EventRow> for EventForm {
    fn from(row: EventRow) -> Self {
        let or_empty = Option::unwrap_or_default;
        Self {
            name: or_empty(row.name),
            dates: or_empty(row.dates),
            place: or_empty(row.place),
            link: or_empty(row.link),
            community_link: or_empty(row.community_link),
            organiser: or_empty(row.organiser),
            address: or_empty(row.address),
            language: or_empty(row.language),
            time_zone: or_empty(row.time_zone),
            sender_name: or_empty(row.sender_name),
            reply_to: or_empty(row.reply_to),
            guidance: or_empty(row.guidance),
        }
    }
}

impl EventForm {
    /// The hint of each field: the value used when it is empty.
    pub fn hints(config: &Config) -> Self {
        let (event, mail) = (&config.event, &config.mail);
        let hint = |value: &Option<String>| {
            value.as_ref().map(|value| format!("If empty: {value}")).unwrap_or_default()
        };
        Self {
            name: hint(&event.name),
            dates: hint(&event.dates),
            place: hint(&event.place),
            link: hint(&event.link),
            community_link: hint(&event.community_link),
            organiser: hint(&event.organiser),
            address: hint(&event.address),
            language: hint(&Some(event.language.clone())),
            time_zone: hint(&event.time_zone),
            sender_name: hint(&mail.sender_name),
            reply_to: hint(&mail.reply_to.as_ref().map(ToString::to_string)),
            guidance: String::new(),
        }
    }

    pub fn check(&self, errors: &mut FieldErrors) -> Option<EventRow> {
        let mut text = |field, typed: &str, what| {
            errors
                .take(field, line(typed, what, LONGEST))
                .map(|text| Some(text).filter(|text| !text.is_empty()))
        };
        let name = text("name", &self.name, "the name");
        let dates = text("dates", &self.dates, "the dates");
        let place = text("place", &self.place, "the place");
        let organiser = text("organiser", &self.organiser, "the organiser's name");
        let address = text("address", &self.address, "the postal address");
        let sender_name = text("sender_name", &self.sender_name, "the name");
        let link = checked(errors, "link", &self.link, LINK, config::web_address);
        let community_link =
            checked(errors, "community_link", &self.community_link, LINK, config::web_address);
        let language = checked(
            errors,
            "language",
            &self.language,
            "a language code such as en",
            config::language,
        );
        let time_zone = checked(
            errors,
            "time_zone",
            &self.time_zone,
            "a time zone such as Europe/Lisbon",
            config::time_zone,
        );
        let reply_to = checked(errors, "reply_to", &self.reply_to, "an email address", |typed| {
            EmailAddress::parse(typed).ok().map(|address| address.to_string())
        });
        let guidance = self.guidance.trim().to_owned();
        if guidance.chars().count() > LONGEST_GUIDANCE {
            errors.add(
                "guidance",
                format!("the guidance can have at most {LONGEST_GUIDANCE} characters"),
            );
        }
        let guidance = Some(guidance).filter(|text| !text.is_empty());
        Some(EventRow {
            name: name?,
            dates: dates?,
            place: place?,
            link: link.ok()?,
            community_link: community_link.ok()?,
            organiser: organiser?,
            address: address?,
            language: language.ok()?,
            time_zone: time_zone.ok()?,
            sender_name: sender_name?,
            reply_to: reply_to.ok()?,
            guidance,
        })
    }
}

const LINK: &str = "an address that begins with https:// or http://";

/// The field is wrong, and its error was added.
struct Invalid;

/// A field that is empty or passes a check.
fn checked(
    errors: &mut FieldErrors,
    field: &'static str,
    typed: &str,
    expected: &str,
    check: impl Fn(&str) -> Option<String>,
) -> Result<Option<String>, Invalid> {
    match typed.trim() {
        "" => Ok(None),
        typed => {
            if let Some(value) = check(typed) {
                Ok(Some(value))
            } else {
                errors.add(field, format!("this is not {expected}"));
                Err(Invalid)
            }
        }
    }
}
