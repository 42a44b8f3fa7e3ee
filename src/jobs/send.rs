//! Delivers an approved letter. The attempt with its Message-ID is written down before the first byte of SMTP, what the
//! server said after it; what happens between is `uncertain`, and a person settles it.

use std::time::Duration;

use rand::RngExt as _;

use crate::app::App;
use crate::campaigns::{self, emails};
use crate::mail;
use crate::mail::smtp::Delivery;
use crate::mail::verdict::{Action, Then, UNREACHABLE, Verdict};
use crate::mail::{Envelope, compose};
use crate::model::campaign::CampaignState;
use crate::model::clock::millis;
use crate::model::email::Draft;
use crate::model::message::MessageState;
use crate::model::{DeliveryId, MessageId, Millis};
use crate::owner::Owner;
use crate::people::{self, SuppressionReason};
use crate::store::deliveries::{NewDelivery, Sender};
use crate::store::jobs::Leased;
use crate::store::messages::Message;
use crate::store::people::Person;
use crate::store::{self, Conn};

/// Between two tries to write down what a server said.
const RETRY: Duration = Duration::from_secs(1);
/// When a sender waits for a person.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// A paused domain that is not worth waiting for.
const STOPPED: Duration = Duration::from_hours(720);

/// A campaign pauses when this many in a hundred of its mails went to addresses that do not exist …
const MOST_BOUNCES: i64 = 3;
/// … once so many mails went out.
const ENOUGH_MAILS: i64 = 30;

/// An attempt that is written down.
struct Attempt {
    mail: DeliveryId,
    person: Person,
    bytes: Vec<u8>,
}

pub async fn run(app: &App, owner: &Owner, leased: &Leased, id: MessageId) -> anyhow::Result<()> {
    let mut tx = app.db.write().await?;
    let Some(smtp) = &app.smtp else {
        to_outbox(&mut tx, app, owner, leased, id).await?;
        tx.commit().await?;
        return Ok(());
    };
    let attempt = begin(&mut tx, app, owner, leased, id, app.clock.now()).await?;
    tx.commit().await?;
    if let Some(attempt) = attempt {
        let from = app.config.mail.from_address();
        let delivery = smtp.deliver(&from, &attempt.person.address, &attempt.bytes).await;
        // Nobody else knows what the server said: it is written down, however long the database takes.
        while let Err(error) = write_down(app, leased, id, &attempt, &delivery).await {
            tracing::error!(
                message.id = id.0,
                error = format!("{error:#}"),
                "What became of message {id} could not be written down; trying again"
            );
            app.clock.sleep(RETRY / app.config.time_scale).await;
        }
    }
    Ok(())
}

/// Delivers into the outbox: the bytes and the word `sent` are one transaction, the caller's.
pub async fn to_outbox(
    tx: &mut Conn,
    app: &App,
    owner: &Owner,
    leased: &Leased,
    id: MessageId,
) -> anyhow::Result<()> {
    let now = app.clock.now();
    if begin(tx, app, owner, leased, id, now).await?.is_some() {
        store::messages::mark_sent(tx, id, now).await?;
        finish(tx, leased, id, now).await?;
    }
    Ok(())
}

async fn write_down(
    app: &App,
    leased: &Leased,
    id: MessageId,
    attempt: &Attempt,
    delivery: &Delivery,
) -> anyhow::Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    store::deliveries::lock_sender(&mut tx, &app.sender_name()).await?;
    end(&mut tx, app, leased, id, attempt, delivery, now).await?;
    Ok(tx.commit().await?)
}

