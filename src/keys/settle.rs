//! Stores the outcome of a request, with its consequences for key, project and job.

use std::time::Duration;

use super::book::ledger;
use super::grant::Grant;
use super::pool::Pool;
use crate::llm::pacing::{CooldownKind, Pace, day};
use crate::llm::refusal::Consequence;
use crate::llm::{Answer, Failure, Refusal, RefusalKind};
use crate::model::job::Class;
use crate::model::{BookingId, Millis};
use crate::store::bookings::{BookingOutcome, Settled};
use crate::store::quotas::Learned;
use crate::store::{self, Conn};

/// What the outcome of a request means for its job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    Fine,
    /// The job goes back into the queue without losing an attempt.
    Again {
        at: Millis,
    },
    /// The job goes back into the queue and loses an attempt.
    Attempt {
        at: Millis,
        why: String,
    },
    /// The job uses its fallback (template or word list), and why.
    Fallback {
        why: String,
    },
}

/// Books the outcome of the grant's request, with its consequences for key, project and model.
pub async fn settle(
    conn: &mut Conn,
    pool: &Pool,
    grant: &Grant,
    outcome: &Result<Answer, Failure>,
    now: Millis,
) -> sqlx::Result<After> {
    store::keys::lock_pool(conn).await?;
    let pace = pool.pace();
    // Its key may have been moved to another project since.
    let project = store::bookings::project_of(conn, grant.booking).await?;
    let grant =
        &Grant { project: project.unwrap_or_else(|| grant.project.clone()), ..grant.clone() };
    let (booked_outcome, response) = booked_as(outcome);
    let usage = match outcome {
        Ok(answer) => answer.usage,
        Err(Failure::Unusable { usage, .. }) => *usage,
        Err(_) => crate::llm::answer::Usage::default(),
    };
    let settled = Settled {
        booking: grant.booking,
        outcome: booked_outcome,
        sent_at: grant.sent(),
        free_at: free_at(pace, grant, outcome, now),
        tokens_in: usage.tokens_in,
        tokens_out: usage.tokens_out,
        response: response.as_deref(),
    };
    let first = store::bookings::settle(conn, &settled, now).await?;
    if first {
        pool.tally().count(grant, booked_outcome, outcome.as_ref().err(), usage);
    }
    if first && grant.sent().is_none() {
        store::quotas::uncount(conn, &grant.project, &grant.model, &day::of(grant.booked()))
            .await?;
    }
    match outcome {
        Ok(_) => {
            served(conn, grant).await?;
            Ok(After::Fine)
        }
        Err(Failure::GivenBack) => Ok(After::Again { at: now }),
        Err(Failure::Refused(refusal)) => {
            if first {
                refused(conn, pool, grant, refusal, now).await?;
            }
            Ok(After::Again { at: now })
        }
        Err(failure) => failed(conn, pace, grant, failure, now).await,
    }
}

/// What a failure that is not a refusal means for the job.
async fn failed(
    conn: &mut Conn,
    pace: &Pace,
    grant: &Grant,
    failure: &Failure,
    now: Millis,
) -> sqlx::Result<After> {
    match failure {
        Failure::Refused(_) | Failure::GivenBack => Ok(After::Again { at: now }),
        Failure::Unusable { .. } => {
            served(conn, grant).await?;
            let tries =
                store::bookings::tries(conn, grant.booking, BookingOutcome::Unusable, Millis(0))
                    .await?;
            tracing::warn!(key.number = grant.key.0, task = %grant.task, "No usable answer: {failure}");
            if tries >= pace.unusable_tries {
                return Ok(After::Fallback { why: format!("{failure}, {tries} times") });
            }
            Ok(After::Attempt { at: now, why: failure.to_string() })
        }
        Failure::Server { .. } | Failure::Timeout | Failure::Connection { .. } => {
            let since = now.minus(pace.failures_within);
            let tries =
                store::bookings::tries(conn, grant.booking, BookingOutcome::Failed, since).await?;
            tracing::warn!(key.number = grant.key.0, task = %grant.task, "No answer: {failure}");
            let at = now.plus(pace.pause_after_failure(tries, chance(grant.booking)));
            let too_late = grant.class != Class::Bulk
                && grant.deadline_at.is_some_and(|deadline| at > deadline);
            if tries >= pace.failure_tries || too_late {
                return Ok(After::Fallback { why: format!("{failure}; tried {}", times(tries)) });
            }
            Ok(After::Attempt { at, why: failure.to_string() })
        }
        Failure::OurFault { .. } => {
            tracing::error!(key.number = grant.key.0, task = %grant.task, model = grant.model, "{failure}");
            Ok(After::Fallback { why: failure.to_string() })
        }
    }
}

