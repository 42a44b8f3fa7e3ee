//! The bytes of one delivery: headers, text and HTML. Pure; must not know how emails are sent.

use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use sha2::{Digest, Sha256};

use super::address::wire_address;
use super::message::{Email, one_line};
use super::unsubscribe::{Unsubscribe, is_reachable};
use crate::model::{EmailAddress, Millis};

/// The envelope and the headers of one delivery.
#[derive(Clone, Debug)]
pub struct Envelope {
    pub from: EmailAddress,
    pub from_name: Option<String>,
    pub reply_to: Option<EmailAddress>,
    pub to: EmailAddress,
    pub to_name: String,
    /// The same as in the text. `None`: the person asked for this one email, which puts them on no list.
    pub unsubscribe: Option<Unsubscribe>,
    /// Made by [`header_id`](super::header_id) and recorded before the first byte is sent.
    pub header_id: String,
    pub date: Millis,
}

/// Why an email cannot be composed. Shown to the organiser.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    #[error(
        "the subject contains a line break or another character that is not allowed in a header"
    )]
    Subject,
    #[error("the address {0} is not allowed in an email header")]
    Address(String),
    #[error("the unsubscribe link does not lead to a machine that others can reach")]
    UnsubscribeLink,
    #[error("the Message-ID is invalid")]
    HeaderId,
    #[error("the email cannot be composed: {0}")]
    Other(#[from] lettre::error::Error),
}

/// The bytes to send: ASCII only, text and HTML, one recipient.
pub fn compose(envelope: &Envelope, email: &Email) -> Result<Vec<u8>, ComposeError> {
    if email.subject.chars().any(char::is_control) {
        return Err(ComposeError::Subject);
    }
    if matches!(&envelope.unsubscribe, Some(Unsubscribe::Web { url }) if !is_reachable(url)) {
        return Err(ComposeError::UnsubscribeLink);
    }
    if !is_header_id(&envelope.header_id) {
        return Err(ComposeError::HeaderId);
    }
    let date =
        UNIX_EPOCH + Duration::from_millis(u64::try_from(envelope.date.0).unwrap_or_default());
    let mut builder = lettre::Message::builder()
        .from(mailbox(envelope.from_name.as_deref(), &envelope.from)?)
        .to(mailbox(Some(&envelope.to_name), &envelope.to)?)
        .subject(email.subject.clone())
        .date(date)
        .message_id(Some(envelope.header_id.clone()));
    if let Some(address) = &envelope.reply_to {
        builder = builder.reply_to(mailbox(None, address)?);
    }
    for (name, value) in envelope.unsubscribe.iter().flat_map(unsubscribe_headers) {
        builder =
            builder.raw_header(HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value));
    }
    let part = |kind, text: &str| SinglePart::builder().header(kind).body(text.to_owned());
    // The boundary is derived from the Message-ID: the same input makes the same bytes.
    let boundary = hex::encode(&Sha256::digest(envelope.header_id.as_bytes())[..16]);
    let parts = MultiPart::alternative()
        .boundary(boundary)
        .singlepart(part(ContentType::TEXT_PLAIN, &email.text))
        .singlepart(part(ContentType::TEXT_HTML, &email.html));
    Ok(builder.multipart(parts)?.formatted())
}

fn mailbox(name: Option<&str>, address: &EmailAddress) -> Result<Mailbox, ComposeError> {
    let wire = wire_address(address).map_err(|_| ComposeError::Address(address.to_string()))?;
    Ok(Mailbox::new(name.map(one_line).filter(|name| !name.is_empty()), wire))
}

fn unsubscribe_headers(unsubscribe: &Unsubscribe) -> Vec<(HeaderName, String)> {
    let mut headers = vec![(
        HeaderName::new_from_ascii_str("List-Unsubscribe"),
        format!("<{}>", unsubscribe.uri()),
    )];
    if matches!(unsubscribe, Unsubscribe::Web { .. }) {
        headers.push((
            HeaderName::new_from_ascii_str("List-Unsubscribe-Post"),
            "List-Unsubscribe=One-Click".to_owned(),
        ));
    }
    headers
}

fn is_header_id(id: &str) -> bool {
    let inner = id.strip_prefix('<').and_then(|id| id.strip_suffix('>'));
    inner.is_some_and(|inner| {
        inner.split('@').count() == 2
            && inner.chars().all(|c| c.is_ascii_graphic() && !"<>\"(),:;[]\\".contains(c))
    })
}
