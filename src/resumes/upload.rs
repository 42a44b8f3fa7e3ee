//! Accepts an uploaded file and queues its reading.

use sha2::{Digest, Sha256};

use super::{assign, files, reading};
use crate::config::Config;
use crate::model::job::Class;
use crate::model::resume::ResumeState;
use crate::model::{Job, Millis, PersonId, ResumeId};
use crate::store::resumes::{NewResume, Show};
use crate::store::{self, Conn};
use crate::{events, matching};

/// The largest file that is accepted.
pub const MAX_BYTES: usize = 16 << 20;

/// Up to this many resumes in progress count as watched by the organiser; with one key they take less than two minutes.
/// Further ones are bulk work.
const WATCHED: i64 = 8;

/// A file as it was uploaded.
#[derive(Clone, Copy, Debug)]
pub struct Upload<'a> {
    /// The owner; `None`: the address in the text decides.
    pub person: Option<PersonId>,
    /// As the browser sent it.
    pub file_name: &'a str,
    pub bytes: &'a [u8],
    /// Match the person as soon as their skills are known.
    pub auto_match: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    #[error("this file is larger than 16 MiB; save a smaller copy, for example without pictures")]
    TooLarge,
    #[error("this file is empty")]
    Empty,
    #[error("this person no longer exists")]
    NoSuchPerson,
    #[error(transparent)]
    Db(#[from] sqlx::Error),
}

/// Stores a file and queues its reading. The same bytes for the same person are the same resume: nothing happens
/// twice, except that a file that could not be read is tried again.
pub async fn upload(
    tx: &mut Conn,
    config: &Config,
    upload: &Upload<'_>,
    now: Millis,
) -> Result<ResumeId, UploadError> {
    if upload.bytes.len() > MAX_BYTES {
        return Err(UploadError::TooLarge);
    }
    if upload.bytes.is_empty() {
        return Err(UploadError::Empty);
    }
    // Two uploads of the same file at the same time must not both insert it.
    store::campaigns::lock_campaigns(tx, events::CURRENT).await?;
    if let Some(person) = upload.person {
        store::people::find(tx, person).await?.ok_or(UploadError::NoSuchPerson)?;
    }
    let sha256 = hex::encode(Sha256::digest(upload.bytes));
    if let Some(id) = store::resumes::find_same(tx, upload.person, &sha256).await? {
        upload_again(tx, config, id, upload, now).await?;
        return Ok(id);
    }
    let row = NewResume {
        person: upload.person,
        file_name: &files::clean_name(upload.file_name),
        bytes: upload.bytes,
        sha256: &sha256,
        auto_match: upload.auto_match,
    };
    let class = class(tx).await?;
    let id = store::resumes::insert(tx, &row, now).await?;
    store::jobs::enqueue(tx, Job::ReadResume(id), class, now, now, None).await?;
    Ok(id)
}

/// These bytes are stored already: only the owner and the wish to match may be new.
async fn upload_again(
    tx: &mut Conn,
    config: &Config,
    id: ResumeId,
    upload: &Upload<'_>,
    now: Millis,
) -> sqlx::Result<()> {
    let Some(resume) = store::resumes::find(tx, id).await? else { return Ok(()) };
    if upload.auto_match {
        store::resumes::match_later(tx, id).await?;
    }
    if let (None, Some(person)) = (resume.person_id, upload.person) {
        assign::assign_unclaimed(tx, config, &resume, person, now).await?;
    }
    match resume.state {
        ResumeState::Failed => {
            reading::retry(tx, config, id, now).await?;
        }
        ResumeState::Done => {
            if let Some(person) = resume.person_id.filter(|_| upload.auto_match) {
                matching::run_one_by_chosen_rule(tx, events::CURRENT, person, now).await?;
            }
        }
        ResumeState::Queued
        | ResumeState::Reading
        | ResumeState::Unclaimed
        | ResumeState::Waiting
        | ResumeState::Extracting => {}
    }
    Ok(())
}

/// Who is waiting: the organiser in front of the page, as long as the queue is short.
async fn class(conn: &mut Conn) -> sqlx::Result<Class> {
    let waiting = store::resumes::count(conn, Show::InProgress).await?;
    Ok(if waiting < WATCHED { Class::Person } else { Class::Bulk })
}
