//! What an organiser, or a job, does with a message.

use crate::campaigns::checks::rule::is_flawless;
use crate::campaigns::emails;
use crate::config::Config;
use crate::model::campaign::CampaignState;
use crate::model::email::Draft;
use crate::model::job::{Class, Job};
use crate::model::made_by::MadeBy;
use crate::model::message::{MessageState, SkipReason};
use crate::model::{CampaignId, MessageId, Millis, words};
use crate::people::SuppressionReason;
use crate::store::messages::{Message, Written};
use crate::store::{self, Conn};

/// How many drafts are written before one that fails a check waits for a person.
const MAX_DRAFTS: i64 = 2;

#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    #[error("this message does not exist any more")]
    Gone,
    #[error("only a draft can be approved, and this message is {}", .0.label().to_lowercase())]
    NotADraft(MessageState),
    #[error("this is not possible while the message is {}", .0.label().to_lowercase())]
    WrongState(MessageState),
    #[error("this email cannot be sent as it is: {0}")]
    Blocked(String),
    #[error("the campaign was cancelled; start a new one")]
    Cancelled,
    #[error("{0} unsubscribed and gets no more emails")]
    OptedOut(String),
    #[error(transparent)]
    Db(#[from] sqlx::Error),
}

/// What happened to a draft that was just written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterDraft {
    /// Stored, for review or to be sent.
    Kept,
    /// Failed a check, and is written again.
    Again,
    /// The message was cancelled meanwhile.
    Dropped,
}

/// Stores a draft of the model or the template.
///
/// In a live campaign, a draft that passes every check is approved and sent. One that fails a check is written again
/// once, then waits for a person.
pub async fn store_draft(
    tx: &mut Conn,
    config: &Config,
    message: &Message,
    draft: &Draft,
    made_by: &MadeBy,
    now: Millis,
) -> sqlx::Result<AfterDraft> {
    let Some(context) = emails::read(tx, config, message).await? else {
        return Ok(AfterDraft::Dropped);
    };
    let (_, findings) = context.check(draft);
    let json = serde_json::to_string(&findings).unwrap_or_default();
    let by_model = made_by.key.is_some();
    if !is_flawless(&findings) && by_model && message.drafts + 1 < MAX_DRAFTS {
        store::messages::requeue(tx, message.id, Some(&json), None).await?;
        return Ok(AfterDraft::Again);
    }
    let written = Written { subject: &draft.subject, body: &draft.body, made_by, findings: &json };
    if !store::messages::store_draft(tx, message.id, &written, now).await? {
        return Ok(AfterDraft::Dropped);
    }
    let campaign = store::campaigns::find(tx, message.campaign_id).await?;
    if campaign.is_some_and(|it| it.kind.sends_by_itself()) {
        approve_if_flawless(tx, config, message.id, now).await?;
    }
    Ok(AfterDraft::Kept)
}

/// Approves and sends a draft of a live campaign if it passes every check.
pub async fn approve_if_flawless(
    tx: &mut Conn,
    config: &Config,
    id: MessageId,
    now: Millis,
) -> sqlx::Result<()> {
    match approve(tx, config, id, "passed every check", false, now).await {
        Ok(()) => release(tx, id, Class::Bulk, now).await.map(drop),
        Err(MessageError::Db(error)) => Err(error),
        Err(MessageError::OptedOut(_)) => {
            store::messages::skip(tx, id, SkipReason::OptedOut).await?;
            if let Some(message) = store::messages::find(tx, id).await? {
                store::campaigns::finish_if_done(tx, message.campaign_id, now).await?;
            }
            Ok(())
        }
        // The draft waits for a person, who sees why.
        Err(_) => Ok(()),
    }
}

