//! The pages of people.

mod actions;
mod form;
mod import;
mod list;
mod person;

pub use actions::{erase, export, remove_skill, resubscribe, set_consent, unsubscribe};
pub use form::{add, edit, new, save};
pub use import::{add_samples, import, import_form};
pub use list::{export_all, list};
pub use person::person;
