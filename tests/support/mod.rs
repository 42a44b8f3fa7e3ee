//! What tests share.

pub mod gemini;
