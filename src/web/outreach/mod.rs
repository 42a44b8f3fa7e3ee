//! `/outreach`: all campaigns, starting one, and the pages of each.

mod audience;
mod bar;
pub mod campaign;
mod list;
mod start;
mod status;

pub use list::list;
pub use start::start;
