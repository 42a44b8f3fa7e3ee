//! The outbox: every email that was sent, refused or kept here, and each email as its recipient sees it.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};
use mail_parser::{HeaderValue, MessageParser};
use serde::Deserialize;

use super::error::Error;
use super::guard::Organiser;
use super::page::{Frame, Pager, Place, Times, count, filters, render};
use crate::app::App;
use crate::model::DeliveryId;
use crate::model::delivery::{DeliveryState, Transport};
use crate::store::deliveries::Listed;
use crate::{events, store};

const PER_PAGE: i64 = 50;

/// What an email's HTML may do in its frame: look as in a mail client. It runs no script, sends no form and loads
/// nothing.
pub const EMAIL_POLICY: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
    form-action 'none'; base-uri 'none'; frame-ancestors 'self'";

/// The tabs: the value of `show`, and the state of the deliveries that are listed.
const TABS: [(&str, Option<DeliveryState>); 5] = [
    ("", None),
    ("sent", Some(DeliveryState::Sent)),
    ("refused", Some(DeliveryState::Refused)),
    ("uncertain", Some(DeliveryState::Uncertain)),
    ("sending", Some(DeliveryState::Sending)),
];

// ── The list ──

#[derive(Template)]
#[template(path = "outbox/list.html")]
pub struct ListPage {
    frame: Frame,
    q: String,
    show: &'static str,
    tabs: Vec<Tab>,
    rows: Vec<Row>,
    pager: Pager,
    nothing: bool,
    stays_here: bool,
}

struct Tab {
    label: &'static str,
    url: String,
    current: bool,
}

struct Row {
    id: DeliveryId,
    subject: String,
    name: String,
    address: String,
    state: StateLabel,
    response: String,
    time: String,
}

/// The label of a state and its tone, which decides colour and shape.
struct StateLabel {
    label: &'static str,
    tone: &'static str,
}

impl StateLabel {
    fn new(transport: Transport, state: DeliveryState) -> Self {
        let tone = match state {
            DeliveryState::Queued => "none",
            DeliveryState::Sending => "go",
            DeliveryState::Sent => "ok",
            DeliveryState::Refused => "bad",
            DeliveryState::Uncertain => "wait",
        };
        Self { label: state.label(transport), tone }
    }
}

#[derive(Deserialize)]
pub struct ListQuery {
    q: Option<String>,
    show: Option<String>,
    page: Option<i64>,
}

pub async fn list(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let frame = Frame::load(&app, &mut conn, &organiser, Place::Outbox).await?;
    let event = events::current(&mut conn, &app.config).await?;
    let times = Times::new(event.time_zone.as_deref(), app.clock.now());
    let q = query.q.unwrap_or_default();
    let (show, state) =
        TABS.into_iter().find(|(name, _)| Some(*name) == query.show.as_deref()).unwrap_or(TABS[0]);
    let total = store::deliveries::count(&mut conn, &q, state).await?;
    let pager = Pager::new(query.page, PER_PAGE, total, "/outbox", &[("q", &q), ("show", show)]);
    let rows = store::deliveries::list(&mut conn, &q, state, PER_PAGE, pager.offset()).await?;
    let tab = |(name, state): (&'static str, Option<DeliveryState>)| Tab {
        label: state.map_or("All", |it| it.label(Transport::Smtp)),
        url: Pager::new(None, 1, 0, "/outbox", &[("q", &q), ("show", name)]).address(),
        current: name == show,
    };
    let page = ListPage {
        tabs: TABS.into_iter().map(tab).collect(),
        nothing: total == 0 && q.is_empty() && show.is_empty(),
        stays_here: app.config.mail.stays_here(),
        rows: rows.into_iter().map(|row| Row::new(row, &times)).collect(),
        frame,
        q,
        show,
        pager,
    };
    Ok(render(&page)?.into_response())
}

