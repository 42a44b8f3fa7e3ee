//! What an answer or a refusal does to keys and projects, and what it means for the job.

use std::time::Duration;

use super::{Grant, Pool};
use crate::llm::pacing::{Pace, RestKind, day};
use crate::llm::refusal::Consequence;
use crate::llm::{Answer, Failure, Refusal, RefusalKind};
use crate::model::job::Class;
use crate::model::{BookingId, Millis};
use crate::store::Conn;
use crate::store::keys::{self as rows, BookingOutcome, Learned};

/// What the outcome of a request means for its job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    Fine,
    /// Goes back into the queue and loses nothing.
    Again {
        at: Millis,
    },
    /// Goes back into the queue and loses an attempt.
    Attempt {
        at: Millis,
        why: String,
    },
    /// Template or taxonomy, and why.
    Resort {
        why: String,
    },
}

/// Books what became of the grant's request, with its consequences for key, project and model.
pub async fn settle(
    conn: &mut Conn,
    pool: &Pool,
    grant: &Grant,
    outcome: &Result<Answer, Failure>,
    now: Millis,
) -> sqlx::Result<After> {
    rows::lock(conn).await?;
    let pace = pool.pace();
    // Meanwhile its key may have been found to belong to another project.
    let project = rows::project_of(conn, grant.booking).await?;
    let grant =
        &Grant { project: project.unwrap_or_else(|| grant.project.clone()), ..grant.clone() };
    let (word, words) = booked_as(outcome);
    let usage = match outcome {
        Ok(answer) => answer.usage,
        Err(Failure::Unusable { usage, .. }) => *usage,
        Err(_) => crate::llm::answer::Usage::default(),
    };
    let settled = rows::Settled {
        booking: grant.booking,
        outcome: word,
        sent_at: grant.sent(),
        free_at: free_at(pace, grant, outcome, now),
        tokens_in: usage.tokens_in,
        tokens_out: usage.tokens_out,
        words: words.as_deref(),
    };
    let first = rows::settle(conn, &settled, now).await?;
    if first {
        pool.tally().count(grant, word, outcome.as_ref().err(), usage);
    }
    if first && grant.sent().is_none() {
        rows::uncount(conn, &grant.project, &grant.model, &day::of(grant.booked())).await?;
    }
    match outcome {
        Ok(_) => {
            rows::served(conn, grant.key_id, &grant.project, &grant.model, grant.booked()).await?;
            Ok(After::Fine)
        }
        Err(Failure::GivenBack) => Ok(After::Again { at: now }),
        Err(Failure::Refused(refusal)) => {
            if first {
                refused(conn, pool, grant, refusal, now).await?;
            }
            Ok(After::Again { at: now })
        }
        Err(failure @ Failure::Unusable { .. }) => {
            rows::served(conn, grant.key_id, &grant.project, &grant.model, grant.booked()).await?;
            let tries =
                rows::tries(conn, grant.booking, BookingOutcome::Unusable, Millis(0)).await?;
            tracing::warn!(key.number = grant.key.0, task = %grant.task, "No usable answer: {failure}");
            if tries >= pace.unusable_tries {
                return Ok(After::Resort { why: format!("{failure}, {tries} times") });
            }
            Ok(After::Attempt { at: now, why: failure.to_string() })
        }
        Err(failure @ (Failure::Server { .. } | Failure::Timeout | Failure::Connection { .. })) => {
            let since = now.minus(pace.failures_within);
            let tries = rows::tries(conn, grant.booking, BookingOutcome::Failed, since).await?;
            tracing::warn!(key.number = grant.key.0, task = %grant.task, "No answer: {failure}");
            let at = now.plus(pace.pause_after_failure(tries, chance(grant.booking)));
            let too_late = grant.class != Class::Bulk
                && grant.deadline_at.is_some_and(|deadline| at > deadline);
            if tries >= pace.failure_tries || too_late {
                return Ok(After::Resort { why: format!("{failure}; tried {}", times(tries)) });
            }
            Ok(After::Attempt { at, why: failure.to_string() })
        }
        Err(failure @ Failure::OurFault { .. }) => {
            tracing::error!(key.number = grant.key.0, task = %grant.task, model = grant.model, "{failure}");
            Ok(After::Resort { why: failure.to_string() })
        }
    }
}

