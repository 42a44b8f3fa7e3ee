//! The event. Its facts come from the settings page, or else from the environment.

use crate::config::Config;
use crate::model::email::EventFacts;
use crate::model::{EmailAddress, EventId};
use crate::store::{self, Conn};

/// The only event so far.
pub const CURRENT: EventId = EventId(1);

/// Used in emails until the event has a name. The first-run list asks for one.
const UNNAMED: &str = "our hackathon";

/// The event, with every setting resolved.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: EventId,
    pub facts: EventFacts,
    /// False while [`EventFacts::name`] is a placeholder.
    pub is_named: bool,
    pub time_zone: Option<String>,
    pub reply_to: Option<EmailAddress>,
}

pub async fn current(conn: &mut Conn, config: &Config) -> sqlx::Result<Event> {
    let row = store::events::find(conn, CURRENT).await?;
    let set = &config.event;
    let name = row.name.or_else(|| set.name.clone());
    Ok(Event {
        id: CURRENT,
        is_named: name.is_some(),
        facts: EventFacts {
            name: name.unwrap_or_else(|| UNNAMED.into()),
            dates: row.dates.or_else(|| set.dates.clone()),
            place: row.place.or_else(|| set.place.clone()),
            link: row.link.or_else(|| set.link.clone()),
            community_link: row.community_link.or_else(|| set.community_link.clone()),
            organiser: row.organiser.or_else(|| set.organiser.clone()),
            address: row.address.or_else(|| set.address.clone()),
            language: row.language.unwrap_or_else(|| set.language.clone()),
            sender_name: row.sender_name.or_else(|| config.mail.sender_name.clone()),
            guidance: row.guidance.unwrap_or_default(),
        },
        time_zone: row.time_zone.or_else(|| set.time_zone.clone()),
        reply_to: row
            .reply_to
            .and_then(|typed| EmailAddress::parse(&typed).ok())
            .or_else(|| config.mail.reply_to.clone()),
    })
}
