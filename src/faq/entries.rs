//! Entries: what organisers write, in which order, on or off.
