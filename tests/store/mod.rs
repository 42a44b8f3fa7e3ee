//! The store on SQLite and PostgreSQL: the same story on both.

mod migrations;
mod statements;
