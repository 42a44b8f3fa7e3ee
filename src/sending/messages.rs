//! Takes one approved message through its delivery.
//!
//! **Invariant:** the delivery with its Message-ID is committed before the first byte is sent, and the server's
//! response after it. What is interrupted in between is `uncertain`, and an organiser settles it.

use std::time::Duration;

use super::refusals::{self, Consequence, Next, Situation};
use super::{Account, Addressee, envelope, pace, result_of};
use crate::campaigns::{self, emails};
use crate::mail::verdict::{Action, Then, Verdict};
use crate::mail::{Delivery, compose};
use crate::model::campaign::CampaignState;
use crate::model::delivery::{DeliveryState, Transport};
use crate::model::email::Draft;
use crate::model::message::{MessageState, SkipReason};
use crate::model::person::SuppressionReason;
use crate::model::{CampaignId, DeliveryId, EmailAddress, MessageId, Millis};
use crate::people;
use crate::store::deliveries::{NewDelivery, Recent};
use crate::store::jobs::Leased;
use crate::store::messages::Message;
use crate::store::{self, Conn};

/// How often a message that waits for an organiser is looked at again.
const RECHECK: Duration = Duration::from_secs(30);
/// A domain that is paused for longer refused us for good: its messages fail instead of waiting.
const LONGEST_DOMAIN_PAUSE: Duration = Duration::from_hours(720);

/// A campaign pauses when this percentage of its emails went to addresses that do not exist …
const MAX_BOUNCE_PERCENT: i64 = 3;
/// … once it has sent this many emails.
const MIN_EMAILS: i64 = 30;

/// The job of sending one message.
pub struct Work<'a> {
    pub account: Account<'a>,
    pub leased: &'a Leased,
    pub message: MessageId,
    /// The process that sends it.
    pub owner: &'a str,
}

/// A delivery that is recorded as being sent.
pub struct Started {
    delivery: DeliveryId,
    pub to: EmailAddress,
    pub bytes: Vec<u8>,
}

/// Why a message is not sent now.
enum NotNow {
    /// The job ends; the message stays as it is.
    Drop,
    /// The job runs again at this time; the message was not touched.
    Later(Millis),
    /// The message cannot be claimed.
    Unclaimable(Box<Message>),
    Skip(SkipReason),
    /// Its domain gets no email until then.
    Wait {
        until: Millis,
        reason: String,
    },
    Fail(String),
    /// It is not what was approved.
    Changed,
}

/// Delivers into the outbox: the bytes and the state `sent` are one transaction, the caller's.
pub async fn deliver_to_outbox(tx: &mut Conn, work: &Work<'_>, now: Millis) -> anyhow::Result<()> {
    if start(tx, work, now).await?.is_some() {
        store::messages::mark_sent(tx, work.message, now).await?;
        finish(tx, work, now).await?;
    }
    Ok(())
}

/// Claims the message and records the delivery. `None` when nothing is sent now; then the job is settled.
pub async fn start(tx: &mut Conn, work: &Work<'_>, now: Millis) -> anyhow::Result<Option<Started>> {
    if !store::jobs::still_owned(tx, work.leased).await? {
        // This process was taken for dead, and another one has the job.
        return Ok(None);
    }
    match claim(tx, work, now).await? {
        Ok(started) => Ok(Some(started)),
        Err(reason) => {
            settle(tx, work, reason, now).await?;
            Ok(None)
        }
    }
}