/// Approves a draft as it would be sent now. Its hash is stored, and nothing else may be sent.
///
/// `anyway`: a person has read the findings and approves all the same, which is not possible for final ones.
pub async fn approve(
    tx: &mut Conn,
    config: &Config,
    id: MessageId,
    by: &str,
    anyway: bool,
    now: Millis,
) -> Result<(), MessageError> {
    let message = store::messages::find(tx, id).await?.ok_or(MessageError::Gone)?;
    if message.state != MessageState::Drafted {
        return Err(MessageError::NotADraft(message.state));
    }
    let context = emails::read(tx, config, &message).await?.ok_or(MessageError::Gone)?;
    if store::suppressions::find(tx, &context.person.address.hash()).await?.is_some() {
        return Err(MessageError::OptedOut(context.person.name));
    }
    let draft = Draft { subject: message.subject.clone(), body: message.body.clone() };
    let (email, findings) = context.check(&draft);
    let blocking = findings
        .iter()
        .find(|finding| finding.rule.blocks() && (!anyway || finding.rule.is_final()));
    if let Some(finding) = blocking {
        return Err(MessageError::Blocked(finding.explained()));
    }
    if !store::messages::approve(tx, id, &context.hash(&draft, &email), by, now).await? {
        return Err(MessageError::NotADraft(message.state));
    }
    Ok(())
}

/// The result of approving some drafts at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Approved {
    pub approved: i64,
    /// Drafts that were not approved because of a check or an opt-out.
    pub kept: i64,
    /// Where to continue; `None` at the end.
    pub last: Option<MessageId>,
}

/// How many drafts [`approve_flawless`] checks in one transaction; more would keep the workers waiting.
const BATCH: i64 = 100;

/// Approves those of the campaign's next drafts after `after` that pass every check.
pub async fn approve_flawless(
    tx: &mut Conn,
    config: &Config,
    campaign: CampaignId,
    after: MessageId,
    by: &str,
    now: Millis,
) -> sqlx::Result<Approved> {
    let ids = store::messages::drafts_after(tx, campaign, after, BATCH).await?;
    let mut done = Approved { last: ids.last().copied(), ..Approved::default() };
    for id in ids {
        match approve(tx, config, id, by, false, now).await {
            Ok(()) => done.approved += 1,
            Err(MessageError::Db(error)) => return Err(error),
            Err(_) => done.kept += 1,
        }
    }
    Ok(done)
}

/// Releases an approved message to be sent. The release and the job that sends it are written together.
pub async fn release(
    tx: &mut Conn,
    id: MessageId,
    class: Class,
    now: Millis,
) -> sqlx::Result<bool> {
    let released = store::messages::release_one(tx, id, now).await?;
    if released {
        store::jobs::enqueue(tx, Job::Send(id), class, now, now, None).await?;
    }
    Ok(released)
}

/// Withdraws an approval, as long as the message was not released.
pub async fn disapprove(tx: &mut Conn, id: MessageId) -> Result<(), MessageError> {
    let message = store::messages::find(tx, id).await?.ok_or(MessageError::Gone)?;
    if message.released_at.is_some() || !store::messages::disapprove(tx, id, None).await? {
        return Err(MessageError::WrongState(message.state));
    }
    Ok(())
}

/// Replaces the text with the organiser's own.
pub async fn edit(
    tx: &mut Conn,
    config: &Config,
    id: MessageId,
    draft: &Draft,
    now: Millis,
) -> Result<(), MessageError> {
    let message = store::messages::find(tx, id).await?.ok_or(MessageError::Gone)?;
    let context = emails::read(tx, config, &message).await?.ok_or(MessageError::Gone)?;
    let (_, findings) = context.check(draft);
    let json = serde_json::to_string(&findings).unwrap_or_default();
    if !store::messages::edit(tx, id, draft, &json, now).await? {
        return Err(MessageError::WrongState(message.state));
    }
    Ok(())
}

/// Requests another draft, ahead of bulk work.
pub async fn write_again(
    tx: &mut Conn,
    config: &Config,
    id: MessageId,
    hint: &str,
    now: Millis,
) -> Result<(), MessageError> {
    let message = store::messages::find(tx, id).await?.ok_or(MessageError::Gone)?;
    refuse_cancelled(tx, &message).await?;
    if message.state == MessageState::Approved && message.released_at.is_none() {
        store::messages::disapprove(tx, id, None).await?;
    }
    if !store::messages::write_again(tx, id, hint).await? {
        return Err(MessageError::WrongState(message.state));
    }
    queue_draft(tx, config, &message, now).await?;
    Ok(())
}

pub async fn skip(
    tx: &mut Conn,
    id: MessageId,
    reason: SkipReason,
    now: Millis,
) -> Result<(), MessageError> {
    let message = store::messages::find(tx, id).await?.ok_or(MessageError::Gone)?;
    if !store::messages::skip(tx, id, reason).await? {
        return Err(MessageError::WrongState(message.state));
    }
    store::campaigns::finish_if_done(tx, message.campaign_id, now).await?;
    Ok(())
}

