//! Every mail that went out, was refused or stayed here, and each as its recipient sees it.

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

/// What a letter's HTML may do in its frame: look as it does in a mail client, and nothing else. No script, no form,
/// nothing loaded from anywhere.
pub const LETTER_POLICY: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
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
    state: StateWords,
    words: String,
    time: String,
}

/// A state as a word, its colour and its shape.
struct StateWords {
    label: &'static str,
    tone: &'static str,
}

impl StateWords {
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
        TABS.into_iter().find(|(word, _)| Some(*word) == query.show.as_deref()).unwrap_or(TABS[0]);
    let total = store::deliveries::count(&mut conn, &q, state).await?;
    let pager = Pager::new(query.page, PER_PAGE, total, "/outbox", &[("q", &q), ("show", show)]);
    let rows = store::deliveries::list(&mut conn, &q, state, PER_PAGE, pager.offset()).await?;
    let tab = |(word, state): (&'static str, Option<DeliveryState>)| Tab {
        label: state.map_or("All", |it| it.label(Transport::Smtp)),
        url: Pager::new(None, 1, 0, "/outbox", &[("q", &q), ("show", word)]).address(),
        current: word == show,
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
    fn new(mail: Listed, times: &Times) -> Self {
        Self {
            id: mail.id,
            subject: subject_words(&mail.subject),
            name: mail.name.unwrap_or_default(),
            address: mail.recipient,
            state: StateWords::new(mail.transport, mail.state),
            words: mail.response.unwrap_or_default(),
            time: times.at(mail.started_at),
        }
    }
}

fn subject_words(subject: &str) -> String {
    if subject.trim().is_empty() { "(no subject)".into() } else { subject.to_owned() }
}

// ── One mail ──

#[derive(Template)]
#[template(path = "outbox/mail.html")]
pub struct MailPage {
    frame: Frame,
    id: DeliveryId,
    subject: String,
    recipient: String,
    state: StateWords,
    words: String,
    time: String,
    /// Where its letter stands in a campaign; empty for a mail that only tried the settings.
    letter: String,
    headers: Vec<(String, String)>,
    text: String,
    has_html: bool,
    size: String,
}

pub async fn mail(
    State(app): State<App>,
    Extension(organiser): Extension<Organiser>,
    Path(id): Path<DeliveryId>,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let mail = store::deliveries::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
    let frame = Frame::load(&app, &mut conn, &organiser, Place::Outbox).await?;
    let event = events::current(&mut conn, &app.config).await?;
    let times = Times::new(event.time_zone.as_deref(), app.clock.now());
    let message = match mail.message_id {
        Some(message) => store::messages::find(&mut conn, message).await?,
        None => None,
    };
    let content = Content::read(&mail.bytes);
    let page = MailPage {
        frame,
        id,
        subject: subject_words(&mail.subject),
        recipient: mail.recipient,
        state: StateWords::new(mail.transport, mail.state),
        words: mail.response.unwrap_or_default(),
        time: times.at(mail.started_at),
        letter: message
            .map(|it| format!("/outreach/{}?message={}", it.campaign_id, it.id))
            .unwrap_or_default(),
        headers: content.headers,
        text: unwrapped(&content.text),
        has_html: content.html.is_some(),
        size: count((mail.bytes.len() as i64 + 1023) / 1024, "KB", "KB"),
    };
    Ok(render(&page)?.into_response())
}

/// A mail taken apart, as its recipient's program does it.
#[derive(Debug, Default)]
pub struct Content {
    pub headers: Vec<(String, String)>,
    pub text: String,
    pub html: Option<String>,
}

impl Content {
    pub fn read(bytes: &[u8]) -> Self {
        let Some(mail) = MessageParser::default().parse(bytes) else { return Self::default() };
        let headers = mail
            .headers_raw()
            .zip(mail.headers())
            .map(|((name, raw), header)| (name.to_owned(), decoded(&header.value, raw)))
            .collect();
        let has_html = mail.html_bodies().any(mail_parser::MessagePart::is_text_html);
        Self {
            text: mail.body_text(0).unwrap_or_default().replace("\r\n", "\n"),
            html: mail.body_html(0).filter(|_| has_html).map(std::borrow::Cow::into_owned),
            headers,
        }
    }
}

/// A header's value as people read it; what is neither a text nor addresses stays as it was written.
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

/// Columns at which the text part breaks its lines.
const COLUMNS: usize = 72;

/// The text without the breaks that were made for its width alone: a line is joined with the next one when the first
/// word of that would not have fitted; under the signature's dashes, where each line says something else, not after a
/// full stop. The page breaks the lines anew, to its own width.
pub fn unwrapped(text: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    let mut in_foot = false;
    for line in text.lines() {
        in_foot |= line.trim_end() == "--";
        let first = line.split_whitespace().next().unwrap_or_default();
        let goes_on = column > 0
            && !matches!(first, "" | "-" | "*")
            && column + 1 + first.chars().count() > COLUMNS
            && !out.ends_with(':')
            && !(in_foot && out.ends_with('.'));
        if goes_on {
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

/// The HTML part on its own, for a frame in which nothing runs.
pub async fn html(State(app): State<App>, Path(id): Path<DeliveryId>) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let mail = store::deliveries::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
    let html = Content::read(&mail.bytes).html.ok_or(Error::NotFound)?;
    Ok(in_a_frame(html))
}

/// A letter's HTML with the policy that keeps it a picture.
pub fn in_a_frame(html: String) -> Response {
    ([(CONTENT_SECURITY_POLICY, LETTER_POLICY)], Html(html)).into_response()
}

/// The bytes as they went out: `/outbox/7.eml`.
pub async fn eml(State(app): State<App>, id: DeliveryId) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let mail = store::deliveries::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
    let headers = [
        (CONTENT_TYPE, "message/rfc822".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"muster-{id}.eml\"")),
    ];
    Ok((headers, mail.bytes).into_response())
}

/// `/outbox/7` and `/outbox/7.eml` are one route: a parameter of a path is a whole segment.
pub async fn mail_or_eml(
    state: State<App>,
    organiser: Extension<Organiser>,
    Path(name): Path<String>,
) -> Result<Response, Error> {
    let (number, is_eml) =
        name.strip_suffix(".eml").map_or((name.as_str(), false), |it| (it, true));
    let id = number.parse().map(DeliveryId).map_err(|_| Error::NotFound)?;
    if is_eml { eml(state, id).await } else { mail(state, organiser, Path(id)).await }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_were_broken_for_their_width_are_whole_again_and_no_others() {
        let text = "Hi Zoë,\n\nHack & Harbour takes place on 16–17 January 2027 in the Old Fish Hall: 36\nhours.\n\n\
            - Ada Example, Engineer at a company with a name of many words: Rust and\n  SQL\n- Bo\n\nWarm regards,\nMeera\n-- \n\
            To leave the list, answer with the word STOP; we will not write again.\nHarbour Hack, Pier 4";
        assert_eq!(
            unwrapped(text),
            "Hi Zoë,\n\nHack & Harbour takes place on 16–17 January 2027 in the Old Fish Hall: 36 hours.\n\n\
             - Ada Example, Engineer at a company with a name of many words: Rust and SQL\n- Bo\n\nWarm regards,\nMeera\n-- \n\
             To leave the list, answer with the word STOP; we will not write again.\nHarbour Hack, Pier 4"
        );
    }

    #[test]
    fn a_mail_is_taken_apart_as_its_reader_sees_it() {
        let bytes = b"Subject: =?utf-8?q?Zo=C3=AB?=\r\nFrom: =?utf-8?q?Zo=C3=AB?= <z@example.org>\r\nTo: A\r\n <a@example.org>\r\nMIME-Version: 1.0\r\n\
            Content-Type: text/plain; charset=utf-8\r\n\r\nHello\r\nyou\r\n";
        let content = Content::read(bytes);
        assert_eq!(content.headers[0], ("Subject".into(), "Zoë".into()));
        assert_eq!(content.headers[1], ("From".into(), "Zoë <z@example.org>".into()));
        assert_eq!(content.headers[2], ("To".into(), "A <a@example.org>".into()));
        assert_eq!((content.text.as_str(), content.html), ("Hello\nyou\n", None));
    }
}
