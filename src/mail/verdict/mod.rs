//! What a mail server's response means: whom it is about and what to do, as data. Pure.
//!
//! A refusal about the sender must not use up a recipient's tries; one about a recipient affects only that recipient.

mod action;
mod table;

use table::{
    APP_PASSWORD, BY_ENHANCED, BY_TEXT, LATER, NO_ADVICE, Row, SENDER_REFUSED, SLOW, STOP, TOO_FAST,
};

pub use action::{About, Action, Then, Verdict};
pub use table::UNREACHABLE;

use super::stage::Stage;

/// Classifies a response with a code of 400 or above. `text` is the complete response without its codes; `stage` is the
/// step it belongs to: before RCPT TO no refusal is about the recipient.
pub fn classify(code: u16, enhanced: Option<&str>, text: &str, stage: Stage) -> Verdict {
    let text = text.to_lowercase();
    let fits = |row: &&Row| row.has_code(code) && row.applies_at(stage);
    // A response without an enhanced code is recognised by its text.
    let by_text = BY_TEXT.iter().filter(fits).find(|row| {
        row.has_text(&text) && enhanced.is_none_or(|enhanced| row.has_enhanced(enhanced))
    });
    let by_enhanced = || {
        let enhanced = enhanced?;
        BY_ENHANCED.iter().filter(fits).find(|row| row.has_enhanced(enhanced))
    };
    by_text
        .or_else(by_enhanced)
        .map_or_else(|| classify_by_stage(code, enhanced, stage), Row::verdict)
}

/// For responses that match no row.
fn classify_by_stage(code: u16, enhanced: Option<&str>, stage: Stage) -> Verdict {
    let permanent = code >= 500;
    let verdict = |kind, about, action, advice| Verdict { kind, about, action, advice };
    match stage {
        Stage::Connect | Stage::StartTls | Stage::Login | Stage::From if !permanent => {
            verdict("slow", About::Sender, SLOW, TOO_FAST)
        }
        Stage::Login => verdict("login", About::Sender, STOP, APP_PASSWORD),
        Stage::Connect | Stage::StartTls | Stage::From => {
            verdict("set_up", About::Sender, STOP, SENDER_REFUSED)
        }
        Stage::To | Stage::Data | Stage::Answer if permanent => {
            let suppress = enhanced.is_some_and(|it| it.starts_with("5.1.") || it == "5.2.1");
            verdict("refused", About::Recipient, Action::Fail { suppress }, NO_ADVICE)
        }
        Stage::To | Stage::Data | Stage::Answer => {
            verdict("later", About::Recipient, LATER, NO_ADVICE)
        }
    }
}

/// Every verdict of the table.
#[cfg(test)]
pub(crate) fn all() -> impl Iterator<Item = Verdict> {
    BY_TEXT.iter().chain(BY_ENHANCED).map(Row::verdict)
}

#[cfg(test)]
mod tests;
