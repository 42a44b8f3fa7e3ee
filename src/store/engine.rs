//! The two database engines.

/// What the functions of the store take: a connection, or a transaction that the caller commits.
pub type Conn = sqlx::AnyConnection;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// The engine of a connection, for the few statements that differ. Many rows are passed as one JSON parameter,
    /// since one statement per row would cost a round trip each; the two engines unpack it with different functions.
    pub(super) fn of(conn: &Conn) -> Self {
        if conn.backend_name() == "PostgreSQL" { Self::Postgres } else { Self::Sqlite }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "the folder {path} cannot be written: {source}; set DATA_DIR to a folder that Muster may write"
    )]
    Folder { path: String, source: std::io::Error },
    #[error(
        "the database was written by a newer Muster (its step {found}, this one knows {known}); start that one"
    )]
    Newer { found: i64, known: i64 },
    #[error("the database cannot be opened: {0}")]
    Connect(sqlx::Error),
    #[error("the database cannot be brought up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}
