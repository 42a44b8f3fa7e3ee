//! Writes a letter: by Gemini, or by the template when that is the resort.

use crate::app::App;
use crate::campaigns::checks::rule;
use crate::campaigns::emails::{self, EmailContext};
use crate::campaigns::messages::{AfterDraft, store_draft};
use crate::campaigns::template;
use crate::jobs::gemini::{self, ask};
use crate::keys::{After, Grant};
use crate::llm::prompts;
use crate::model::email::Draft;
use crate::model::made_by::{MadeBy, Maker};
use crate::model::{MessageId, Millis};
use crate::store::jobs::Leased;
use crate::store::messages::Message;
use crate::store::{self, Conn};

/// A letter that was taken up.
pub struct Part {
    pub leased: Leased,
    pub message: Message,
    pub letter: EmailContext,
}

/// Writes a letter without Gemini, in the caller's transaction.
pub async fn by_resort(
    tx: &mut Conn,
    app: &App,
    leased: &Leased,
    id: MessageId,
    why: &str,
) -> anyhow::Result<()> {
    if store::jobs::hold(tx, leased).await?
        && let Some(part) = take_up(tx, app, leased, id).await?
    {
        by_template(tx, app, &part, why.to_owned()).await?;
    }
    Ok(())
}

/// Finds out whether the letter is still wanted; otherwise the job is done.
pub async fn take_up(
    tx: &mut Conn,
    app: &App,
    leased: &Leased,
    id: MessageId,
) -> anyhow::Result<Option<Part>> {
    let now = app.clock.now();
    let found = match store::messages::find(tx, id).await? {
        Some(message) => {
            emails::read(tx, &app.config, &message).await?.map(|letter| (message, letter))
        }
        None => None,
    };
    if let Some((message, letter)) = found {
        let reason = emails::reason_to_skip(tx, &message, &letter.person).await?;
        if let Some(reason) = reason {
            store::messages::skip(tx, id, reason).await?;
            store::campaigns::finish_if_done(tx, message.campaign_id, now).await?;
        } else if store::messages::start_drafting(tx, id).await? {
            return Ok(Some(Part { leased: leased.clone(), message, letter }));
        }
    }
    store::jobs::finish(tx, leased).await?;
    Ok(None)
}

pub async fn by_model(app: &App, part: &Part, grant: &Grant) -> anyhow::Result<()> {
    let Part { leased, message, letter } = part;
    let mut facts = letter.facts.clone();
    facts.hint = hint(message);
    let request = prompts::letter(&facts);
    let (outcome, draft) = ask(app, grant, &request, prompts::read_letter).await;
    let now = app.clock.now();
    let settled = gemini::settle(app, leased, grant, &outcome, now).await?;
    let Some((mut tx, after)) = settled else { return Ok(()) };
    match (after, draft) {
        (After::Fine, Some(draft)) => {
            let made_by = MadeBy::model(&grant.model, grant.key);
            keep(&mut tx, app, leased, message, &draft, &made_by, now).await?;
        }
        (After::Fine, None) => anyhow::bail!("an answer was booked as good and could not be read"),
        (After::Again { at } | After::Attempt { at, .. }, _) => {
            let words = outcome.err().map(|failure| failure.to_string()).unwrap_or_default();
            give_back(&mut tx, leased, message, at, leased.attempts, &words).await?;
        }
        (After::Resort { why }, _) => {
            by_template(&mut tx, app, part, why).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// What the organiser wants changed, and what the checks said of the last draft.
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

async fn by_template(tx: &mut Conn, app: &App, part: &Part, why: String) -> anyhow::Result<()> {
    let Part { leased, message, letter } = part;
    let draft = template::write(&letter.facts);
    let made_by = MadeBy::instead(Maker::Template, why);
    keep(tx, app, leased, message, &draft, &made_by, app.clock.now()).await
}

pub async fn keep(
    tx: &mut Conn,
    app: &App,
    leased: &Leased,
    message: &Message,
    draft: &Draft,
    made_by: &MadeBy,
    now: Millis,
) -> anyhow::Result<()> {
    match store_draft(tx, &app.config, message, draft, made_by, now).await? {
        AfterDraft::Again => store::jobs::give_back(tx, leased, now, leased.attempts, None).await?,
        AfterDraft::Kept | AfterDraft::Dropped => store::jobs::finish(tx, leased).await?,
    }
    Ok(())
}

pub async fn give_back(
    tx: &mut Conn,
    leased: &Leased,
    message: &Message,
    at: Millis,
    attempts: i64,
    words: &str,
) -> sqlx::Result<()> {
    store::messages::give_back_draft(tx, message.id, None, Some(words)).await?;
    store::jobs::give_back(tx, leased, at, attempts, Some(words)).await
}
