//! Campaigns: who is invited, what may be sent and when. Drafts are checked in `checks`, written without a model in
//! `template`, and put together with everything around them in `emails`.

pub mod checks;
pub mod emails;
mod lifecycle;
pub mod messages;
pub mod progress;
pub mod requests;
pub mod template;

pub use crate::store::campaigns::NewCampaign;
pub use lifecycle::{
    StartError, Started, cancel, finish_by_template, pause, reset, resume, rewrite_templates,
    send_approved, start,
};
