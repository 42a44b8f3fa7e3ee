//! The gateway for other programs of the organiser: their requests to Gemini use the same pool.
//!
//! A request lives no longer than its connection, so it is kept in the memory of the process that has the connection
//! ([`PendingRequests`]). The queue has a job for it that only this process can do, so it is scheduled like all others.

mod pending;
pub mod tokens;

pub use pending::{Broken, Full, PendingRequests, Piece, Refused, Reply, Request, Ticket};

use std::time::Duration;

use serde_json::Value;

use crate::keys::{self, Pool};
use crate::llm::pacing::{self, Demand, Outlook, TokenEstimate};
use crate::model::job::{Class, Task};
use crate::model::{Clock, Job, Millis};
use crate::store::jobs::Needs;
use crate::store::{self, Conn, Db};

/// After the deadline, how often to check whether Gemini is still being asked.
const RECHECK: Duration = Duration::from_secs(1);

/// Adds the request to the pending ones and its job to the queue, and counts it for its token.
pub async fn queue(
    db: &Db,
    pending: &PendingRequests,
    instance: &str,
    request: Request,
    now: Millis,
    deadline: Millis,
) -> sqlx::Result<Result<Ticket, Full>> {
    let (model, tokens, token) = (request.model.clone(), request.tokens, request.token.clone());
    let ticket = match pending.put(request) {
        Ok(ticket) => ticket,
        Err(full) => return Ok(Err(full)),
    };
    let needs = Needs {
        deadline_at: Some(deadline),
        model: Some(&model),
        instance: Some(instance),
        tokens: Some(tokens),
    };
    let job = Job::Forward(ticket.id());
    let mut tx = db.write().await?;
    store::tokens::count(&mut tx, &token, now).await?;
    store::jobs::enqueue_with(&mut tx, job, Class::Bulk, now, needs).await?;
    tx.commit().await?;
    Ok(Ok(ticket))
}

/// Waits for the reply. A request that was not sent by `deadline` is refused; one that was sent is waited for.
pub async fn wait(
    db: &Db,
    pool: &Pool,
    clock: &Clock,
    mut ticket: Ticket,
    deadline: Millis,
) -> sqlx::Result<Reply> {
    let mut until = deadline;
    loop {
        tokio::select! {
            reply = ticket.reply() => return Ok(reply),
            () = clock.sleep_until(until) => {}
        }
        if ticket.withdraw() {
            let mut conn = db.read().await?;
            return Ok(Reply::Refused(
                refused(&mut conn, pool, ticket.request(), clock.now()).await?,
            ));
        }
        // Gemini is being asked: that ends by itself, or the request waits again.
        until = clock.now().plus(RECHECK);
    }
}

/// The refusal of a request that cannot start in time: when to retry, or that no key can serve it.
pub async fn refused(
    conn: &mut Conn,
    pool: &Pool,
    request: &Request,
    now: Millis,
) -> sqlx::Result<Refused> {
    let demand = Demand {
        task: Task::Gateway,
        class: Class::Bulk,
        waiting: 1,
        created_at: now,
        deadline_at: None,
        tokens: request.tokens,
        model: Some(request.model.clone()),
    };
    let view = keys::view(conn, pool, std::slice::from_ref(&demand), now).await?;
    Ok(match pacing::outlook(&view, &demand, now) {
        Outlook::Start { .. } => too_late("others go first", Duration::ZERO),
        Outlook::Wait { until, why } => too_late(&why, until.since(now)),
        Outlook::Fallback { why } => {
            // No key can serve it: is it because of the model?
            let is_unknown =
                view.models.iter().position(|it| *it == request.model).is_some_and(|model| {
                    let mut ledgers =
                        view.keys.iter().filter_map(|key| view.ledger(&key.project, model));
                    ledgers.any(|ledger| ledger.off.is_some())
                });
            Refused { code: if is_unknown { 404 } else { 503 }, message: why, retry: None }
        }
    })
}

fn too_late(why: &str, retry: Duration) -> Refused {
    Refused {
        code: 429,
        message: format!("No key is free before the request's deadline: {why}."),
        retry: Some(retry.max(RECHECK)),
    }
}

/// The estimated cost of a part that is not text: a tile of a picture, or a page.
const TOKENS_OF_A_FILE: usize = 300;

/// Estimates the input tokens of a `generateContent` body, too many rather than too few.
pub fn estimated_tokens(body: &Value) -> u32 {
    let mut estimate = TokenEstimate::default();
    add(&mut estimate, body);
    estimate.tokens()
}

fn add(estimate: &mut TokenEstimate, value: &Value) {
    match value {
        Value::String(text) => estimate.add_text(text),
        Value::Array(list) => list.iter().for_each(|value| add(estimate, value)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match name.as_str() {
                    "inlineData" | "inline_data" | "fileData" | "file_data" => {
                        estimate.add_tokens(TOKENS_OF_A_FILE);
                    }
                    _ => add(estimate, value),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => estimate.add_text("0"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_counts_by_length_and_files_by_number() {
        let text = |text: &str| {
            estimated_tokens(&json!({ "contents": [{ "parts": [{ "text": text }] }] }))
        };
        assert_eq!(text("Say hello."), 4);
        assert_eq!(text(&"\u{65e5}".repeat(10)), 10);
        let picture =
            json!({ "inlineData": { "mimeType": "image/png", "data": "A".repeat(400_000) } });
        assert_eq!(estimated_tokens(&picture), 300);
    }
}
