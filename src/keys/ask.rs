//! The only way to ask Gemini: with a grant.

use std::sync::atomic::Ordering;

use super::book::view;
use super::day::counted_day;
use super::grant::Grant;
use super::pool::Pool;
use crate::config::Pacing;
use crate::llm::answer::Usage;
use crate::llm::embedding::Purpose;
use crate::llm::gemini::{self, Departure, Listener, TooLate};
use crate::llm::pacing::day;
use crate::llm::{Answer, Client, Failure, Request};
use crate::model::{Clock, Millis, Secret};
use crate::store::{self, Db};

/// What every request needs.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    pub pool: &'a Pool,
    pub client: &'a Client,
    pub db: &'a Db,
    pub clock: &'a Clock,
}

/// A request of another program.
pub struct Forward {
    pub stream: bool,
    /// A body of `generateContent`, unchanged.
    pub body: Vec<u8>,
    /// The program, for the log.
    pub program: String,
}

impl Asking<'_> {
    /// Asks once. The outcome is for [`settle`](super::settle()) to book, whatever it is.
    pub async fn ask(self, grant: &Grant, request: &Request) -> Result<Answer, Failure> {
        let secret = key(self.pool, grant, "")?;
        let departure = self.departure(grant);
        self.client.generate(&secret, &grant.model, request, departure).await
    }

    /// Asks once for the embedding of a text. The answer is only for [`settle`](super::settle()).
    pub async fn embed(
        self,
        grant: &Grant,
        text: &str,
        purpose: Purpose,
    ) -> Result<(Answer, Vec<f32>), Failure> {
        let secret = key(self.pool, grant, "")?;
        let departure = self.departure(grant);
        let vector = self.client.embed(&secret, &grant.model, text, purpose, departure).await?;
        Ok((Answer { text: String::new(), json: None, usage: Usage::default() }, vector))
    }

    /// Forwards a request of another program, once. The response goes to the listener piece by piece; what
    /// [`settle`](super::settle()) books is returned.
    pub async fn forward(
        self,
        grant: &Grant,
        forward: Forward,
        listener: &mut impl Listener,
    ) -> Result<Answer, Failure> {
        let Forward { stream, body, program } = forward;
        let secret = key(self.pool, grant, &program)?;
        let departure = self.departure(grant);
        let request = gemini::Forward { model: &grant.model, stream, body };
        let usage = self.client.forward(&secret, request, departure, listener).await?;
        Ok(Answer { text: String::new(), json: None, usage })
    }

    /// Runs once the connection is open, before anything is written: makes sure that the booking is fresh.
    pub fn departure(self, grant: &Grant) -> Departure {
        departure(self.pool, self.db, self.clock, grant)
    }
}

/// The key of the grant. Logs that it is used.
fn key(pool: &Pool, grant: &Grant, program: &str) -> Result<Secret, Failure> {
    let keys = pool.keys();
    let Some(key) = keys.with_fingerprint(&grant.fingerprint) else {
        // The key was removed since.
        return Err(Failure::GivenBack);
    };
    let (number, of) = (grant.key, keys.primary_count());
    let (task, model) = (grant.task, grant.model.as_str());
    let whom = if program.is_empty() { String::new() } else { format!(" for {program}") };
    if number.is_reserve() {
        tracing::info!(key.number = number.0, %task, model, "Using the reserve API key (beside {of}){whom}");
    } else {
        tracing::info!(key.number = number.0, %task, model, "Using API key #{number} (of {of}){whom}");
    }
    Ok(key.secret.clone())
}

fn departure(pool: &Pool, db: &Db, clock: &Clock, grant: &Grant) -> Departure {
    let (pool, db, clock, grant) = (pool.clone(), db.clone(), clock.clone(), grant.clone());
    Box::pin(async move {
        // Stamping takes time too. If it takes too long three times, the machine is too busy to send in time.
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

/// False if the slot is lost, or if a start now would be too close to another request that was sent since.
async fn stamp_again(pool: &Pool, db: &Db, clock: &Clock, grant: &Grant) -> sqlx::Result<bool> {
    let mut tx = db.write().await?;
    store::keys::lock_pool(&mut tx).await?;
    // Getting the lock may take a while: the stamp is the time after that.
    let now = clock.now();
    let Some(row) = store::bookings::stale(&mut tx, grant.booking).await? else {
        return Ok(false);
    };
    let pace = pool.pace();
    let projects = view(&mut tx, pool, &[], now).await?.serving_projects(now);
    let spacing = pace.spacing(grant.task, projects);
    let apart = |last: Option<Millis>, gap| {
        last.is_none_or(|last| last <= row.booked_at || now >= last.plus(gap))
    };
    let spaced = pace.pacing == Pacing::Full || apart(row.last_start_at, spacing);
    if row.free_at <= now || !spaced || !apart(row.last_sent_at, pace.send_gap) {
        return Ok(false);
    }
    let (before, date) = (day::of(row.booked_at), day::of(now));
    let stamp = store::bookings::Stamp {
        booking: grant.booking,
        key: grant.key_id,
        task: grant.task,
        project: &grant.project,
        model: &grant.model,
        free_at: pace.held_until(now),
        new_day: (before != date).then(|| counted_day(&date, pace, now)),
    };
    store::bookings::stamp(&mut tx, &stamp, now).await?;
    tx.commit().await?;
    grant.booked_at.store(now.0, Ordering::Release);
    Ok(true)
}