fn booked_as(outcome: &Result<Answer, Failure>) -> (BookingOutcome, Option<String>) {
    let Err(failure) = outcome else { return (BookingOutcome::Ok, None) };
    let word = match failure {
        Failure::Refused(_) => BookingOutcome::Refused,
        Failure::Unusable { .. } => BookingOutcome::Unusable,
        Failure::Server { .. } | Failure::Timeout | Failure::Connection { .. } => {
            BookingOutcome::Failed
        }
        Failure::OurFault { .. } => BookingOutcome::Fault,
        Failure::GivenBack => BookingOutcome::GivenBack,
    };
    (word, Some(failure.to_string()))
}

/// When the slot is free: at once when nothing was sent; by the answer when there was one.
fn free_at(pace: &Pace, grant: &Grant, outcome: &Result<Answer, Failure>, now: Millis) -> Millis {
    let Some(sent) = grant.sent() else { return now };
    let answered = match outcome {
        Err(Failure::Timeout | Failure::Connection { .. } | Failure::GivenBack) => None,
        Ok(_) | Err(_) => Some(now),
    };
    pace.free_at(sent, answered)
}

async fn refused(
    conn: &mut Conn,
    pool: &Pool,
    grant: &Grant,
    refusal: &Refusal,
    now: Millis,
) -> sqlx::Result<()> {
    let pace = pool.pace();
    let kind = refusal.kind;
    let number = grant.key;
    tracing::warn!(
        key.number = number.0,
        task = %grant.task,
        model = grant.model,
        refusal = kind.as_str(),
        "API key #{number} was refused: {} ({})",
        kind.meaning(),
        refusal.words
    );
    rows::refused(conn, grant.key_id, &refusal.words, now).await?;
    match kind.consequence() {
        Consequence::SetAside => rows::set_aside(conn, grant.key_id, kind.meaning(), now).await,
        Consequence::RestKey => {
            let row = rows::find(conn, grant.key_id).await?;
            let (until, step) = row.map_or((None, 0), |row| (row.rest_until, row.rest_step));
            let step = next_step(grant, until, step);
            let until = until.max(Some(now.plus(Pace::doubled(pace.fault_rest, step - 1))));
            rows::rest(conn, grant.key_id, until.unwrap_or(now), step, kind.meaning()).await
        }
        Consequence::ModelOff => {
            rows::model_off(conn, &grant.project, &grant.model, kind.meaning(), now).await
        }
        Consequence::RestMinute => rest_for_the_minute(conn, pool, grant, refusal, now).await,
        Consequence::RestDay => rest_for_the_day(conn, pool, grant, refusal, now).await,
        Consequence::RestCapacity => {
            let row = rows::quota(conn, &grant.project, &grant.model).await?;
            let (until, step) = match row {
                Some(row) if row.rest_kind.as_deref() == Some(RestKind::Capacity.as_str()) => {
                    (row.rest_until, row.rest_step)
                }
                _ => (None, 0),
            };
            let step = next_step(grant, until, step);
            let said = pace.scaled(refusal.retry.unwrap_or_default());
            let rest = Pace::doubled(pace.capacity_rest, step - 1).max(said);
            rest_project(conn, grant, now.plus(rest), RestKind::Capacity, step).await
        }
    }
}

/// How often in a row this is: a request that was under way when the rest began says nothing new.
fn next_step(grant: &Grant, rest_until: Option<Millis>, step: i64) -> i64 {
    let news = rest_until.is_none_or(|until| until <= grant.booked());
    if news { step + 1 } else { step.max(1) }
}