async fn claim(
    tx: &mut Conn,
    work: &Work<'_>,
    now: Millis,
) -> anyhow::Result<Result<Started, NotNow>> {
    let id = work.message;
    if let Some(at) = not_before_pace(tx, work, now).await? {
        return Ok(Err(NotNow::Later(at)));
    }
    let Some(message) = store::messages::find(tx, id).await? else { return Ok(Err(NotNow::Drop)) };
    if let Some(at) = message.not_before.filter(|at| *at > now) {
        return Ok(Err(NotNow::Later(at)));
    }
    if !store::messages::start_sending(tx, id).await? {
        return Ok(Err(NotNow::Unclaimable(Box::new(message))));
    }
    // Read after the claim: later changes come too late for this delivery, and never apply in part.
    let Some(context) = emails::read(tx, work.account.config, &message).await? else {
        return Ok(Err(NotNow::Drop));
    };
    let person = &context.person;
    if let Some(reason) = emails::reason_to_skip(tx, &message, person).await? {
        return Ok(Err(NotNow::Skip(reason)));
    }
    if let Some(reason) = domain_pause(tx, work, &person.address, now).await? {
        return Ok(Err(reason));
    }
    let draft = Draft { subject: message.subject.clone(), body: message.body.clone() };
    let (email, _) = context.check(&draft);
    if Some(context.hash(&draft, &email)) != message.approved_hash {
        return Ok(Err(NotNow::Changed));
    }
    let to = Addressee {
        address: &person.address,
        name: &person.name,
        reply_to: context.reply_to.as_ref(),
        unsubscribe: Some(&context.unsubscribe),
    };
    let envelope = envelope(work.account.config, &context.facts.event, &to, now);
    let bytes = match compose(&envelope, &email) {
        Ok(bytes) => bytes,
        Err(error) => return Ok(Err(NotNow::Fail(error.to_string()))),
    };
    let by_smtp = !work.account.config.mail.stays_here();
    let row = NewDelivery {
        message: Some(id),
        person: None,
        try_until: None,
        recipient: person.address.as_str(),
        subject: &email.subject,
        header_id: &envelope.header_id,
        transport: if by_smtp { Transport::Smtp } else { Transport::Outbox },
        state: if by_smtp { DeliveryState::Sending } else { DeliveryState::Sent },
        bytes: &bytes,
        owner: work.owner,
    };
    let delivery = store::deliveries::insert(tx, &row, now).await?;
    if by_smtp {
        store::senders::touch(tx, work.account.name, now).await?;
    }
    Ok(Ok(Started { delivery, to: envelope.to, bytes }))
}

/// When the account may send this message, if that is not now.
async fn not_before_pace(
    tx: &mut Conn,
    work: &Work<'_>,
    now: Millis,
) -> sqlx::Result<Option<Millis>> {
    let account = &work.account;
    if account.config.mail.stays_here() {
        return Ok(None);
    }
    // Processes that share an account also share its pauses and its pace.
    store::senders::lock_sender(tx, account.name).await?;
    Ok(match pace::next_send(tx, account, now).await? {
        Some(at) if at <= now => None,
        Some(at) => Some(at),
        None => Some(now.plus(RECHECK / account.config.time_scale)),
    })
}

/// Why nothing is sent to the domain of this address now.
async fn domain_pause(
    tx: &mut Conn,
    work: &Work<'_>,
    address: &EmailAddress,
    now: Millis,
) -> sqlx::Result<Option<NotNow>> {
    if work.account.config.mail.stays_here() {
        return Ok(None);
    }
    let Some(pause) = store::senders::domain_pause(tx, &address.domain(), now).await? else {
        return Ok(None);
    };
    let reason = pause.response.unwrap_or_else(|| "This domain accepts no email from us.".into());
    let until = pause.paused_until;
    Ok(Some(if until.since(now) < LONGEST_DOMAIN_PAUSE {
        NotNow::Wait { until, reason }
    } else {
        NotNow::Fail(reason)
    }))
}

