//! The pages and forms of resumes: upload, list, assigning, retrying, deleting, download.

mod actions;
mod assign;
mod item;
mod list;
mod return_to;
mod upload;

pub use actions::{delete, download, retry};
pub use assign::{assign, assign_to_new, owner};
pub use item::{Item, items};
pub use list::list;
pub use upload::{MAX_ONE, MAX_REQUEST, file, short_text, upload};
