//! Discord: how it is asked (`rest`), and the objects it answers with (`objects`).
//!
//! Values in, values out: this room knows neither the store nor the web.

pub mod objects;
pub mod rest;

pub use rest::{Rest, Trouble};