/// Settles the job of a message that is not sent now.
async fn settle(tx: &mut Conn, work: &Work<'_>, reason: NotNow, now: Millis) -> sqlx::Result<()> {
    let (id, leased) = (work.message, work.leased);
    match reason {
        NotNow::Drop => store::jobs::finish(tx, leased).await,
        NotNow::Later(at) => store::jobs::release(tx, leased, at, leased.attempts, None).await,
        NotNow::Unclaimable(message) => {
            settle_unclaimable(tx, &message, now).await?;
            finish(tx, work, now).await
        }
        NotNow::Skip(reason) => {
            store::messages::send_again(tx, id, None, "", false).await?;
            store::messages::skip(tx, id, reason).await?;
            finish(tx, work, now).await
        }
        NotNow::Wait { until, reason } => requeue(tx, work, until, &reason, false).await,
        NotNow::Fail(reason) => {
            store::messages::mark_failed(tx, id, &reason).await?;
            finish(tx, work, now).await
        }
        NotNow::Changed => {
            // The event, the person or a consent changed after the approval: nobody agreed to this email.
            store::messages::send_again(tx, id, None, "", false).await?;
            let reason = "The email changed after it was approved. Review it again.";
            store::messages::disapprove(tx, id, Some(reason)).await?;
            store::jobs::finish(tx, leased).await
        }
    }
}

/// Settles a message that could not be claimed, if nothing else would ever move it on.
async fn settle_unclaimable(tx: &mut Conn, message: &Message, now: Millis) -> sqlx::Result<()> {
    let campaign = store::campaigns::find(tx, message.campaign_id).await?;
    if message.state == MessageState::Sending {
        // A delivery is recorded, and the process that made it is gone.
        let reason =
            "Muster lost track of this email while sending it. It may or may not have been sent.";
        store::deliveries::close_open(tx, message.id, reason, now).await?;
        store::messages::mark_uncertain(tx, message.id, reason).await?;
    } else if campaign.is_some_and(|it| it.state == CampaignState::Cancelled) {
        store::messages::skip_cancelled(tx, message.id, now).await?;
    } else if let Some(person) = store::people::find(tx, message.person_id).await?
        && let Some(reason) = emails::reason_to_skip(tx, message, &person).await?
    {
        store::messages::skip(tx, message.id, reason).await?;
    }
    Ok(())
}

/// Finishes the job, and perhaps its campaign.
async fn finish(tx: &mut Conn, work: &Work<'_>, now: Millis) -> sqlx::Result<()> {
    store::jobs::finish(tx, work.leased).await?;
    if let Some(message) = store::messages::find(tx, work.message).await? {
        store::campaigns::finish_if_done(tx, message.campaign_id, now).await?;
    }
    Ok(())
}

/// The message waits to be sent again. `counts`: the refusal counts as one of its tries.
async fn requeue(
    tx: &mut Conn,
    work: &Work<'_>,
    at: Millis,
    reason: &str,
    counts: bool,
) -> sqlx::Result<()> {
    store::messages::send_again(tx, work.message, Some(at), reason, counts).await?;
    store::jobs::release(tx, work.leased, at, work.leased.attempts, Some(reason)).await
}

/// Records the result of a delivery, and what follows from it.
pub async fn end(
    tx: &mut Conn,
    work: &Work<'_>,
    started: &Started,
    delivery: &Delivery,
    now: Millis,
) -> anyhow::Result<()> {
    let id = work.message;
    store::senders::lock_sender(tx, work.account.name).await?;
    let (state, response, kind) = result_of(delivery);
    if !store::deliveries::end(tx, started.delivery, state, response, kind, now).await? {
        // This process was silent for so long that another one settled the delivery and goes on with the message.
        tracing::warn!(message.id = id.0, "Message {id} was settled before its server responded");
        return Ok(());
    }
    let consequence = match delivery {
        Delivery::Sent { .. } => {
            store::messages::mark_sent(tx, id, now).await?;
            clear_pause(tx, work.account.name).await?;
            return Ok(finish(tx, work, now).await?);
        }
        Delivery::Uncertain { reason } => {
            store::messages::mark_uncertain(tx, id, reason).await?;
            tracing::warn!(
                message.id = id.0,
                "Message {id} may or may not have been sent: {reason}"
            );
            return Ok(finish(tx, work, now).await?);
        }
        Delivery::NotSent { reason } => {
            refusals::unreachable(&situation(tx, work, reason, None, now).await?)
        }
        Delivery::Refused { response, verdict, .. } => {
            let kind = verdict.kind;
            tracing::warn!(message.id = id.0, kind, "The mail server refused message {id}");
            refusals::decide(verdict, &situation(tx, work, response, Some(verdict), now).await?)
        }
    };
    apply(tx, work, &consequence, &started.to, response, now).await
}