impl Row {
    fn new(delivery: Listed, times: &Times) -> Self {
        Self {
            id: delivery.id,
            subject: subject_or_placeholder(&delivery.subject),
            name: delivery.name.unwrap_or_default(),
            address: delivery.recipient,
            state: StateLabel::new(delivery.transport, delivery.state),
            response: delivery.response.unwrap_or_default(),
            time: times.at(delivery.started_at),
        }
    }
}

fn subject_or_placeholder(subject: &str) -> String {
    if subject.trim().is_empty() { "(no subject)".into() } else { subject.to_owned() }
}

// ── One email ──

#[derive(Template)]
#[template(path = "outbox/email.html")]
pub struct EmailPage {
    frame: Frame,
    id: DeliveryId,
    subject: String,
    recipient: String,
    state: StateLabel,
    response: String,
    time: String,
    /// The address of its message in a campaign; empty for an email outside campaigns.
    message: String,
    headers: Vec<(String, String)>,
    text: String,
    has_html: bool,
    size: String,
}

pub async fn email(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path(id): Path<DeliveryId>,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let delivery = store::deliveries::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
    let frame = Frame::load(&app, &mut conn, &organiser, Place::Outbox).await?;
    let event = events::current(&mut conn, &app.config).await?;
    let times = Times::new(event.time_zone.as_deref(), app.clock.now());
    let message = match delivery.message_id {
        Some(message) => store::messages::find(&mut conn, message).await?,
        None => None,
    };
    let content = Content::read(&delivery.bytes);
    let page = EmailPage {
        frame,
        id,
        subject: subject_or_placeholder(&delivery.subject),
        recipient: delivery.recipient,
        state: StateLabel::new(delivery.transport, delivery.state),
        response: delivery.response.unwrap_or_default(),
        time: times.at(delivery.started_at),
        message: message
            .map(|it| format!("/outreach/{}?message={}", it.campaign_id, it.id))
            .unwrap_or_default(),
        headers: content.headers,
        text: unwrapped(&content.text),
        has_html: content.html.is_some(),
        size: count((delivery.bytes.len() as i64 + 1023) / 1024, "KB", "KB"),
    };
    Ok(render(&page)?.into_response())
}

/// A parsed email, as the recipient's mail client reads it.
#[derive(Debug, Default)]
pub struct Content {
    pub headers: Vec<(String, String)>,
    pub text: String,
    pub html: Option<String>,
}

impl Content {
    pub fn read(bytes: &[u8]) -> Self {
        let Some(email) = MessageParser::default().parse(bytes) else { return Self::default() };
        let headers = email
            .headers_raw()
            .zip(email.headers())
            .map(|((name, raw), header)| (name.to_owned(), decoded(&header.value, raw)))
            .collect();
        let has_html = email.html_bodies().any(mail_parser::MessagePart::is_text_html);
        Self {
            text: email.body_text(0).unwrap_or_default().replace("\r\n", "\n"),
            html: email.body_html(0).filter(|_| has_html).map(std::borrow::Cow::into_owned),
            headers,
        }
    }
}

