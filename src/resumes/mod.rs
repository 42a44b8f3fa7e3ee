//! Resumes: uploading, reading, assigning them to people, and finding skills in them. A worker calls each step in a
//! transaction of its own; the slow work (reading the file, asking Gemini) happens in between. Every step may run
//! twice.
//!
//! ```text
//! upload ──> queued ──start_reading──> reading ──store_reading──> waiting ──start_finding──> extracting
//!                                         │  └──> unclaimed ──assign──┘                          │
//!                                         └──> failed                           store_skills ──> done
//! ```

mod assign;
pub mod clues;
pub mod files;
mod find_skills;
mod reading;
mod upload;

pub use assign::{AssignError, assign};
pub use find_skills::{
    MAX_TEXT, release_finding, start_finding, store_by_taxonomy, store_skills, text_start,
};
pub use reading::{Reading, retry, start_reading, store_reading};
pub use upload::{MAX_BYTES, Upload, UploadError, upload};

use crate::model::ResumeId;
use crate::store::{self, Conn};

/// Deletes a file and its text. The person keeps the skills that were found. Call `Db::scrub` after the commit.
pub async fn delete(tx: &mut Conn, id: ResumeId) -> sqlx::Result<bool> {
    store::resumes::delete(tx, id).await
}
