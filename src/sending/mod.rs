//! Sending: when emails may be sent, how one is delivered, and what a refusal means for the account, the recipient's
//! domain and the message. It does not talk to servers: jobs do, between two transactions.

pub mod direct;
pub mod messages;
pub mod pace;
pub mod refusals;

use rand::RngExt as _;

use crate::config::Config;
use crate::mail::{self, Delivery, Envelope, Unsubscribe};
use crate::model::delivery::DeliveryState;
use crate::model::email::EventFacts;
use crate::model::{EmailAddress, Millis};

/// The account that emails are sent from.
#[derive(Clone, Copy)]
pub struct Account<'a> {
    /// Its state is stored under this name.
    pub name: &'a str,
    pub config: &'a Config,
}

/// Who an email is for, and how they reply and unsubscribe.
struct Addressee<'a> {
    address: &'a EmailAddress,
    name: &'a str,
    reply_to: Option<&'a EmailAddress>,
    unsubscribe: Option<&'a Unsubscribe>,
}

/// The headers of one delivery. Its Message-ID is new each time.
fn envelope(config: &Config, event: &EventFacts, to: &Addressee<'_>, now: Millis) -> Envelope {
    let from = config.mail.from_address();
    Envelope {
        from_name: event.sender_name.clone().or_else(|| event.organiser.clone()),
        reply_to: to.reply_to.cloned(),
        to: to.address.clone(),
        to_name: to.name.to_owned(),
        unsubscribe: to.unsubscribe.cloned(),
        header_id: mail::header_id(&from.domain(), &rand::rng().random::<[u8; 16]>()),
        date: now,
        from,
    }
}

/// What is stored about the result of a delivery: its state, the response, and the kind of refusal.
fn result_of(delivery: &Delivery) -> (DeliveryState, &str, Option<&'static str>) {
    match delivery {
        Delivery::Sent { response } => (DeliveryState::Sent, response, None),
        Delivery::Uncertain { reason } => (DeliveryState::Uncertain, reason, None),
        Delivery::NotSent { reason } => (DeliveryState::Refused, reason, Some("unreachable")),
        Delivery::Refused { response, verdict, .. } => {
            (DeliveryState::Refused, response, Some(verdict.kind))
        }
    }
}
