//! The review panel: a message as it will be sent (or was), who wrote it, the findings, and the possible actions.

use axum::extract::{Path, State};
use axum::response::Response;

use super::filter::PageQuery;
use super::overview::Overview;
use crate::app::App;
use crate::campaigns::checks::rule::{Finding, is_flawless};
use crate::campaigns::emails;
use crate::model::email::Draft;
use crate::model::made_by::Maker;
use crate::model::message::{MessageState, SkipReason};
use crate::model::{CampaignId, DeliveryId, EmailAddress, MessageId, PersonId};
use crate::store::deliveries::Listed;
use crate::store::messages::Message;
use crate::store::{self, Conn};
use crate::web::error::Error;
use crate::web::expected::Estimates;
use crate::web::form::FieldErrors;
use crate::web::outbox::{Content, in_a_frame, unwrapped};
use crate::web::page::{Times, tone};

/// The form that is open instead of the email.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    #[default]
    Read,
    Edit,
    Again,
}

/// The editor's content.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    pub subject: String,
    pub body: String,
}

#[expect(clippy::struct_excessive_bools, reason = "each turns one part of the panel on")]
pub struct ReviewPanel {
    pub person: PersonId,
    pub name: String,
    pub address: String,
    pub from: String,
    pub reply_to: String,
    pub subject: String,
    pub text: String,
    pub is_written: bool,
    pub label: &'static str,
    pub tone: &'static str,
    /// Its position in the list: `Message 3 of 64`.
    pub place: String,
    pub previous: Option<String>,
    pub next: Option<String>,
    pub made_by: String,
    pub checks: Vec<Check>,
    /// The line shown when every check passes.
    pub clean: String,
    /// About its state, such as who approved it or what the server answered.
    pub notes: Vec<String>,
    pub attempts: Vec<Attempt>,
    pub hint: String,
    pub shows_html: bool,
    pub html_url: String,
    pub text_tab: String,
    pub html_tab: String,
    pub edit_url: String,
    pub again_url: String,
    pub read_url: String,
    /// `/outreach/7/messages/12/`, which is followed by an action and the filter.
    pub actions: String,
    pub query: String,
    pub mode: Mode,
    pub typed: Typed,
    pub errors: FieldErrors,
    pub problem: String,
    pub notice: String,
    /// Whether the approval at `undo_url` can be undone.
    pub undo: bool,
    pub undo_url: String,
    pub has_focus: bool,
    pub can: Can,
}

/// Which buttons there are.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "one for each button")]
pub struct Can {
    pub approve: bool,
    /// Possible in spite of the findings, for a person who has read them.
    pub approve_anyway: bool,
    pub edit: bool,
    pub write_again: bool,
    pub skip: bool,
    pub withdraw: bool,
    pub restore: bool,
    pub settle: bool,
    pub send_again: bool,
}

pub struct Check {
    pub sentence: &'static str,
    pub place: String,
    pub blocks: bool,
}

pub struct Attempt {
    pub id: DeliveryId,
    pub time: String,
    pub result: &'static str,
    pub response: String,
}

