//! Why nothing of a file can be imported.

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    #[error("the file is empty; its first line must name the columns, such as Name, Email, Skills")]
    Empty,
    #[error("no column has email addresses; name one “Email” (the first line is: {0})")]
    NoAddress(String),
    #[error(
        "no column has names; name one “Name”, or two “First name” and “Last name” (the first line is: {0})"
    )]
    NoName(String),
    #[error("this file is not a table; save it as CSV (comma separated) and import that file")]
    NotText,
}
