//! Discord: its interactions, and the pages that set it up.

pub mod interactions;
pub mod setup;
