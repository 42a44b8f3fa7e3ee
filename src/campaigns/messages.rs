//! What an organiser (or a worker) does with one message.

use crate::campaigns::checks::rule::is_flawless;
use crate::campaigns::emails;
use crate::campaigns::task;
use crate::config::Config;
use crate::model::campaign::CampaignState;
use crate::model::email::Draft;
use crate::model::job::{Class, Job};
use crate::model::made_by::MadeBy;
use crate::model::message::{MessageState, SkipReason};
use crate::model::{CampaignId, MessageId, Millis};
use crate::people::Suppress;
use crate::store::messages::{Message, Written};
use crate::store::{self, Conn};

/// How often a draft that fails a check is written before it waits for a person.
const DRAFTS: i64 = 2;

#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    #[error("this message is not there any more")]
    Gone,
    #[error("only a draft can be approved, and this message is {}", .0.label().to_lowercase())]
    NotADraft(MessageState),
    #[error("this cannot be done while the message is {}", .0.label().to_lowercase())]
    WrongState(MessageState),
    #[error("the letter cannot go out as it is: {0}")]
    Blocked(String),
    #[error("its campaign was cancelled; start a new one")]
    Cancelled,
    #[error("{0} left the list and is not written to any more")]
    OptedOut(String),
    #[error(transparent)]
    Db(#[from] sqlx::Error),
}

/// What became of a draft that was just written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterDraft {
    /// It stands, for review or on its way.
    Kept,
    /// It failed a check and is written once more.
    Again,
    /// The message was cancelled meanwhile.
    Dropped,
}

/// Stores what the model or the template wrote. A live campaign's letter that passes every check is approved and goes
/// out; one that fails a check is written again once, then waits for a person.
pub async fn store_draft(
    tx: &mut Conn,
    config: &Config,
    message: &Message,
    draft: &Draft,
    made_by: &MadeBy,
    now: Millis,
) -> sqlx::Result<AfterDraft> {
    let Some(letter) = emails::read(tx, config, message).await? else {
        return Ok(AfterDraft::Dropped);
    };
    let (_, findings) = letter.check(draft);
    let words = serde_json::to_string(&findings).unwrap_or_default();
    let by_model = made_by.key.is_some();
    if !is_flawless(&findings) && by_model && message.drafts + 1 < DRAFTS {
        store::messages::give_back_draft(tx, message.id, Some(&words), None).await?;
        return Ok(AfterDraft::Again);
    }
    let written = Written { subject: &draft.subject, body: &draft.body, made_by, findings: &words };
    if !store::messages::store_draft(tx, message.id, &written, now).await? {
        return Ok(AfterDraft::Dropped);
    }
    let campaign = store::campaigns::find(tx, message.campaign_id).await?;
    if campaign.is_some_and(|it| it.kind.sends_by_itself()) {
        approve_if_flawless(tx, config, message.id, now).await?;
    }
    Ok(AfterDraft::Kept)
}

/// What a live campaign does with a draft that passes every check: approves it and lets it go out.
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
        // It waits for a person, who sees why.
        Err(_) => Ok(()),
    }
}

/// Approves a draft as it would go out now: its hash stands in the row, and nothing else may be sent. `anyway`: a
/// person has seen what the checks say and answers for it; a broken header is not theirs to answer for.
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
    let letter = emails::read(tx, config, &message).await?.ok_or(MessageError::Gone)?;
    if store::people::suppression(tx, &letter.person.address.hash()).await?.is_some() {
        return Err(MessageError::OptedOut(letter.person.name));
    }
    let draft = Draft { subject: message.subject.clone(), body: message.body.clone() };
    let (whole, findings) = letter.check(&draft);
    let blocking = findings
        .iter()
        .find(|finding| finding.rule.blocks() && (!anyway || finding.rule.is_final()));
    if let Some(finding) = blocking {
        return Err(MessageError::Blocked(finding.explained()));
    }
    if !store::messages::approve(tx, id, &letter.hash(&draft, &whole), by, now).await? {
        return Err(MessageError::NotADraft(message.state));
    }
    Ok(())
}

