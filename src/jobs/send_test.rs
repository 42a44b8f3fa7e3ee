//! Delivers a mail by which the organiser tries the settings. Its outcome is read on the outbox page; nothing else
//! follows from it, but that a sender who needed attention goes on once a mail went out.

use crate::app::App;
use crate::jobs::Owner;
use crate::mail::smtp::Delivery;
use crate::model::{EmailAddress, MailId};
use crate::store::jobs::Leased;
use crate::store::mails::Sender;
use crate::store::{self};

pub async fn run(app: &App, owner: &Owner, leased: &Leased, id: MailId) -> anyhow::Result<()> {
    let mut tx = app.db.write().await?;
    let mail = store::mails::find(&mut tx, id).await?;
    // Started once only: of a test that was cut off nobody knows whether it went out.
    let started = store::mails::start(&mut tx, id, &owner.name).await?;
    store::jobs::finish(&mut tx, leased).await?;
    tx.commit().await?;
    let (Some(mail), true, Some(smtp)) = (mail, started, &app.smtp) else { return Ok(()) };

    let to = EmailAddress::parse(&mail.recipient)?;
    smtp.forget_refused_login().await;
    let delivery = smtp.deliver(&app.config.mail.from_address(), &to, &mail.bytes).await;

    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    let (state, words, verdict) = match &delivery {
        Delivery::Sent { words } => ("sent", words, None),
        Delivery::Uncertain { words } => ("uncertain", words, None),
        Delivery::NotSent { words } => ("refused", words, Some("unreachable")),
        Delivery::Refused { words, verdict, .. } => ("refused", words, Some(verdict.kind)),
    };
    store::mails::end(&mut tx, id, state, words, verdict, now).await?;
    if state == "sent" {
        let name = app.sender_name();
        let sender = store::mails::sender(&mut tx, &name).await?;
        let calm = Sender { min_gap: sender.min_gap, last_send_at: Some(now), ..Sender::default() };
        store::mails::set_sender(&mut tx, &name, &calm).await?;
    }
    tx.commit().await?;
    Ok(())
}
