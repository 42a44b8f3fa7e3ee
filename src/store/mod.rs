//! All SQL. The same statements run on SQLite and PostgreSQL through `sqlx::Any`: times are `BIGINT` epoch
//! milliseconds, flags are nullable times, and ids come from `{id}` in the migrations.
//!
//! Functions take a connection and the time; the caller owns the transaction. The store has no rules of its own: its
//! `WHERE` clauses repeat those of `model`.

pub mod bookings;
pub mod campaigns;
mod db;
pub mod discord;
pub mod discord_setup;
mod engine;
pub mod events;
pub mod faq;
pub mod jobs;
#[macro_use]
pub mod keys;
pub mod deliveries;
pub mod match_runs;
pub mod matches;
pub mod matchmaking;
pub mod messages;
mod migrate;
pub mod overview;
pub mod page_keys;
pub mod people;
pub mod person_skills;
#[macro_use]
pub mod quotas;
pub mod resumes;
pub mod senders;
pub mod sessions;
pub mod shared_clock;
pub mod snapshot;
pub mod suppressions;
pub mod tokens;
pub mod usage;

pub use db::{Db, Tx};
pub use engine::{Conn, Engine, OpenError};

/// Takes a lock of this name until the transaction ends, for code that counts rows and then adds one. On SQLite every
/// transaction that writes is alone anyway.
pub async fn lock(conn: &mut Conn, name: &str) -> sqlx::Result<()> {
    if Engine::of(conn) == Engine::Postgres {
        // PostgreSQL only
        sqlx::query("SELECT CAST(pg_advisory_xact_lock(hashtextextended($1, 0)) AS TEXT)")
            .bind(name)
            .execute(conn)
            .await?;
    }
    Ok(())
}

/// Many rows as one parameter.
fn json(rows: &impl serde::Serialize) -> String {
    serde_json::to_string(rows).expect("rows of text and numbers can be written as JSON")
}
