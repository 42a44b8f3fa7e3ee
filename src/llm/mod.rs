//! Gemini: what may be asked when (`pacing`, pure), what to ask (`prompts`), how it is asked (`gemini`), and what its
//! answers and refusals mean (`answer`, `refusal`).
//!
//! Values in, values out: this room knows neither the store nor the web.

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