/// Claims the message and writes the attempt down; `None` when nothing is to be sent now (then the job is settled).
async fn begin(
    tx: &mut Conn,
    app: &App,
    owner: &Owner,
    leased: &Leased,
    id: MessageId,
    now: Millis,
) -> anyhow::Result<Option<Attempt>> {
    if !store::jobs::still_owned(tx, leased).await? {
        // Taken for dead meanwhile: somebody else has the job.
        return Ok(None);
    }
    if app.smtp.is_some() {
        // Processes that share an account take turns: its pauses and its pace hold for all of them.
        store::deliveries::lock_sender(tx, &app.sender_name()).await?;
        match gate(tx, app, now).await? {
            Some(at) if at <= now => {}
            later => {
                let at = later.unwrap_or_else(|| now.plus(LOOK_AGAIN / app.config.time_scale));
                store::jobs::release(tx, leased, at, leased.attempts, None).await?;
                return Ok(None);
            }
        }
    }
    let Some(message) = store::messages::find(tx, id).await? else {
        store::jobs::finish(tx, leased).await?;
        return Ok(None);
    };
    if let Some(at) = message.not_before.filter(|at| *at > now) {
        store::jobs::release(tx, leased, at, leased.attempts, None).await?;
        return Ok(None);
    }
    if !store::messages::start_sending(tx, id).await? {
        turned_away(tx, &message, now).await?;
        finish(tx, leased, id, now).await?;
        return Ok(None);
    }
    // Read after the claim: what is changed from now on comes too late for this attempt, and never halfway.
    let Some(letter) = emails::read(tx, &app.config, &message).await? else {
        store::jobs::finish(tx, leased).await?;
        return Ok(None);
    };
    let person = &letter.person;
    if let Some(reason) = emails::reason_to_skip(tx, &message, person).await? {
        store::messages::send_again(tx, id, None, "", false).await?;
        store::messages::skip(tx, id, reason).await?;
        finish(tx, leased, id, now).await?;
        return Ok(None);
    }
    let domain_pause = match app.smtp {
        Some(_) => store::deliveries::domain_pause(tx, &person.address.domain(), now).await?,
        None => None,
    };
    if let Some(pause) = domain_pause {
        let words = pause.words.unwrap_or_else(|| "this domain takes no mail from us".into());
        if pause.paused_until.since(now) < STOPPED {
            again(tx, leased, id, pause.paused_until, &words).await?;
        } else {
            store::messages::mark_failed(tx, id, &words).await?;
            finish(tx, leased, id, now).await?;
        }
        return Ok(None);
    }
    let draft = Draft { subject: message.subject.clone(), body: message.body.clone() };
    let (email, _) = letter.check(&draft);
    if Some(letter.hash(&draft, &email)) != message.approved_hash {
        // The event, the person or a consent was changed after the approval: not what somebody agreed to.
        store::messages::send_again(tx, id, None, "", false).await?;
        store::messages::disapprove(
            tx,
            id,
            Some("The letter changed after it was approved; please look again."),
        )
        .await?;
        store::jobs::finish(tx, leased).await?;
        return Ok(None);
    }
    let from = app.config.mail.from_address();
    let header_id = mail::header_id(&from.domain(), &rand::rng().random::<[u8; 16]>());
    let envelope = Envelope {
        from_name: letter
            .facts
            .event
            .sender_name
            .clone()
            .or_else(|| letter.facts.event.organiser.clone()),
        reply_to: letter.reply_to.clone(),
        to: person.address.clone(),
        to_name: person.name.clone(),
        leave: Some(letter.leave.clone()),
        header_id: header_id.clone(),
        date: now,
        from,
    };
    let bytes = match compose(&envelope, &email) {
        Ok(bytes) => bytes,
        Err(error) => {
            store::messages::mark_failed(tx, id, &error.to_string()).await?;
            finish(tx, leased, id, now).await?;
            return Ok(None);
        }
    };
    let by_smtp = app.smtp.is_some();
    let row = NewDelivery {
        message: Some(id),
        person: None,
        try_until: None,
        recipient: person.address.as_str(),
        subject: &email.subject,
        header_id: &header_id,
        transport: if by_smtp { "smtp" } else { "outbox" },
        state: if by_smtp { "sending" } else { "sent" },
        bytes: &bytes,
        owner: &owner.name,
    };
    let mail = store::deliveries::insert(tx, &row, now).await?;
    if by_smtp {
        store::deliveries::touch_sender(tx, &app.sender_name(), now).await?;
    }
    Ok(Some(Attempt { mail, person: letter.person, bytes }))
}

/// Why a message could not be claimed, and what follows: it must not stay where it is for ever.
async fn turned_away(tx: &mut Conn, message: &Message, now: Millis) -> sqlx::Result<()> {
    let campaign = store::campaigns::find(tx, message.campaign_id).await?;
    if message.state == MessageState::Sending {
        // An attempt is written down, and whoever made it is gone without a word.
        let words = "Muster lost track of this mail on its way. It may or may not have gone out.";
        store::deliveries::close_open(tx, message.id, words, now).await?;
        store::messages::mark_uncertain(tx, message.id, words).await?;
    } else if campaign.is_some_and(|it| it.state == CampaignState::Cancelled) {
        store::messages::skip_cancelled(tx, message.id, now).await?;
    } else if let Some(person) = store::people::find(tx, message.person_id).await?
        && let Some(reason) = emails::reason_to_skip(tx, message, &person).await?
    {
        store::messages::skip(tx, message.id, reason).await?;
    }
    Ok(())
}

/// The job is done, and perhaps its campaign.
async fn finish(tx: &mut Conn, leased: &Leased, id: MessageId, now: Millis) -> sqlx::Result<()> {
    store::jobs::finish(tx, leased).await?;
    if let Some(message) = store::messages::find(tx, id).await? {
        store::campaigns::finish_if_done(tx, message.campaign_id, now).await?;
    }
    Ok(())
}

