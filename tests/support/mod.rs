//! Servers that the tests talk to. They behave like the real ones and write down what they were asked.

pub mod smtp;
