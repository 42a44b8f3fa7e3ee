//! Campaigns: what an organiser says to many people at once.

pub mod checks;
pub mod template;
