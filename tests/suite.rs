//! All tests that need more than one module, in one binary: it is linked once.

mod architecture;
mod browser;
mod discord;
mod extract;
mod http;
mod language;
mod layout;
mod mail;
mod pool;
mod process;
mod sending;
mod store;
mod support;
