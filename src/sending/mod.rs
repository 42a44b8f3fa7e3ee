//! Sending: what an organiser would have an opinion about when emails leave.

pub mod direct;
