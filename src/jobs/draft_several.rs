//! Writes several invitations in one request: what an organiser chooses whose day's quota would not last. Every letter is
//! told by its message's id and passes the same checks as one that was asked for alone; one that is missing, stands there
//! twice or names another of these people is written alone.

use super::draft::{self, Part};
use super::gemini::ask;
use crate::app::App;
use crate::campaigns::emails::EmailContext;
use crate::keys::{self, After, Grant};
use crate::llm::{Failure, prompts};
use crate::model::email::Draft;
use crate::model::job::{Class, Task};
use crate::model::made_by::MadeBy;
use crate::model::{Job, Millis};
use crate::store::jobs::Leased;
use crate::store::{self, Conn};

/// Claims the letters that may stand in the same request as the first. Only bulk work, and only what was never tried:
/// whatever failed in company is tried alone.
pub async fn companions(
    tx: &mut Conn,
    first: &Part,
    now: Millis,
    leased_until: Millis,
) -> sqlx::Result<Vec<Leased>> {
    let leased = &first.leased;
    let alone = leased.class != Class::Bulk || leased.attempts > 0 || first.letter.together <= 1;
    if alone || !matches!(leased.job, Job::Draft(_, Task::Outreach)) {
        return Ok(Vec::new());
    }
    store::jobs::claim_companions(tx, leased, first.letter.together - 1, now, leased_until).await
}

/// Takes up the letters that are still wanted and may stand with the first; the others are put back, to be asked for
/// alone.
pub async fn take_up(
    tx: &mut Conn,
    app: &App,
    first: Part,
    companions: &[Leased],
) -> anyhow::Result<Vec<Part>> {
    let mut parts = vec![first];
    for leased in companions {
        let Job::Draft(id, _) = leased.job else { anyhow::bail!("{:?} is done alone", leased.job) };
        let Some(part) = draft::take_up(tx, app, leased, id).await? else { continue };
        if parts.iter().any(|other| may_be_mixed_up(&other.letter, &part.letter)) {
            alone(tx, &part, app.clock.now(), "").await?;
        } else {
            parts.push(part);
        }
    }
    Ok(parts)
}

/// Asks for all of them in one request.
pub async fn write(app: &App, parts: &[Part], grant: &Grant) -> anyhow::Result<()> {
    let letters: Vec<_> = parts.iter().map(|it| (it.message.id, &it.letter.facts)).collect();
    let request = prompts::invitations(&letters);
    let (outcome, drafts) = ask(app, grant, &request, prompts::read_invitations).await;
    let drafts = drafts.unwrap_or_default();
    let words = outcome.as_ref().err().map(ToString::to_string).unwrap_or_default();
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    let after = keys::settle(&mut tx, &app.pool, grant, &outcome, now).await?;
    for part in parts {
        if !store::jobs::hold(&mut tx, &part.leased).await? {
            // Somebody else writes it by now.
            continue;
        }
        match &after {
            After::Fine => match own_draft(part, parts, &drafts) {
                Ok(draft) => {
                    let made_by = MadeBy::model(&grant.model, grant.key);
                    let Part { leased, message, .. } = part;
                    draft::keep(&mut tx, app, leased, message, draft, &made_by, now).await?;
                }
                Err(why) => alone(&mut tx, part, now, why).await?,
            },
            After::Attempt { at, why } if matches!(outcome, Err(Failure::Unusable { .. })) => {
                alone(&mut tx, part, *at, why).await?;
            }
            // The quota or the server was in the way, not the company.
            After::Again { at } | After::Attempt { at, .. } => {
                let Part { leased, message, .. } = part;
                draft::give_back(&mut tx, leased, message, *at, leased.attempts, &words).await?;
            }
            After::Resort { why } => alone(&mut tx, part, now, why).await?,
        }
    }
    tx.commit().await?;
    Ok(())
}

/// Puts a letter back into the queue, to be asked for alone: it counts as tried.
async fn alone(tx: &mut Conn, part: &Part, at: Millis, words: &str) -> sqlx::Result<()> {
    let Part { leased, message, .. } = part;
    draft::give_back(tx, leased, message, at, leased.attempts + 1, words).await
}

/// The one letter with this part's id, if it cannot be another's.
fn own_draft<'a>(
    part: &Part,
    parts: &[Part],
    drafts: &'a [(String, Draft)],
) -> Result<&'a Draft, &'static str> {
    let id = part.message.id.to_string();
    let mut own = drafts.iter().filter(|(of, _)| *of == id);
    let draft = match (own.next(), own.next()) {
        (Some((_, draft)), None) => draft,
        (None, _) => return Err("written with others, this letter was missing"),
        (Some(_), Some(_)) => return Err("written with others, this letter was there twice"),
    };
    let others = parts.iter().filter(|it| it.message.id != part.message.id);
    if others.map(|it| &it.letter).any(|other| names(&part.letter, other, draft)) {
        return Err("written with others, this letter named another of them");
    }
    Ok(draft)
}

/// The words of somebody's name that tell them from others.
fn name_words(letter: &EmailContext) -> impl Iterator<Item = &str> {
    words(&letter.facts.to.name).filter(|word| word.chars().count() >= 3)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Two people who share a word of their names do not stand in one request: neither check nor reader would see that their
/// letters were swapped.
fn may_be_mixed_up(one: &EmailContext, other: &EmailContext) -> bool {
    name_words(one).any(|word| name_words(other).any(|it| it.eq_ignore_ascii_case(word)))
        || name_words(one).next().is_none()
        || name_words(other).next().is_none()
}

/// Whether a draft for `own` has a word of the other's name that its own facts do not have.
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
