//! Short texts that several pages of people show.

/// What was just done, by the word in the address: no text of a stranger's making is shown.
pub(super) fn notice(word: Option<&str>) -> &'static str {
    match word {
        Some("added") => "Added.",
        Some("saved") => "Saved.",
        Some("erased") => "Erased, with everything that belonged to them.",
        Some("sample") => "Twelve invented people are here. Their addresses reach nobody.",
        Some("left") => "They will not be written to any more.",
        Some("back") => "They may be written to again.",
        Some("skill-removed") => "Removed. The matches follow when you match again.",
        Some("matched") => "Matched. Nobody was written to.",
        word @ Some("uploaded" | "again" | "deleted") => crate::web::resumes::said(word),
        _ => "",
    }
}

pub(super) fn suppressed_because(reason: &str) -> &'static str {
    match reason {
        "hard_bounce" => "Address does not work",
        "erased" => "Written to before, then erased",
        _ => "Left the list",
    }
}