/// Writes down what the server said, and what follows from it.
async fn end(
    tx: &mut Conn,
    app: &App,
    leased: &Leased,
    id: MessageId,
    attempt: &Attempt,
    delivery: &Delivery,
    now: Millis,
) -> anyhow::Result<()> {
    let name = app.sender_name();
    let (state, words, verdict) = match delivery {
        Delivery::Sent { words } => ("sent", words, None),
        Delivery::Uncertain { words } => ("uncertain", words, None),
        Delivery::NotSent { words } => ("refused", words, Some("unreachable")),
        Delivery::Refused { words, verdict, .. } => ("refused", words, Some(verdict.kind)),
    };
    if !store::deliveries::end(tx, attempt.mail, state, words, verdict, now).await? {
        // We were silent for so long that this attempt was settled without us: whoever did that goes on.
        tracing::warn!(
            message.id = id.0,
            "Message {id} was settled before its server's answer came"
        );
        return Ok(());
    }
    match delivery {
        Delivery::Sent { .. } => {
            store::messages::mark_sent(tx, id, now).await?;
            let sender = store::deliveries::sender(tx, &name).await?;
            if sender.step > 0 || sender.words.is_some() {
                let calm = Sender {
                    min_gap: sender.min_gap,
                    last_send_at: sender.last_send_at,
                    ..Sender::default()
                };
                store::deliveries::set_sender(tx, &name, &calm).await?;
            }
            finish(tx, leased, id, now).await?;
        }
        Delivery::Uncertain { words } => {
            store::messages::mark_uncertain(tx, id, words).await?;
            tracing::warn!(message.id = id.0, "Message {id} may or may not have gone out: {words}");
            finish(tx, leased, id, now).await?;
        }
        Delivery::NotSent { words } => {
            let mut sender = store::deliveries::sender(tx, &name).await?;
            let pause = UNREACHABLE
                .get(sender.step as usize)
                .or(UNREACHABLE.last())
                .copied()
                .unwrap_or_default();
            pause_sender(&mut sender, now.plus(pause / app.config.time_scale), words, "");
            store::deliveries::set_sender(tx, &name, &sender).await?;
            again(tx, leased, id, now, words).await?;
        }
        Delivery::Refused { words, verdict, .. } => {
            tracing::warn!(
                message.id = id.0,
                kind = verdict.kind,
                "The mail server refused message {id}"
            );
            refused(tx, app, leased, id, attempt, words, verdict, now).await?;
        }
    }
    Ok(())
}

fn pause_sender(sender: &mut Sender, until: Millis, words: &str, advice: &str) {
    sender.paused_until = Some(sender.paused_until.map_or(until, |known| known.max(until)));
    sender.step += 1;
    sender.words = Some(words.to_owned());
    sender.advice = Some(advice.to_owned());
}

/// The message waits for its turn again; it lost nothing.
async fn again(
    tx: &mut Conn,
    leased: &Leased,
    id: MessageId,
    at: Millis,
    words: &str,
) -> sqlx::Result<()> {
    store::messages::send_again(tx, id, Some(at), words, false).await?;
    store::jobs::release(tx, leased, at, leased.attempts, Some(words)).await
}

