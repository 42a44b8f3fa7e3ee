//! Discord: incoming requests (`signature`, `interaction`), outgoing messages (`reply`, `notice`, `commands`), the REST
//! client (`rest`) and the objects in its responses (`objects`).
//!
//! Values in, values out: this module knows neither the store nor the web.

pub mod commands;
pub mod interaction;
mod markdown;
pub mod notice;
pub mod objects;
pub mod reply;
pub mod rest;
pub mod signature;

pub use interaction::{Asked, Incoming, Interaction};
pub use markdown::escape;
pub use reply::{Message, Modal, Reply};
pub use rest::{Rest, RestError};
pub use signature::{BadKey, PublicKey, Refused};