/// Lets the project rest for this model, and never shorter than it was to rest already.
async fn rest_project(
    conn: &mut Conn,
    grant: &Grant,
    until: Millis,
    kind: RestKind,
    step: i64,
) -> sqlx::Result<()> {
    let row = rows::quota(conn, &grant.project, &grant.model).await?;
    if row.and_then(|row| row.rest_until).is_some_and(|known| known >= until) {
        return Ok(());
    }
    rows::rest_project(conn, &grant.project, &grant.model, until, kind.as_str(), step).await
}

async fn rest_for_the_minute(
    conn: &mut Conn,
    pool: &Pool,
    grant: &Grant,
    refusal: &Refusal,
    now: Millis,
) -> sqlx::Result<()> {
    let pace = pool.pace();
    let (project, model) = (&grant.project, &grant.model);
    let before = rows::quota(conn, project, model).await?;
    let learned = match refusal.kind {
        RefusalKind::Minute => Learned { per_minute: refusal.limit, ..Learned::default() },
        _ => Learned { tokens_per_minute: refusal.limit, ..Learned::default() },
    };
    rows::learn(conn, project, model, learned).await?;
    let news =
        before.as_ref().and_then(|row| row.rest_until).is_none_or(|until| until <= grant.booked());
    if refusal.kind == RefusalKind::Minute && news {
        // Inside our own budget: somebody else uses this project too, or its limit is lower than it says.
        let row = rows::quota(conn, project, model).await?;
        let keys = pool.keys();
        let limit = super::book::ledger(&keys, project, row.as_ref(), now).per_minute;
        let used = rows::held(conn, project, model, now).await?;
        if used <= i64::from(limit) {
            let allowed = refusal.limit.unwrap_or(limit);
            rows::refused_inside(conn, grant.booking, allowed).await?;
            let lowered = row
                .filter(|row| row.lowered_until.is_some_and(|until| until > now))
                .map_or(0, |row| row.lowered_by);
            let until = now.plus(pace.lowered_for);
            rows::lower(conn, project, model, lowered + 1, until).await?;
        }
    }
    // What the ledger says is added by the ledger itself: it still holds the slots.
    let said = refusal.retry.map_or(pace.window, |said| pace.scaled(said));
    rest_project(conn, grant, now.plus(said + pace.guard), RestKind::Minute, 0).await
}

async fn rest_for_the_day(
    conn: &mut Conn,
    pool: &Pool,
    grant: &Grant,
    refusal: &Refusal,
    now: Millis,
) -> sqlx::Result<()> {
    let pace = pool.pace();
    let before = rows::quota(conn, &grant.project, &grant.model).await?;
    if refusal.kind == RefusalKind::Day {
        let learned = Learned { per_day: refusal.limit, ..Learned::default() };
        rows::learn(conn, &grant.project, &grant.model, learned).await?;
    }
    let rested = before.filter(|row| row.rest_kind.as_deref() == Some(RestKind::Day.as_str()));
    let (until, step) = rested.map_or((None, 0), |row| (row.rest_until, row.rest_step));
    let step = next_step(grant, until, step);
    let again = step > 1;
    let until = if again {
        // Midnight in California was not when the day began, or not for this quota: one try an hour.
        now.plus(pace.day_retry)
    } else {
        let said = refusal.retry.map_or(Duration::ZERO, |said| pace.scaled(said));
        now.plus(said).max(day::next(now)).plus(pace.day_margin)
    };
    rest_project(conn, grant, until, RestKind::Day, step).await
}

fn times(tries: i64) -> String {
    match tries {
        1 => "once".into(),
        2 => "twice".into(),
        more => format!("{more} times"),
    }
}

/// From 0 to 1, different for each booking: spreads tries that failed together.
fn chance(booking: BookingId) -> f64 {
    // Multiples of the golden ratio, of which only the part behind the point is kept, lie far apart.
    (booking.0 as f64 * 0.618_033_988_749_895).fract().abs()
}