/// Ends older cooldowns of the key and of its project: it answered.
async fn served(conn: &mut Conn, grant: &Grant) -> sqlx::Result<()> {
    store::keys::served(conn, grant.key_id, grant.booked()).await?;
    store::quotas::served(conn, &grant.project, &grant.model, grant.booked()).await
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
        refusal.text
    );
    store::keys::count_refusal(conn, grant.key_id, &refusal.text, now).await?;
    match kind.consequence() {
        Consequence::DisableKey => {
            store::keys::disable(conn, grant.key_id, kind.meaning(), now).await
        }
        Consequence::CoolKeyDown => {
            let record = store::keys::find(conn, grant.key_id).await?;
            let known = record.map(|it| (it.cooldown_until, it.cooldown_step));
            let (until, step) = known.unwrap_or((None, 0));
            let step = next_step(grant, until, step);
            let until = until.max(Some(now.plus(Pace::doubled(pace.fault_cooldown, step - 1))));
            let until = until.unwrap_or(now);
            store::keys::cool_down(conn, grant.key_id, until, step, kind.meaning()).await
        }
        Consequence::TurnModelOff => {
            let (project, model) = (&grant.project, &grant.model);
            store::quotas::turn_off_model(conn, project, model, kind.meaning(), now).await
        }
        Consequence::CoolMinuteDown => cool_minute_down(conn, pool, grant, refusal, now).await,
        Consequence::CoolDayDown => cool_day_down(conn, pool, grant, refusal, now).await,
        Consequence::CoolCapacityDown => {
            let row = store::quotas::find(conn, &grant.project, &grant.model).await?;
            let (until, step) = match row {
                Some(row)
                    if row.cooldown_kind.as_deref() == Some(CooldownKind::Capacity.as_str()) =>
                {
                    (row.cooldown_until, row.cooldown_step)
                }
                _ => (None, 0),
            };
            let step = next_step(grant, until, step);
            let told = pace.scaled(refusal.retry.unwrap_or_default());
            let cooldown = Pace::doubled(pace.capacity_cooldown, step - 1).max(told);
            cool_project_down(conn, grant, now.plus(cooldown), CooldownKind::Capacity, step).await
        }
    }
}

/// How many cooldowns in a row this is. A request that was in progress when the last one began does not count again.
fn next_step(grant: &Grant, cooldown_until: Option<Millis>, step: i64) -> i64 {
    let is_new = cooldown_until.is_none_or(|until| until <= grant.booked());
    if is_new { step + 1 } else { step.max(1) }
}

/// Starts a cooldown of the project for this model, unless a longer one is set already.
async fn cool_project_down(
    conn: &mut Conn,
    grant: &Grant,
    until: Millis,
    kind: CooldownKind,
    step: i64,
) -> sqlx::Result<()> {
    let row = store::quotas::find(conn, &grant.project, &grant.model).await?;
    if row.and_then(|row| row.cooldown_until).is_some_and(|known| known >= until) {
        return Ok(());
    }
    store::quotas::cool_down(conn, &grant.project, &grant.model, until, kind.as_str(), step).await
}

async fn cool_minute_down(
    conn: &mut Conn,
    pool: &Pool,
    grant: &Grant,
    refusal: &Refusal,
    now: Millis,
) -> sqlx::Result<()> {
    let pace = pool.pace();
    let (project, model) = (&grant.project, &grant.model);
    let before = store::quotas::find(conn, project, model).await?;
    let learned = match refusal.kind {
        RefusalKind::Minute => Learned { per_minute: refusal.limit, ..Learned::default() },
        _ => Learned { tokens_per_minute: refusal.limit, ..Learned::default() },
    };
    store::quotas::learn(conn, project, model, learned).await?;
    let is_new = before
        .as_ref()
        .and_then(|row| row.cooldown_until)
        .is_none_or(|until| until <= grant.booked());
    if refusal.kind == RefusalKind::Minute && is_new {
        // Refused within our own budget: another program uses this project too, or the limit is lower than named.
        let row = store::quotas::find(conn, project, model).await?;
        let keys = pool.keys();
        let limit = ledger(&keys, project, row.as_ref(), now).per_minute;
        let used = store::usage::count_held(conn, project, model, now).await?;
        if used <= i64::from(limit) {
            let allowed = refusal.limit.unwrap_or(limit);
            store::bookings::refused_inside(conn, grant.booking, allowed).await?;
            let lowered = row
                .filter(|row| row.lowered_until.is_some_and(|until| until > now))
                .map_or(0, |row| row.lowered_by);
            let until = now.plus(pace.lowered_for);
            store::quotas::lower(conn, project, model, lowered + 1, until).await?;
        }
    }
    // The slots in the ledger delay the next request as well.
    let told = refusal.retry.map_or(pace.window, |told| pace.scaled(told));
    cool_project_down(conn, grant, now.plus(told + pace.guard), CooldownKind::Minute, 0).await
}

async fn cool_day_down(
    conn: &mut Conn,
    pool: &Pool,
    grant: &Grant,
    refusal: &Refusal,
    now: Millis,
) -> sqlx::Result<()> {
    let pace = pool.pace();
    let before = store::quotas::find(conn, &grant.project, &grant.model).await?;
    if refusal.kind == RefusalKind::Day {
        let learned = Learned { per_day: refusal.limit, ..Learned::default() };
        store::quotas::learn(conn, &grant.project, &grant.model, learned).await?;
    }
    let cooled_down =
        before.filter(|row| row.cooldown_kind.as_deref() == Some(CooldownKind::Day.as_str()));
    let (until, step) =
        cooled_down.map_or((None, 0), |row| (row.cooldown_until, row.cooldown_step));
    let step = next_step(grant, until, step);
    let again = step > 1;
    let until = if again {
        // The day did not begin at midnight in California, or not for this quota: one try an hour.
        now.plus(pace.day_retry)
    } else {
        let told = refusal.retry.map_or(Duration::ZERO, |told| pace.scaled(told));
        now.plus(told).max(day::next(now)).plus(pace.day_margin)
    };
    cool_project_down(conn, grant, until, CooldownKind::Day, step).await
}

fn times(tries: i64) -> String {
    match tries {
        1 => "once".into(),
        2 => "twice".into(),
        more => format!("{more} times"),
    }
}

/// From 0 to 1, different for each booking, so that tries which failed together are spread.
fn chance(booking: BookingId) -> f64 {
    // The fractional parts of multiples of the golden ratio are far apart.
    (booking.0 as f64 * 0.618_033_988_749_895).fract().abs()
}
