//! Classes of characters.

/// Private use: letters of icon fonts, or of fonts that do not say what their letters are.
pub(super) fn is_private(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{ffffd}' | '\u{100000}'..='\u{10fffd}')
}
