//! The key pool from end to end: the real store, the real client, and a Gemini that counts. The clock is a test's, so
//! a day passes in no time.

mod bench;
mod clock;
mod failures;
mod log;
mod refusals;
mod rotation;
mod sharing;
