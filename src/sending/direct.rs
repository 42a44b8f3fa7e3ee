//! The account that mail leaves by: mails that belong to no campaign, and letting it go on after it needed a person.

use rand::RngExt as _;

use crate::config::Config;
use crate::events::Event;
use crate::mail;
use crate::mail::message::Email;
use crate::mail::{Envelope, Unsubscribe, compose};
use crate::model::job::{Class, Job};
use crate::model::{DeliveryId, EmailAddress, Millis, PersonId};
use crate::store::deliveries::{NewDelivery, Sender};
use crate::store::{self, Conn};

/// A mail that belongs to no campaign: it goes before those that do, also while they wait.
pub struct Direct<'a> {
    pub to: &'a EmailAddress,
    pub to_name: &'a str,
    pub email: &'a Email,
    pub leave: Option<Unsubscribe>,
}

/// A mail that is put together and not written down yet.
pub struct Composed {
    header_id: String,
    bytes: Vec<u8>,
}

/// Writes a mail to the organiser's own address, by the way that letters take.
pub async fn send_test(
    tx: &mut Conn,
    config: &Config,
    event: &Event,
    to: &EmailAddress,
    now: Millis,
) -> anyhow::Result<DeliveryId> {
    let subject = format!("Mail from Muster works ({})", event.facts.name);
    let text = "If you read this, letters from Muster reach their readers.\n\n\
        Look at the headers too: SPF and DKIM should say \"pass\", or many letters will land in the spam folder.\n";
    let html = format!("<p>{}</p>", text.trim().replace("\n\n", "</p><p>"));
    let email = Email { subject, text: text.into(), html };
    let leave = Unsubscribe::Mailto { address: config.mail.from_address(), code: "test".into() };
    let mail = Direct { to, to_name: "", email: &email, leave: Some(leave) };
    let composed = put_together(config, event, &mail, now)?;
    Ok(hand_over(tx, config, &mail, &composed, None, now).await?)
}

/// The bytes of a mail as it will leave.
pub fn put_together(
    config: &Config,
    event: &Event,
    mail: &Direct<'_>,
    now: Millis,
) -> anyhow::Result<Composed> {
    let from = config.mail.from_address();
    let header_id = mail::header_id(&from.domain(), &rand::rng().random::<[u8; 16]>());
    let envelope = Envelope {
        from_name: event.facts.sender_name.clone().or_else(|| event.facts.organiser.clone()),
        reply_to: event.reply_to.clone(),
        to: mail.to.clone(),
        to_name: mail.to_name.to_owned(),
        leave: mail.leave.clone(),
        header_id: header_id.clone(),
        date: now,
        from,
    };
    Ok(Composed { bytes: compose(&envelope, mail.email)?, header_id })
}

/// Who asked for a mail, and until when it is worth trying.
#[derive(Clone, Copy, Debug)]
pub struct AskedFor {
    pub by: PersonId,
    pub until: Millis,
}

/// Writes a mail down, with the job that delivers it where there is a mail server. Without `asked` it is the
/// organiser's own and tried once.
pub async fn hand_over(
    tx: &mut Conn,
    config: &Config,
    mail: &Direct<'_>,
    composed: &Composed,
    asked: Option<AskedFor>,
    now: Millis,
) -> sqlx::Result<DeliveryId> {
    let stays_here = config.mail.stays_here();
    let row = NewDelivery {
        message: None,
        person: asked.map(|it| it.by),
        try_until: asked.map(|it| it.until),
        recipient: mail.to.as_str(),
        subject: &mail.email.subject,
        header_id: &composed.header_id,
        transport: if stays_here { "outbox" } else { "smtp" },
        state: if stays_here { "sent" } else { "queued" },
        bytes: &composed.bytes,
        owner: "",
    };
    let id = store::deliveries::insert(tx, &row, now).await?;
    if !stays_here {
        store::jobs::enqueue(tx, Job::SendDirect(id), Class::Person, now, now, None).await?;
    }
    Ok(id)
}

/// The headers of a mail that went out, with a word in the place of its text.
pub fn without_text(bytes: &[u8]) -> Vec<u8> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(bytes.len());
    let head = String::from_utf8_lossy(&bytes[..end]);
    let mut kept = String::new();
    let mut is_kept = false;
    for line in head.split("\r\n") {
        // A line that begins with a space goes on with the one before it.
        if !line.starts_with([' ', '\t']) {
            is_kept = !line.to_ascii_lowercase().starts_with("content-");
        }
        if is_kept {
            kept.push_str(line);
            kept.push_str("\r\n");
        }
    }
    kept.push_str("Content-Type: text/plain; charset=utf-8\r\n\r\n");
    kept.push_str("This mail held a code for one person. Its text is not kept.\r\n");
    kept.into_bytes()
}

/// The organiser has mended what was wrong: mail goes out again, to domains that stopped us too.
pub async fn go_on(tx: &mut Conn, name: &str) -> sqlx::Result<()> {
    let sender = store::deliveries::sender(tx, name).await?;
    let calm =
        Sender { min_gap: sender.min_gap, last_send_at: sender.last_send_at, ..Sender::default() };
    store::deliveries::set_sender(tx, name, &calm).await?;
    store::deliveries::clear_domain_pauses(tx).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_without_its_text_keeps_who_it_went_to() {
        let bytes = b"From: A <a@example.org>\r\nSubject: A long\r\n one\r\nContent-Type: multipart/alternative;\r\n \
            boundary=x\r\nTo: b@example.org\r\n\r\n--x\r\n\r\n123456\r\n";
        let kept = String::from_utf8(without_text(bytes)).unwrap();
        assert!(kept.starts_with(
            "From: A <a@example.org>\r\nSubject: A long\r\n one\r\nTo: b@example.org\r\n"
        ));
        assert!(!kept.contains("123456") && !kept.contains("boundary"), "{kept}");
    }
}