#[expect(clippy::too_many_arguments, reason = "one step of `end`, told apart for reading")]
async fn refused(
    tx: &mut Conn,
    app: &App,
    leased: &Leased,
    id: MessageId,
    attempt: &Attempt,
    words: &str,
    verdict: &Verdict,
    now: Millis,
) -> anyhow::Result<()> {
    let scale = app.config.time_scale;
    let name = app.sender_name();
    let domain = attempt.person.address.domain();
    let message = store::messages::find(tx, id).await?;
    match verdict.action {
        Action::StopSender => {
            stop_sender(tx, &name, words, verdict.advice, now).await?;
            again(tx, leased, id, now, words).await?;
        }
        Action::PauseSender { then, .. } => {
            let mut sender = store::deliveries::sender(tx, &name).await?;
            let pause = verdict.action.pause(sender.step as u32).unwrap_or_default() / scale;
            let mut until = now.plus(pause);
            match then {
                Then::AsBefore => {}
                Then::HalfSpeed => sender.min_gap = (sender.min_gap * 2).clamp(1_000, 60_000),
                Then::AtMostAMinute(a_minute) => {
                    let gap = 60_000 / i64::from(a_minute.max(1));
                    // It was slowed for this reason before: the second time a person must look.
                    if sender.min_gap >= gap {
                        sender.needs_attention_at = Some(now);
                    }
                    sender.min_gap = gap;
                }
                Then::Connections { a_minute, .. } => {
                    sender.min_gap = 60_000 / i64::from(a_minute.max(1));
                }
                Then::WhenTheDayFrees => {
                    let day = Duration::from_hours(24) / scale;
                    let recent = store::deliveries::sent_since(tx, now.minus(day)).await?;
                    if let Some(oldest) = recent.oldest.filter(|_| recent.mails > 1) {
                        until = until
                            .min(oldest.plus(day))
                            .max(now.plus(Duration::from_mins(10) / scale));
                    }
                }
            }
            pause_sender(&mut sender, until, words, verdict.advice);
            store::deliveries::set_sender(tx, &name, &sender).await?;
            again(tx, leased, id, now, words).await?;
        }
        Action::StopSenderAfter { times, of } => {
            if store::deliveries::refused_lately(tx, verdict.kind, i64::from(of)).await?
                >= i64::from(times)
            {
                stop_sender(tx, &name, words, verdict.advice, now).await?;
            }
            store::messages::mark_failed(tx, id, words).await?;
            finish(tx, leased, id, now).await?;
        }
        Action::Fail { suppress } => {
            store::messages::mark_failed(tx, id, words).await?;
            if suppress {
                people::suppress(
                    tx,
                    &attempt.person.address,
                    SuppressionReason::HardBounce,
                    Some(words),
                    now,
                )
                .await?;
            }
            finish(tx, leased, id, now).await?;
            if let Some(message) = &message {
                break_circuit(tx, message).await?;
            }
        }
        Action::TryAgain { .. } => {
            let tries = message.map_or(0, |it| it.sends);
            if let Some(pause) = verdict.action.pause(tries as u32) {
                let at = now.plus(pause / scale);
                store::messages::send_again(tx, id, Some(at), words, true).await?;
                store::jobs::release(tx, leased, at, leased.attempts, Some(words)).await?;
            } else {
                store::messages::mark_failed(tx, id, words).await?;
                finish(tx, leased, id, now).await?;
            }
        }
        Action::PauseDomain { pause } => {
            let until = now.plus(pause / scale);
            store::deliveries::pause_domain(tx, &domain, until, words).await?;
            again(tx, leased, id, until, words).await?;
        }
        Action::StopDomain => {
            store::deliveries::pause_domain(tx, &domain, store::jobs::PAUSED, words).await?;
            store::messages::mark_failed(tx, id, words).await?;
            finish(tx, leased, id, now).await?;
        }
    }
    Ok(())
}

async fn stop_sender(
    tx: &mut Conn,
    name: &str,
    words: &str,
    advice: &str,
    now: Millis,
) -> sqlx::Result<()> {
    let mut sender = store::deliveries::sender(tx, name).await?;
    sender.needs_attention_at = Some(now);
    sender.words = Some(words.to_owned());
    sender.advice = Some(advice.to_owned());
    store::deliveries::set_sender(tx, name, &sender).await
}

/// Too many addresses that do not exist: the list is bad, and going on would cost the sender's good name.
async fn break_circuit(tx: &mut Conn, message: &Message) -> sqlx::Result<()> {
    let bounces = store::deliveries::bounces(tx, message.campaign_id).await?;
    let mails = bounces.sent + bounces.hard;
    if mails >= ENOUGH_MAILS && bounces.hard * 100 >= mails * MOST_BOUNCES {
        let words = format!(
            "Paused: {} of {mails} addresses do not exist. Look through the list before you go on.",
            bounces.hard
        );
        campaigns::pause(tx, message.campaign_id, Some(&words)).await?;
    }
    Ok(())
}

/// When the next mail may leave by SMTP: now, later, or (`None`) not before a person does something.
pub async fn gate(conn: &mut Conn, app: &App, now: Millis) -> sqlx::Result<Option<Millis>> {
    if app.smtp.is_none() {
        return Ok(Some(now));
    }
    let sender = store::deliveries::sender(conn, &app.sender_name()).await?;
    if sender.needs_attention_at.is_some() {
        return Ok(None);
    }
    let mail = &app.config.mail;
    let scale = app.config.time_scale;
    let set_gap =
        mail.sends_per_second.map_or(0, |rate| millis(Duration::from_secs_f64(1.0 / rate)));
    let gap = Duration::from_millis(set_gap.max(sender.min_gap).unsigned_abs()) / scale;
    let mut at = sender.last_send_at.map_or(now, |last| last.plus(gap));
    if let Some(until) = sender.paused_until {
        at = at.max(until);
    }
    if let Some(most) = mail.sends_per_day {
        let day = Duration::from_hours(24) / scale;
        let recent = store::deliveries::sent_since(conn, now.minus(day)).await?;
        if recent.mails >= i64::from(most)
            && let Some(oldest) = recent.oldest
        {
            at = at.max(oldest.plus(day));
        }
    }
    Ok(Some(at.max(now)))
}