/// What came of approving some drafts at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Approved {
    pub approved: i64,
    /// Drafts that a check or an opt-out keeps back.
    pub kept: i64,
    /// Where to go on; `None` at the end.
    pub last: Option<MessageId>,
}

/// Drafts that [`approve_flawless`] looks at in one transaction, so that workers are not kept waiting.
const BATCH: i64 = 100;

/// Approves, of the next drafts of a campaign after `after`, those that pass every check.
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

/// Lets an approved letter go out: the word and the job that sends it stand or fall together.
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

/// Takes an approval back, as long as nothing was released.
pub async fn disapprove(tx: &mut Conn, id: MessageId) -> Result<(), MessageError> {
    let message = store::messages::find(tx, id).await?.ok_or(MessageError::Gone)?;
    if message.released_at.is_some() || !store::messages::disapprove(tx, id, None).await? {
        return Err(MessageError::WrongState(message.state));
    }
    Ok(())
}

/// Replaces the text by the organiser's own.
pub async fn edit(
    tx: &mut Conn,
    config: &Config,
    id: MessageId,
    draft: &Draft,
    now: Millis,
) -> Result<(), MessageError> {
    let message = store::messages::find(tx, id).await?.ok_or(MessageError::Gone)?;
    let letter = emails::read(tx, config, &message).await?.ok_or(MessageError::Gone)?;
    let (_, findings) = letter.check(draft);
    let words = serde_json::to_string(&findings).unwrap_or_default();
    if !store::messages::edit(tx, id, &draft.subject, &draft.body, &words, now).await? {
        return Err(MessageError::WrongState(message.state));
    }
    Ok(())
}

/// Asks for another draft, ahead of bulk work.
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

/// Takes a skipped message up again.
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
    let job = Job::Draft(message.id, task(campaign.kind));
    store::jobs::enqueue(tx, job, Class::Single, now, run_at, Some(deadline)).await
}

/// Nothing is sent or written for a campaign that was cancelled; a new one invites its people again.
async fn refuse_cancelled(tx: &mut Conn, message: &Message) -> Result<(), MessageError> {
    let campaign = store::campaigns::find(tx, message.campaign_id).await?;
    match campaign.map(|it| it.state) {
        Some(CampaignState::Cancelled) => Err(MessageError::Cancelled),
        _ => Ok(()),
    }
}

/// A person's word on a message that may or may not have gone out, or that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settle {
    /// It went out.
    WentOut,
    /// It did not: send it.
    SendIt,
    /// Leave it.
    Leave,
}

pub async fn settle(
    tx: &mut Conn,
    id: MessageId,
    answer: Settle,
    now: Millis,
) -> Result<(), MessageError> {
    let message = store::messages::find(tx, id).await?.ok_or(MessageError::Gone)?;
    let wrong = MessageError::WrongState(message.state);
    let done = match (message.state, answer) {
        (MessageState::Uncertain, Settle::WentOut) => {
            store::messages::mark_sent(tx, id, now).await?
        }
        (MessageState::Uncertain, Settle::Leave) => {
            let words = message.error.as_deref().unwrap_or("left as it is by an organiser");
            store::messages::mark_failed(tx, id, words).await?
        }
        (MessageState::Uncertain | MessageState::Failed, Settle::SendIt) => {
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
        _ => false,
    };
    if !done {
        return Err(wrong);
    }
    store::campaigns::finish_if_done(tx, message.campaign_id, now).await?;
    Ok(())
}

/// Somebody leaves: noted for good, and what waits for them is taken out at once.
pub async fn opt_out(
    tx: &mut Conn,
    person: &store::people::Person,
    words: &str,
    now: Millis,
) -> sqlx::Result<()> {
    crate::people::suppress(tx, &person.address, Suppress::OptedOut, Some(words), now).await?;
    for message in store::messages::of_person(tx, person.id).await? {
        if store::messages::skip(tx, message.id, SkipReason::OptedOut).await? {
            store::campaigns::finish_if_done(tx, message.campaign_id, now).await?;
        }
    }
    Ok(())
}