impl ReviewPanel {
    /// `None` when the person was erased in the meantime.
    pub async fn read(
        conn: &mut Conn,
        app: &App,
        overview: &Overview,
        message: &Message,
        query: &PageQuery,
    ) -> Result<Option<Self>, Error> {
        let Some(context) = emails::read(conn, &app.config, message).await? else {
            return Ok(None);
        };
        let draft = Draft { subject: message.subject.clone(), body: message.body.clone() };
        let (email, findings) = context.check(&draft);
        let is_written = !draft.body.trim().is_empty();
        let changed = message
            .approved_hash
            .as_ref()
            .is_some_and(|approved| *approved != context.hash(&draft, &email));
        let mails = store::deliveries::of_message(conn, message.id).await?;
        let campaign = message.campaign_id;
        let (text, html_url) = match sent_mail(conn, message, &mails).await? {
            Some((mail, sent)) => (sent.text, format!("/outbox/{mail}/html")),
            None => (email.text, format!("/outreach/{campaign}/messages/{}/email", message.id)),
        };
        let filter = &overview.filter;
        let (place, previous, next) = neighbours(conn, overview, message).await?;
        let mut notes = notes(message, changed, &overview.times);
        if message.state == MessageState::Queued {
            let job = overview.campaign.kind.draft(message.id);
            let estimates = Estimates::read(conn, app, overview.now).await?;
            notes.extend(estimates.of(conn, job, &overview.times).await?);
        }
        let address = app.config.mail.from_address();
        let can = Can::of(message, is_written, &findings);
        let here = |more: &[(&str, &str)]| filter.page(Some(message.id), more);
        let actions = |id: MessageId| format!("/outreach/{campaign}/messages/{id}/");
        Ok(Some(Self {
            person: context.person.id,
            name: context.person.name.clone(),
            address: context.person.address.to_string(),
            from: sender(context.facts.event.sender_name.as_deref(), &address),
            reply_to: context.reply_to.as_ref().map(ToString::to_string).unwrap_or_default(),
            subject: message.subject.clone(),
            is_written,
            label: message.state.label(),
            tone: tone(message.state),
            place,
            previous: previous.map(|id| filter.page(Some(id), &[])),
            next: next.map(|id| filter.page(Some(id), &[])),
            made_by: made_by_text(message, &overview.times),
            clean: clean(&text),
            checks: findings.iter().map(Check::new).collect(),
            notes,
            attempts: mails.into_iter().map(|mail| Attempt::new(mail, &overview.times)).collect(),
            hint: message.hint.clone(),
            shows_html: query.view.as_deref() == Some("html"),
            html_url,
            text_tab: here(&[]),
            html_tab: here(&[("view", "html")]),
            edit_url: here(&[("mode", "edit")]),
            again_url: here(&[("mode", "again")]),
            read_url: here(&[]),
            undo_url: filter
                .url(&format!("{}disapprove", actions(query.notice.of.unwrap_or(message.id))), &[]),
            actions: actions(message.id),
            query: filter.url("", &[]),
            mode: Mode::of(query.mode.as_deref(), &can),
            typed: Typed { subject: draft.subject, body: draft.body },
            errors: FieldErrors::default(),
            problem: String::new(),
            notice: String::new(),
            undo: false,
            has_focus: false,
            can,
            text: unwrapped(&text),
        }))
    }
}

impl Mode {
    /// The mode in an address, if it is possible.
    fn of(word: Option<&str>, can: &Can) -> Self {
        match word {
            Some("edit") if can.edit => Self::Edit,
            Some("again") if can.write_again => Self::Again,
            _ => Self::Read,
        }
    }
}

impl Can {
    fn of(message: &Message, is_written: bool, findings: &[Finding]) -> Self {
        let state = message.state;
        let is_draft = state == MessageState::Drafted;
        let flawless = is_flawless(findings);
        let final_finding = findings.iter().any(|finding| finding.rule.is_final());
        let waits = message.released_at.is_none();
        let is_approved = state == MessageState::Approved && waits;
        let reason = message.skip_reason();
        let stays_out = matches!(reason, Some(SkipReason::OptedOut | SkipReason::Suppressed));
        Self {
            approve: is_draft && flawless,
            approve_anyway: is_draft && !flawless && !final_finding,
            edit: is_draft || is_approved,
            write_again: is_draft || is_approved || state == MessageState::Failed,
            skip: matches!(
                state,
                MessageState::Queued
                    | MessageState::Drafting
                    | MessageState::Drafted
                    | MessageState::Approved
            ),
            withdraw: is_approved,
            restore: state == MessageState::Skipped && !stays_out && message.forgotten_at.is_none(),
            settle: state == MessageState::Uncertain,
            send_again: state == MessageState::Failed
                && is_written
                && message.approved_hash.is_some(),
        }
    }
}

impl Check {
    fn new(finding: &Finding) -> Self {
        Self {
            sentence: finding.rule.sentence(),
            place: finding.place.clone(),
            blocks: finding.rule.blocks(),
        }
    }
}

impl Attempt {
    fn new(mail: Listed, times: &Times) -> Self {
        Self {
            id: mail.id,
            time: times.at(mail.started_at),
            result: mail.state.label(mail.transport),
            response: mail.response.unwrap_or_default(),
        }
    }
}

/// The place of a message in the filtered list, and the messages before and after it.
async fn neighbours(
    conn: &mut Conn,
    overview: &Overview,
    message: &Message,
) -> sqlx::Result<(String, Option<MessageId>, Option<MessageId>)> {
    let (list, q, campaign) = (overview.filter.state, &overview.filter.q, message.campaign_id);
    let before = store::messages::place(conn, campaign, list, q, message.id).await?;
    let previous = store::messages::before(conn, campaign, list, q, message.id).await?;
    let next = store::messages::after(conn, campaign, list, q, message.id).await?;
    let total = overview.pager.total;
    let is_listed = list.is_none_or(|state| state == message.state) && before < total;
    let place =
        if is_listed { format!("Message {} of {total}", before + 1) } else { "Message".into() };
    Ok((place, previous, next))
}

