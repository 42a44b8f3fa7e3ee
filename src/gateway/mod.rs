//! The door for other programs of the organiser: their requests to Gemini go through the same pool.
//!
//! A request lives no longer than the connection it came by, so it stays in the memory of the process that holds that
//! ([`PendingRequests`]); the queue has a job that only this process can do, and so the request takes its turn among all others.

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

/// Whether a request is still being asked is looked at so often, once its time is over.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Puts the request on the pending and its job into the queue, and counts it for its token.
pub async fn queue(
    db: &Db,
    pending: &PendingRequests,
    instance: &str,
    request: Request,
    now: Millis,
    deadline: Millis,
) -> sqlx::Result<Result<Ticket, Full>> {
    let (model, tokens, who) = (request.model.clone(), request.tokens, request.who.clone());
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
    store::tokens::count(&mut tx, &who, now).await?;
    store::jobs::enqueue_with(&mut tx, job, Class::Bulk, now, needs).await?;
    tx.commit().await?;
    Ok(Ok(ticket))
}

/// Waits for the reply. Not for longer than `deadline` to be asked; what was asked by then is waited for.
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
        // It is being asked: that ends by itself, or it comes back to wait.
        until = clock.now().plus(LOOK_AGAIN);
    }
}

/// What is said of a request whose turn does not come in time: when to ask again, or that no key will ever serve.
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
            // No key will ever serve: is it the model?
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
        retry: Some(retry.max(LOOK_AGAIN)),
    }
}

/// What a part that is no text is taken to cost: a picture's tile, or a page.
const TOKENS_OF_A_FILE: usize = 300;

/// How many input tokens a body of `generateContent` will take, rather too many than too few.
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
    fn words_count_by_their_length_and_files_by_the_piece() {
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