/// A header's value in readable form; anything but text and addresses is kept as it was written.
fn decoded(value: &HeaderValue<'_>, raw: &str) -> String {
    match value {
        HeaderValue::Text(text) if raw.contains("=?") => text.to_string(),
        HeaderValue::Address(addresses) if raw.contains("=?") => {
            let one = |address: &mail_parser::Addr<'_>| {
                let at = address.address.as_deref().unwrap_or_default();
                match &address.name {
                    Some(name) => format!("{name} <{at}>"),
                    None => at.to_owned(),
                }
            };
            addresses.iter().map(one).collect::<Vec<_>>().join(", ")
        }
        _ => raw.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

/// The column at which lines of the text part are wrapped.
const COLUMNS: usize = 72;

/// The text without the line breaks that only kept it narrow; the page wraps it to its own width.
///
/// A line is joined with the next one if the first word of the next one would not have fitted. Below the signature's
/// dashes each line is a sentence of its own, so a line that ends with a full stop is not joined.
pub fn unwrapped(text: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    let mut in_footer = false;
    for line in text.lines() {
        in_footer |= line.trim_end() == "--";
        let first = line.split_whitespace().next().unwrap_or_default();
        let continues = column > 0
            && !matches!(first, "" | "-" | "*")
            && column + 1 + first.chars().count() > COLUMNS
            && !out.ends_with(':')
            && !(in_footer && out.ends_with('.'));
        if continues {
            out.push(' ');
            out.push_str(line.trim_start());
        } else {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(line);
        }
        column = line.chars().count();
    }
    out
}

/// The HTML part alone, for a frame that runs no scripts.
pub async fn html(State(app): State<App>, Path(id): Path<DeliveryId>) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let delivery = store::deliveries::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
    let html = Content::read(&delivery.bytes).html.ok_or(Error::NotFound)?;
    Ok(in_a_frame(html))
}

/// An email's HTML with a policy that allows it nothing but to be shown.
pub fn in_a_frame(html: String) -> Response {
    ([(CONTENT_SECURITY_POLICY, EMAIL_POLICY)], Html(html)).into_response()
}

/// The bytes as they were sent: `/outbox/7.eml`.
pub async fn eml(State(app): State<App>, id: DeliveryId) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let delivery = store::deliveries::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
    let headers = [
        (CONTENT_TYPE, "message/rfc822".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"muster-{id}.eml\"")),
    ];
    Ok((headers, delivery.bytes).into_response())
}

/// `/outbox/7` and `/outbox/7.eml` share one route: a path parameter is a complete segment.
pub async fn email_or_eml(
    state: State<App>,
    organiser: Extension<Organiser>,
    Path(name): Path<String>,
) -> Result<Response, Error> {
    let (number, is_eml) =
        name.strip_suffix(".eml").map_or((name.as_str(), false), |it| (it, true));
    let id = number.parse().map(DeliveryId).map_err(|_| Error::NotFound)?;
    if is_eml { eml(state, id).await } else { email(state, organiser, Path(id)).await }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_that_were_wrapped_are_joined() {
        let text = "Hi Zoë,\n\nHack & Harbour takes place on 16–17 January 2027 in the Old Fish Hall: 36\nhours.\n\n\
            - Ada Example, Engineer at a company with a name of many words: Rust and\n  SQL\n- Bo\n\nWarm regards,\nMeera\n-- \n\
            To unsubscribe, reply with the word STOP; we will not email you again.\nHarbour Hack, Pier 4";
        assert_eq!(
            unwrapped(text),
            "Hi Zoë,\n\nHack & Harbour takes place on 16–17 January 2027 in the Old Fish Hall: 36 hours.\n\n\
             - Ada Example, Engineer at a company with a name of many words: Rust and SQL\n- Bo\n\nWarm regards,\nMeera\n-- \n\
             To unsubscribe, reply with the word STOP; we will not email you again.\nHarbour Hack, Pier 4"
        );
    }

    #[test]
    fn an_email_is_parsed_as_its_recipient_sees_it() {
        let bytes = b"Subject: =?utf-8?q?Zo=C3=AB?=\r\nFrom: =?utf-8?q?Zo=C3=AB?= <z@example.org>\r\nTo: A\r\n <a@example.org>\r\nMIME-Version: 1.0\r\n\
            Content-Type: text/plain; charset=utf-8\r\n\r\nHello\r\nyou\r\n";
        let content = Content::read(bytes);
        assert_eq!(content.headers[0], ("Subject".into(), "Zoë".into()));
        assert_eq!(content.headers[1], ("From".into(), "Zoë <z@example.org>".into()));
        assert_eq!(content.headers[2], ("To".into(), "A <a@example.org>".into()));
        assert_eq!((content.text.as_str(), content.html), ("Hello\nyou\n", None));
    }
}
