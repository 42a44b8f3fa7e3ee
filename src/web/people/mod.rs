//! The pages of people.

mod actions;
mod form;
mod import;
mod list;
mod notice;
mod person;

pub use actions::{come_back, erase, export, leave, remove_skill, switches};
pub use form::{add, edit, new, save};
pub use import::{add_samples, import, import_form};
pub use list::{export_all, list};
pub use person::person;
