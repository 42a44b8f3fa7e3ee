//! The letter under review: as it goes out (or went out), who made it, what the checks say, and what can be done.

use axum::extract::{Path, State};
use axum::response::Response;

use super::PageQuery;
use super::overview::Board;
use crate::app::App;
use crate::campaigns::checks::rule::{Finding, is_flawless};
use crate::campaigns::emails;
use crate::model::email::Draft;
use crate::model::made_by::Maker;
use crate::model::message::{MessageState, SkipReason};
use crate::model::{CampaignId, DeliveryId, MessageId, PersonId};
use crate::store::deliveries::Listed;
use crate::store::messages::Message;
use crate::store::{self, Conn};
use crate::web::Error;
use crate::web::form::FieldErrors;
use crate::web::outbox::{Content, in_a_frame, unwrapped};
use crate::web::page::{Times, tone};
use crate::web::turn::Turns;

/// The form that is open in place of the letter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    #[default]
    Read,
    Edit,
    Again,
}

/// What the editor holds.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    pub subject: String,
    pub body: String,
}

#[expect(clippy::struct_excessive_bools, reason = "each turns one part of the pane on")]
pub struct Pane {
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
    /// Where in the list it stands: `Letter 3 of 64`.
    pub place: String,
    pub previous: Option<String>,
    pub next: Option<String>,
    pub made_by: String,
    pub checks: Vec<Check>,
    /// What a letter that passes every check is notice to be.
    pub clean: String,
    /// About its state, such as who approved it or what the server notice.
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
    /// `/outreach/7/messages/12/`, to which a deed is added, and the filter that follows it.
    pub deeds: String,
    pub query: String,
    pub mode: Mode,
    pub typed: Typed,
    pub errors: FieldErrors,
    pub problem: String,
    pub notice: String,
    /// The message that an undo is about stands in `undo_url`.
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
    /// A person who has read the complaints answers for them.
    pub approve_anyway: bool,
    pub edit: bool,
    pub write_again: bool,
    pub skip: bool,
    pub take_back: bool,
    pub take_up: bool,
    pub settle: bool,
    pub send_again: bool,
}

pub struct Check {
    pub words: &'static str,
    pub place: String,
    pub blocks: bool,
}

pub struct Attempt {
    pub id: DeliveryId,
    pub time: String,
    pub what: &'static str,
    pub words: String,
}

