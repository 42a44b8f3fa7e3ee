//! Delivers a mail that belongs to no campaign: the organiser's test, or a code that somebody asked for. Its outcome is
//! read on the outbox page. Nothing else follows from it, but that a sender who needed attention goes on once a test
//! went out.

use std::time::Duration;

use crate::app::App;
use crate::mail::smtp::Delivery;
use crate::mail::verdict::Action;
use crate::model::job::Class;
use crate::model::{DeliveryId, EmailAddress, Job, Millis};
use crate::owner::Owner;
use crate::sending::direct;
use crate::store::deliveries::{Mail, Sender};
use crate::store::jobs::Leased;
use crate::store::{self, Conn};

/// A server that takes no mail of strangers at first takes it a minute later.
const AGAIN: Duration = Duration::from_mins(1);

pub async fn run(app: &App, owner: &Owner, leased: &Leased, id: DeliveryId) -> anyhow::Result<()> {
    let mut tx = app.db.write().await?;
    let mail = store::deliveries::find(&mut tx, id).await?;
    // Started once only: of a mail that was cut off nobody knows whether it went out.
    let started = store::deliveries::start(&mut tx, id, &owner.name).await?;
    if started {
        // Letters keep their distance to it.
        store::deliveries::touch_sender(&mut tx, &app.sender_name(), app.clock.now()).await?;
    }
    store::jobs::finish(&mut tx, leased).await?;
    tx.commit().await?;
    let (Some(mail), true, Some(smtp)) = (mail, started, &app.smtp) else { return Ok(()) };

    let now = app.clock.now();
    if mail.try_until.is_some_and(|until| now >= until) {
        let words = "It waited until it was of no use any more.".to_owned();
        let mut tx = app.db.write().await?;
        end(&mut tx, &mail, &Delivery::NotSent { words }, now).await?;
        return Ok(tx.commit().await?);
    }
    let to = EmailAddress::parse(&mail.recipient)?;
    let is_test = mail.person_id.is_none();
    if is_test {
        smtp.forget_refused_login().await;
    }
    let delivery = smtp.deliver(&app.config.mail.from_address(), &to, &mail.bytes).await;

    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    let at = now.plus(AGAIN / app.config.time_scale);
    if passes(&delivery) && mail.try_until.is_some_and(|until| at < until) {
        again(&mut tx, id, &delivery, at, now).await?;
    } else {
        end(&mut tx, &mail, &delivery, now).await?;
        if is_test && matches!(delivery, Delivery::Sent { .. }) {
            calm(&mut tx, &app.sender_name(), now).await?;
        }
    }
    Ok(tx.commit().await?)
}

/// Whether the same mail may be taken later.
fn passes(delivery: &Delivery) -> bool {
    match delivery {
        Delivery::NotSent { .. } => true,
        Delivery::Refused { verdict, .. } => matches!(
            verdict.action,
            Action::TryAgain { .. } | Action::PauseSender { .. } | Action::PauseDomain { .. }
        ),
        Delivery::Sent { .. } | Delivery::Uncertain { .. } => false,
    }
}

async fn again(
    tx: &mut Conn,
    id: DeliveryId,
    delivery: &Delivery,
    at: Millis,
    now: Millis,
) -> sqlx::Result<()> {
    let (_, words, _) = told(delivery);
    if store::deliveries::wait_again(tx, id, words).await? {
        store::jobs::enqueue(tx, Job::SendDirect(id), Class::Person, now, at, None).await?;
    }
    Ok(())
}

async fn end(tx: &mut Conn, mail: &Mail, delivery: &Delivery, now: Millis) -> sqlx::Result<()> {
    let (state, words, verdict) = told(delivery);
    store::deliveries::end(tx, mail.id, state, words, verdict, now).await?;
    if mail.person_id.is_some() {
        // Its reader has it; here nobody needs to read somebody else's code.
        store::deliveries::replace_bytes(tx, mail.id, &direct::without_text(&mail.bytes)).await?;
    }
    Ok(())
}

/// State, the server's words, and the kind of refusal.
fn told(delivery: &Delivery) -> (&'static str, &str, Option<&'static str>) {
    match delivery {
        Delivery::Sent { words } => ("sent", words, None),
        Delivery::Uncertain { words } => ("uncertain", words, None),
        Delivery::NotSent { words } => ("refused", words, Some("unreachable")),
        Delivery::Refused { words, verdict, .. } => ("refused", words, Some(verdict.kind)),
    }
}

async fn calm(tx: &mut Conn, name: &str, now: Millis) -> sqlx::Result<()> {
    let sender = store::deliveries::sender(tx, name).await?;
    let calm = Sender { min_gap: sender.min_gap, last_send_at: Some(now), ..Sender::default() };
    store::deliveries::set_sender(tx, name, &calm).await
}
