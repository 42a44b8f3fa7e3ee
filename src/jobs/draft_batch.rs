//! Writes several invitations in one request, for organisers whose daily quota would not be enough.
//!
//! The answer identifies each draft by its message's id, and each passes the same checks as one that was written alone.
//! A draft that is missing, appears twice or names another of these people is written again alone.

use super::asking::ask;
use super::draft::{self, StartedDraft};
use crate::app::App;
use crate::campaigns::emails::EmailContext;
use crate::keys::{self, After, Grant};
use crate::llm::{Failure, prompts};
use crate::model::email::Draft;
use crate::model::job::Class;
use crate::model::made_by::MadeBy;
use crate::model::{Job, Millis};
use crate::store::jobs::Leased;
use crate::store::{self, Conn};

/// Claims more messages for the request of the first.
///
/// Only bulk work, and only messages that were never tried: what failed in a batch is tried alone.
pub async fn claim_more(
    tx: &mut Conn,
    first: &StartedDraft,
    now: Millis,
    leased_until: Millis,
) -> sqlx::Result<Vec<Leased>> {
    let leased = &first.leased;
    let per_request = first.context.people_per_request;
    let alone = leased.class != Class::Bulk || leased.attempts > 0 || per_request <= 1;
    if alone || !matches!(leased.job, Job::DraftOutreach(_)) {
        return Ok(Vec::new());
    }
    store::jobs::claim_companions(tx, leased, per_request - 1, now, leased_until).await
}

/// Starts the messages that are still wanted and fit into the batch; the others are released, to be written alone.
pub async fn start(
    tx: &mut Conn,
    app: &App,
    first: StartedDraft,
    more: &[Leased],
) -> anyhow::Result<Vec<StartedDraft>> {
    let mut batch = vec![first];
    for leased in more {
        let Job::DraftOutreach(id) = leased.job else {
            anyhow::bail!("{:?} cannot be batched", leased.job)
        };
        let Some(started) = draft::start(tx, app, leased, id).await? else { continue };
        if batch.iter().any(|other| may_be_mixed_up(&other.context, &started.context)) {
            retry_alone(tx, &started, app.clock.now(), "").await?;
        } else {
            batch.push(started);
        }
    }
    Ok(batch)
}

/// Asks for all drafts of the batch in one request.
pub async fn write(app: &App, batch: &[StartedDraft], grant: &Grant) -> anyhow::Result<()> {
    let facts: Vec<_> = batch.iter().map(|it| (it.message.id, &it.context.facts)).collect();
    let request = prompts::invitations(&facts);
    let (outcome, drafts) = ask(app, grant, &request, prompts::read_invitations).await;
    let drafts = drafts.unwrap_or_default();
    let reason = outcome.as_ref().err().map(ToString::to_string).unwrap_or_default();
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    let after = keys::settle(&mut tx, &app.pool, grant, &outcome, now).await?;
    for started in batch {
        if !store::jobs::still_owned(&mut tx, &started.leased).await? {
            // Another process has this job by now.
            continue;
        }
        match &after {
            After::Fine => match own_draft(started, batch, &drafts) {
                Ok(draft) => {
                    let made_by = MadeBy::model(&grant.model, grant.key);
                    draft::finish(&mut tx, app, started, draft, &made_by, now).await?;
                }
                Err(why) => retry_alone(&mut tx, started, now, why).await?,
            },
            After::Attempt { at, why } if matches!(outcome, Err(Failure::Unusable { .. })) => {
                retry_alone(&mut tx, started, *at, why).await?;
            }
            // The quota or the server is the reason, not the batch.
            After::Again { at } | After::Attempt { at, .. } => {
                draft::release(&mut tx, started, *at, started.leased.attempts, &reason).await?;
            }
            After::Fallback { why } => retry_alone(&mut tx, started, now, why).await?,
        }
    }
    tx.commit().await?;
    Ok(())
}

/// Queues a message again, to be written alone: it counts as tried.
async fn retry_alone(
    tx: &mut Conn,
    started: &StartedDraft,
    at: Millis,
    reason: &str,
) -> sqlx::Result<()> {
    draft::release(tx, started, at, started.leased.attempts + 1, reason).await
}

/// The only draft with this message's id, if it cannot be meant for another person.
fn own_draft<'a>(
    started: &StartedDraft,
    batch: &[StartedDraft],
    drafts: &'a [(String, Draft)],
) -> Result<&'a Draft, &'static str> {
    let id = started.message.id.to_string();
    let mut own = drafts.iter().filter(|(of, _)| *of == id);
    let draft = match (own.next(), own.next()) {
        (Some((_, draft)), None) => draft,
        (None, _) => return Err("in a request for several people, this message was missing"),
        (Some(_), Some(_)) => {
            return Err("in a request for several people, this message appeared twice");
        }
    };
    let mut others = batch.iter().filter(|it| it.message.id != started.message.id);
    if others.any(|other| names(&started.context, &other.context, draft)) {
        return Err("in a request for several people, this message named another of them");
    }
    Ok(draft)
}

/// The words of a person's name that distinguish them from others.
fn name_words(context: &EmailContext) -> impl Iterator<Item = &str> {
    words(&context.facts.to.name).filter(|word| word.chars().count() >= 3)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Whether two people share a word of their names. They are not put into one request: no check and no reader would
/// notice that their messages were swapped.
fn may_be_mixed_up(one: &EmailContext, other: &EmailContext) -> bool {
    name_words(one).any(|word| name_words(other).any(|it| it.eq_ignore_ascii_case(word)))
        || name_words(one).next().is_none()
        || name_words(other).next().is_none()
}

/// Whether a draft for `own` contains a word of the other's name that is not in its own facts.
fn names(own: &EmailContext, other: &EmailContext, draft: &Draft) -> bool {
    let facts = &own.facts;
    let known = [&facts.event.name, &facts.to.job_title]
        .into_iter()
        .chain(&facts.event.organiser)
        .chain(&facts.event.place)
        .chain(&facts.event.dates)
        .chain(&facts.to.skills);
    let known: Vec<&str> = known.flat_map(|text| words(text)).collect();
    name_words(other)
        .filter(|word| !known.contains(word))
        .any(|word| words(&draft.subject).chain(words(&draft.body)).any(|it| it == word))
}
