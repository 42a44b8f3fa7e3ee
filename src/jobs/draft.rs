//! Writes a message's draft: by Gemini, or by the template as the fallback.

use crate::app::App;
use crate::campaigns::checks::rule;
use crate::campaigns::emails::{self, EmailContext};
use crate::campaigns::messages::{AfterDraft, store_draft};
use crate::campaigns::template;
use crate::jobs::asking::{self, ask};
use crate::keys::{After, Grant};
use crate::llm::prompts;
use crate::model::email::Draft;
use crate::model::made_by::{MadeBy, Maker};
use crate::model::{MessageId, Millis};
use crate::store::jobs::Leased;
use crate::store::messages::Message;
use crate::store::{self, Conn};

/// A message whose draft was started.
pub struct StartedDraft {
    pub leased: Leased,
    pub message: Message,
    pub context: EmailContext,
}

/// Writes the draft without Gemini, in the caller's transaction.
pub async fn fall_back(
    tx: &mut Conn,
    app: &App,
    leased: &Leased,
    id: MessageId,
    why: &str,
) -> anyhow::Result<()> {
    if store::jobs::still_owned(tx, leased).await?
        && let Some(started) = start(tx, app, leased, id).await?
    {
        by_template(tx, app, &started, why.to_owned()).await?;
    }
    Ok(())
}

/// Starts a draft if it is still wanted; otherwise the job is done.
pub async fn start(
    tx: &mut Conn,
    app: &App,
    leased: &Leased,
    id: MessageId,
) -> anyhow::Result<Option<StartedDraft>> {
    let now = app.clock.now();
    let found = match store::messages::find(tx, id).await? {
        Some(message) => {
            emails::read(tx, &app.config, &message).await?.map(|context| (message, context))
        }
        None => None,
    };
    if let Some((message, context)) = found {
        let reason = emails::reason_to_skip(tx, &message, &context.person).await?;
        if let Some(reason) = reason {
            store::messages::skip(tx, id, reason).await?;
            store::campaigns::finish_if_done(tx, message.campaign_id, now).await?;
        } else if store::messages::start_drafting(tx, id).await? {
            return Ok(Some(StartedDraft { leased: leased.clone(), message, context }));
        }
    }
    store::jobs::finish(tx, leased).await?;
    Ok(None)
}

pub async fn by_model(app: &App, started: &StartedDraft, grant: &Grant) -> anyhow::Result<()> {
    let StartedDraft { leased, message, context } = started;
    let mut facts = context.facts.clone();
    facts.hint = hint(message);
    let request = prompts::email(&facts);
    let (outcome, draft) = ask(app, grant, &request, prompts::read_email).await;
    let now = app.clock.now();
    let settled = asking::settle(app, leased, grant, &outcome, now).await?;
    let Some((mut tx, after)) = settled else { return Ok(()) };
    match (after, draft) {
        (After::Fine, Some(draft)) => {
            let made_by = MadeBy::model(&grant.model, grant.key);
            finish(&mut tx, app, started, &draft, &made_by, now).await?;
        }
        (After::Fine, None) => anyhow::bail!("an answer was booked as good but could not be read"),
        (After::Again { at } | After::Attempt { at, .. }, _) => {
            let reason = outcome.err().map(|failure| failure.to_string()).unwrap_or_default();
            release(&mut tx, started, at, leased.attempts, &reason).await?;
        }
        (After::Fallback { why }, _) => {
            by_template(&mut tx, app, started, why).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// What the organiser wants changed, and the findings of the last draft.
fn hint(message: &Message) -> String {
    let mut hint = message.hint.clone();
    if message.drafts > 0 {
        let findings = rule::stored(&message.findings);
        for finding in findings.iter().filter(|finding| finding.rule.blocks()) {
            hint = format!("{hint}\nYour last draft failed a check. {}", finding.explained());
        }
    }
    hint.trim().to_owned()
}

async fn by_template(
    tx: &mut Conn,
    app: &App,
    started: &StartedDraft,
    why: String,
) -> anyhow::Result<()> {
    let draft = template::write(&started.context.facts);
    let made_by = MadeBy::instead(Maker::Template, why);
    finish(tx, app, started, &draft, &made_by, app.clock.now()).await
}

/// Stores a draft and ends the job, or releases it when another draft is needed.
pub async fn finish(
    tx: &mut Conn,
    app: &App,
    started: &StartedDraft,
    draft: &Draft,
    made_by: &MadeBy,
    now: Millis,
) -> anyhow::Result<()> {
    let StartedDraft { leased, message, .. } = started;
    match store_draft(tx, &app.config, message, draft, made_by, now).await? {
        AfterDraft::Again => store::jobs::release(tx, leased, now, leased.attempts, None).await?,
        AfterDraft::Kept | AfterDraft::Dropped => store::jobs::finish(tx, leased).await?,
    }
    Ok(())
}

/// Queues the message again, to be written at `at`.
pub async fn release(
    tx: &mut Conn,
    started: &StartedDraft,
    at: Millis,
    attempts: i64,
    reason: &str,
) -> sqlx::Result<()> {
    let StartedDraft { leased, message, .. } = started;
    store::messages::requeue(tx, message.id, None, Some(reason)).await?;
    store::jobs::release(tx, leased, at, attempts, Some(reason)).await
}
