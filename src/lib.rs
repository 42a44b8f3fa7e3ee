//! Muster: invites people to a hackathon by email and brings them together.
//!
//! The modules in reading order; `ARCHITECTURE.md` says which may use which.

pub mod model;

pub mod config;

pub mod store;

pub mod discord;
pub mod extract;
pub mod llm;
pub mod mail;
pub mod skills;

pub mod access;
pub mod bot;
pub mod campaigns;
pub mod discord_accounts;
pub mod events;
pub mod faq;
pub mod gateway;
pub mod keys;
pub mod matching;
pub mod owner;
pub mod people;
pub mod resumes;
pub mod sending;
pub mod shared_clock;

pub mod app;

pub mod jobs;
pub mod web;

pub mod cli;
pub mod server;
