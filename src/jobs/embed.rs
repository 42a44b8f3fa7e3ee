//! Finds out what a text of the FAQ is about, as numbers: of an entry when there is time, of a question before it is
//! answered.

use std::time::Duration;

use crate::app::App;
use crate::faq::embeddings;
use crate::jobs::asking;
use crate::keys::{After, Grant};
use crate::llm::embedding::Purpose;
use crate::model::{EntryId, QuestionId};
use crate::store::jobs::Leased;
use crate::store::{self, Conn};

/// Where no key serves for long, an entry is looked at again then; words alone find it meanwhile.
const LATER: Duration = Duration::from_hours(1);

/// Whose text it is.
#[derive(Clone, Copy, Debug)]
pub enum Subject {
    Entry(EntryId),
    Question(QuestionId),
}

/// The text, if its numbers are still wanted; otherwise the job is done.
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

/// No key serves in time: a question is answered by its words, an entry waits.
pub async fn fall_back(app: &App, leased: &Leased, subject: Subject) -> anyhow::Result<()> {
    let mut tx = app.db.write().await?;
    if store::jobs::still_owned(&mut tx, leased).await? {
        go_without(&mut tx, app, leased, subject).await?;
    }
    Ok(tx.commit().await?)
}

async fn go_without(
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
        // Without a key there is nothing to wait for: the next question asks for it again.
        Subject::Entry(_) if app.pool.keys().is_empty() => store::jobs::finish(tx, leased).await,
        Subject::Entry(_) => {
            store::jobs::release(tx, leased, now.plus(LATER), leased.attempts, None).await
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
    let words = outcome.as_ref().err().map(ToString::to_string);
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
            store::jobs::release(&mut tx, leased, at, leased.attempts, words.as_deref()).await?;
        }
        (After::Fallback { .. }, _) => go_without(&mut tx, app, leased, subject).await?,
    }
    Ok(tx.commit().await?)
}