fn clean(text: &str) -> String {
    let words = text.split_whitespace().count();
    format!(
        "Every check passed: {words} words, nothing invented, no placeholders, only the event’s links."
    )
}

fn sender(name: Option<&str>, address: &EmailAddress) -> String {
    name.map_or_else(|| address.to_string(), |name| format!("{name} <{address}>"))
}

/// The email that was sent or may have been sent: the page shows its content, not what would be sent today.
async fn sent_mail(
    conn: &mut Conn,
    message: &Message,
    mails: &[Listed],
) -> sqlx::Result<Option<(DeliveryId, Content)>> {
    let has_gone = matches!(
        message.state,
        MessageState::Sent | MessageState::Sending | MessageState::Uncertain
    );
    let Some(last) = mails.last().filter(|_| has_gone) else { return Ok(None) };
    let mail = store::deliveries::find(conn, last.id).await?;
    let content = mail.map(|mail| Content::read(&mail.bytes));
    // An email without HTML has nothing to show in the other tab.
    Ok(content.filter(|content| content.html.is_some()).map(|content| (last.id, content)))
}

fn made_by_text(message: &Message, times: &Times) -> String {
    let Some(made) = message.made_by() else { return String::new() };
    let at = message.drafted_at.map(|at| times.at(at)).unwrap_or_default();
    let why = made.why.map(|why| format!(": {why}")).unwrap_or_default();
    match (made.by, made.model, made.key) {
        (Maker::Model, Some(model), Some(key)) if key.is_reserve() => {
            format!("{model}, the reserve key, {at}")
        }
        (Maker::Model, Some(model), Some(key)) => format!("{model}, key {key}, {at}"),
        (Maker::Model, ..) => format!("Gemini, {at}"),
        (Maker::Person, ..) => format!("an organiser, {at}"),
        (Maker::Template | Maker::Taxonomy | Maker::Passage, ..) => {
            format!("the template, {at}{why}")
        }
    }
}

fn notes(message: &Message, changed: bool, times: &Times) -> Vec<String> {
    let mut notes = Vec::new();
    match message.state {
        MessageState::Approved => {
            let by = message.approved_by.as_deref().unwrap_or("an organiser");
            let at = message.approved_at.map(|at| times.at(at)).unwrap_or_default();
            let turn = if message.released_at.is_some() {
                " It is waiting to be sent."
            } else {
                " It waits for you to send it."
            };
            notes.push(format!("Approved by {by}, {at}.{turn}"));
            if changed {
                notes.push(
                    "It has changed since then (the settings, the person or a link), so it will not be sent. Withdraw \
                     the approval and review it again."
                        .into(),
                );
            }
            if let Some(at) = message.not_before {
                notes.push(format!("The next try is at {}.", times.at(at)));
            }
        }
        MessageState::Sent => {
            notes.extend(message.sent_at.map(|at| format!("Sent {}.", times.at(at))));
        }
        MessageState::Skipped => {
            let reason = message.skip_reason().map_or("the reason is not known", SkipReason::label);
            notes.push(format!("Not sent: {reason}."));
        }
        MessageState::Uncertain => notes.push(
            "It may or may not have been sent, and is not sent again automatically. Ask the person, or look in the sent \
             folder of the email account, then choose below."
                .into(),
        ),
        MessageState::Queued => notes.push("It is waiting to be written.".into()),
        MessageState::Drafting => notes.push("It is being written.".into()),
        MessageState::Sending => notes.push("It is being sent.".into()),
        MessageState::Drafted | MessageState::Failed => {}
    }
    notes.extend(message.error.clone());
    notes
}

/// The HTML part of the email as it would be sent now, for a frame that runs no scripts.
pub async fn email_html(
    State(app): State<App>,
    Path((campaign, id)): Path<(CampaignId, MessageId)>,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let message = store::messages::find(&mut conn, id).await?;
    let message = message.filter(|it| it.campaign_id == campaign).ok_or(Error::NotFound)?;
    let context = emails::read(&mut conn, &app.config, &message).await?.ok_or(Error::NotFound)?;
    let draft = Draft { subject: message.subject, body: message.body };
    let (email, _) = context.check(&draft);
    Ok(in_a_frame(email.html))
}
