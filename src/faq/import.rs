//! The FAQ as a text file.
