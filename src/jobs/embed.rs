//! Gets the embedding of a text of the FAQ: of an entry when there is time, of a question before it is answered.

use std::time::Duration;

use crate::app::App;
use crate::faq::embeddings;
use crate::jobs::asking;
use crate::keys::{After, Grant};
use crate::llm::embedding::Purpose;
use crate::model::{EntryId, QuestionId};
use crate::store::jobs::Leased;
use crate::store::{self, Conn};

/// How long an entry waits when no key is available; until then the search finds it by words alone.
const RETRY_AFTER: Duration = Duration::from_hours(1);

/// What is embedded.
#[derive(Clone, Copy, Debug)]
pub enum Subject {
    Entry(EntryId),
    Question(QuestionId),
}

/// The text, if its embedding is still needed; otherwise the job is done.
pub async fn start(
    tx: &mut Conn,
    leased: &Leased,
    subject: Subject,
) -> sqlx::Result<Option<String>> {
    let text = match subject {
        Subject::Entry(id) => embeddings::entry_text(tx, id).await?,
        Subject::Question(id) => embeddings::question_text(tx, id).await?,
    };
    if text.is_none() {
        store::jobs::finish(tx, leased).await?;
    }
    Ok(text)
}

/// No key is available in time: a question is answered by its words, an entry waits.
pub async fn fall_back(app: &App, leased: &Leased, subject: Subject) -> anyhow::Result<()> {
    let mut tx = app.db.write().await?;
    if store::jobs::still_owned(&mut tx, leased).await? {
        do_without(&mut tx, app, leased, subject).await?;
    }
    Ok(tx.commit().await?)
}

async fn do_without(
    tx: &mut Conn,
    app: &App,
    leased: &Leased,
    subject: Subject,
) -> sqlx::Result<()> {
    let now = app.clock.now();
    match subject {
        Subject::Question(id) => {
            embeddings::answer_embedded(tx, &app.pool, id, None, now).await?;
            store::jobs::finish(tx, leased).await
        }
        // Without any key there is nothing to wait for. The next question queues the entry again.
        Subject::Entry(_) if app.pool.keys().is_empty() => store::jobs::finish(tx, leased).await,
        Subject::Entry(_) => {
            store::jobs::release(tx, leased, now.plus(RETRY_AFTER), leased.attempts, None).await
        }
    }
}

pub async fn by_model(
    app: &App,
    leased: &Leased,
    subject: Subject,
    text: &str,
    grant: &Grant,
) -> anyhow::Result<()> {
    let purpose = match subject {
        Subject::Entry(_) => Purpose::Document,
        Subject::Question(_) => Purpose::Query,
    };
    let asked = asking::asking(app).embed(grant, text, purpose).await;
    let (outcome, vector) = match asked {
        Ok((answer, vector)) => (Ok(answer), vector),
        Err(failure) => (Err(failure), Vec::new()),
    };
    let now = app.clock.now();
    let reason = outcome.as_ref().err().map(ToString::to_string);
    let settled = asking::settle(app, leased, grant, &outcome, now).await?;
    let Some((mut tx, after)) = settled else { return Ok(()) };
    match (after, subject) {
        (After::Fine, Subject::Entry(id)) => {
            embeddings::keep_entry(&mut tx, id, &grant.model, text, &vector, now).await?;
            store::jobs::finish(&mut tx, leased).await?;
        }
        (After::Fine, Subject::Question(id)) => {
            let embedding = Some((grant.model.as_str(), vector.as_slice()));
            embeddings::answer_embedded(&mut tx, &app.pool, id, embedding, now).await?;
            store::jobs::finish(&mut tx, leased).await?;
        }
        (After::Again { at } | After::Attempt { at, .. }, _) => {
            store::jobs::release(&mut tx, leased, at, leased.attempts, reason.as_deref()).await?;
        }
        (After::Fallback { .. }, _) => do_without(&mut tx, app, leased, subject).await?,
    }
    Ok(tx.commit().await?)
}