/// The account works again: forgets its pauses and complaints.
async fn clear_pause(tx: &mut Conn, account: &str) -> sqlx::Result<()> {
    let sender = store::senders::find(tx, account).await?;
    if sender.step > 0 || sender.response.is_some() {
        store::senders::save(tx, account, &pace::without_pause(&sender)).await?;
    }
    Ok(())
}

/// Reads what the decision about a refusal depends on.
async fn situation<'a>(
    tx: &mut Conn,
    work: &Work<'_>,
    response: &'a str,
    verdict: Option<&Verdict>,
    now: Millis,
) -> sqlx::Result<Situation<'a>> {
    let time_scale = work.account.config.time_scale;
    let tries = store::messages::find(tx, work.message).await?.map_or(0, |it| it.sends as u32);
    let mut recent_refusals = 0;
    let mut last_day = Recent::default();
    if let Some(Verdict { kind, action: Action::StopSenderAfter { of, .. }, .. }) = verdict {
        recent_refusals = store::deliveries::refused_lately(tx, kind, i64::from(*of)).await?;
    }
    if let Some(Action::PauseSender { then: Then::WhenTheDayFrees, .. }) =
        verdict.map(|it| it.action)
    {
        let since = now.minus(pace::DAY / time_scale);
        last_day = store::deliveries::sent_since(tx, since).await?;
    }
    let sender = store::senders::find(tx, work.account.name).await?;
    Ok(Situation { response, sender, tries, recent_refusals, last_day, now, time_scale })
}

/// Applies what was decided about a refusal.
async fn apply(
    tx: &mut Conn,
    work: &Work<'_>,
    consequence: &Consequence,
    to: &EmailAddress,
    response: &str,
    now: Millis,
) -> anyhow::Result<()> {
    let id = work.message;
    if let Some(sender) = &consequence.sender {
        store::senders::save(tx, work.account.name, sender).await?;
    }
    if let Some(until) = consequence.domain_paused_until {
        store::senders::pause_domain(tx, &to.domain(), until, response).await?;
    }
    match consequence.message {
        Next::Wait { at, counts } => requeue(tx, work, at, response, counts).await?,
        Next::Fail => {
            store::messages::mark_failed(tx, id, response).await?;
            finish(tx, work, now).await?;
        }
        Next::FailRecipient { suppress } => {
            store::messages::mark_failed(tx, id, response).await?;
            if suppress {
                let reason = SuppressionReason::HardBounce;
                people::suppress(tx, to, reason, Some(response), now).await?;
            }
            finish(tx, work, now).await?;
            if let Some(message) = store::messages::find(tx, id).await? {
                break_circuit(tx, message.campaign_id).await?;
            }
        }
    }
    Ok(())
}

/// The circuit breaker: pauses a campaign with too many addresses that do not exist. The list is bad, and sending on
/// would cost the account its reputation.
async fn break_circuit(tx: &mut Conn, campaign: CampaignId) -> sqlx::Result<()> {
    let bounces = store::deliveries::bounces(tx, campaign).await?;
    let emails = bounces.sent + bounces.hard;
    if emails >= MIN_EMAILS && bounces.hard * 100 >= emails * MAX_BOUNCE_PERCENT {
        let reason = format!(
            "Paused: {} of {emails} addresses do not exist. Check the list before you resume.",
            bounces.hard
        );
        campaigns::pause(tx, campaign, Some(&reason)).await?;
    }
    Ok(())
}
