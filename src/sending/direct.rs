//! Emails outside campaigns: the organiser's test, and a code that somebody asked for. They are sent before those of
//! campaigns, also while these are paused.

use std::time::Duration;

use super::{Account, Addressee, envelope, pace, result_of};
use crate::config::Config;
use crate::events::Event;
use crate::mail::message::Email;
use crate::mail::verdict::Action;
use crate::mail::{self, Unsubscribe, compose};
use crate::model::delivery::{DeliveryState, Transport};
use crate::model::job::{Class, Job};
use crate::model::{DeliveryId, EmailAddress, Millis, PersonId};
use crate::store::deliveries::{Delivery, NewDelivery};
use crate::store::senders::Sender;
use crate::store::{self, Conn};

/// A server that defers unknown senders accepts the same email a minute later.
const RETRY_AFTER: Duration = Duration::from_mins(1);

/// An email outside campaigns.
pub struct Direct<'a> {
    pub to: &'a EmailAddress,
    pub to_name: &'a str,
    pub email: &'a Email,
    pub unsubscribe: Option<Unsubscribe>,
}

/// An email that is composed and not stored yet.
pub struct Composed {
    header_id: String,
    bytes: Vec<u8>,
}

/// Queues a test email to the organiser's own address. It is delivered as the emails of campaigns are.
pub async fn send_test(
    tx: &mut Conn,
    config: &Config,
    event: &Event,
    to: &EmailAddress,
    now: Millis,
) -> anyhow::Result<DeliveryId> {
    let email = mail::test_email(&event.facts.name);
    let address = config.mail.from_address();
    let unsubscribe = Some(Unsubscribe::Mailto { address, code: "test".into() });
    let direct = Direct { to, to_name: "", email: &email, unsubscribe };
    let composed = compose_direct(config, event, &direct, now)?;
    Ok(queue(tx, config, &direct, &composed, None, now).await?)
}

/// Composes the email as it will be sent.
pub fn compose_direct(
    config: &Config,
    event: &Event,
    direct: &Direct<'_>,
    now: Millis,
) -> anyhow::Result<Composed> {
    let to = Addressee {
        address: direct.to,
        name: direct.to_name,
        reply_to: event.reply_to.as_ref(),
        unsubscribe: direct.unsubscribe.as_ref(),
    };
    let envelope = envelope(config, &event.facts, &to, now);
    Ok(Composed { bytes: compose(&envelope, direct.email)?, header_id: envelope.header_id })
}

/// Who asked for an email, and until when it is useful.
#[derive(Clone, Copy, Debug)]
pub struct Requested {
    pub by: PersonId,
    pub until: Millis,
}

/// Stores an email, with the job that delivers it if there is a mail server.
///
/// Without `requested` it is the organiser's own and tried once.
pub async fn queue(
    tx: &mut Conn,
    config: &Config,
    direct: &Direct<'_>,
    composed: &Composed,
    requested: Option<Requested>,
    now: Millis,
) -> sqlx::Result<DeliveryId> {
    let stays_here = config.mail.stays_here();
    let row = NewDelivery {
        message: None,
        person: requested.map(|it| it.by),
        try_until: requested.map(|it| it.until),
        recipient: direct.to.as_str(),
        subject: &direct.email.subject,
        header_id: &composed.header_id,
        transport: if stays_here { Transport::Outbox } else { Transport::Smtp },
        state: if stays_here { DeliveryState::Sent } else { DeliveryState::Queued },
        bytes: &composed.bytes,
        owner: "",
    };
    let id = store::deliveries::insert(tx, &row, now).await?;
    if !stays_here {
        store::jobs::enqueue(tx, Job::SendDirect(id), Class::Person, now, now, None).await?;
    }
    Ok(id)
}

/// Starts a queued delivery. `None` when it was started before: an interrupted one may have been sent.
pub async fn start(
    tx: &mut Conn,
    account: &Account<'_>,
    id: DeliveryId,
    owner: &str,
    now: Millis,
) -> sqlx::Result<Option<Delivery>> {
    let email = store::deliveries::find(tx, id).await?;
    if !store::deliveries::start(tx, id, owner).await? {
        return Ok(None);
    }
    // The emails of campaigns are spaced from this one too.
    store::senders::touch(tx, account.name, now).await?;
    Ok(email)
}

