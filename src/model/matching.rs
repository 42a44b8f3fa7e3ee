//! The rules by which people are matched.

use super::words::words;

/// How the similarity of two people's skills is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RuleName {
    /// Rare skills count for more.
    #[default]
    Weighted,
    /// All skills count the same.
    Ratio,
}

words!(RuleName, "matching rule", {
    Weighted => "weighted",
    Ratio => "ratio",
});