/// Queues a skipped message again.
pub async fn unskip(
    tx: &mut Conn,
    config: &Config,
    id: MessageId,
    now: Millis,
) -> Result<(), MessageError> {
    let message = store::messages::find(tx, id).await?.ok_or(MessageError::Gone)?;
    refuse_cancelled(tx, &message).await?;
    if !store::messages::unskip(tx, id).await? {
        return Err(MessageError::WrongState(message.state));
    }
    queue_draft(tx, config, &message, now).await?;
    Ok(())
}

async fn queue_draft(
    tx: &mut Conn,
    config: &Config,
    message: &Message,
    now: Millis,
) -> sqlx::Result<()> {
    store::campaigns::reopen(tx, message.campaign_id).await?;
    let Some(campaign) = store::campaigns::find(tx, message.campaign_id).await? else {
        return Ok(());
    };
    let run_at = if campaign.state == CampaignState::Paused { store::jobs::PAUSED } else { now };
    let deadline = now.plus(config.gemini.deadline_interactive);
    let job = campaign.kind.draft(message.id);
    store::jobs::enqueue(tx, job, Class::Single, now, run_at, Some(deadline)).await
}

/// Nothing is written or sent for a cancelled campaign; a new one invites its people again.
async fn refuse_cancelled(tx: &mut Conn, message: &Message) -> Result<(), MessageError> {
    let campaign = store::campaigns::find(tx, message.campaign_id).await?;
    match campaign.map(|it| it.state) {
        Some(CampaignState::Cancelled) => Err(MessageError::Cancelled),
        Some(CampaignState::Running | CampaignState::Paused | CampaignState::Finished) | None => {
            Ok(())
        }
    }
}

/// A person's decision about a message that failed, or that may or may not have been sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settle {
    /// It was sent.
    WasSent,
    /// It was not: send it.
    Send,
    /// Do not send it.
    Leave,
}

words!(Settle, "decision", { WasSent => "sent", Send => "send", Leave => "leave" });

pub async fn settle(
    tx: &mut Conn,
    id: MessageId,
    answer: Settle,
    now: Millis,
) -> Result<(), MessageError> {
    let message = store::messages::find(tx, id).await?.ok_or(MessageError::Gone)?;
    let wrong = MessageError::WrongState(message.state);
    let done = match (message.state, answer) {
        (MessageState::Uncertain, Settle::WasSent) => {
            store::messages::mark_sent(tx, id, now).await?
        }
        (MessageState::Uncertain, Settle::Leave) => {
            let reason = message.error.as_deref().unwrap_or("an organiser chose not to send it");
            store::messages::mark_failed(tx, id, reason).await?
        }
        (MessageState::Uncertain | MessageState::Failed, Settle::Send) => {
            refuse_cancelled(tx, &message).await?;
            let again =
                store::messages::send_again(tx, id, None, "sent again by an organiser", false)
                    .await?;
            if again {
                store::campaigns::reopen(tx, message.campaign_id).await?;
                store::jobs::enqueue(tx, Job::Send(id), Class::Single, now, now, None).await?;
            }
            again
        }
        (MessageState::Failed, Settle::WasSent | Settle::Leave)
        | (
            MessageState::Queued
            | MessageState::Drafting
            | MessageState::Drafted
            | MessageState::Approved
            | MessageState::Sending
            | MessageState::Sent
            | MessageState::Skipped,
            Settle::WasSent | Settle::Send | Settle::Leave,
        ) => false,
    };
    if !done {
        return Err(wrong);
    }
    store::campaigns::finish_if_done(tx, message.campaign_id, now).await?;
    Ok(())
}

/// Unsubscribes a person for good, and skips everything that waits to be sent to them.
pub async fn opt_out(
    tx: &mut Conn,
    person: &store::people::Person,
    reason: &str,
    now: Millis,
) -> sqlx::Result<()> {
    let opted_out = SuppressionReason::OptedOut;
    crate::people::suppress(tx, &person.address, opted_out, Some(reason), now).await?;
    for message in store::messages::of_person(tx, person.id).await? {
        if store::messages::skip(tx, message.id, SkipReason::OptedOut).await? {
            store::campaigns::finish_if_done(tx, message.campaign_id, now).await?;
        }
    }
    Ok(())
}
