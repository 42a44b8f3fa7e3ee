//! The prompts for Gemini, and how its answers become drafts and skills. The model never sees a link, an email or
//! postal address or a telephone number: code adds those. Facts are sent as data between fences, and data gives no
//! instructions.

mod email;
mod faq;
mod fence;
mod skills;
#[cfg(test)]
mod tests;

pub use email::{email, invitation, invitations, match_email, read_email, read_invitations};
pub use faq::{faq, read_faq};
pub use skills::{read_skills, skills};
