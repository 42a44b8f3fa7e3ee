//! Work that asks Gemini, in two halves. It is taken up in the transaction that books its slot: then nothing but that
//! commit stands between a booking and its first byte, and the booking does not grow old. Then it is asked for.

use std::sync::Arc;

use super::draft::{self, StartedDraft};
use super::embed::{self, Subject};
use super::{answer, draft_batch, find_skills, forward};
use crate::app::App;
use crate::keys::{self, After, Grant};
use crate::llm::{Answer, Failure, Request, Unusable};
use crate::model::{Job, Millis, QuestionId, RequestId, ResumeId};
use crate::store::jobs::Leased;
use crate::store::{Conn, Tx};
use crate::{faq, gateway, store};

/// Work that was taken up: read afresh and still wanted.
pub enum Work {
    Draft(Box<StartedDraft>),
    DraftBatch(Vec<StartedDraft>),
    Skills { leased: Leased, id: ResumeId, text: String },
    Answer { leased: Leased, id: QuestionId, work: faq::Work },
    Embed { leased: Leased, subject: Subject, text: String },
    Forward { leased: Leased, id: RequestId, request: Arc<gateway::Request> },
}

impl Work {
    /// The jobs that are done with it.
    pub fn jobs(&self) -> Vec<&Leased> {
        match self {
            Self::Draft(started) => vec![&started.leased],
            Self::DraftBatch(batch) => batch.iter().map(|started| &started.leased).collect(),
            Self::Skills { leased, .. }
            | Self::Answer { leased, .. }
            | Self::Embed { leased, .. }
            | Self::Forward { leased, .. } => vec![leased],
        }
    }
}

/// Takes up a job that was claimed, and claims and takes up what may stand in the same request. `None`: it is not wanted
/// any more, and the job is done.
pub async fn take_up(
    tx: &mut Conn,
    app: &App,
    leased: &Leased,
    leased_until: Millis,
) -> anyhow::Result<Option<Work>> {
    Ok(match leased.job {
        Job::Draft(id, _) => {
            let Some(first) = draft::start(tx, app, leased, id).await? else { return Ok(None) };
            let now = app.clock.now();
            let more = draft_batch::claim_more(tx, &first, now, leased_until).await?;
            let mut batch = draft_batch::start(tx, app, first, &more).await?;
            match batch.len() {
                1 => batch.pop().map(|started| Work::Draft(Box::new(started))),
                _ => Some(Work::DraftBatch(batch)),
            }
        }
        Job::FindSkills(id) => {
            let text = find_skills::take_up(tx, leased, id).await?;
            text.map(|text| Work::Skills { leased: leased.clone(), id, text })
        }
        Job::AnswerFaq(id) => {
            let work = answer::take_up(tx, leased, id).await?;
            work.map(|work| Work::Answer { leased: leased.clone(), id, work })
        }
        Job::Forward(id) => {
            let request = forward::take_up(tx, app, leased, id).await?;
            request.map(|request| Work::Forward { leased: leased.clone(), id, request })
        }
        job => {
            let Some(subject) = Subject::of(job) else {
                anyhow::bail!("{job:?} asks Gemini for nothing")
            };
            let text = embed::take_up(tx, leased, subject).await?;
            text.map(|text| Work::Embed { leased: leased.clone(), subject, text })
        }
    })
}

/// Asks for what was taken up, with the slot that is booked for it.
pub async fn carry_out(app: &App, work: Work, grant: &Grant) -> anyhow::Result<()> {
    match work {
        Work::Draft(started) => draft::by_model(app, &started, grant).await,
        Work::DraftBatch(batch) => draft_batch::write(app, &batch, grant).await,
        Work::Skills { leased, id, text } => {
            find_skills::by_model(app, &leased, id, &text, grant).await
        }
        Work::Answer { leased, id, work } => answer::by_model(app, &leased, id, &work, grant).await,
        Work::Embed { leased, subject, text } => {
            embed::by_model(app, &leased, subject, &text, grant).await
        }
        Work::Forward { leased, id, request } => {
            forward::by_model(app, &leased, id, &request, grant).await
        }
    }
}

/// Asks Gemini and reads the answer. One of another shape than was asked for is an answer of no use, which is for the
/// pool to book: what was read is there exactly when the answer is.
pub async fn ask<T>(
    app: &App,
    grant: &Grant,
    request: &Request,
    read: impl FnOnce(&Answer) -> Result<T, Unusable>,
) -> (Result<Answer, Failure>, Option<T>) {
    match keys::ask(&app.pool, &app.gemini, &app.db, &app.clock, grant, request).await {
        Ok(answer) => match read(&answer) {
            Ok(read) => (Ok(answer), Some(read)),
            Err(why) => (Err(Failure::Unusable { why, usage: answer.usage }), None),
        },
        Err(failure) => (Err(failure), None),
    }
}

/// Books what came of a request, in the transaction in which the job ends. `None`: somebody else has the job by now; the
/// request is booked, and that is all.
pub async fn settle(
    app: &App,
    leased: &Leased,
    grant: &Grant,
    outcome: &Result<Answer, Failure>,
    now: Millis,
) -> sqlx::Result<Option<(Tx, After)>> {
    let mut tx = app.db.write().await?;
    let after = keys::settle(&mut tx, &app.pool, grant, outcome, now).await?;
    if store::jobs::hold(&mut tx, leased).await? {
        return Ok(Some((tx, after)));
    }
    tx.commit().await?;
    Ok(None)
}
