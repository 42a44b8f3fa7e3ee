//! The whole router, asked as a browser or a script asks it, on a database of its own.

mod access;
mod api;
mod days_quota;
mod discord;
mod discord_mail;
mod discord_people;
mod discord_setup;
mod faq;
mod faq_embeddings;
mod faq_trial;
mod gateway;
mod jobs;
mod keys;
mod keys_change;
mod many;
mod matchmaking;
mod metrics;
mod outbox;
mod outreach;
mod pages;
mod people_rules;
mod person;
mod resumes;
mod resumes_api;
mod review;
mod unsubscribe;
