//! The matchmaking pages: the four steps with their counts, people and their closest matches with the reasons, the
//! latest resumes, one person's matches as a graph, and all skills.

mod actions;
mod charts;
mod graph;
mod live;
mod page;
mod rows;
mod skills;
mod steps;

pub use actions::{run, run_one, write_emails};
pub use live::live;
pub use page::page;
pub use rows::{MatchLine, icon};
pub use skills::skills;
