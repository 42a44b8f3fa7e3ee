//! Discord: what comes in (`signature`, `interaction`), what goes out (`reply`, `notice`, `commands`), how it is asked (`rest`)
//! and what it answers with (`objects`).
//!
//! Values in, values out: this room knows neither the store nor the web.

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
pub use rest::{Rest, Trouble};
pub use signature::{BadKey, PublicKey, Refused};
