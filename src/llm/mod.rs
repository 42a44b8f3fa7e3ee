//! Gemini: when a request may be sent (`pacing`, pure), what it says (`prompts`), how it is sent (`gemini`), and what
//! answers and refusals mean (`answer`, `refusal`).
//!
//! Values in, values out: this module knows neither the store nor the web.

pub mod answer;
pub mod embedding;
pub mod gemini;
pub mod pacing;
pub mod privacy;
pub mod prompts;
pub mod refusal;
pub mod request;

pub use answer::{Answer, Failure, Unusable};
pub use gemini::Client;
pub use refusal::{Refusal, RefusalKind};
pub use request::Request;
