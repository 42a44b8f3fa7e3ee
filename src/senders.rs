//! The account that mail leaves by: trying it, and letting it go on after it needed a person.

use rand::RngExt as _;

use crate::config::Config;
use crate::events::Event;
use crate::mail;
use crate::mail::message::Whole;
use crate::mail::{Envelope, Leave, compose};
use crate::model::job::{Class, Job};
use crate::model::{EmailAddress, MailId, Millis};
use crate::store::mails::{NewMail, Sender};
use crate::store::{self, Conn};

/// Writes a mail to the organiser's own address, by the way that letters take.
pub async fn send_test(
    tx: &mut Conn,
    config: &Config,
    event: &Event,
    by_smtp: bool,
    to: &EmailAddress,
    now: Millis,
) -> anyhow::Result<MailId> {
    let from = config.mail.from_address();
    let header_id = mail::header_id(&from.domain(), &rand::rng().random::<[u8; 16]>());
    let subject = format!("Mail from Muster works ({})", event.facts.name);
    let text = "If you read this, letters from Muster reach their readers.\n\n\
        Look at the headers too: SPF and DKIM should say \"pass\", or many letters will land in the spam folder.\n";
    let html = format!("<p>{}</p>", text.trim().replace("\n\n", "</p><p>"));
    let whole = Whole { subject: subject.clone(), text: text.into(), html };
    let envelope = Envelope {
        from_name: event.facts.sender_name.clone().or_else(|| event.facts.organiser.clone()),
        reply_to: event.reply_to.clone(),
        to: to.clone(),
        to_name: String::new(),
        leave: Leave::Mailto { address: from.clone(), code: "test".into() },
        header_id: header_id.clone(),
        date: now,
        from,
    };
    let row = NewMail {
        message: None,
        recipient: to.as_str(),
        subject: &subject,
        header_id: &header_id,
        transport: if by_smtp { "smtp" } else { "outbox" },
        state: if by_smtp { "queued" } else { "sent" },
        bytes: &compose(&envelope, &whole)?,
        owner: "",
    };
    let id = store::mails::insert(tx, &row, now).await?;
    if by_smtp {
        store::jobs::enqueue(tx, Job::SendTest(id), Class::Person, now, now, None).await?;
    }
    Ok(id)
}

/// The organiser has mended what was wrong: mail goes out again, to domains that stopped us too.
pub async fn go_on(tx: &mut Conn, name: &str) -> sqlx::Result<()> {
    let sender = store::mails::sender(tx, name).await?;
    let calm =
        Sender { min_gap: sender.min_gap, last_send_at: sender.last_send_at, ..Sender::default() };
    store::mails::set_sender(tx, name, &calm).await?;
    store::mails::clear_domain_pauses(tx).await
}