impl Pane {
    /// `None` when its person was erased meanwhile.
    pub async fn read(
        conn: &mut Conn,
        app: &App,
        board: &Board,
        message: &Message,
        query: &PageQuery,
    ) -> Result<Option<Self>, Error> {
        let Some(letter) = emails::read(conn, &app.config, message).await? else {
            return Ok(None);
        };
        let draft = Draft { subject: message.subject.clone(), body: message.body.clone() };
        let (whole, findings) = letter.check(&draft);
        let is_written = !draft.body.trim().is_empty();
        let changed = message
            .approved_hash
            .as_ref()
            .is_some_and(|approved| *approved != letter.hash(&draft, &whole));
        let mails = store::deliveries::of_message(conn, message.id).await?;
        let out = sent_mail(conn, message, &mails).await?;
        let own_html = format!("/outreach/{}/messages/{}/letter", message.campaign_id, message.id);
        let (text, html_url) = match out {
            Some((mail, content)) => (content.text, format!("/outbox/{mail}/html")),
            None => (whole.text, own_html),
        };
        let filter = &board.filter;
        let (list, q) = (filter.state, &filter.q);
        let campaign = message.campaign_id;
        let before = store::messages::place(conn, campaign, list, q, message.id).await?;
        let previous = store::messages::before(conn, campaign, list, q, message.id).await?;
        let next = store::messages::after(conn, campaign, list, q, message.id).await?;
        let mut notes = notes(message, changed, &board.times);
        if message.state == MessageState::Queued {
            let job = board.campaign.kind.draft(message.id);
            let turns = Turns::read(conn, app, board.now).await?;
            notes.extend(turns.of(conn, job, &board.times).await?);
        }
        let address = app.config.mail.from_address();
        let can = Can::of(message, is_written, &findings);
        let here = |more: &[(&str, &str)]| filter.page(Some(message.id), more);
        let deeds = |id: MessageId| format!("/outreach/{campaign}/messages/{id}/");
        Ok(Some(Self {
            person: letter.person.id,
            name: letter.person.name.clone(),
            address: letter.person.address.to_string(),
            from: match &letter.facts.event.sender_name {
                Some(name) => format!("{name} <{address}>"),
                None => address.to_string(),
            },
            reply_to: letter.reply_to.as_ref().map(ToString::to_string).unwrap_or_default(),
            subject: message.subject.clone(),
            is_written,
            label: message.state.label(),
            tone: tone(message.state),
            place: if list.is_none_or(|state| state == message.state) && before < board.pager.total
            {
                format!("Letter {} of {}", before + 1, board.pager.total)
            } else {
                "Letter".into()
            },
            previous: previous.map(|id| filter.page(Some(id), &[])),
            next: next.map(|id| filter.page(Some(id), &[])),
            made_by: made_by_words(message, &board.times),
            clean: format!(
                "Every check passed: {} words, nothing invented, no gap, only the event’s links.",
                text.split_whitespace().count()
            ),
            checks: findings.iter().map(Check::new).collect(),
            notes,
            attempts: mails.into_iter().map(|mail| Attempt::new(mail, &board.times)).collect(),
            hint: message.hint.clone(),
            shows_html: query.view.as_deref() == Some("html"),
            html_url,
            text_tab: here(&[]),
            html_tab: here(&[("view", "html")]),
            edit_url: here(&[("mode", "edit")]),
            again_url: here(&[("mode", "again")]),
            read_url: here(&[]),
            undo_url: filter
                .url(&format!("{}disapprove", deeds(query.notice.of.unwrap_or(message.id))), &[]),
            deeds: deeds(message.id),
            query: filter.url("", &[]),
            mode: match query.mode.as_deref() {
                Some("edit") if can.edit => Mode::Edit,
                Some("again") if can.write_again => Mode::Again,
                _ => Mode::Read,
            },
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

impl Can {
    fn of(message: &Message, is_written: bool, findings: &[Finding]) -> Self {
        let state = message.state;
        let is_draft = state == MessageState::Drafted;
        let flawless = is_flawless(findings);
        let hopeless = findings.iter().any(|finding| finding.rule.is_final());
        let waits = message.released_at.is_none();
        let is_approved = state == MessageState::Approved && waits;
        let reason = message.skip_reason();
        let stays_out = matches!(reason, Some(SkipReason::OptedOut | SkipReason::Suppressed));
        Self {
            approve: is_draft && flawless,
            approve_anyway: is_draft && !flawless && !hopeless,
            edit: is_draft || is_approved,
            write_again: is_draft || is_approved || state == MessageState::Failed,
            skip: matches!(
                state,
                MessageState::Queued
                    | MessageState::Drafting
                    | MessageState::Drafted
                    | MessageState::Approved
            ),
            take_back: is_approved,
            take_up: state == MessageState::Skipped && !stays_out && message.forgotten_at.is_none(),
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
            words: finding.rule.sentence(),
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
            what: match (mail.transport.as_str(), mail.state.as_str()) {
                ("outbox", "sent") => "sent (outbox)",
                (_, "sent") => "sent",
                (_, "refused") => "refused",
                (_, "uncertain") => "nobody knows",
                (_, "queued") => "waits",
                _ => "being sent",
            },
            words: mail.words.unwrap_or_default(),
        }
    }
}

/// The mail that went out, or may have, with what stands in it: the page shows that, not what would go out today.
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
    // A mail without HTML has nothing to show in the other tab.
    Ok(content.filter(|content| content.html.is_some()).map(|content| (last.id, content)))
}

fn made_by_words(message: &Message, times: &Times) -> String {
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
                " It waits for its turn to be sent."
            } else {
                " It waits for you to send."
            };
            notes.push(format!("Approved by {by}, {at}.{turn}"));
            if changed {
                notes.push(
                    "Something in it has changed since (the settings, the person or a link). Take the approval back and \
                     read it again: as it is, it does not go out."
                        .into(),
                );
            }
            if let Some(at) = message.not_before {
                notes.push(format!("It is tried again at {}.", times.at(at)));
            }
        }
        MessageState::Sent => {
            notes.extend(message.sent_at.map(|at| format!("Sent {}.", times.at(at))));
        }
        MessageState::Skipped => {
            let reason = message.skip_reason().map_or("no reason is known", SkipReason::label);
            notes.push(format!("Not sent: {reason}."));
        }
        MessageState::Uncertain => notes.push(
            "It may or may not have gone out, and is not sent again on its own. Ask the person, or look into the sent \
             folder of the mail account; then say what happened."
                .into(),
        ),
        MessageState::Queued => notes.push("It waits for its turn to be written.".into()),
        MessageState::Drafting => notes.push("It is being written.".into()),
        MessageState::Sending => notes.push("It is being sent.".into()),
        MessageState::Drafted | MessageState::Failed => {}
    }
    notes.extend(message.error.clone());
    notes
}

/// A letter's HTML part as it would go out now, for a frame in which nothing runs.
pub async fn letter_html(
    State(app): State<App>,
    Path((campaign, id)): Path<(CampaignId, MessageId)>,
) -> Result<Response, Error> {
    let mut conn = app.db.read().await?;
    let message = store::messages::find(&mut conn, id).await?;
    let message = message.filter(|it| it.campaign_id == campaign).ok_or(Error::NotFound)?;
    let letter = emails::read(&mut conn, &app.config, &message).await?.ok_or(Error::NotFound)?;
    let draft = Draft { subject: message.subject, body: message.body };
    let (whole, _) = letter.check(&draft);
    Ok(in_a_frame(whole.html))
}
