//! The store on SQLite and PostgreSQL: the same story on both.

mod jobs;
mod migrations;
mod statements;
