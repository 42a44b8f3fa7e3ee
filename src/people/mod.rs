//! People: who they are, what they know, whether they may be emailed. A person is identified by their email address.

pub mod export;
pub mod fields;
pub mod import;
pub mod sample;

mod change;
mod erasure;
mod suppression;

pub use crate::model::person::{Source, SuppressionReason};
pub use change::{AddError, EditError, add, add_skills, edit, remove_skill};
pub use erasure::erase;
pub use fields::{Fields, NewPerson, Problems};
pub use suppression::suppress;
