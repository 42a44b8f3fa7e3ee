//! Messages: one row per recipient of a campaign. Every change of state repeats `MessageState::can_become` in its
//! `WHERE`, so that of two racing updates one gets `false`.

mod delivery;
mod drafts;
mod due;
mod lists;
mod review;
mod row;

pub use delivery::*;
pub use drafts::*;
pub use due::*;
pub use lists::*;
pub use review::*;
pub use row::*;
