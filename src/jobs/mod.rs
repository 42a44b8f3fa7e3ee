//! Work that is done later. A job names a row. Its runner reads the row afresh, checks that the work is still wanted,
//! works, and writes the result and the end of the job in one transaction. It may run twice.

mod answer;
mod asking;
mod discord_setup;
mod draft;
mod draft_batch;
mod embed;
mod find_skills;
mod forward;
mod gemini;
mod read_resume;
mod recovery;
mod reply;
mod role;
mod run;
mod send;
mod send_direct;
mod worker;

pub use worker::{Workers, run_due};