/// Whether it is the organiser's test of the settings.
pub fn is_test(email: &Delivery) -> bool {
    email.person_id.is_none()
}

/// Gives up an email that is of no use any more.
pub async fn expire(tx: &mut Conn, email: &Delivery, now: Millis) -> sqlx::Result<()> {
    let reason = "It waited until it was of no use any more.".to_owned();
    record(tx, email, &mail::Delivery::NotSent { reason }, now).await
}

/// Records the result of a delivery, or queues the next try. A test that was sent ends the account's pause.
pub async fn end(
    tx: &mut Conn,
    account: &Account<'_>,
    email: &Delivery,
    delivery: &mail::Delivery,
    now: Millis,
) -> sqlx::Result<()> {
    let at = now.plus(RETRY_AFTER / account.config.time_scale);
    if may_pass_later(delivery) && email.try_until.is_some_and(|until| at < until) {
        let (_, response, _) = result_of(delivery);
        if store::deliveries::requeue(tx, email.id, response).await? {
            let job = Job::SendDirect(email.id);
            store::jobs::enqueue(tx, job, Class::Person, now, at, None).await?;
        }
        return Ok(());
    }
    record(tx, email, delivery, now).await?;
    if is_test(email) && matches!(delivery, mail::Delivery::Sent { .. }) {
        let sender = store::senders::find(tx, account.name).await?;
        let sender = Sender { last_send_at: Some(now), ..pace::without_pause(&sender) };
        store::senders::save(tx, account.name, &sender).await?;
    }
    Ok(())
}

/// Whether the server may accept the same email later.
fn may_pass_later(delivery: &mail::Delivery) -> bool {
    match delivery {
        mail::Delivery::NotSent { .. } => true,
        mail::Delivery::Refused { verdict, .. } => match verdict.action {
            Action::TryAgain { .. } | Action::PauseSender { .. } | Action::PauseDomain { .. } => {
                true
            }
            Action::StopSender
            | Action::StopSenderAfter { .. }
            | Action::Fail { .. }
            | Action::StopDomain => false,
        },
        mail::Delivery::Sent { .. } | mail::Delivery::Uncertain { .. } => false,
    }
}

async fn record(
    tx: &mut Conn,
    email: &Delivery,
    delivery: &mail::Delivery,
    now: Millis,
) -> sqlx::Result<()> {
    let (state, response, kind) = result_of(delivery);
    store::deliveries::end(tx, email.id, state, response, kind, now).await?;
    if !is_test(email) {
        // Its recipient has it; nobody here needs to read somebody else's code.
        store::deliveries::replace_bytes(tx, email.id, &without_text(&email.bytes)).await?;
    }
    Ok(())
}

/// The headers of a sent email, with a placeholder instead of its text.
fn without_text(bytes: &[u8]) -> Vec<u8> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(bytes.len());
    let head = String::from_utf8_lossy(&bytes[..end]);
    let mut kept = String::new();
    let mut is_kept = false;
    for line in head.split("\r\n") {
        // A line that begins with a space continues the one before it.
        if !line.starts_with([' ', '\t']) {
            is_kept = !line.to_ascii_lowercase().starts_with("content-");
        }
        if is_kept {
            kept.push_str(line);
            kept.push_str("\r\n");
        }
    }
    kept.push_str("Content-Type: text/plain; charset=utf-8\r\n\r\n");
    kept.push_str("This email contained a code for one person. Its text is not kept.\r\n");
    kept.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_without_its_text_keeps_its_headers() {
        let bytes = b"From: A <a@example.org>\r\nSubject: A long\r\n one\r\nContent-Type: multipart/alternative;\r\n \
            boundary=x\r\nTo: b@example.org\r\n\r\n--x\r\n\r\n123456\r\n";
        let kept = String::from_utf8(without_text(bytes)).unwrap();
        assert!(kept.starts_with(
            "From: A <a@example.org>\r\nSubject: A long\r\n one\r\nTo: b@example.org\r\n"
        ));
        assert!(!kept.contains("123456") && !kept.contains("boundary"), "{kept}");
    }
}
