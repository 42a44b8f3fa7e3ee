//! Muster: invites people to a hackathon by e-mail and brings them together.
//!
//! The modules in reading order; `ARCHITECTURE.md` says which may know which.

pub mod model;

pub mod config;

pub mod store;

pub mod llm;

pub mod keys;
