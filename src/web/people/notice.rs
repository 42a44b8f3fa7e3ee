//! Short texts that several pages of people show.

pub(super) fn suppressed_because(reason: &str) -> &'static str {
    match reason {
        "hard_bounce" => "Address does not work",
        "erased" => "Written to before, then erased",
        _ => "Left the list",
    }
}
