//! The one way to ask Gemini: with a grant.

use std::sync::atomic::Ordering;

use super::book::counted_day;
use super::{Grant, Pool};
use crate::config::Pacing;
use crate::llm::answer::Usage;
use crate::llm::embedding::Purpose;
use crate::llm::gemini::{Departure, Listener, TooLate};
use crate::llm::pacing::day;
use crate::llm::{Answer, Client, Failure, Request};
use crate::model::{Clock, Millis, Secret};
use crate::store::{self, Db};

/// Asks once. What comes of it is for [`settle`](super::settle()) to book, whatever it is.
pub async fn ask(
    pool: &Pool,
    client: &Client,
    db: &Db,
    clock: &Clock,
    grant: &Grant,
    request: &Request,
) -> Result<Answer, Failure> {
    let secret = key(pool, grant, "")?;
    let departure = departure(pool, db, clock, grant);
    client.generate(&secret, &grant.model, request, departure).await
}

/// Asks once what a text is about. The answer is there for [`settle`](super::settle()) alone.
pub async fn embed(
    pool: &Pool,
    client: &Client,
    db: &Db,
    clock: &Clock,
    grant: &Grant,
    text: &str,
    purpose: Purpose,
) -> Result<(Answer, Vec<f32>), Failure> {
    let secret = key(pool, grant, "")?;
    let departure = departure(pool, db, clock, grant);
    let vector = client.embed(&secret, &grant.model, text, purpose, departure).await?;
    Ok((Answer { text: String::new(), json: None, usage: Usage::default() }, vector))
}

/// What another program asks.
pub struct Forward {
    pub stream: bool,
    /// A body of `generateContent`, as it came.
    pub body: Vec<u8>,
    /// Who asks, for the log.
    pub who: String,
}

/// Asks once what another program wrote. What comes back goes to the listener as it comes; what there is to book of it is
/// returned.
pub async fn forward(
    pool: &Pool,
    client: &Client,
    db: &Db,
    clock: &Clock,
    grant: &Grant,
    forward: Forward,
    listener: &mut impl Listener,
) -> Result<Answer, Failure> {
    let Forward { stream, body, who } = forward;
    let secret = key(pool, grant, &who)?;
    let departure = departure(pool, db, clock, grant);
    let usage = client.forward(&secret, &grant.model, stream, body, departure, listener).await?;
    Ok(Answer { text: String::new(), json: None, usage })
}

/// The grant's key, and a line in the log that it is used.
fn key(pool: &Pool, grant: &Grant, who: &str) -> Result<Secret, Failure> {
    let keys = pool.keys();
    let Some(key) = keys.with_fingerprint(&grant.fingerprint) else {
        // It was removed since.
        return Err(Failure::GivenBack);
    };
    let (number, of) = (grant.key, keys.primary_count());
    let (task, model) = (grant.task, grant.model.as_str());
    let who = if who.is_empty() { String::new() } else { format!(" for {who}") };
    if number.is_reserve() {
        tracing::info!(key.number = number.0, %task, model, "Using the reserve API key (beside {of}){who}");
    } else {
        tracing::info!(key.number = number.0, %task, model, "Using API key #{number} (of {of}){who}");
    }
    Ok(key.secret.clone())
}

/// Runs when the connection stands and nothing is written yet: makes sure that the booking's stamp is fresh.
pub fn departure(pool: &Pool, db: &Db, clock: &Clock, grant: &Grant) -> Departure {
    let (pool, db, clock, grant) = (pool.clone(), db.clone(), clock.clone(), grant.clone());
    Box::pin(async move {
        // Stamping takes a moment itself; a machine on which that is too long thrice has no business sending.
        for _ in 0..3 {
            let now = clock.now();
            if now.since(grant.booked()) <= pool.pace().fresh {
                grant.sent_at.store(now.0, Ordering::Release);
                return Ok(());
            }
            if !stamp_again(&pool, &db, &clock, &grant).await.unwrap_or(false) {
                break;
            }
        }
        tracing::debug!(
            booking = grant.booking.0,
            "Booking {} is too old to be sent",
            grant.booking
        );
        Err(TooLate)
    })
}

/// False when the slot is lost, or when a start at this moment would come too close to another that went since.
async fn stamp_again(pool: &Pool, db: &Db, clock: &Clock, grant: &Grant) -> sqlx::Result<bool> {
    let mut tx = db.write().await?;
    store::keys::lock(&mut tx).await?;
    // On a busy machine our turn comes late: the stamp is of the moment when it came.
    let now = clock.now();
    let Some(row) = store::keys::stale(&mut tx, grant.booking).await? else {
        return Ok(false);
    };
    let pace = pool.pace();
    let projects = super::view(&mut tx, pool, &[], now).await?.serving_projects(now);
    let spacing = pace.spacing(grant.task, projects);
    let apart = |last: Option<Millis>, gap| {
        last.is_none_or(|last| last <= row.booked_at || now >= last.plus(gap))
    };
    let spaced = pace.pacing == Pacing::Full || apart(row.last_start_at, spacing);
    if row.free_at <= now || !spaced || !apart(row.last_sent_at, pace.send_gap) {
        return Ok(false);
    }
    let (before, date) = (day::of(row.booked_at), day::of(now));
    let stamp = store::keys::Stamp {
        booking: grant.booking,
        key: grant.key_id,
        task: grant.task,
        project: &grant.project,
        model: &grant.model,
        free_at: pace.held_until(now),
        new_day: (before != date).then(|| counted_day(&date, pace, now)),
    };
    store::keys::stamp(&mut tx, &stamp, now).await?;
    tx.commit().await?;
    grant.booked_at.store(now.0, Ordering::Release);
    Ok(true)
}
