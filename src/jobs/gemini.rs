//! Work that asks Gemini, in two halves. It is started in the transaction that books its slot: then nothing but that
//! commit stands between a booking and its first byte, and the booking does not grow old. Then it is asked for.

use std::sync::Arc;

use super::draft::{self, StartedDraft};
use super::embed::{self, Subject};
use super::{answer, draft_batch, find_skills, forward};
use crate::app::App;
use crate::keys::Grant;
use crate::model::{Job, Millis, QuestionId, RequestId, ResumeId};
use crate::store::Conn;
use crate::store::jobs::Leased;
use crate::{faq, gateway};

/// Work that was started: read afresh and still wanted.
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

/// Starts a job that was claimed, and claims and starts what may share its request. `None`: it is no longer wanted,
/// and the job is done.
pub async fn start(
    tx: &mut Conn,
    app: &App,
    leased: &Leased,
    leased_until: Millis,
) -> anyhow::Result<Option<Work>> {
    Ok(match leased.job {
        Job::DraftOutreach(id) | Job::DraftMatch(id) => {
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
            let text = find_skills::start(tx, leased, id).await?;
            text.map(|text| Work::Skills { leased: leased.clone(), id, text })
        }
        Job::AnswerFaq(id) => {
            let work = answer::start(tx, leased, id).await?;
            work.map(|work| Work::Answer { leased: leased.clone(), id, work })
        }
        Job::Forward(id) => {
            let request = forward::start(tx, app, leased, id).await?;
            request.map(|request| Work::Forward { leased: leased.clone(), id, request })
        }
        Job::EmbedEntry(id) => embed_work(tx, leased, Subject::Entry(id)).await?,
        Job::EmbedQuestion(id) => embed_work(tx, leased, Subject::Question(id)).await?,
        job @ (Job::SendDirect(_)
        | Job::Send(_)
        | Job::ReadResume(_)
        | Job::Reply(_)
        | Job::DiscordSetup(_)
        | Job::GiveRole(_)
        | Job::TakeRole(_)) => anyhow::bail!("{job:?} does not ask Gemini"),
    })
}

async fn embed_work(
    tx: &mut Conn,
    leased: &Leased,
    subject: Subject,
) -> sqlx::Result<Option<Work>> {
    let text = embed::start(tx, leased, subject).await?;
    Ok(text.map(|text| Work::Embed { leased: leased.clone(), subject, text }))
}

/// Asks for what was started, with the slot that is booked for it.
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
