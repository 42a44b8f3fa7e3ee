//! What a mail server's answer means: whom it is about and what to do, as data. Pure.
//!
//! A refusal about the sender must burn no recipient; one about a recipient concerns only that one.

mod action;
mod table;

use table::{
    APP_PASSWORD, BY_ENHANCED, BY_TEXT, LATER, NO_ADVICE, Row, SENDER_REFUSED, SLOW, STOP, TOO_FAST,
};

pub use action::{About, Action, Then, Verdict};
pub use table::UNREACHABLE;

use super::stage::Stage;

/// Reads an answer of 400 and above. `text` is the whole answer without its codes; `stage` says what it answered: before
/// the recipient was named nothing can be the recipient's fault.
pub fn classify(code: u16, enhanced: Option<&str>, text: &str, stage: Stage) -> Verdict {
    let text = text.to_lowercase();
    let fits = |row: &&Row| row.has_code(code) && row.can_be_meant_at(stage);
    // An answer without an enhanced code is told by its words.
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

/// What no row names.
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
