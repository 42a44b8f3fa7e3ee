//! Importing a table of people. Reading is pure; storing happens in the caller's one transaction, so a file is imported
//! whole or not at all.

mod error;
mod store;
mod table;
mod text;

pub use error::TableError;
pub use store::{Report, store};
pub use table::{BadRow, Table, read};
