//! The page of one campaign, and what an organiser can do on it.

mod actions;
mod confirm;
mod filter;
mod live;
mod overview;
mod page;
mod quota;
mod review;
mod rows;

pub use actions::{act, approve_some, pause, resume};
pub use confirm::{cancel, confirm_cancel, confirm_send, send};
pub use live::live;
pub use page::page;
pub use quota::{confirm_template, finish_by_template, rewrite_templates, set_people_per_request};
pub use review::email_html;
